"""import_data: what it prints, what it refuses, what it leaves."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from reviews.models import Assistant, ImportRun, Interaction, Pair, Question

GOOD = b'{"instruction": "Apa itu NIB?", "output": "Nomor Induk Berusaha.", "source_file": "x"}\n'

pytestmark = pytest.mark.django_db


def _run(tmp_path, raw, *options, source="alpaca", assistant="bisnis"):
    """What it wrote to stdout and stderr."""
    file = tmp_path / "data.jsonl"
    file.write_bytes(raw)
    out, err = io.StringIO(), io.StringIO()
    arguments = (source, str(file), "--assistant", assistant, *options)
    call_command("import_data", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_it_says_what_it_did_and_what_it_refused(tmp_path):
    out, err = _run(tmp_path, GOOD + b"rusak\n" + GOOD)
    assert out == "1 created, 1 already there, 1 refused\n"
    refusal, key = err.splitlines()
    assert refusal.startswith("line 2: line: not JSON")
    assert key == "key 'source_file' is not used (2 rows)"
    assert ImportRun.objects.get().file_name == "data.jsonl"


def test_the_assistant_is_made_ready_where_there_is_none(tmp_path):
    _run(tmp_path, GOOD, assistant="penasihat-pajak")
    made = Assistant.objects.get()
    assert (made.slug, made.name) == ("penasihat-pajak", "Penasihat pajak")
    assert (made.prompts.count(), made.categories.exists()) == (1, True)


def test_a_dry_run_leaves_nothing(tmp_path):
    out, _err = _run(tmp_path, GOOD, "--dry-run")
    assert out == "1 would be created, 0 already there, 0 refused\n"
    assert (Assistant.objects.count(), Pair.objects.count()) == (0, 0)


def test_the_report_as_json(tmp_path):
    out, err = _run(tmp_path, GOOD + b"[]\n", "--json", "--dry-run")
    assert json.loads(out) == {
        "created": 1,
        "unchanged": 0,
        "refused": [{"line": 2, "reason": "line: not a JSON object"}],
        "dry_run": True,
    }
    assert err == ""


def test_a_bank_of_questions(tmp_path):
    out, _err = _run(tmp_path, b"## TAX\n1. Apa itu PPN?\n", source="questions")
    assert out == "1 created, 0 already there, 0 refused\n"
    assert Question.objects.get().text == "Apa itu PPN?"


def test_a_file_without_one_good_row_is_an_error(tmp_path):
    with pytest.raises(CommandError, match="no row could be imported"):
        _run(tmp_path, b"rusak\n")


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    missing = tmp_path / "tidak-ada.jsonl"
    with pytest.raises(CommandError, match=r"tidak-ada\.jsonl: No such file"):
        call_command("import_data", "alpaca", str(missing), "--assistant", "bisnis")


@pytest.mark.parametrize("slug", ["Bisnis Saya", "a/b", "", "x" * 51])
def test_a_name_that_is_no_slug_is_an_error(tmp_path, slug):
    with pytest.raises(CommandError, match="slug"):
        _run(tmp_path, GOOD, assistant=slug)
    assert Assistant.objects.count() == 0


def test_an_unknown_source_is_an_error(tmp_path):
    with pytest.raises(CommandError, match="invalid choice"):
        _run(tmp_path, GOOD, source="csv")


# --- an agent's interaction log ------------------------------------------------------------------
def _log(tmp_path, *rows):
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path)) as log:
        log.execute("CREATE TABLE interactions_log (id, timestamp, endpoint, status)")
        log.executemany("INSERT INTO interactions_log VALUES (?, ?, '/a', ?)", rows)
        log.commit()
    return path.read_bytes()


def test_an_interaction_log_again_doubles_nothing(tmp_path):
    rows = [(n, "2026-11-21T10:00:00.123456789+07:00", "success") for n in range(450)]
    raw = _log(tmp_path, *rows, (450, "kemarin", "error"))
    tried = _run(tmp_path, raw, "--dry-run", source="interactions")
    assert (tried[0], Assistant.objects.count()) == (
        "450 would be created, 0 already there, 1 refused\n",
        0,
    )
    out, err = _run(tmp_path, raw, source="interactions")
    assert out == "450 created, 0 already there, 1 refused\n"
    assert err == "line 451: timestamp: an ISO 8601 time is needed\n"
    out, _err = _run(tmp_path, raw, source="interactions")
    assert out == "0 created, 450 already there, 1 refused\n"
    assert Interaction.objects.filter(assistant__slug="bisnis").count() == 450
    run = ImportRun.objects.first()
    assert (run.source, run.created_count, run.unchanged_count) == ("interactions", 0, 450)


def test_rows_with_other_content_are_refused_by_number(tmp_path):
    name = "0190163d-8694-7e4f-9a3b-1f6d5a2c7e10"
    time = "2026-11-21T10:00:00Z"
    _run(tmp_path, _log(tmp_path, (name, time, "success")), source="interactions")
    (tmp_path / "log.db").unlink()
    changed = _log(tmp_path, (1, time, "error"), (name, time, "error"))
    out, err = _run(tmp_path, changed, source="interactions")
    assert (out, err) == (
        "1 created, 0 already there, 1 refused\n",
        "line 2: id: is there already with other content\n",
    )


def test_the_public_log(tmp_path, shared_data):
    raw = (shared_data / "agent_logs" / "interactions_log_from_openhands.db").read_bytes()
    out, err = _run(tmp_path, raw, source="interactions")
    assert (out, err) == ("3 created, 0 already there, 0 refused\n", "")


def test_a_log_that_is_being_written_is_not_read_without_its_changes(tmp_path):
    (tmp_path / "data.jsonl-wal").write_bytes(b"x")
    with pytest.raises(CommandError, match=r"data\.jsonl-wal holds changes"):
        _run(tmp_path, _log(tmp_path), source="interactions")
    assert ImportRun.objects.count() == 0


def test_what_is_no_log_is_an_error(tmp_path):
    with pytest.raises(CommandError, match="no row could be imported"):
        _run(tmp_path, GOOD, source="interactions")
