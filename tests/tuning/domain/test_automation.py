"""What the machine starts by itself: nothing unless told to, and never a run beside a run (A8)."""

from __future__ import annotations

import pytest

from reviews.domain import assistants, pairs, transitions
from reviews.enums import PairStatus
from tests import factories
from tests.tuning import making
from tuning.domain import automation, runs
from tuning.enums import RunStatus, Trigger
from tuning.models import Export, TuningRun

NOW = factories.NOW


@pytest.fixture(autouse=True)
def _on(settings):
    settings.FEEDBACK_AUTO_TUNE_ENABLED = True
    settings.FEEDBACK_MIN_SAMPLES_FOR_TUNE = 10


def end(run: TuningRun, status: str) -> None:
    TuningRun.objects.filter(pk=run.pk).update(status=status)


def test_the_night_launches_where_enough_is_unused(assistant):
    making.approved_many(assistant, 10)
    automation.night(NOW)
    run = TuningRun.objects.get()
    assert (run.status, run.trigger, run.assistant) == ("queued", Trigger.EXPORT, assistant)
    assert sum(run.dataset_version.split.values()) == 10
    assert Export.objects.get().status == "completed"


def test_one_too_few_launches_nothing(assistant):
    making.approved_many(assistant, 9)
    automation.night(NOW)
    assert (TuningRun.objects.count(), Export.objects.count()) == (0, 1)


def test_the_threshold_counts_all_that_is_unused_and_not_one_night_s_batch(assistant):
    for night in range(3):
        making.approved_many(assistant, 4, start=4 * night)
        automation.night(NOW)
        assert TuningRun.objects.count() == (1 if night == 2 else 0)
    assert sum(TuningRun.objects.get().dataset_version.split.values()) == 12


def test_it_is_off_unless_switched_on(assistant, settings):
    settings.FEEDBACK_AUTO_TUNE_ENABLED = False
    making.approved_many(assistant, 20)
    automation.night(NOW)
    automation.week(NOW)
    assert (TuningRun.objects.count(), Export.objects.count()) == (0, 1)


def test_none_is_launched_while_one_is_active(assistant):
    making.approved_many(assistant, 10)
    automation.night(NOW)
    making.approved_many(assistant, 10, start=10)
    automation.night(NOW)
    automation.week(NOW)
    assert TuningRun.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "unused"),
    [
        (RunStatus.QUEUED, 10),
        (RunStatus.FAILED, 10),
        (RunStatus.CANCELLED, 10),
        (RunStatus.SUCCEEDED, 0),
    ],
)
def test_only_a_successful_run_uses_samples(assistant, status, unused):
    making.approved_many(assistant, 10)
    automation.night(NOW)
    end(TuningRun.objects.get(), status)
    assert runs.unused_samples(assistant) == unused


def test_a_changed_text_is_unused_again(assistant, reviewer):
    pair = making.approved_many(assistant, 10)[0]
    automation.night(NOW)
    end(TuningRun.objects.get(), RunStatus.SUCCEEDED)
    pairs.revise(pair, answer="Lain.", by=reviewer, why="salah", now=NOW)
    assert runs.unused_samples(assistant) == 0
    transitions.move(pair, PairStatus.APPROVED, now=NOW)
    assert runs.unused_samples(assistant) == 1


def test_after_a_success_the_count_starts_anew(assistant):
    making.approved_many(assistant, 10)
    automation.night(NOW)
    end(TuningRun.objects.get(), RunStatus.SUCCEEDED)
    making.approved_many(assistant, 9, start=10)
    automation.night(NOW)
    assert TuningRun.objects.count() == 1
    factories.approved(assistant)
    automation.night(NOW)
    assert sum(TuningRun.objects.latest("id").dataset_version.split.values()) == 20


def test_after_a_failure_the_next_night_tries_again(assistant):
    making.approved_many(assistant, 10)
    automation.night(NOW)
    end(TuningRun.objects.get(), RunStatus.FAILED)
    automation.night(NOW)
    assert list(TuningRun.objects.order_by("id").values_list("status", flat=True)) == [
        "failed",
        "queued",
    ]


def test_the_week_takes_whatever_is_new_but_nothing_where_nothing_is(assistant):
    automation.week(NOW)
    assert TuningRun.objects.count() == 0
    factories.approved(assistant)
    automation.week(NOW)
    run = TuningRun.objects.get()
    assert (run.trigger, run.dataset_version.train_count) == (Trigger.WEEKLY, 1)
    end(run, RunStatus.SUCCEEDED)
    automation.week(NOW)
    assert TuningRun.objects.count() == 1


def test_each_assistant_is_counted_by_itself(assistant):
    other = assistants.ensure("lain", "Lain")
    making.approved_many(assistant, 9)
    making.approved_many(other, 10)
    automation.night(NOW)
    assert TuningRun.objects.get().assistant == other
