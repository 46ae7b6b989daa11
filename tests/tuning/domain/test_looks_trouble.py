"""Whatever goes wrong with looks, a run has one job, and what it holds is its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reviews.domain.errors import Conflict
from tests import factories
from tests.tuning import making
from tests.tuning.making import events
from tuning.backends import BackendError, Checkpoint, JobState
from tuning.domain import evaluations, looks, registry, runs
from tuning.enums import EventKind
from tuning.models import ModelVersion, TuningRun

pytestmark = pytest.mark.usefixtures("english")
NOW = factories.NOW
MINUTE = timedelta(minutes=1)
SUCCEEDED = JobState("succeeded", 1.0, result={"artifact": "models/1"})


def away(*_arguments):
    raise BackendError("503", permanent=False)


def drive_to_end(run, moment):
    """Looks until the run has ended, each when its time has come; returns the moment after."""
    for _number in range(12):
        if run.active:
            looks.reconcile(moment)
            run.refresh_from_db()
            moment = max(run.next_look_at, moment + MINUTE)
    return moment


# --- tried again ---------------------------------------------------------------------------------
def test_a_transient_error_is_tried_again_later_and_later(run, outside):
    making.drive(run, 3)
    outside.says = [BackendError("busy", permanent=False)]
    waits, moment = [], NOW + 5 * MINUTE
    for _ in range(4):
        looks.reconcile(moment)
        run.refresh_from_db()
        waits.append((run.next_look_at - moment).total_seconds())
        moment = run.next_look_at
    assert waits == [30, 60, 120, 240]
    assert (run.status, run.tries) == ("training", 4)
    assert events(run, EventKind.WARNING)[0] == "try 1 failed: busy"


def test_a_good_look_forgets_earlier_trouble(run, outside):
    making.drive(run, 3)
    outside.says = [BackendError("busy", permanent=False), JobState("running")]
    making.drive(run, 2, NOW + 5 * MINUTE)
    assert (run.status, run.tries) == ("training", 0)


def test_after_max_tries_it_fails(run, outside):
    making.drive(run, 3)
    outside.says = [BackendError("busy", permanent=False)]
    count, moment = 0, NOW + 5 * MINUTE
    while run.active:
        count += looks.reconcile(moment)
        run.refresh_from_db()
        moment = run.next_look_at
    assert (count, run.status, run.error) == (looks.MAX_TRIES, "failed", "busy")
    assert moment - NOW < timedelta(hours=1, minutes=15)


def test_a_permanent_error_fails_at_once(run, outside):
    making.drive(run, 2)
    outside.refuses_start = BackendError("no such base model", permanent=True)
    looks.reconcile(NOW + 5 * MINUTE)
    run.refresh_from_db()
    assert (run.status, run.error) == ("failed", "no such base model")


def test_an_unforeseen_error_is_trouble_of_that_run_alone(
    run, outside, outside_model, assistant, settings
):
    making.approved_many(assistant, 1, start=12)
    second = runs.launch(making.frozen(assistant), outside_model, now=NOW)
    settings.TUNING_DIR.mkdir(parents=True)
    making.drive(run, 1)
    (settings.TUNING_DIR / "data").mkdir()
    (settings.TUNING_DIR / "data" / run.label).write_text("a file where the folder belongs")
    making.drive(run, 1, NOW + MINUTE)
    second.refresh_from_db()
    assert (run.status, run.tries) == ("preparing", 1)
    assert second.status == "uploading"


# --- late ----------------------------------------------------------------------------------------
def test_past_its_deadline_a_run_fails_once_its_cancelled_job_has_ended(run, outside):
    making.drive(run, 4)
    making.drive(run, 1, run.deadline_at)
    assert (run.status, outside.cancelled) == ("cancelling", ["job-1"])
    outside.says = [JobState("cancelled")]
    making.drive(run, 1, run.deadline_at + MINUTE)
    assert run.status == "failed"
    assert run.why_failed == "not finished by its deadline, 2026-11-22 10:00 UTC"


def test_a_job_that_does_not_end_holds_a_late_run_for_a_quarter_of_an_hour(run, outside):
    making.drive(run, 4)
    making.drive(run, 1, run.deadline_at)
    making.drive(run, 1, run.deadline_at + looks.GRACE - timedelta(seconds=1))
    assert run.status == "cancelling"
    making.drive(run, 1, run.deadline_at + looks.GRACE + MINUTE)
    assert run.status == "failed"


def test_past_its_deadline_a_job_whose_id_was_not_noted_is_cancelled_too(run, outside):
    making.drive(run, 2)
    outside.jobs[run.label] = "job-lost"
    outside.says = [JobState("cancelled")]
    making.drive(run, 1, run.deadline_at)
    assert (run.status, outside.cancelled) == ("failed", ["job-lost"])


def test_after_the_clock_was_put_back_a_run_is_looked_at(run):
    """Its lease and its next look were written while the clock was a day ahead."""
    ahead = NOW + timedelta(days=1)
    TuningRun.objects.update(next_look_at=ahead, locked_until=ahead)
    assert looks.reconcile(NOW) == 1
    run.refresh_from_db()
    assert run.status == "preparing"


def test_a_late_evaluation_costs_no_second_training(run, outside, operator):
    outside.says = [SUCCEEDED]
    making.drive(run, 4)
    making.drive(run, 2, run.deadline_at)
    version = ModelVersion.objects.get(run=run)
    assert (run.status, run.failed_at) == ("failed", "evaluating")
    assert version.status == "candidate"
    moment = NOW + timedelta(days=2)
    runs.retry(run, by=operator, now=moment)
    making.drive(run, 9, moment)
    version.refresh_from_db()
    assert (run.status, version.artifact) == ("succeeded", "models/1")
    assert version.status in ("gated", "barred")
    assert list(outside.jobs.values()) == ["job-1"]


def test_an_evaluation_ends_its_look_before_its_lease(run, outside, monkeypatch):
    outside.says = [SUCCEEDED]
    making.drive(run, 4)
    monkeypatch.setattr(evaluations, "PATIENCE", 0)
    making.drive(run, 1, NOW + 5 * MINUTE)
    evaluation = run.model_version.evaluation
    assert (run.status, evaluation.answers.count()) == ("evaluating", 1)


# --- two workers ----------------------------------------------------------------------------------
def taken_over(run):
    """Another worker holds the run from now on."""
    TuningRun.objects.filter(pk=run.pk).update(locked_until=NOW + 20 * MINUTE)


@pytest.mark.parametrize("permanent", [True, False])
def test_whoever_lost_the_lease_counts_no_failure_and_ends_nothing(run, outside, permanent):
    making.drive(run, 3)
    outside.on_poll = lambda: taken_over(run)
    outside.says = [BackendError("too late", permanent=permanent)]
    making.drive(run, 1, NOW + 5 * MINUTE)
    assert (run.status, run.tries, run.locked_until) == ("training", 0, NOW + 20 * MINUTE)
    assert events(run, EventKind.WARNING) == []


def test_whoever_lost_the_lease_writes_over_nothing(run, outside):
    making.drive(run, 4)
    outside.on_poll = lambda: taken_over(run)
    outside.says = [JobState("running", 0.9, tokens=7)]
    making.drive(run, 1, NOW + 5 * MINUTE)
    assert (run.progress, run.actual, run.next_look_at) == (0.0, {}, NOW + timedelta(seconds=185))


def test_whoever_cancels_during_a_look_that_fails_is_heard(run, outside, operator):
    making.drive(run, 4)
    outside.on_poll = lambda: runs.cancel(
        TuningRun.objects.get(pk=run.pk), by=operator, now=NOW + 5 * MINUTE
    )
    outside.says = [BackendError("gone", permanent=True)]
    making.drive(run, 1, NOW + 5 * MINUTE)
    assert (run.status, run.locked_until) == ("cancelling", None)
    outside.on_poll, outside.says = None, [JobState("cancelled")]
    assert making.drive(run, 1, NOW + 6 * MINUTE).status == "cancelled"


def test_a_run_that_is_moved_while_it_fails_stops_no_other(
    run, outside, outside_model, assistant, monkeypatch
):
    making.drive(run, 2)
    making.approved_many(assistant, 3, start=12)
    second = runs.launch(making.frozen(assistant), outside_model, now=NOW + 5 * MINUTE)
    outside.refuses_start = BackendError("no such base model", permanent=True)
    real = looks._fail

    def fail(run, *arguments, **named):
        TuningRun.objects.filter(pk=run.pk).update(status="cancelling")
        real(run, *arguments, **named)

    monkeypatch.setattr(looks, "_fail", fail)
    assert looks.reconcile(NOW + 5 * MINUTE) == 2
    second.refresh_from_db()
    assert second.status == "preparing"


# --- odd words ------------------------------------------------------------------------------------
def test_what_no_database_can_hold_is_stored_without_it(run, outside):
    nan = float("nan")
    outside.says = [
        JobState("running", nan, ((1, nan), (2, 0.5)), phase="war\0ming up", cost=nan),
        JobState("failed", message="%(what)s\0", values={"what": "out of\0 memory", "loss": nan}),
    ]
    making.drive(run, 4)
    assert (run.progress, run.phase, run.tries) == (0.0, "warming up", 0)
    assert making.points(run) == [(2, 0.5)]
    making.drive(run, 1, NOW + 5 * MINUTE)
    assert (run.status, run.why_failed) == ("failed", "out of memory")
    assert run.error_values == {"what": "out of memory", "loss": None}


def test_an_error_that_no_database_can_hold_is_trouble_as_any(run, outside):
    making.drive(run, 3)
    outside.says = [ValueError("bad\0 byte")]
    making.drive(run, 1, NOW + 5 * MINUTE)
    assert (run.status, run.tries) == ("training", 1)
    assert events(run, EventKind.WARNING) == ["try 1 failed: bad byte"]


# --- one job -------------------------------------------------------------------------------------
def test_a_job_whose_answer_was_lost_is_adopted_by_the_retry(run, outside, operator, monkeypatch):
    """The service took the order, and was away for an hour from then on."""
    making.drive(run, 2)
    with monkeypatch.context() as lost:
        real = outside.start

        def start(spec):
            real(spec)
            lost.setattr(outside, "find", away)
            away()

        lost.setattr(outside, "start", start)
        moment = drive_to_end(run, NOW + 5 * MINUTE)
    assert (run.status, run.external_id) == ("failed", "")
    runs.retry(run, by=operator, now=moment)
    making.drive(run, 3, moment + MINUTE)
    assert (run.status, list(outside.jobs.values())) == ("training", ["job-1"])


def test_a_late_job_that_did_not_end_is_asked_again_by_the_retry(run, outside, operator):
    making.drive(run, 4)
    making.drive(run, 1, run.deadline_at)
    making.drive(run, 1, run.deadline_at + looks.GRACE + MINUTE)
    assert (run.status, run.failed_at) == ("failed", "training")
    moment = run.deadline_at + looks.GRACE + 2 * MINUTE
    runs.retry(run, by=operator, now=moment)
    making.drive(run, 3, moment)
    assert list(outside.jobs.values()) == ["job-1"]


def test_a_job_that_could_not_be_cancelled_is_asked_again_by_the_retry(
    run, outside, operator, monkeypatch
):
    making.drive(run, 4)
    runs.cancel(run, by=operator, now=NOW + 5 * MINUTE)
    with monkeypatch.context() as patch:
        patch.setattr(outside, "cancel", away)
        moment = drive_to_end(run, NOW + 5 * MINUTE)
    assert (run.status, run.failed_at) == ("failed", "training")
    runs.retry(run, by=operator, now=moment)
    making.drive(run, 3, moment)
    assert list(outside.jobs.values()) == ["job-1"]


def test_another_attempt_keeps_nothing_that_the_failed_job_told(run, outside, operator):
    point = Checkpoint("1", 5, 1.0, "endpoints/old")
    outside.says = [JobState("running", checkpoints=(point,)), JobState("failed", message="quota")]
    making.drive(run, 9)
    runs.retry(run, by=operator, now=NOW + 30 * MINUTE)
    outside.says = [SUCCEEDED]
    making.drive(run, 9, NOW + 31 * MINUTE)
    assert registry.checkpoints(ModelVersion.objects.get(run=run)) == []


def test_a_run_holds_the_accelerator_as_long_as_its_job_may_run(
    run, outside, outside_model, assistant
):
    """Eight looks that failed say nothing of the job: it is asked until the deadline."""
    outside.exclusive = "accelerator"
    making.drive(run, 3)
    outside.says = [BackendError("503", permanent=False)]
    moment = drive_to_end(run, NOW + 5 * MINUTE)
    assert (run.status, run.holds) == ("training", "accelerator")
    outside.says = [JobState("running")]
    making.approved_many(assistant, 3, start=12)
    second = runs.launch(making.frozen(assistant), outside_model, now=moment)
    making.drive(second, 4, moment)
    assert (second.status, second.holds) == ("uploading", "")


def test_a_model_whose_evaluation_failed_can_be_deleted(run, outside, operator, monkeypatch):
    outside.says = [SUCCEEDED]
    making.drive(run, 4)

    def broken(*_arguments):
        raise BackendError("no answer", permanent=True)

    monkeypatch.setattr(evaluations, "look", broken)
    making.drive(run, 1, NOW + 5 * MINUTE)
    version = ModelVersion.objects.get(run=run)
    assert (run.status, version.status, registry.deletable(version)) == (
        "failed",
        "candidate",
        True,
    )
    registry.delete_model(version, by=operator, now=NOW, reason="too dear")
    version.refresh_from_db()
    assert (version.status, outside.deleted) == ("deleted", [{"artifact": "models/1"}])
    with pytest.raises(Conflict):
        runs.retry(TuningRun.objects.get(pk=run.pk), by=operator, now=NOW + 9 * MINUTE)


def test_what_fell_short_in_a_job_that_ended_well_is_told_once(run, outside, monkeypatch):
    warnings = (("no GGUF file: the converter %(reason)s", {"reason": "hung"}), ("a", {}))
    outside.says = [JobState("succeeded", 1.0, result={"artifact": "m"}, warnings=warnings)]
    making.drive(run, 3)
    with monkeypatch.context() as broken:
        # The look that stored them was killed before its move.
        broken.setattr(looks.versions, "create", away)
        looks.reconcile(NOW + 5 * MINUTE)
    drive_to_end(run, NOW + 6 * MINUTE)
    told = run.events.filter(kind="warning").exclude(message__startswith="try ")
    assert [row.text for row in told] == ["no GGUF file: the converter hung", "a"]
    assert run.status == "succeeded"
