"""import_data: what it prints, what it refuses, what it leaves."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from reviews.models import Assistant, ImportRun, Pair, Question

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
