"""A run goes on from its rows: one look a time, whatever the outside does (D4)."""

from __future__ import annotations

import json
import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError
from django.utils import translation

from reviews.domain import transitions
from reviews.domain.errors import Conflict, Invalid
from tests import factories
from tests.tuning import making
from tuning.backends import BackendError, Checkpoint, JobState
from tuning.domain import evaluations, exports, looks, run_files, runs, versions
from tuning.enums import ACTIVE_RUN, Backend, EventKind, RunStatus
from tuning.models import BaseModel, Evaluation, EvaluationAnswer, ModelVersion, RunEvent, TuningRun

NOW = factories.NOW
MINUTE = timedelta(minutes=1)
DONE = JobState("succeeded", 1.0, ((1, 0.5), (2, 0.25)), result={"threshold": 0.3})
WAY = ["preparing", "uploading", "training", "evaluating", "succeeded"]


@pytest.fixture(autouse=True)
def _english():
    """Refusals and events are told in the reader's language."""
    with translation.override("en"):
        yield


@pytest.fixture
def dataset_version(assistant):
    making.approved_many(assistant, 12)
    return making.frozen(assistant)


@pytest.fixture
def run(dataset_version, outside_model) -> TuningRun:
    return runs.launch(dataset_version, outside_model, now=NOW)


def moves(item) -> list[str]:
    return [change.to_status for change in transitions.history(item)]


def events(run, kind) -> list[str]:
    """Their texts; of steps, the step."""
    rows = run.events.filter(kind=kind).order_by("id")
    return [row.message if kind == EventKind.STEP else row.text for row in rows]


def points(run, kind=EventKind.LOSS) -> list[tuple[int, float]]:
    return list(run.events.filter(kind=kind).order_by("step").values_list("step", "value"))


# --- launch --------------------------------------------------------------------------------------
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


def test_the_files_for_the_backend_are_the_version_s_parts(run, settings):
    making.drive(run, 2)
    folder = settings.TUNING_DIR / "data" / run.label
    for part in ("train", "validation"):
        lines = b"".join(exports.lines(run.dataset_version, "chat", part))
        assert (folder / f"{part}.jsonl").read_bytes() == lines


def test_a_finished_run_has_one_version_one_evaluation_and_a_verdict_of_the_gates(run, outside):
    outside.says = [DONE]
    making.drive(run, 9)
    version = ModelVersion.objects.get(run=run)
    assert (version.name, version.settings) == ("v1.0", {"threshold": 0.3})
    assert version.status in ("gated", "barred")
    evaluation = Evaluation.objects.get()
    assert (evaluation.version, evaluation.baseline.is_base) == (version, True)
    assert evaluation.finished_at is not None


def test_loss_points_are_stored_once_however_often_they_are_told(run, outside):
    early = JobState("running", 0.5, ((1, 0.5),))
    outside.says = [early, early, DONE]
    making.drive(run, 9)
    assert points(run) == [(1, 0.5), (2, 0.25)]


def test_progress_is_shown_while_it_runs(run, outside):
    outside.says = [JobState("running", 0.4)]
    assert making.drive(run, 4).progress == 0.4


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


# --- trouble -------------------------------------------------------------------------------------
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


# --- cancelling ----------------------------------------------------------------------------------
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


def test_afterwards_what_it_took_is_stored(run, outside):
    outside.says = [JobState("running", 0.5), JobState("succeeded", 1.0, tokens=1200, cost=0.36)]
    making.drive(run, 9)
    # From the job's start in the third minute to the last look in the sixth.
    assert run.actual == {"tokens": 1200, "cost": 0.36, "seconds": 180}


# --- what a job tells ----------------------------------------------------------------------------
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


def test_on_a_full_disk_the_file_is_absent_and_whole_at_the_next_look(run, settings):
    making.drive(run, 1)
    folder = settings.TUNING_DIR / "data" / run.key
    folder.mkdir(parents=True)
    # Where this thread's writer will write: a device that takes nothing.
    part = folder / f".train.jsonl.{os.getpid()}-{threading.get_ident()}.part"
    part.symlink_to("/dev/full")
    making.drive(run, 1, NOW + MINUTE)
    assert (run.status, run.tries, list(folder.iterdir())) == ("preparing", 1, [])
    assert "No space left on device" in events(run, EventKind.WARNING)[0]
    making.drive(run, 1, NOW + 5 * MINUTE)
    lines = b"".join(exports.lines(run.dataset_version, "chat", "train"))
    assert (run.status, (folder / "train.jsonl").read_bytes()) == ("uploading", lines)


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


def test_whoever_lost_the_lease_in_a_long_upload_starts_no_job(run, outside, monkeypatch):
    making.drive(run, 2)

    def upload(spec):
        TuningRun.objects.update(locked_until=NOW + timedelta(minutes=20))

    monkeypatch.setattr(outside, "upload", upload)
    making.drive(run, 1, NOW + 5 * MINUTE)
    assert (run.status, outside.jobs) == ("uploading", {})
    assert run.locked_until == NOW + timedelta(minutes=20)


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


# --- more than answers ---------------------------------------------------------------------------
def test_preferences_are_written_for_a_run_that_teaches_them(
    assistant, outside_model, settings, checklist, reviewer, second_reviewer
):
    making.approved_many(assistant, 12)
    making.corrected_many(assistant, 16, by=reviewer, approver=second_reviewer)
    version = making.frozen(assistant)
    run = runs.launch(version, outside_model, now=NOW, method="preference")
    making.drive(run, 2)
    folder = settings.TUNING_DIR / "data" / run.key
    lines = b"".join(exports.lines(version, "preference", "train"))
    assert (folder / "train.jsonl").read_bytes() == lines
    rows = len(lines.splitlines())
    assert rows == len((folder / "train.groups.txt").read_text().splitlines()) > 0
    assert run_files.data(version, "preference").train == rows


def test_without_preferences_there_is_nothing_to_teach(dataset_version, outside_model):
    with pytest.raises(Invalid) as refused:
        runs.launch(dataset_version, outside_model, now=NOW, method="preference")
    assert refused.value.fields == {
        "dataset_version": "teaches 0 preferences; at least 10 are needed; "
        "its preferences are of 0 question families; at least 5 are needed"
    }


def test_the_families_of_preferences_are_counted_not_those_of_all_pairs(
    assistant, outside_model, checklist, reviewer, second_reviewer
):
    making.approved_many(assistant, 12)
    making.corrected_many(assistant, 3, by=reviewer, approver=second_reviewer)
    version = making.frozen(assistant)
    data = run_files.data(version, "preference")
    assert data.families == data.train == len(list(exports.preferences(version, "train"))) <= 3


def test_a_method_that_the_backend_does_not_know_is_refused(dataset_version, outside_model):
    with pytest.raises(Invalid) as refused:
        runs.launch(dataset_version, outside_model, now=NOW, method="rl")
    assert refused.value.fields == {"method": "allowed: sft, preference"}


def test_the_data_is_measured_in_characters(dataset_version):
    rows = list(exports.datasets.examples(dataset_version, "train"))
    sizes = [len(row.system) + len(row.input) + len(row.output) + len("[]") for row in rows]
    found = run_files.data(dataset_version)
    assert (found.train, found.characters, found.longest) == (len(rows), sum(sizes), max(sizes))
    assert found.families == len(rows)


def test_the_lineage_lies_beside_the_data(run, settings, reviewer):
    making.drive(run, 2)
    file = settings.TUNING_DIR / "data" / run.key / "lineage.json"
    told = json.loads(file.read_text())
    version = run.dataset_version
    assert (told["dataset"], told["content_hash"]) == (version.reference, version.content_hash)
    assert told["split"] == version.split
    assert len(told["pairs"]) == version.members.count()


def test_a_model_is_continued_by_its_own_assistant_and_base_alone(
    run, outside, dataset_version, outside_model, assistant
):
    outside.says = [JobState("succeeded", 1.0, result={"artifact": "models/7"})]
    making.drive(run, 9)
    version = ModelVersion.objects.get(run=run)
    other = BaseModel.objects.create(name="lain", provider="exemplar", backend="outside")
    with pytest.raises(Invalid) as refused:
        runs.launch(dataset_version, other, now=NOW, continues=version)
    assert refused.value.fields == {"continues": "was tuned from another base model"}
    again = runs.launch(dataset_version, outside_model, now=NOW, continues=version, checkpoint="2")
    base = run_files.spec(again).base
    assert (base.continues, base.checkpoint) == ("models/7", "2")


# --- the embedded backend, for real --------------------------------------------------------------
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


@pytest.mark.django_db(transaction=True)
def test_a_loss_point_cannot_be_stored_twice(run):
    point = {"run": run, "kind": EventKind.LOSS, "step": 1, "value": 0.5, "at": NOW}
    RunEvent.objects.create(**point)
    with pytest.raises(IntegrityError):
        RunEvent.objects.create(**point)


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
