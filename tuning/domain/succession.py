"""What ends with a base model, and what takes its place in time (J9).

From TUNING_SUCCESSION_DAYS before a base model retires, the dataset version of each version that
serves on it is taught to a successor. What comes of it is a candidate as any: the machine promotes
nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from reviews.domain.errors import Conflict
from tuning.backends import Estimate, Problem
from tuning.domain import runs
from tuning.enums import Ability, Method, RunStatus, Trigger
from tuning.models import BaseModel, ModelVersion, TuningRun
from tuning.models.runs import told

log = logging.getLogger("hub.succession")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is not done: a sentence that may be translated, for `values`."""

    words: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return told(self.words, self.values)


def of_problem(problem: Problem) -> Reason:
    """The problem with its field, in the reader's language."""
    values = {"field": problem.field, "reason": told(problem.reason, problem.values)}
    return Reason("%(field)s: %(reason)s", values)


@dataclass(frozen=True, slots=True)
class Ending:
    """A base model that is in use and retires soon, or has. `days` are left; negative: past.

    `tunes` says that new runs of the machine start from it.
    """

    base_model: BaseModel
    days: int
    serving: tuple[ModelVersion, ...]
    tunes: bool

    @property
    def late(self) -> bool:
        """It has retired."""
        return self.days <= 0


class State(TextChoices):
    READY = "ready", _("can start")
    WAITS = "waits", _("can start; its cost needs a person's word")
    UNDER_WAY = "under_way", _("under way")
    DONE = "done", _("made")
    FAILED = "failed", _("did not end well")
    BLOCKED = "blocked", _("not possible")
    BY_PERSON = "by_person", _("a person's to do")


STARTABLE = (State.READY, State.WAITS, State.FAILED)


@dataclass(frozen=True, slots=True)
class Step:
    """What the plan holds for one serving version; `days` are left to its base model."""

    version: ModelVersion
    days: int
    state: State
    successor: BaseModel | None = None
    reasons: tuple[Reason, ...] = ()
    run: TuningRun | None = None
    made: ModelVersion | None = None
    estimate: Estimate | None = None

    @property
    def startable(self) -> bool:
        return self.state in STARTABLE


# --- what ends -----------------------------------------------------------------------------------
def today(now: datetime) -> date:
    return timezone.localdate(now)


def horizon(now: datetime) -> date:
    """Whatever retires until this day is planned for."""
    return today(now) + timedelta(days=settings.TUNING_SUCCESSION_DAYS)


def urgency(end: date, now: datetime) -> str:
    """past, soon or later."""
    if end <= today(now):
        return "past"
    return "soon" if end <= horizon(now) else "later"


def _affected(now: datetime) -> list[ModelVersion]:
    """Serving versions whose base model retires within the horizon, the most urgent first."""
    rows = ModelVersion.objects.serving().filter(base_model__retires_date__lte=horizon(now))
    related = (
        "assistant",
        "base_model",
        "dataset_version__dataset__assistant",
        "dataset_version__prompt",
        "run",
        "origin__run",
    )
    return list(rows.select_related(*related).order_by("base_model__retires_date", "id"))


def endings(now: datetime) -> list[Ending]:
    """Base models in use that retire within TUNING_SUCCESSION_DAYS or have, soonest first."""
    affected = _affected(now)
    used = {version.base_model_id for version in affected}
    found = []
    ending = BaseModel.objects.filter(retires_date__lte=horizon(now))
    for model in ending.order_by("retires_date", "name"):
        tunes = model.name == settings.TUNING_BASE_MODEL
        if tunes or model.pk in used:
            serving = tuple(one for one in affected if one.base_model_id == model.pk)
            days = (model.retires_date - today(now)).days  # type: ignore[operator]
            found.append(Ending(model, days, serving, tunes))
    return found


# --- what takes its place ------------------------------------------------------------------------
def _unfit(model: BaseModel, method: str, now: datetime) -> Reason | None:
    """Why the model can take nobody's place."""
    values = {"name": model.name}
    if model.retires_date and model.retires_date <= horizon(now):
        reason = gettext_noop("%(name)s retires itself on %(date)s")
        return Reason(reason, values | {"date": model.retires_date.isoformat()})
    if not model.backend:
        return Reason(gettext_noop("%(name)s can't be tuned: it names no backend"), values)
    if method not in model.abilities:
        reason = gettext_noop("%(name)s lacks the ability: %(ability)s")
        return Reason(reason, values | {"ability": str(Ability(method).label)})
    return None


def _longest(model: BaseModel) -> tuple[bool, int, str]:
    """Sorts first what lasts longest; without a date, for ever."""
    dated = model.retires_date is not None
    return dated, -model.retires_date.toordinal() if model.retires_date else 0, model.name


def successors(
    model: BaseModel, method: str, now: datetime
) -> tuple[list[BaseModel], tuple[Reason, ...]]:
    """The successors that can take the model's place, best first, and why the others can't."""
    named = sorted(model.successors.all(), key=_longest)
    if not named:
        return [], (Reason(gettext_noop("%(name)s names no successor"), {"name": model.name}),)
    fit = [one for one in named if _unfit(one, method, now) is None]
    return fit, tuple(why for one in named if (why := _unfit(one, method, now)))


# --- the plan ------------------------------------------------------------------------------------
def _earlier(version: ModelVersion, fit: list[BaseModel], method: str) -> TuningRun | None:
    """The newest run that taught the version's dataset version to one of these."""
    rows = TuningRun.objects.filter(
        dataset_version=version.dataset_version_id, method=method, base_model__in=fit
    )
    return rows.select_related("base_model", "model_version").order_by("-id").first()


_STATES: dict[str, State] = {
    RunStatus.SUCCEEDED: State.DONE,
    RunStatus.FAILED: State.FAILED,
    RunStatus.CANCELLED: State.FAILED,
}


def _of_run(version: ModelVersion, days: int, run: TuningRun) -> Step:
    state = _STATES.get(run.status, State.UNDER_WAY)
    made = getattr(run, "model_version", None)
    return Step(version, days, state, run.base_model, run=run, made=made)


def _ordered(version: ModelVersion, days: int, fit: list[BaseModel], method: str) -> Step:
    """The first successor that a run can start on, with its cost; else why the best one can't."""
    assert version.dataset_version is not None
    blocked = None
    for successor in fit:
        order = runs.Order(version.dataset_version, successor, {}, method)
        wrong = runs.problems(order)
        if not wrong:
            cost = runs.estimate(order)
            state = State.WAITS if runs.needs_word(cost.cost) else State.READY
            return Step(version, days, state, successor, estimate=cost)
        reasons = tuple(map(of_problem, wrong))
        blocked = blocked or Step(version, days, State.BLOCKED, successor, reasons)
    assert blocked is not None
    return blocked


def _step(version: ModelVersion, now: datetime) -> Step:
    end = version.base_model.retires_date
    assert end is not None
    days = (end - today(now)).days
    run = version.run or (version.origin and version.origin.run)
    method = run.method if run else Method.SFT
    if version.is_base:
        reason = gettext_noop("a base is not tuned: put another base model in its place")
        return Step(version, days, State.BY_PERSON, reasons=(Reason(reason),))
    if version.dataset_version is None:
        reason = gettext_noop("it was tuned elsewhere, on data that nobody told")
        return Step(version, days, State.BLOCKED, reasons=(Reason(reason),))
    fit, unfit = successors(version.base_model, method, now)
    if not fit:
        return Step(version, days, State.BLOCKED, reasons=unfit)
    earlier = _earlier(version, fit, method)
    return _of_run(version, days, earlier) if earlier else _ordered(version, days, fit, method)


def plan(now: datetime) -> list[Step]:
    """A step for each serving version whose base model ends soon, the most urgent first.

    Made anew from the rows each time, so that it is the same for whoever asks.
    """
    return [_step(version, now) for version in _affected(now)]


def start(version: ModelVersion, *, now: datetime, by: Any = None) -> TuningRun:
    """Teach the version's dataset version to its base model's successor.

    Started already, that run is returned. Raises Conflict where the plan can't, and Invalid where
    the run itself is refused.
    """
    affected = next((one for one in _affected(now) if one.pk == version.pk), None)
    if affected is None:
        raise Conflict(gettext_noop("its base model does not end soon"))
    return _start(_step(affected, now), now, by)


def _start(step: Step, now: datetime, by: Any) -> TuningRun:
    if step.run and not step.startable:
        return step.run
    if not step.startable or step.successor is None:
        raise Conflict("; ".join(map(str, step.reasons)))
    assert step.version.dataset_version is not None
    run = step.version.run or (step.version.origin and step.version.origin.run)
    return runs.launch(
        step.version.dataset_version,
        step.successor,
        now=now,
        by=by,
        trigger=Trigger.SUCCESSION,
        method=run.method if run else Method.SFT,
    )


def daily(now: datetime) -> list[TuningRun]:
    """Say in the log what ends; where the machine may tune by itself, start what can start.

    What failed or was cancelled waits for a person.
    """
    for ending in endings(now):
        told = {"base_model": ending.base_model.name, "days": ending.days}
        told["serving"] = ", ".join(version.reference for version in ending.serving)
        log.warning("base model retires", extra=told)
    started = []
    # One by one: of two versions with one dataset version, the second finds the first one's run.
    for version in _affected(now) if settings.FEEDBACK_AUTO_TUNE_ENABLED else []:
        try:
            step = _step(version, now)
            if step.state in (State.READY, State.WAITS):
                started.append(_start(step, now, None))
        except Exception:
            # One that can't be started stops none of the others.
            log.exception("succession not started", extra={"version": version.reference})
    return started
