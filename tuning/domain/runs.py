"""Tuning runs as people and schedules ask for them: launched, confirmed, cancelled, tried again.

What happens to them then is in tuning.domain.looks.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_noop

from reviews.domain.errors import Conflict, Invalid
from reviews.domain.hints import hint
from reviews.domain.transitions import move
from reviews.models import Assistant, Pair
from tuning import backends
from tuning.backends import BackendError, Data, Estimate, Problem
from tuning.backends.options import filled
from tuning.domain import datasets, leaks, run_files
from tuning.enums import EventKind, Method, RunStatus, Trigger, VersionStatus
from tuning.models import (
    BaseModel,
    DatasetMember,
    DatasetVersion,
    ModelVersion,
    RunEvent,
    TuningRun,
)
from tuning.models.runs import told

LOOK_TASK = "tuning.reconcile_runs"


@dataclass(frozen=True, slots=True)
class Order:
    """A run as it is asked for."""

    version: DatasetVersion
    base_model: BaseModel
    options: Mapping[str, Any]
    method: str = Method.SFT
    continues: ModelVersion | None = None
    checkpoint: str = ""


# --- before --------------------------------------------------------------------------------------
def _of_another(order: Order) -> list[Problem]:
    """Why the run can't go on with the tuned model that it names."""
    earlier = order.continues
    if earlier is None:
        if order.checkpoint:
            reason = gettext_noop("belongs to a model that the run continues, and none is named")
            return [Problem("checkpoint", reason)]
        return []
    if earlier.assistant_id != order.version.dataset.assistant_id:
        return [Problem("continues", gettext_noop("is another assistant's"))]
    if earlier.base_model_id != order.base_model.pk:
        return [Problem("continues", gettext_noop("was tuned from another base model"))]
    if not earlier.artifact or earlier.deleted_at:
        return [Problem("continues", gettext_noop("its tuned model is not there any more"))]
    return _not_kept(earlier, order.checkpoint)


def _not_kept(earlier: ModelVersion, checkpoint: str) -> list[Problem]:
    """Why the run can't begin at the checkpoint. Nobody knows those of a registered model."""
    run = earlier.run or (earlier.origin.run if earlier.origin else None)
    kept = [row["id"] for row in run.actual.get("checkpoints", [])] if run else [checkpoint]
    if not checkpoint or checkpoint in kept:
        return []
    told = {"allowed": ", ".join(kept) or "–"}
    return [Problem("checkpoint", gettext_noop("allowed: %(allowed)s"), told)]


def _too_few_preferences(order: Order, data: Data) -> Iterator[Problem]:
    """A pair teaches a preference only where a wrong answer was corrected."""
    if order.method != Method.PREFERENCE:
        return
    if data.train < datasets.LEAST:
        reason = gettext_noop("teaches %(size)s preferences; at least %(least)s are needed")
        yield Problem("dataset_version", reason, {"size": data.train, "least": datasets.LEAST})
    if data.families < datasets.LEAST_FAMILIES:
        reason = gettext_noop(
            "its preferences are of %(families)s question families; at least %(least)s are needed"
        )
        values = {"families": data.families, "least": datasets.LEAST_FAMILIES}
        yield Problem("dataset_version", reason, values)


def problems(order: Order) -> tuple[Problem, ...]:
    """Why the run can't be, each reason with its field; nothing is created meanwhile.

    Leaks are for `launch`: they take seconds to find, and a page asks this at each change.
    """
    if not order.base_model.backend:
        reason = gettext_noop("can't be tuned: it names no backend")
        return (Problem("base_model", reason),)
    try:
        backend = backends.get(order.base_model.backend)
    except BackendError as error:
        return (Problem("base_model", error.reason, error.values),)
    found = _of_another(order)
    if order.method not in backend.formats:
        names = ", ".join(backend.formats)
        found.append(Problem("method", gettext_noop("allowed: %(allowed)s"), {"allowed": names}))
        return tuple(found)
    data = run_files.data(order.version, order.method)
    found += [*datasets.problems(order.version), *_too_few_preferences(order, data)]
    base = run_files.base(order.base_model, order.continues, order.checkpoint)
    return (*found, *backend.check(order.options, base, data, order.method))


def refusal(found: tuple[Problem, ...]) -> Invalid:
    """The problems, a sentence a field, in the reader's language."""
    fields: dict[str, str] = {}
    for problem in found:
        words = told(problem.reason, problem.values)
        name, _dot, option = problem.field.partition(".")
        words = f"{option}: {words}" if option else words
        fields[name] = f"{fields[name]}; {words}" if name in fields else words
    return Invalid(fields)


def estimate(order: Order) -> Estimate:
    """What the run would take. The order has no problems."""
    base = run_files.base(order.base_model, order.continues, order.checkpoint)
    data = run_files.data(order.version, order.method)
    return backends.get(order.base_model.backend).estimate(order.options, base, data, order.method)


def needs_word(cost: float | None) -> bool:
    """Whether a person must say yes first: above the limit, or nobody knows what it will cost."""
    return cost is None or cost > settings.TUNING_COST_LIMIT


# --- asked for -----------------------------------------------------------------------------------
def launch(
    version: DatasetVersion,
    base_model: BaseModel,
    *,
    now: datetime,
    by: Any = None,
    options: Mapping[str, Any] | None = None,
    trigger: str = Trigger.PERSON,
    method: str = Method.SFT,
    continues: ModelVersion | None = None,
    checkpoint: str = "",
    confirmed: bool = False,
) -> TuningRun:
    """A queued run. The same one is returned while such a run on this version and base is active.

    Unless `confirmed`, one that would cost more than TUNING_COST_LIMIT waits for `confirm`. Raises
    Invalid with each field that is wrong, also where a person asks for another run than the active.
    """
    order = Order(version, base_model, dict(options or {}), method, continues, checkpoint)
    there = _active(order, trigger)
    if there:
        return there
    wrong = (*problems(order), *leaks.problems(version))
    wrong = wrong or tuple(run_files.unwritable(version, base_model, method))
    if wrong:
        raise refusal(wrong)
    expected = estimate(order)
    try:
        with transaction.atomic():
            run = TuningRun.objects.create(
                assistant=version.dataset.assistant,
                dataset_version=version,
                base_model=base_model,
                options=filled(backends.get(base_model.backend).options, order.options),
                trigger=trigger,
                method=method,
                base=run_files.kept(base_model, continues, checkpoint),
                continues=continues,
                checkpoint=checkpoint,
                estimate=asdict(expected),
                confirmed=confirmed or not needs_word(expected.cost),
                label=f"hub-{uuid.uuid4().hex}",
                next_look_at=now,
                deadline_at=_deadline(now),
                by=by,
                created_at=now,
            )
            hint(LOOK_TASK)
            return run
    except IntegrityError:
        twin = _active(order, trigger)
        if twin is None:
            raise
        return twin


def _active(order: Order, trigger: str) -> TuningRun | None:
    """The active run on the order's version and base. Raises Invalid where a person ordered it
    otherwise: they would watch a run that is not theirs."""
    rows = TuningRun.objects.active().filter(dataset_version=order.version, method=order.method)
    run = rows.filter(base_model=order.base_model).first()
    if run and trigger == Trigger.PERSON:
        known = filled(run_files.backend_of(run).options, order.options)
        asked = (known, order.continues, order.checkpoint)
        if asked != (run.options, run.continues, run.checkpoint):
            reason = gettext_noop("such a run is active with other options: wait or cancel it")
            raise Invalid({"base_model": reason})
    return run


def _deadline(now: datetime) -> datetime:
    return now + timedelta(hours=settings.TUNING_RUN_TIMEOUT_HOURS)


def confirm(run: TuningRun, *, by: Any, now: datetime) -> None:
    """Let a run begin that would cost more than the limit. Its time begins now."""
    if not run.active:
        raise Conflict(gettext_noop("this run has ended"))
    with transaction.atomic():
        waiting = TuningRun.objects.active().filter(pk=run.pk, confirmed=False)
        changes = {"confirmed": True, "next_look_at": now, "deadline_at": _deadline(now)}
        if waiting.update(**changes):
            who = {"who": by.get_username()}
            event(run, EventKind.WARNING, gettext_noop("confirmed by %(who)s"), now, who)
            hint(LOOK_TASK)


def cancel(run: TuningRun, *, by: Any, now: datetime) -> None:
    """Ask for the run's end; the next look tells the backend."""
    if not run.active:
        raise Conflict(gettext_noop("this run has ended"))
    if run.status == RunStatus.CANCELLING:
        return
    # One that waits for a word is looked at, too: it has an end now.
    fields = {"next_look_at": now, "confirmed": True}
    move(run, RunStatus.CANCELLING, by=by, now=now, fields=fields)
    hint(LOOK_TASK)


def _another(run: TuningRun) -> dict[str, Any]:
    """What the row of another attempt holds: nothing of what the ended job told."""
    attempt = run.attempt + 1
    return {
        "attempt": attempt,
        "label": f"{run.key}-{attempt}",
        "external_id": "",
        "earlier_job": run.external_id,
        "started_at": None,
        "progress": 0.0,
        "actual": {},
        "result": {},
    }


def retry(run: TuningRun, *, by: Any, now: datetime) -> None:
    """Go on from the step at which the run failed.

    Where its outside job had ended, another attempt begins, with a job and a label of its own; it
    may go on from the earlier job's checkpoints. Raises Conflict where such a run is active.
    """
    if run.status != RunStatus.FAILED:
        raise Conflict(gettext_noop("only a run that failed can be tried again"))
    fields: dict[str, Any] = {
        "error": "",
        "error_values": {},
        "failed_at": "",
        "tries": 0,
        "phase": "",
        "finished_at": None,
        "holds": "",
        "next_look_at": now,
        "deadline_at": _deadline(now),
    }
    if run.started_at and run.finished_at:
        fields["started_at"] = run.started_at + (now - run.finished_at)
    to = run.failed_at
    if to == RunStatus.EVALUATING and run.model_version.status != VersionStatus.CANDIDATE:
        raise Conflict(gettext_noop("its model was given up and deleted"))
    if to not in (RunStatus.TRAINING, RunStatus.EVALUATING):
        to = RunStatus.PREPARING
        # Without a job's id there may be one all the same, whose answer was lost: under the same
        # label it is adopted.
        fields |= _another(run) if run.external_id else {}
    try:
        with transaction.atomic():
            move(run, to, by=by, now=now, fields=fields)
            event(run, EventKind.STEP, to, now)
            hint(LOOK_TASK)
    except IntegrityError as error:
        raise Conflict(gettext_noop("another such run is active")) from error


def event(
    run: TuningRun,
    kind: str,
    message: str,
    now: datetime,
    values: Mapping[str, Any] | None = None,
) -> None:
    RunEvent.objects.create(
        run=run,
        kind=kind,
        message=message,
        values=dict(values or {}),
        attempt=run.attempt,
        at=now,
    )


# --- the machine's own runs ----------------------------------------------------------------------
def unused_samples(assistant: Assistant) -> int:
    """Approved pairs whose text no successful run has used: all of them, not one batch's (A8)."""
    used = DatasetMember.objects.filter(
        revision_id=OuterRef("current_revision_id"),
        version__runs__status=RunStatus.SUCCEEDED,
    )
    return Pair.objects.approved().filter(~Exists(used), assistant=assistant).count()
