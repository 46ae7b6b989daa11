"""Tuning runs: launched as rows, driven by reconcile, one look at a time (D4).

A look asks the outside once and moves the row; nothing waits. Killed anywhere, a run goes on at
the next look, because each step can be repeated: files are replaced whole, a job is found by its
label before one is started, and rows are made once.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_noop

from reviews.domain.errors import Conflict, Invalid
from reviews.domain.hints import hint
from reviews.domain.transitions import StaleMove, move
from reviews.models import Assistant, Pair
from tuning import backends
from tuning.backends import BackendError, JobState, TrainingSpec
from tuning.domain import datasets, evaluations, exports, gates, versions
from tuning.enums import EventKind, Part, RunStatus, Stage, Trigger, VersionStatus
from tuning.models import (
    BaseModel,
    DatasetMember,
    DatasetVersion,
    ModelVersion,
    RunEvent,
    TuningRun,
)

log = logging.getLogger("hub.runs")
LEASE = timedelta(minutes=5)
POLL_EVERY = timedelta(seconds=5)
MAX_TRIES = 8
"""Failed looks in a row before a run counts as failed; with the back-off about an hour."""
LOOK_TASK = "tuning.reconcile_runs"


# --- asked for -----------------------------------------------------------------------------------
def launch(
    version: DatasetVersion,
    base_model: BaseModel,
    *,
    now: datetime,
    by: Any = None,
    options: Mapping[str, Any] | None = None,
    trigger: str = Trigger.PERSON,
) -> TuningRun:
    """A queued run. The same one is returned while a run on this version and base is active."""
    if not base_model.backend:
        raise Invalid({"base_model": gettext_noop("can't be tuned: it names no backend")})
    if not version.train_count:
        raise Invalid({"dataset_version": gettext_noop("its train part is empty")})
    try:
        backends.get(base_model.backend).check_options(options or {})
    except BackendError as error:
        raise Invalid({"options": str(error)}) from error
    try:
        with transaction.atomic():
            run = TuningRun.objects.create(
                assistant=version.dataset.assistant,
                dataset_version=version,
                base_model=base_model,
                options=dict(options or {}),
                trigger=trigger,
                label=f"hub-{uuid.uuid4().hex}",
                next_look_at=now,
                deadline_at=now + timedelta(hours=settings.TUNING_RUN_TIMEOUT_HOURS),
                by=by,
                created_at=now,
            )
            hint(LOOK_TASK)
            return run
    except IntegrityError:
        return TuningRun.objects.active().get(dataset_version=version, base_model=base_model)


def cancel(run: TuningRun, *, by: Any, now: datetime) -> None:
    """Ask for the run's end; the next look tells the backend."""
    if not run.active:
        raise Conflict(gettext_noop("this run has ended"))
    if run.status == RunStatus.CANCELLING:
        return
    move(run, RunStatus.CANCELLING, by=by, now=now, fields={"next_look_at": now})
    hint(LOOK_TASK)


# --- one look ------------------------------------------------------------------------------------
def _event(run: TuningRun, kind: str, message: str, now: datetime) -> None:
    RunEvent.objects.create(run=run, kind=kind, message=message, at=now)


def _step(run: TuningRun, to: str, now: datetime, **fields: Any) -> None:
    with transaction.atomic():
        move(run, to, now=now, fields={"next_look_at": now, **fields})
        _event(run, EventKind.STEP, to, now)


def _fail(run: TuningRun, reason: str, now: datetime) -> None:
    with transaction.atomic():
        move(
            run,
            RunStatus.FAILED,
            note=reason,
            now=now,
            fields={"error": reason, "finished_at": now},
        )
        _event(run, EventKind.ERROR, reason, now)
        _bar_candidate(run, gettext_noop("the run failed"), now)


def _bar_candidate(run: TuningRun, why: str, now: datetime) -> None:
    """A version whose run did not end well was not evaluated: no gate let it through."""
    version = ModelVersion.objects.filter(run=run, status=VersionStatus.CANDIDATE).first()
    if version:
        move(version, VersionStatus.BARRED, note=why, now=now)


def _work_dir() -> Path:
    return Path(settings.TUNING_DIR)


def _spec(run: TuningRun) -> TrainingSpec:
    data = _work_dir() / "data" / run.label
    return TrainingSpec(
        label=run.label,
        base_model=run.base_model.name,
        train_file=data / "train.jsonl",
        train_groups_file=data / "train.groups.txt",
        validation_file=data / "validation.jsonl",
        validation_groups_file=data / "validation.groups.txt",
        work_dir=_work_dir() / "jobs",
        options=run.options,
    )


def _queued(run: TuningRun, now: datetime) -> None:
    _step(run, RunStatus.PREPARING, now)


def _preparing(run: TuningRun, now: datetime) -> None:
    spec, version = _spec(run), run.dataset_version
    files = (
        (Part.TRAIN, spec.train_file, spec.train_groups_file),
        (Part.VALIDATION, spec.validation_file, spec.validation_groups_file),
    )
    for part, file, groups in files:
        exports.write_whole(file, exports.lines(version, "chat", part))
        exports.write_whole(
            groups, (f"{name}\n".encode() for name in datasets.groups(version, part))
        )
    _step(run, RunStatus.UPLOADING, now)


def _uploading(run: TuningRun, now: datetime) -> None:
    backend, spec = backends.get(run.base_model.backend), _spec(run)
    job = backend.find(run.label, spec.work_dir)
    if job:
        _event(run, EventKind.WARNING, f"adopted the job {Path(job).name}", now)
    else:
        job = backend.start(spec)
    _step(run, RunStatus.TRAINING, now, external_id=job)


def _note_progress(run: TuningRun, state: JobState, now: datetime) -> None:
    TuningRun.objects.filter(pk=run.pk).update(progress=state.progress)
    run.progress = state.progress
    points = [
        RunEvent(run=run, kind=EventKind.LOSS, step=step, loss=loss, at=now)
        for step, loss in state.losses
    ]
    RunEvent.objects.bulk_create(points, ignore_conflicts=True)
    if state.message:
        _event(run, EventKind.WARNING, state.message, now)


def _training(run: TuningRun, now: datetime) -> None:
    state = backends.get(run.base_model.backend).poll(run.external_id)
    _note_progress(run, state, now)
    if state.status == "running":
        TuningRun.objects.filter(pk=run.pk).update(next_look_at=now + POLL_EVERY)
    elif state.status == "succeeded":
        result = dict(state.result)
        with transaction.atomic():
            versions.create(run, result)
            _step(run, RunStatus.EVALUATING, now, result=result)
    else:
        _fail(run, state.message or f"the job ended as {state.status}", now)


def _evaluating(run: TuningRun, now: datetime) -> None:
    evaluation = evaluations.open_for(run.model_version, now)
    if evaluation.finished_at is None and evaluations.look(evaluation, now) < 1:
        return
    version = run.model_version
    with transaction.atomic():
        if version.status == VersionStatus.CANDIDATE:
            passed = gates.passed(evaluation, Stage.TEN)
            move(version, VersionStatus.GATED if passed else VersionStatus.BARRED, now=now)
        _step(run, RunStatus.SUCCEEDED, now, finished_at=now, progress=1.0)


def _cancelling(run: TuningRun, now: datetime) -> None:
    if run.external_id:
        backend = backends.get(run.base_model.backend)
        backend.cancel(run.external_id)
        if backend.poll(run.external_id).status == "running":
            TuningRun.objects.filter(pk=run.pk).update(next_look_at=now + POLL_EVERY)
            return
    with transaction.atomic():
        _bar_candidate(run, gettext_noop("the run was cancelled"), now)
        _step(run, RunStatus.CANCELLED, now, finished_at=now)


_LOOKS: dict[str, Callable[[TuningRun, datetime], None]] = {
    RunStatus.QUEUED: _queued,
    RunStatus.PREPARING: _preparing,
    RunStatus.UPLOADING: _uploading,
    RunStatus.TRAINING: _training,
    RunStatus.EVALUATING: _evaluating,
    RunStatus.CANCELLING: _cancelling,
}


def _adopt_before_end(run: TuningRun) -> None:
    """A run that ends between the start of its job and the note of its id has a job to end."""
    if not run.external_id:
        job = backends.get(run.base_model.backend).find(run.label, _spec(run).work_dir)
        if job:
            TuningRun.objects.filter(pk=run.pk).update(external_id=job)
            run.external_id = job


def look(run: TuningRun, now: datetime) -> None:
    """One step of the run, whatever it needs next."""
    late = now >= run.deadline_at
    if late or run.status == RunStatus.CANCELLING:
        _adopt_before_end(run)
    if late and run.status != RunStatus.CANCELLING:
        if run.external_id:
            backends.get(run.base_model.backend).cancel(run.external_id)
        _fail(run, f"not finished by its deadline, {run.deadline_at:%Y-%m-%d %H:%M %Z}", now)
        return
    _LOOKS[run.status](run, now)


def _claim(run: TuningRun, now: datetime) -> bool:
    mine = TuningRun.objects.due(now).filter(pk=run.pk, status=run.status)
    run.locked_until = now + LEASE
    return bool(mine.update(locked_until=run.locked_until))


def _trouble(run: TuningRun, error: Exception, now: datetime) -> None:
    """A look that failed: final where the backend says so, else again with more and more time."""
    log.warning("look failed", extra={"run": run.label, "error": repr(error)}, exc_info=error)
    run.refresh_from_db()
    if not run.active:
        return
    permanent = isinstance(error, BackendError) and error.permanent
    tries = run.tries + 1
    if permanent or tries >= MAX_TRIES:
        _fail(run, str(error) or repr(error), now)
        return
    wait = timedelta(seconds=min(15 * 2**tries, 1800))
    TuningRun.objects.filter(pk=run.pk).update(tries=tries, next_look_at=now + wait)
    _event(run, EventKind.WARNING, f"try {tries} failed: {error}", now)


def _look_safely(run: TuningRun, now: datetime) -> None:
    lease = run.locked_until
    try:
        look(run, now)
        TuningRun.objects.filter(pk=run.pk).update(tries=0)
    except StaleMove:
        # Somebody moved it between our read and our move: theirs counts, the next look sees it.
        log.info("run moved by somebody else", extra={"run": run.label})
    except Exception as error:
        _trouble(run, error, now)
    finally:
        # Only our own lease: past it, somebody else may hold the run.
        TuningRun.objects.filter(pk=run.pk, locked_until=lease).update(locked_until=None)


def reconcile(now: datetime) -> int:
    """Look once at each run whose time has come. Returns how many were looked at."""
    looked = 0
    related = (
        "assistant",
        "dataset_version__dataset__assistant",
        "dataset_version__prompt",
        "base_model",
    )
    for run in TuningRun.objects.due(now).select_related(*related).order_by("next_look_at", "id"):
        if _claim(run, now):
            _look_safely(run, now)
            looked += 1
    if looked:
        _hint_next(now)
    return looked


def _hint_next(now: datetime) -> None:
    """Ask for the next look where one is due soon. Only who has looked asks: otherwise each tick
    of the schedule would start one more chain of hints for as long as a run lasts."""
    soon = TuningRun.objects.active().filter(
        Q(locked_until=None), next_look_at__lte=now + POLL_EVERY
    )
    if soon.exists():
        due_now = soon.filter(next_look_at__lte=now).exists()
        hint(LOOK_TASK, after=0 if due_now else POLL_EVERY.total_seconds())


# --- the machine's own runs ----------------------------------------------------------------------
def unused_samples(assistant: Assistant) -> int:
    """Approved pairs whose text no successful run has used: all of them, not one batch's (A8)."""
    used = DatasetMember.objects.filter(
        revision_id=OuterRef("current_revision_id"),
        version__runs__status=RunStatus.SUCCEEDED,
    )
    return Pair.objects.approved().filter(~Exists(used), assistant=assistant).count()
