"""Runs as people and schedules ask for them: launched, confirmed, cancelled, tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reviews.domain import transitions
from reviews.domain.errors import Conflict, Invalid
from reviews.models import Pair
from tests import factories
from tests.tuning import making
from tests.tuning.making import events, moves
from tuning.backends import BackendError, Checkpoint, JobState
from tuning.domain import evaluations, looks, run_files, runs
from tuning.enums import ACTIVE_RUN, Backend, EventKind, RunStatus, Trigger
from tuning.models import BaseModel, ModelVersion, TuningRun

pytestmark = pytest.mark.usefixtures("english")
NOW = factories.NOW
MINUTE = timedelta(minutes=1)
DONE = JobState("succeeded", 1.0, ((1, 0.5), (2, 0.25)), result={"threshold": 0.3})


# --- launched ------------------------------------------------------------------------------------
def test_a_launched_run_is_queued_with_a_label_and_a_deadline(run, assistant, settings):
    assert (run.status, run.next_look_at, run.external_id) == ("queued", NOW, "")
    assert run.label.startswith("hub-")
    assert run.deadline_at == NOW + timedelta(hours=settings.TUNING_RUN_TIMEOUT_HOURS)


def test_a_launch_hints_at_the_worker(
    dataset_version, outside_model, sent_hints, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        runs.launch(dataset_version, outside_model, now=NOW)
    assert sent_hints == ["tuning.reconcile_runs"]


def test_asked_again_while_active_it_is_the_same_run(run, dataset_version, outside_model):
    assert runs.launch(dataset_version, outside_model, now=NOW) == run


def test_asked_otherwise_while_one_is_active_it_is_refused(run, dataset_version, outside_model):
    TuningRun.objects.update(checkpoint="2")
    with pytest.raises(Invalid) as refused:
        runs.launch(dataset_version, outside_model, now=NOW)
    assert list(refused.value.fields) == ["base_model"]
    # The machine wants a run, whoever asked for it.
    machine = {"now": NOW, "trigger": Trigger.WEEKLY}
    assert runs.launch(dataset_version, outside_model, **machine) == run
    assert TuningRun.objects.get() == run


def test_once_ended_another_may_start(run, dataset_version, outside_model):
    TuningRun.objects.update(status=RunStatus.FAILED)
    assert runs.launch(dataset_version, outside_model, now=NOW) != run


@pytest.mark.django_db(transaction=True)
def test_launched_twice_at_once_it_is_one_run(dataset_version, outside_model, together):
    first, second = together(*[lambda: runs.launch(dataset_version, outside_model, now=NOW)] * 2)
    assert first == second == TuningRun.objects.get()


def test_a_model_without_a_backend_is_refused(dataset_version):
    model = BaseModel.objects.create(name="tetap", provider="exemplar")
    with pytest.raises(Invalid) as refused:
        runs.launch(dataset_version, model, now=NOW)
    assert list(refused.value.fields) == ["base_model"]


def test_options_that_the_backend_does_not_know_are_refused(dataset_version, outside_model):
    with pytest.raises(Invalid) as refused:
        runs.launch(dataset_version, outside_model, now=NOW, options={"epoch": 3})
    assert refused.value.fields == {"options": "epoch: unknown; allowed: epochs"}
    assert TuningRun.objects.count() == 0


@pytest.mark.parametrize("backend", list(Backend))
def test_too_small_a_version_is_refused_on_every_backend(assistant, backend):
    making.approved_many(assistant, 3)
    model = BaseModel.objects.create(name="kecil", provider="exemplar", backend=backend)
    with pytest.raises(Invalid) as refused:
        runs.launch(making.frozen(assistant), model, now=NOW)
    assert refused.value.fields["dataset_version"].startswith(
        "holds 3 pairs; at least 10 are needed; "
        "teaches 3 question families; at least 5 are needed; "
        "holds nothing out to test the model with"
    )
    assert TuningRun.objects.count() == 0


@pytest.mark.parametrize("backend", list(Backend))
def test_a_version_of_one_family_is_refused_on_every_backend(assistant, backend):
    for number in range(12):
        factories.approved(assistant, f"Bagaimana urus izin {number}?", family="izin")
    model = BaseModel.objects.create(name="sama", provider="exemplar", backend=backend)
    with pytest.raises(Invalid) as refused:
        runs.launch(making.frozen(assistant), model, now=NOW)
    assert "teaches one question family alone" in refused.value.fields["dataset_version"]
    assert TuningRun.objects.count() == 0


def test_what_leaks_is_refused_at_the_launch(dataset_version, outside_model):
    taught, test = (
        dataset_version.members.filter(part=part).first().revision.pair
        for part in ("train", "test")
    )
    Pair.objects.filter(pk=taught.pk).update(question=test.question)
    with pytest.raises(Invalid) as refused:
        runs.launch(dataset_version, outside_model, now=NOW)
    assert f"#{taught.pk} (" in refused.value.fields["dataset_version"]
    assert TuningRun.objects.count() == 0


def test_without_preferences_there_is_nothing_to_teach(dataset_version, outside_model):
    with pytest.raises(Invalid) as refused:
        runs.launch(dataset_version, outside_model, now=NOW, method="preference")
    assert refused.value.fields == {
        "dataset_version": "teaches 0 preferences; at least 10 are needed; "
        "its preferences are of 0 question families; at least 5 are needed"
    }


def test_a_method_that_the_backend_does_not_know_is_refused(dataset_version, outside_model):
    with pytest.raises(Invalid) as refused:
        runs.launch(dataset_version, outside_model, now=NOW, method="rl")
    assert refused.value.fields == {"method": "allowed: sft, preference"}


def test_a_model_is_continued_by_its_own_assistant_and_base_alone(
    run, outside, dataset_version, outside_model, assistant
):
    kept = (Checkpoint("1", 10), Checkpoint("2", 20))
    result = {"artifact": "models/7"}
    outside.says = [JobState("succeeded", 1.0, result=result, checkpoints=kept)]
    making.drive(run, 9)
    version = ModelVersion.objects.get(run=run)
    other = BaseModel.objects.create(name="lain", provider="exemplar", backend="outside")
    with pytest.raises(Invalid) as refused:
        runs.launch(dataset_version, other, now=NOW, continues=version)
    assert refused.value.fields == {"continues": "was tuned from another base model"}
    with pytest.raises(Invalid) as refused:
        runs.launch(dataset_version, outside_model, now=NOW, continues=version, checkpoint="3")
    assert refused.value.fields == {"checkpoint": "allowed: 1, 2"}
    again = runs.launch(dataset_version, outside_model, now=NOW, continues=version, checkpoint="2")
    base = run_files.spec(again).base
    assert (base.continues, base.checkpoint) == ("models/7", "2")


# --- what it costs -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("costs", "waits"), [(0.0, False), (10.0, False), (10.01, True), (None, True)]
)
def test_above_the_limit_or_of_unknown_cost_it_waits_for_a_word(
    dataset_version, outside_model, outside, operator, costs, waits
):
    outside.costs = costs
    run = runs.launch(dataset_version, outside_model, now=NOW)
    assert (run.confirmed, run.estimate["cost"]) == (not waits, costs)
    assert looks.reconcile(NOW) == (0 if waits else 1)


def test_a_confirmed_run_begins_and_its_time_with_it(
    dataset_version, outside_model, outside, operator
):
    outside.costs = 99.0
    run = runs.launch(dataset_version, outside_model, now=NOW)
    assert looks.reconcile(run.deadline_at + MINUTE) == 0
    later = NOW + timedelta(days=3)
    for _number in range(2):
        runs.confirm(run, by=operator, now=later)
    making.drive(run, 1, later)
    assert (run.status, run.deadline_at) == ("preparing", later + timedelta(hours=24))
    assert events(run, EventKind.WARNING) == [f"confirmed by {operator.get_username()}"]


def test_one_that_was_confirmed_beforehand_waits_for_nobody(
    dataset_version, outside_model, outside
):
    outside.costs = 99.0
    assert runs.launch(dataset_version, outside_model, now=NOW, confirmed=True).confirmed


def test_one_that_waits_for_a_word_can_be_cancelled(
    dataset_version, outside_model, outside, operator
):
    outside.costs = 99.0
    run = runs.launch(dataset_version, outside_model, now=NOW)
    runs.cancel(run, by=operator, now=NOW)
    assert making.drive(run, 1).status == "cancelled"


# --- cancelled -----------------------------------------------------------------------------------
@pytest.mark.parametrize("looks", [0, 1, 2])
def test_cancelled_before_its_job_exists_it_ends_at_the_next_look(run, outside, operator, looks):
    making.drive(run, looks)
    runs.cancel(run, by=operator, now=NOW + 5 * MINUTE)
    making.drive(run, 1, NOW + 5 * MINUTE)
    assert (run.status, outside.jobs) == ("cancelled", {})
    assert transitions.history(run).get(to_status="cancelling").by == operator
    assert run.finished_at == NOW + 5 * MINUTE


def test_cancelled_in_training_it_waits_for_its_job_to_end(run, outside, operator):
    making.drive(run, 4)
    runs.cancel(run, by=operator, now=NOW + 5 * MINUTE)
    making.drive(run, 1, NOW + 5 * MINUTE)
    assert (run.status, outside.cancelled) == ("cancelling", ["job-1"])
    outside.says = [JobState("cancelled")]
    assert making.drive(run, 1, NOW + 6 * MINUTE).status == "cancelled"


def test_cancelled_when_its_job_has_just_finished_it_makes_no_version(run, outside, operator):
    making.drive(run, 4)
    runs.cancel(run, by=operator, now=NOW + 5 * MINUTE)
    outside.says = [DONE]
    assert making.drive(run, 1, NOW + 5 * MINUTE).status == "cancelled"
    assert ModelVersion.objects.filter(run=run).count() == 0


def test_cancelled_while_its_version_is_evaluated_the_version_is_barred(run, outside, operator):
    outside.says = [DONE]
    making.drive(run, 4)
    assert run.status == "evaluating"
    runs.cancel(run, by=operator, now=NOW + 5 * MINUTE)
    assert making.drive(run, 1, NOW + 5 * MINUTE).status == "cancelled"
    version = ModelVersion.objects.get(run=run)
    assert version.status == "barred"
    assert transitions.history(version).get().note == "the run was cancelled"


def test_cancelled_between_the_start_and_the_note_of_its_id_the_job_is_ended(
    run, outside, operator
):
    making.drive(run, 2)
    outside.jobs[run.label] = "job-lost"
    runs.cancel(run, by=operator, now=NOW + 5 * MINUTE)
    outside.says = [JobState("cancelled")]
    making.drive(run, 1, NOW + 5 * MINUTE)
    assert (run.status, outside.cancelled) == ("cancelled", ["job-lost"])


def test_cancelled_twice_is_cancelled_once(run, operator):
    runs.cancel(run, by=operator, now=NOW)
    runs.cancel(run, by=operator, now=NOW)
    assert moves(run) == ["cancelling"]


@pytest.mark.parametrize("status", [s for s in RunStatus.values if s not in ACTIVE_RUN])
def test_an_ended_run_is_not_cancelled(run, operator, status):
    TuningRun.objects.update(status=status)
    run.refresh_from_db()
    with pytest.raises(Conflict):
        runs.cancel(run, by=operator, now=NOW)
    assert moves(run) == []


def test_cancelled_during_a_look_the_cancellation_counts(run, outside, operator):
    making.drive(run, 3)
    outside.says = [DONE, JobState("cancelled")]

    def meanwhile():
        outside.on_poll = None
        runs.cancel(TuningRun.objects.get(), by=operator, now=NOW + 5 * MINUTE)

    outside.on_poll = meanwhile
    making.drive(run, 1, NOW + 5 * MINUTE)
    assert (run.status, run.tries, run.locked_until) == ("cancelling", 0, None)
    assert ModelVersion.objects.filter(run=run).count() == 0
    assert making.drive(run, 1, NOW + 6 * MINUTE).status == "cancelled"


def test_a_job_that_succeeded_before_its_cancellation_is_told_of(run, outside, operator):
    making.drive(run, 4)
    runs.cancel(run, by=operator, now=NOW + 5 * MINUTE)
    outside.says = [JobState("succeeded", 1.0, result={"artifact": "models/7"})]
    making.drive(run, 1, NOW + 5 * MINUTE)
    assert (run.status, run.result) == ("cancelled", {"artifact": "models/7"})
    told = "the job had succeeded before it could be cancelled: models/7"
    assert events(run, EventKind.WARNING) == [told]


# --- tried again ---------------------------------------------------------------------------------
def test_after_a_failed_job_another_attempt_has_a_job_of_its_own(run, outside, operator):
    first = run.label
    outside.says = [JobState("failed", 0.5, message="out of memory")]
    making.drive(run, 9)
    runs.retry(run, by=operator, now=NOW + 30 * MINUTE)
    assert (run.status, run.attempt, run.label) == ("preparing", 2, f"{first}-2")
    outside.says = [DONE]
    making.drive(run, 9, NOW + 31 * MINUTE)
    assert (run.status, run.error, run.earlier_job) == ("succeeded", "", "job-1")
    assert outside.jobs == {first: "job-1", f"{first}-2": "job-2"}


def test_a_step_whose_looks_failed_is_the_step_that_is_tried_again(run, outside, operator):
    """The job may have gone on meanwhile: it is asked again, and no other one is started."""
    making.drive(run, 3)
    outside.says = [BackendError("gone for good", permanent=True)]
    making.drive(run, 1, NOW + 5 * MINUTE)
    assert (run.status, run.failed_at) == ("failed", "training")
    runs.retry(run, by=operator, now=NOW + 30 * MINUTE)
    assert (run.status, run.attempt) == ("training", 1)
    outside.says = [DONE]
    assert making.drive(run, 9, NOW + 31 * MINUTE).status == "succeeded"
    assert list(outside.jobs.values()) == ["job-1"]


def test_an_evaluation_that_failed_is_taken_up_again(run, outside, operator, monkeypatch):
    outside.says = [DONE]
    making.drive(run, 4)

    def away(*_arguments):
        raise BackendError("no answer", permanent=True)

    with monkeypatch.context() as patch:
        patch.setattr(evaluations, "look", away)
        making.drive(run, 1, NOW + 5 * MINUTE)
    assert (run.status, run.failed_at) == ("failed", "evaluating")
    version = ModelVersion.objects.get(run=run)
    assert version.status == "candidate"
    runs.retry(run, by=operator, now=NOW + 30 * MINUTE)
    assert making.drive(run, 3, NOW + 31 * MINUTE).status == "succeeded"
    version.refresh_from_db()
    assert version.status in ("gated", "barred")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_try_it_again_at_once_one_is_told(run, outside, operator, together):
    outside.says = [JobState("failed", message="out of memory")]
    making.drive(run, 9)
    copies = [TuningRun.objects.get(pk=run.pk) for _ in range(2)]
    calls = [lambda one=one: runs.retry(one, by=operator, now=NOW + 30 * MINUTE) for one in copies]
    told = together(*calls)
    assert sorted(type(one).__name__ for one in told) == ["NoneType", "StaleMove"]
    run.refresh_from_db()
    assert (run.status, run.attempt, moves(run).count("preparing")) == ("preparing", 2, 2)


def test_whoever_saw_the_failure_before_the_last_does_not_try_again(run, outside, operator):
    outside.says = [JobState("failed", message="out of memory")]
    making.drive(run, 9)
    late = TuningRun.objects.get(pk=run.pk)
    runs.retry(run, by=operator, now=NOW + 30 * MINUTE)
    making.drive(run, 9, NOW + 31 * MINUTE)
    assert (run.status, run.attempt) == ("failed", 2)
    with pytest.raises(Conflict):
        runs.retry(late, by=operator, now=NOW + 60 * MINUTE)


def test_only_a_run_that_failed_is_tried_again(run, operator):
    with pytest.raises(Conflict):
        runs.retry(run, by=operator, now=NOW)


def test_no_second_try_beside_an_active_run(run, outside, operator, dataset_version, outside_model):
    outside.says = [JobState("failed", message="out of memory")]
    making.drive(run, 9)
    runs.launch(dataset_version, outside_model, now=NOW)
    with pytest.raises(Conflict):
        runs.retry(run, by=operator, now=NOW)
    run.refresh_from_db()
    assert (run.status, run.attempt) == ("failed", 1)
