"""What the files beside the code promise."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def test_imports_run_only_downwards():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_no_migration_is_missing(db):
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_statuses_are_written_by_the_one_move_alone():
    written = re.compile(r"\.status\s*=[^=]|update\([^)]*\bstatus=")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for app in ("reviews", "tuning", "feedbackhub")
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts and path.name != "transitions.py"
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if written.search(line)
    ]
    assert found == []


def test_the_locks_hold_no_address_and_no_torch():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "\ntorch==" not in text
        pinned = re.findall(r"^([\w.-]+)==", text, re.MULTILINE)
        assert text.count("--hash=sha256:") >= len(pinned) > 40


def test_the_first_migrations_are_folded():
    """`make migrations` was run: a first start, and each test database, takes half the time."""
    from importlib import import_module

    from feedbackhub.management.commands.fold_migrations import APPS, fold

    for app in APPS:
        operations = list(import_module(f"{app}.migrations.0001_initial").Migration.operations)
        assert fold(operations) == operations
