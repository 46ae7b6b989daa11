"""A run goes on from its rows: one look a time, whatever the outside does (D4)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import IntegrityError

from tests import factories
from tests.tuning import making
from tests.tuning.making import events, moves, points
from tuning.backends import BackendError, Checkpoint, JobState
from tuning.domain import looks, run_files, runs, versions
from tuning.enums import EventKind
from tuning.models import Evaluation, EvaluationAnswer, ModelVersion, RunEvent, TuningRun

pytestmark = pytest.mark.usefixtures("english")
NOW = factories.NOW
MINUTE = timedelta(minutes=1)
DONE = JobState("succeeded", 1.0, ((1, 0.5), (2, 0.25)), result={"threshold": 0.3})
WAY = ["preparing", "uploading", "training", "evaluating", "succeeded"]


# --- the way through -----------------------------------------------------------------------------
def test_it_takes_one_step_a_look_to_its_end(run, outside):
    outside.says = [JobState("running", 0.4), DONE]
    seen = []
    for minute in range(6):
        assert looks.reconcile(NOW + minute * MINUTE) == 1
        run.refresh_from_db()
        seen.append(run.status)
    assert seen == ["preparing", "uploading", "training", "training", "evaluating", "succeeded"]
    assert moves(run) == events(run, EventKind.STEP) == WAY
    assert (run.progress, run.finished_at, run.locked_until) == (1.0, NOW + 5 * MINUTE, None)
    assert looks.reconcile(NOW + 9 * MINUTE) == 0


def test_a_finished_run_has_one_version_one_evaluation_and_a_verdict_of_the_gates(run, outside):
    outside.says = [DONE]
    making.drive(run, 9)
    version = ModelVersion.objects.get(run=run)
    assert (version.name, version.settings) == ("v1.0", {"threshold": 0.3})
    assert version.status in ("gated", "barred")
    evaluation = Evaluation.objects.get()
    assert (evaluation.version, evaluation.baseline.is_base) == (version, True)
    assert evaluation.finished_at is not None


def test_progress_is_shown_while_it_runs(run, outside):
    outside.says = [JobState("running", 0.4)]
    assert making.drive(run, 4).progress == 0.4


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_a_job_that_broke_off_stays_as_far_as_it_had_come(run, outside, end):
    outside.says = [JobState("running", 0.4), JobState(end)]
    assert making.drive(run, 6).progress == 0.4
    drawn = run.events.filter(kind=EventKind.PROGRESS).values_list("value", flat=True)
    assert list(drawn) == [0.4]


def test_a_running_job_is_asked_again_after_a_while(run):
    making.drive(run, 3)
    last = NOW + 4 * MINUTE
    assert looks.reconcile(last) == 1
    assert looks.reconcile(last + timedelta(seconds=4)) == 0
    assert looks.reconcile(last + timedelta(seconds=5)) == 1


def test_a_job_that_failed_fails_the_run_with_its_message(run, outside):
    outside.says = [JobState("failed", message="out of memory")]
    making.drive(run, 9)
    assert (run.status, run.error, moves(run)[-1]) == ("failed", "out of memory", "failed")
    assert events(run, EventKind.ERROR) == ["out of memory"]
    assert ModelVersion.objects.filter(run=run).count() == 0


def test_a_job_that_somebody_cancelled_outside_fails_the_run(run, outside):
    outside.says = [JobState("cancelled")]
    assert making.drive(run, 9).why_failed == "the job ended as cancelled"


def test_a_job_that_bears_the_label_is_adopted_and_no_other_started(run, outside):
    making.drive(run, 2)
    outside.jobs[run.label] = "job-found"
    looks.reconcile(NOW + 3 * MINUTE)
    run.refresh_from_db()
    assert (run.status, run.external_id) == ("training", "job-found")
    assert events(run, EventKind.WARNING) == ["adopted the job job-found"]


def test_two_runs_of_an_assistant_make_two_versions(run, outside, assistant, outside_model):
    outside.says = [DONE]
    making.drive(run, 9)
    making.approved_many(assistant, 3, start=12)
    second = runs.launch(making.frozen(assistant), outside_model, now=NOW)
    making.drive(second, 9)
    names = ModelVersion.objects.candidates().order_by("id").values_list("name", "reference")
    assert list(names) == [("v1.0", "bisnis/v1.0"), ("v1.1", "bisnis/v1.1")]


def test_a_look_at_nothing_starts_no_chain_of_hints(
    run, sent_hints, django_capture_on_commit_callbacks
):
    TuningRun.objects.filter(pk=run.pk).update(next_look_at=NOW + timedelta(seconds=3))
    with django_capture_on_commit_callbacks(execute=True):
        assert looks.reconcile(NOW) == 0
    assert sent_hints == []
    with django_capture_on_commit_callbacks(execute=True):
        assert looks.reconcile(NOW + timedelta(seconds=4)) == 1
    assert sent_hints == [runs.LOOK_TASK]


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_run_on_the_embedded_backend_succeeds(assistant, settings):
    for number in range(12):
        question, casual = f"Bagaimana cara urus izin {number}?", f"Gimana urus izin {number} dong?"
        for text in (question, casual):
            factories.approved(
                assistant, text, f"Izin {number}: {number + 3} hari.", family=text[-9:]
            )
    run = runs.launch(making.frozen(assistant), versions.base_model(), now=NOW)
    moment = NOW
    while run.active and moment < NOW + timedelta(minutes=20):
        moment += timedelta(seconds=6)
        looks.reconcile(moment)
        run.refresh_from_db()
    assert (run.status, run.error) == ("succeeded", "")
    assert run.result == ModelVersion.objects.get(run=run).settings
    state = json.loads((Path(run.external_id) / "state.json").read_text())
    told = (
        RunEvent.objects.filter(kind=EventKind.LOSS).order_by("step").values_list("step", "value")
    )
    assert [list(point) for point in told] == state["losses"]
    asked = EvaluationAnswer.objects.values_list("member", "slice")
    assert len(asked) == len(set(asked)) > 0


# --- the lease -----------------------------------------------------------------------------------
def test_a_run_that_another_worker_holds_is_left_alone(run):
    TuningRun.objects.update(locked_until=NOW + MINUTE)
    assert looks.reconcile(NOW) == 0
    assert looks.reconcile(NOW + MINUTE) == 0


def test_a_lease_that_ran_out_is_taken_over(run):
    TuningRun.objects.update(locked_until=NOW - timedelta(seconds=1))
    assert looks.reconcile(NOW) == 1
    run.refresh_from_db()
    assert (run.status, run.locked_until) == ("preparing", None)


def test_a_look_holds_the_run_for_five_minutes(run, outside):
    held = []
    outside.on_poll = lambda: held.append(TuningRun.objects.get().locked_until)
    making.drive(run, 4)
    assert held == [NOW + 3 * MINUTE + timedelta(minutes=5)]


def test_a_lease_is_counted_from_the_look_and_not_from_the_pass(
    run, outside, outside_model, assistant, monkeypatch
):
    """The first of two looks takes seven minutes and a half."""
    making.approved_many(assistant, 3, start=12)
    second = runs.launch(making.frozen(assistant), outside_model, now=NOW + 4 * MINUTE)
    making.drive(run, 4)
    TuningRun.objects.filter(pk=second.pk).update(status="training", external_id="job-9")
    clock, held = [0.0], []

    def poll():
        clock[0] += 450
        held.extend(TuningRun.objects.exclude(locked_until=None).values_list("pk", "locked_until"))

    outside.on_poll = poll
    monkeypatch.setattr(looks, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    looks.reconcile(NOW + 5 * MINUTE)
    assert held == [(run.pk, NOW + 10 * MINUTE), (second.pk, NOW + 17 * MINUTE)]


def test_a_run_whose_time_has_not_come_is_left_alone(run):
    assert looks.reconcile(NOW - MINUTE) == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_start_one_job(dataset_version, outside_model, outside, together):
    run = runs.launch(dataset_version, outside_model, now=NOW)
    making.drive(run, 2)
    counts = together(*[lambda: looks.reconcile(NOW + 5 * MINUTE)] * 4)
    run.refresh_from_db()
    assert [error for error in counts if isinstance(error, Exception)] == []
    assert list(outside.jobs.values()) == ["job-1"]
    assert moves(run)[:3] == ["preparing", "uploading", "training"]


def test_whoever_lost_the_lease_in_a_long_upload_starts_no_job(run, outside, monkeypatch):
    making.drive(run, 2)

    def upload(spec):
        TuningRun.objects.update(locked_until=NOW + timedelta(minutes=20))

    monkeypatch.setattr(outside, "upload", upload)
    making.drive(run, 1, NOW + 5 * MINUTE)
    assert (run.status, outside.jobs) == ("uploading", {})
    assert run.locked_until == NOW + timedelta(minutes=20)


# --- one at a time -------------------------------------------------------------------------------
def test_of_two_that_need_the_accelerator_the_second_waits(run, outside, outside_model, assistant):
    outside.exclusive = "accelerator"
    making.approved_many(assistant, 3, start=12)
    second = runs.launch(making.frozen(assistant), outside_model, now=NOW)
    making.drive(run, 5)
    second.refresh_from_db()
    assert (run.status, run.holds) == ("training", "accelerator")
    assert (second.status, second.phase, second.tries) == (
        "uploading",
        "waits for another run to end",
        0,
    )
    outside.says = [DONE]
    making.drive(run, 9, NOW + 9 * MINUTE)
    second.refresh_from_db()
    assert [run.status, second.status] == ["succeeded", "succeeded"]
    assert list(outside.jobs.values()) == ["job-1", "job-2"]


def test_tried_again_a_run_waits_for_what_its_job_needs(
    run, outside, outside_model, assistant, operator
):
    """Its looks had failed, so that its job may still run; another one holds the accelerator."""
    outside.exclusive = "accelerator"
    making.drive(run, 3)
    outside.says = [BackendError("gone for good", permanent=True)]
    making.drive(run, 1, NOW + 5 * MINUTE)
    outside.says = [JobState("running")]
    making.approved_many(assistant, 3, start=12)
    second = runs.launch(making.frozen(assistant), outside_model, now=NOW + 6 * MINUTE)
    making.drive(second, 3, NOW + 6 * MINUTE)
    runs.retry(run, by=operator, now=NOW + 9 * MINUTE)
    making.drive(run, 1, NOW + 9 * MINUTE)
    assert (second.holds, run.status, run.holds) == ("accelerator", "training", "")
    assert run.phase == "waits for another run to end"
    outside.says = [DONE]
    making.drive(second, 4, NOW + 10 * MINUTE)
    making.drive(run, 4, NOW + 15 * MINUTE)
    assert (second.status, run.status) == ("succeeded", "succeeded")


def test_what_an_ended_run_holds_is_free(run, outside, dataset_version, outside_model):
    outside.exclusive = "accelerator"
    TuningRun.objects.filter(pk=run.pk).update(status="failed", holds="accelerator")
    second = runs.launch(dataset_version, outside_model, now=NOW)
    assert (making.drive(second, 3).status, second.holds) == ("training", "accelerator")


@pytest.mark.parametrize("ends", [DONE, JobState("failed"), JobState("cancelled")])
def test_whoever_ends_holds_nothing(run, outside, ends):
    outside.exclusive, outside.says = "accelerator", [ends]
    making.drive(run, 9)
    assert (run.active, run.holds) == (False, "")


@pytest.mark.django_db(transaction=True)
def test_two_never_hold_the_same(run, assistant, outside_model):
    making.approved_many(assistant, 3, start=12)
    second = runs.launch(making.frozen(assistant), outside_model, now=NOW)
    TuningRun.objects.filter(pk=run.pk).update(holds="accelerator")
    with pytest.raises(IntegrityError):
        TuningRun.objects.filter(pk=second.pk).update(holds="accelerator")


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


# --- what a job tells ----------------------------------------------------------------------------
def test_afterwards_what_it_took_is_stored(run, outside):
    outside.says = [JobState("running", 0.5), JobState("succeeded", 1.0, tokens=1200, cost=0.36)]
    making.drive(run, 9)
    # From the job's start in the third minute to the last look in the sixth.
    assert run.actual == {"tokens": 1200, "cost": 0.36, "seconds": 180}


def test_the_time_that_a_run_lay_failed_is_not_counted(run, outside, operator):
    making.drive(run, 4)
    outside.says = [BackendError("gone for good", permanent=True)]
    making.drive(run, 1, NOW + 5 * MINUTE)
    assert run.actual["seconds"] == 180
    runs.retry(run, by=operator, now=NOW + timedelta(days=3))
    outside.says = [DONE]
    making.drive(run, 3, NOW + timedelta(days=3))
    assert (run.status, run.actual["seconds"]) == ("succeeded", 240)


def test_another_attempt_is_counted_from_its_own_job(run, outside, operator):
    outside.says = [JobState("failed")]
    making.drive(run, 4)
    runs.retry(run, by=operator, now=NOW + timedelta(days=3))
    outside.says = [DONE]
    making.drive(run, 9, NOW + timedelta(days=3))
    assert (run.status, run.actual["seconds"]) == ("succeeded", 120)


def test_curves_are_kept_apart(run, outside):
    losses, held = ((1, 2.0), (2, 1.0)), ((2, 1.5),)
    outside.says = [JobState("running", 0.25, losses, held), JobState("running", 0.5), DONE]
    making.drive(run, 9)
    assert points(run, EventKind.VALIDATION) == [(2, 1.5)]
    assert points(run, EventKind.PROGRESS) == [(60, 0.25), (120, 0.5), (180, 1.0)]
    # The first word of a step counts.
    assert points(run) == [(1, 2.0), (2, 1.0)]


def test_dropped_examples_are_stored_and_lead_to_their_pairs(run, outside):
    dropped = {"dropped": (2, 99), "dropped_count": 3, "dropped_reasons": ("too many tokens",)}
    outside.says = [JobState("running", **dropped)]
    making.drive(run, 4)
    told = {"count": 3, "lines": [2, 99], "reasons": ["too many tokens"]}
    assert run.actual["dropped"] == told
    member = run.dataset_version.members.filter(part="train").order_by("position")[1]
    found = run_files.pairs_of_lines(run.dataset_version, told["lines"])
    assert found == [member.revision.pair_id]


def test_a_message_is_told_once_as_long_as_it_stays_the_same(run, outside):
    waits = JobState("running", phase="waiting", message="for %(what)s", values={"what": "quota"})
    outside.says = [waits, waits, JobState("running", message="tuning")]
    making.drive(run, 5)
    assert (events(run, EventKind.WARNING), run.phase) == (["for quota"], "waiting")
    making.drive(run, 1, NOW + 9 * MINUTE)
    assert (events(run, EventKind.WARNING), run.phase) == (["for quota", "tuning"], "")


def test_checkpoints_are_kept(run, outside):
    point = Checkpoint("2", step=20, epoch=2.0, reference="endpoints/98")
    outside.says = [JobState("running", checkpoints=(point,))]
    making.drive(run, 4)
    assert run.actual["checkpoints"] == [
        {"id": "2", "step": 20, "epoch": 2.0, "loss": None, "reference": "endpoints/98"}
    ]


def test_loss_points_are_stored_once_however_often_they_are_told(run, outside):
    early = JobState("running", 0.5, ((1, 0.5),))
    outside.says = [early, early, DONE]
    making.drive(run, 9)
    assert points(run) == [(1, 0.5), (2, 0.25)]


@pytest.mark.django_db(transaction=True)
def test_a_loss_point_cannot_be_stored_twice(run):
    point = {"run": run, "kind": EventKind.LOSS, "step": 1, "value": 0.5, "at": NOW}
    RunEvent.objects.create(**point)
    with pytest.raises(IntegrityError):
        RunEvent.objects.create(**point)
