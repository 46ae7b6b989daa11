"""Looks at tuning runs: each asks the outside once and moves the row; nothing waits (D4).

Killed anywhere, a run goes on at the next look, because each step can be repeated: files are
replaced whole, a job is found by its label before one is started, and rows are made once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from reviews.domain.hints import hint
from reviews.domain.transitions import StaleMove, move
from tuning.backends import BackendError
from tuning.domain import evaluations, gates, jobs, run_files, versions
from tuning.domain.runs import LOOK_TASK, event
from tuning.enums import EventKind, RunStatus, Stage, VersionStatus
from tuning.models import ModelVersion, TuningRun

log = logging.getLogger("hub.runs")
LEASE = timedelta(minutes=5)
POLL_EVERY = timedelta(seconds=5)
WAIT_FOR_RESOURCE = timedelta(seconds=30)
GRACE = timedelta(minutes=15)
"""How long a run past its deadline waits for its cancelled job to end."""
MAX_TRIES = 8
"""Failed looks in a row before a run counts as failed; with the back-off about an hour."""
_RELATED = (
    "assistant",
    "dataset_version__dataset__assistant",
    "dataset_version__prompt",
    "base_model",
    "continues",
)
LATE = gettext_noop("not finished by its deadline, %(deadline)s")


class Waiting(Exception):
    """The step can't be done yet, and nothing is wrong: look again after the wait."""

    def __init__(self, phase: str, wait: timedelta) -> None:
        super().__init__(phase)
        self.phase, self.wait = phase, wait


# --- moves ---------------------------------------------------------------------------------------
def _step(run: TuningRun, to: str, now: datetime, **fields: Any) -> None:
    with transaction.atomic():
        move(run, to, now=now, fields={"next_look_at": now, "phase": "", **fields})
        event(run, EventKind.STEP, to, now)


def _ended(run: TuningRun, now: datetime) -> dict[str, Any]:
    """What the row of a run that ends holds: its time, and no resource any more."""
    actual = dict(run.actual)
    if run.started_at:
        actual["seconds"] = round((now - run.started_at).total_seconds())
    return {"finished_at": now, "holds": "", "phase": "", "actual": actual}


def _fail(
    run: TuningRun,
    reason: str,
    now: datetime,
    values: Mapping[str, Any] | None = None,
    *,
    at: str = "",
) -> None:
    """End the run. `at` is the step from which it may be tried again; its own unless told."""
    told = {"error": reason, "error_values": dict(values or {}), "failed_at": at or run.status}
    note = reason % values if values else reason
    with transaction.atomic():
        move(run, RunStatus.FAILED, note=note, now=now, fields=told | _ended(run, now))
        event(run, EventKind.ERROR, reason, now, values)
        if run.failed_at != RunStatus.EVALUATING:
            _bar_candidate(run, gettext_noop("the run failed"), now)


def _bar_candidate(run: TuningRun, why: str, now: datetime) -> None:
    """A version whose run did not end well was not evaluated: no gate let it through."""
    version = ModelVersion.objects.filter(run=run, status=VersionStatus.CANDIDATE).first()
    if version:
        move(version, VersionStatus.BARRED, note=why, now=now)


# --- the steps -----------------------------------------------------------------------------------
def _queued(run: TuningRun, now: datetime) -> None:
    _step(run, RunStatus.PREPARING, now)


def _preparing(run: TuningRun, now: datetime) -> None:
    run_files.write_all(run)
    _step(run, RunStatus.UPLOADING, now)


def _take_resource(run: TuningRun, resource: str) -> None:
    """Hold what only one run at a time may use, or raise Waiting."""
    if not resource or run.holds == resource:
        return
    try:
        with transaction.atomic():
            # Never on a run that ended meanwhile: it would hold for ever.
            if not jobs.mine(run).update(holds=resource):
                raise StaleMove("the lease was lost")
    except IntegrityError as error:
        phase = gettext_noop("waits for another run to end")
        raise Waiting(phase, WAIT_FOR_RESOURCE) from error
    run.holds = resource


def _keep_lease(run: TuningRun, now: datetime) -> None:
    """Go on holding the run after a long step; StaleMove where somebody else holds it by now."""
    fresh = now + LEASE
    if not jobs.mine(run).update(locked_until=fresh):
        raise StaleMove("the lease was lost")
    run.locked_until = fresh


def _uploading(run: TuningRun, now: datetime) -> None:
    backend, spec = run_files.backend_of(run), run_files.spec(run)
    began = time.monotonic()
    _take_resource(run, backend.exclusive)
    job = backend.find(spec)
    if job:
        values = {"job": Path(job).name}
        event(run, EventKind.WARNING, gettext_noop("adopted the job %(job)s"), now, values)
    else:
        backend.upload(spec)
        # An upload may outlast the lease, and whoever took the run over starts the job.
        _keep_lease(run, now + timedelta(seconds=time.monotonic() - began))
        job = backend.start(spec)
    started = run.started_at or now
    _step(run, RunStatus.TRAINING, now, external_id=job, started_at=started)


def _training(run: TuningRun, now: datetime) -> None:
    # Tried again, its job may still run; its hold ended with the failure.
    _take_resource(run, run_files.backend_of(run).exclusive)
    state = jobs.ask(run)
    jobs.note(run, state, now)
    if state.status == "running":
        jobs.update(run, next_look_at=now + POLL_EVERY)
    elif state.status == "succeeded":
        result = dict(state.result)
        with transaction.atomic():
            versions.create(run, result)
            _step(run, RunStatus.EVALUATING, now, result=result, holds="")
    else:
        reason, values = state.message, state.values
        if not reason:
            reason, values = gettext_noop("the job ended as %(status)s"), {"status": state.status}
        # The job is over: a retry needs another one.
        _fail(run, reason, now, values, at=RunStatus.UPLOADING)


def _evaluating(run: TuningRun, now: datetime) -> None:
    evaluation = evaluations.open_for(run.model_version, now)
    if evaluation.finished_at is None and evaluations.look(evaluation, now) < 1:
        return
    version = run.model_version
    with transaction.atomic():
        if version.status == VersionStatus.CANDIDATE:
            passed = gates.passed(evaluation, Stage.TEN)
            move(version, VersionStatus.GATED if passed else VersionStatus.BARRED, now=now)
        _step(run, RunStatus.SUCCEEDED, now, progress=1.0, **_ended(run, now))


def _end_job(run: TuningRun, now: datetime) -> bool:
    """Ask the run's job to end, where it has one; whether none runs any more."""
    if not run.external_id:
        return True
    backend = run_files.backend_of(run)
    backend.cancel(run.external_id)
    state = jobs.ask(run)
    if state.status == "running":
        jobs.update(run, next_look_at=now + POLL_EVERY, phase=state.phase[:60])
        return False
    jobs.note(run, state, now)
    if state.status == "succeeded":
        # It was quicker: nobody asked for its model, and whoever did not must know of it.
        jobs.update(run, result=dict(state.result))
        made = {"model": str(state.result.get("artifact", ""))}
        message = gettext_noop("the job had succeeded before it could be cancelled: %(model)s")
        event(run, EventKind.WARNING, message, now, made)
    return True


def _cancelling(run: TuningRun, now: datetime) -> None:
    # What a run holds it holds until its job has ended: such a job is killed where it hangs.
    late = now >= run.deadline_at + GRACE and not run.holds
    ended = _end_job(run, now)
    if not ended and not late:
        return
    if run.error:
        # A retry asks a job again that may still run, before there is another one.
        at = RunStatus.UPLOADING if ended else RunStatus.TRAINING
        _fail(run, run.error, now, run.error_values, at=at)
        return
    with transaction.atomic():
        _bar_candidate(run, gettext_noop("the run was cancelled"), now)
        _step(run, RunStatus.CANCELLED, now, **_ended(run, now))


_LOOKS: dict[str, Callable[[TuningRun, datetime], None]] = {
    RunStatus.QUEUED: _queued,
    RunStatus.PREPARING: _preparing,
    RunStatus.UPLOADING: _uploading,
    RunStatus.TRAINING: _training,
    RunStatus.EVALUATING: _evaluating,
    RunStatus.CANCELLING: _cancelling,
}


# --- one look ------------------------------------------------------------------------------------
def _past_deadline(run: TuningRun, now: datetime) -> None:
    """Its job is cancelled as a person would; the run fails once the job has ended."""
    deadline = {"deadline": f"{run.deadline_at:%Y-%m-%d %H:%M %Z}"}
    if run.status == RunStatus.EVALUATING:
        # Its job has ended well: a retry goes on with the questions that are left.
        _fail(run, LATE, now, deadline)
        return
    fields = {"error": LATE, "error_values": deadline, "next_look_at": now}
    move(run, RunStatus.CANCELLING, note=LATE % deadline, now=now, fields=fields)


def look(run: TuningRun, now: datetime) -> None:
    """One step of the run, whatever it needs next."""
    if now >= run.deadline_at and run.status != RunStatus.CANCELLING:
        _past_deadline(run, now)
    if not run.active:
        return
    if run.status == RunStatus.CANCELLING:
        jobs.adopt(run)
    _LOOKS[run.status](run, now)


def _claim(pk: int, now: datetime) -> TuningRun | None:
    """The run as it is now, held; None where it is not due any more."""
    if not TuningRun.objects.due(now).filter(pk=pk).update(locked_until=now + LEASE):
        return None
    return TuningRun.objects.select_related(*_RELATED).get(pk=pk)


def _still_mine(run: TuningRun, began: str) -> TuningRun:
    """The run as it is now; StaleMove where another worker holds it, or somebody moved it since our
    look `began` at that status."""
    now = TuningRun.objects.get(pk=run.pk)
    ours = now.locked_until == run.locked_until and now.status in (began, run.status)
    if not ours or not now.active:
        raise StaleMove("the lease was lost")
    return now


def _trouble(run: TuningRun, error: Exception, now: datetime) -> None:
    """A look that failed: final where the backend says so, else again with more and more time."""
    reason, values = jobs.storable((str(error) or repr(error), {}))
    if isinstance(error, BackendError):
        reason, values = jobs.storable((error.reason, error.values))
    permanent = isinstance(error, BackendError) and error.permanent
    tries = run.tries + 1
    # A job that holds a resource may still run: it is asked until the deadline.
    if permanent or (tries >= MAX_TRIES and not (run.holds and run.status == RunStatus.TRAINING)):
        at = RunStatus.TRAINING if run.status == RunStatus.CANCELLING and run.external_id else ""
        _fail(run, reason, now, values, at=at)
        return
    wait = timedelta(seconds=min(15 * 2**tries, 1800))
    TuningRun.objects.filter(pk=run.pk).update(tries=tries, next_look_at=now + wait)
    told = {"number": tries, "error": jobs.storable(str(error) or repr(error))}
    event(run, EventKind.WARNING, gettext_noop("try %(number)s failed: %(error)s"), now, told)


def _one_look(run: TuningRun, now: datetime) -> None:
    began = run.status
    try:
        look(run, now)
        jobs.update(run, tries=0)
    except Waiting as waiting:
        jobs.update(run, phase=waiting.phase, next_look_at=now + waiting.wait)
    except StaleMove:
        raise
    except Exception as error:
        log.warning("look failed", extra={"run": run.label, "error": repr(error)}, exc_info=error)
        _trouble(_still_mine(run, began), error, now)


def _look_safely(run: TuningRun, now: datetime) -> None:
    try:
        _one_look(run, now)
    except StaleMove:
        # Somebody moved it between our read and our move: theirs counts, the next look sees it.
        log.info("run moved by somebody else", extra={"run": run.label})
    finally:
        # Only our own lease: past it, somebody else may hold the run.
        mine = TuningRun.objects.filter(pk=run.pk, locked_until=run.locked_until)
        mine.update(locked_until=None)


def reconcile(now: datetime) -> int:
    """Look once at each run whose time has come. Returns how many were looked at."""
    looked, began = 0, time.monotonic()
    due = TuningRun.objects.due(now).order_by("next_look_at", "id")
    for pk in list(due.values_list("pk", flat=True)):
        # The looks before took their minutes: a lease counted from `now` might be over already.
        moment = now + timedelta(minutes=(time.monotonic() - began) // 60)
        run = _claim(pk, moment)
        if run:
            _look_safely(run, moment)
            looked += 1
    if looked:
        _hint_next(now)
    return looked


def _hint_next(now: datetime) -> None:
    """Ask for the next look where one is due soon. Only who has looked asks: otherwise each tick
    of the schedule would start one more chain of hints for as long as a run lasts."""
    soon = TuningRun.objects.active().filter(
        Q(locked_until=None), next_look_at__lte=now + POLL_EVERY, confirmed=True
    )
    if soon.exists():
        due_now = soon.filter(next_look_at__lte=now).exists()
        hint(LOOK_TASK, after=0 if due_now else POLL_EVERY.total_seconds())
