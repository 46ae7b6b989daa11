"""Whatever goes wrong with looks, a run has one job, and what it holds is its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reviews.models import Pair
from tests import factories
from tests.tuning import making
from tuning.backends import BackendError, Checkpoint, JobState
from tuning.domain import evaluations, exports, looks, registry, run_files, runs
from tuning.models import ModelVersion, TuningRun

NOW = factories.NOW
MINUTE = timedelta(minutes=1)
SUCCEEDED = JobState("succeeded", 1.0, result={"artifact": "models/1"})


@pytest.fixture
def dataset_version(assistant):
    making.approved_many(assistant, 12)
    return making.frozen(assistant)


@pytest.fixture
def run(dataset_version, outside_model) -> TuningRun:
    return runs.launch(dataset_version, outside_model, now=NOW)


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


def test_another_attempt_keeps_nothing_that_the_failed_job_told(run, outside, operator):
    point = Checkpoint("1", 5, 1.0, "endpoints/old")
    outside.says = [JobState("running", checkpoints=(point,)), JobState("failed", message="quota")]
    making.drive(run, 9)
    runs.retry(run, by=operator, now=NOW + 30 * MINUTE)
    outside.says = [SUCCEEDED]
    making.drive(run, 9, NOW + 31 * MINUTE)
    assert registry.checkpoints(ModelVersion.objects.get(run=run)) == []


# --- what a run holds ----------------------------------------------------------------------------
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


def test_a_run_that_ended_meanwhile_takes_nothing(run, outside, operator, monkeypatch):
    """Its worker was slow to ask, and another one has ended the run by then."""
    outside.exclusive = "accelerator"
    making.drive(run, 2)

    def take(run, resource):
        with monkeypatch.context() as back:
            back.setattr(looks, "_take_resource", real)
            runs.cancel(TuningRun.objects.get(pk=run.pk), by=operator, now=NOW + 11 * MINUTE)
            looks.reconcile(NOW + 11 * MINUTE)
        real(run, resource)

    real = looks._take_resource
    monkeypatch.setattr(looks, "_take_resource", take)
    making.drive(run, 1, NOW + 5 * MINUTE)
    assert (run.status, run.holds, outside.jobs) == ("cancelled", "", {})


# --- what was left out, and what is deleted ------------------------------------------------------
def test_dropped_preferences_lead_to_their_own_pairs(
    assistant, outside_model, checklist, reviewer, second_reviewer
):
    making.approved_many(assistant, 12)
    making.corrected_many(assistant, 8, by=reviewer, approver=second_reviewer)
    version = making.frozen(assistant)
    lines = [row.input for row in exports.preferences(version, "train")]
    found = run_files.pairs_of_lines(version, list(range(1, len(lines) + 1)), "preference")
    assert [Pair.objects.get(pk=pk).current_revision.input for pk in found] == lines != []


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


def test_an_evaluation_ends_its_look_before_its_lease(run, outside, monkeypatch):
    outside.says = [SUCCEEDED]
    making.drive(run, 4)
    monkeypatch.setattr(evaluations, "PATIENCE", 0)
    making.drive(run, 1, NOW + 5 * MINUTE)
    evaluation = run.model_version.evaluation
    assert (run.status, evaluation.answers.count()) == ("evaluating", 1)
