"""The outside job of a run: asked, and what it says stored with the run. Said again, it changes
nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from reviews.domain.transitions import StaleMove
from tuning.backends import JobState
from tuning.domain import run_files
from tuning.domain.runs import event
from tuning.enums import EventKind
from tuning.models import RunEvent, TuningRun


def mine(run: TuningRun) -> QuerySet[TuningRun]:
    """The run's row, as long as nobody else took or moved it."""
    return TuningRun.objects.filter(pk=run.pk, locked_until=run.locked_until, status=run.status)


def update(run: TuningRun, **fields: Any) -> None:
    """Set the run's columns, or raise StaleMove where somebody else holds it by now: a slow worker
    must not write over what the next one, or another attempt, has stored."""
    held = TuningRun.objects.filter(pk=run.pk, locked_until=run.locked_until)
    if not held.update(**fields):
        raise StaleMove("the lease was lost")
    for name, value in fields.items():
        setattr(run, name, value)


def storable(value: Any) -> Any:
    """The value as both databases hold it: texts without NUL, and None for a number that is none
    (a loss that became NaN)."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {storable(name): storable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(storable, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{one.name: storable(getattr(value, one.name)) for one in fields(value)}
        )
    return value


def ask(run: TuningRun) -> JobState:
    """What the job says of itself now, in values that can be stored."""
    said: JobState = storable(run_files.backend_of(run).poll(run.external_id))
    return said if said.progress is not None else replace(said, progress=run.progress)


def adopt(run: TuningRun) -> None:
    """A run that ends between the start of its job and the note of its id has a job to end."""
    if not run.external_id:
        job = run_files.backend_of(run).find(run_files.spec(run))
        if job:
            update(run, external_id=job)


def _points(run: TuningRun, kind: str, found: Any, now: datetime) -> list[RunEvent]:
    return [
        RunEvent(run=run, kind=kind, step=step, value=value, at=now, attempt=run.attempt)
        for step, value in found
        if value is not None
    ]


def _new_points(run: TuningRun, state: JobState, now: datetime) -> list[RunEvent]:
    points = _points(run, EventKind.LOSS, state.losses, now)
    points += _points(run, EventKind.VALIDATION, state.validation_losses, now)
    if state.progress != run.progress and run.started_at:
        seconds = max(1, round((now - run.started_at).total_seconds()))
        points += _points(run, EventKind.PROGRESS, [(seconds, state.progress)], now)
    return points


def _say_once(run: TuningRun, state: JobState, now: datetime) -> None:
    """A running job's message, unless it was the last thing that it said."""
    if not state.message or state.status != "running":
        return
    last = run.events.filter(kind=EventKind.WARNING, attempt=run.attempt).order_by("-id").first()
    if last is None or (last.message, last.values) != (state.message, dict(state.values)):
        event(run, EventKind.WARNING, state.message, now, state.values)


def _warn_once(run: TuningRun, state: JobState, now: datetime) -> None:
    """What fell short in a job that ended well."""
    rows = run.events.filter(kind=EventKind.WARNING, attempt=run.attempt)
    there = [(row.message, row.values) for row in rows]
    for message, values in state.warnings:
        if (message, dict(values)) not in there:
            event(run, EventKind.WARNING, message, now, values)


def note(run: TuningRun, state: JobState, now: datetime) -> None:
    """Store what the job said."""
    if state.status in ("failed", "cancelled"):
        # Such a job no longer says how far it had come: the run keeps what it knew.
        state = replace(state, progress=run.progress)
    RunEvent.objects.bulk_create(_new_points(run, state, now), ignore_conflicts=True)
    _say_once(run, state, now)
    if state.status == "succeeded":
        _warn_once(run, state, now)
    actual = dict(run.actual)
    for name in ("tokens", "cost"):
        if getattr(state, name) is not None:
            actual[name] = getattr(state, name)
    price = run.base["price"]
    if state.cost is None and state.tokens is not None and price is not None:
        actual["cost"] = state.tokens * price / 1_000_000
    if state.dropped_count or state.dropped:
        actual["dropped"] = {
            "count": state.dropped_count or len(state.dropped),
            "lines": list(state.dropped),
            "reasons": list(state.dropped_reasons),
        }
    if state.checkpoints:
        actual["checkpoints"] = [
            {"id": c.id, "step": c.step, "epoch": c.epoch, "loss": c.loss}
            | ({"reference": c.reference} if c.reference else {})
            for c in state.checkpoints
        ]
    phase = state.phase if state.status == "running" else ""
    update(run, progress=state.progress, phase=phase[:60], actual=actual)
