"""retrain [--dry-run] [--json]: what would happen, and the same thing done."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.utils import translation

from tests.tuning import making
from tuning.models import DatasetVersion, TuningRun


@pytest.fixture(autouse=True)
def _on(settings):
    settings.FEEDBACK_AUTO_TUNE_ENABLED = True
    settings.FEEDBACK_MIN_SAMPLES_FOR_TUNE = 100
    with translation.override("en"):
        yield


def told(capsys, **options) -> list[dict]:
    call_command("retrain", json=True, **options)
    return json.loads(capsys.readouterr().out)


def test_a_dry_run_tells_and_changes_nothing(assistant, capsys):
    making.approved_many(assistant, 10)
    capsys.readouterr()
    (found,) = told(capsys, dry_run=True)
    cost = found.pop("estimate")
    assert sorted(cost) == ["cost", "seconds", "tokens"]
    train = found.pop("train")
    assert 0 < train <= 10
    assert found == {
        "assistant": "bisnis",
        "trigger": "weekly",
        "outcome": "run",
        "reasons": [],
        "unused": 10,
        "needed": 1,
        "base_model": "exemplar",
        "dataset_pairs": 10,
        "continues": None,
        "run": None,
    }
    assert (TuningRun.objects.count(), DatasetVersion.objects.count()) == (0, 0)
    (done,) = told(capsys)
    assert (done["run"], done["train"]) == (TuningRun.objects.get().pk, train)


def test_the_night_s_rule_may_be_asked_for(assistant, capsys):
    making.approved_many(assistant, 10)
    capsys.readouterr()
    (found,) = told(capsys, dry_run=True, trigger="export")
    assert found["reasons"] == ["10 of 100 approved pairs that no run has used"]


def test_in_words(assistant, capsys):
    making.approved_many(assistant, 10)
    call_command("retrain", dry_run=True, trigger="export")
    line = "bisnis: nothing; 10 of 100 approved pairs that no run has used\n"
    assert capsys.readouterr().out == line
