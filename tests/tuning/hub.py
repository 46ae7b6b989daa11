"""A hub of its own for tests that kill processes: a database, a data folder, real subprocesses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent.parent
_PREPARE = "from feedbackhub import preparation; preparation.prepare()"
_START = "import django; django.setup()\n"


def _server() -> str:
    """The PostgreSQL of this run as a URL without a database, or nothing on SQLite."""
    row = settings.DATABASES["default"]
    if settings.SQLITE:
        return ""
    who = ":".join(filter(None, (row.get("USER"), row.get("PASSWORD"))))
    where = ":".join(filter(None, (row.get("HOST"), str(row.get("PORT") or ""))))
    return f"postgresql://{who}@{where}"


def _admin(statement: str) -> None:
    import psycopg

    with psycopg.connect(f"{_server()}/postgres", autocommit=True) as connection:
        connection.execute(statement)


class Hub:
    """`script` runs Python in a hub's process; what it prints as its last line is JSON."""

    def __init__(self, folder: Path, template: Hub | None = None) -> None:
        self.folder, self.name = folder, f"hub_faults_{uuid.uuid4().hex}"
        folder.mkdir(parents=True, exist_ok=True)
        if _server():
            copy = f" TEMPLATE {template.name}" if template else ""
            _admin(f"CREATE DATABASE {self.name}{copy}")
        elif template:
            shutil.copy(template.folder / "hub.sqlite3", folder / "hub.sqlite3")
        if not template:
            self.script(_PREPARE)

    @property
    def environment(self) -> dict[str, str]:
        ours = ("DATABASE_URL", "REDIS_URL", "DEBUG", "SECRET_KEY")
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        url = f"{_server()}/{self.name}" if _server() else f"sqlite:///{self.folder}/hub.sqlite3"
        return kept | {
            "DJANGO_SETTINGS_MODULE": "feedbackhub.settings",
            "DATABASE_URL": url,
            "DATA_DIR": str(self.folder),
            "ENV_FILE": str(self.folder / "none"),
            "LOG_LEVEL": "ERROR",
        }

    def _command(self, script: str) -> list[str]:
        return [sys.executable, "-c", _START + textwrap.dedent(script)]

    def script(self, script: str) -> Any:
        done = subprocess.run(
            self._command(script),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1]) if done.stdout else None

    def killed(self, script: str) -> None:
        """Run the script and kill -9 it once it has said 'here'."""
        process = subprocess.Popen(
            self._command(script),
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        said = process.stdout.readline()
        process.kill()
        _out, errors = process.communicate(timeout=20)
        assert said == "here\n", errors

    def drop(self) -> None:
        if _server():
            _admin(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
