"""What the machine does by itself at night and every week (A7, A8, D6), and what it would do.

A forecast and the real thing are one function: a forecast is rolled back.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from reviews.domain.errors import Invalid, Refused
from reviews.models import Assistant
from tuning.domain import datasets, exports, gates, runs, succession, versions
from tuning.domain.succession import Reason
from tuning.enums import Method, Trigger
from tuning.models import BaseModel, TuningRun

log = logging.getLogger("hub.automation")


class Outcome(TextChoices):
    RUN = "run", _("a run starts")
    WAITS = "waits", _("a run waits for a person's word on its cost")
    NOTHING = "nothing", _("nothing")


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a trigger does for an assistant, and why not.

    `unused` approved pairs are new, `needed` of them start a run. Where a run was tried and not
    refused, `dataset_pairs`, `train`, `continues` (a version's reference) and `estimate` (tokens,
    seconds, US dollars) tell of the run.
    """

    assistant: Assistant
    trigger: str
    unused: int
    needed: int
    base_model: BaseModel | None = None
    outcome: Outcome = Outcome.NOTHING
    reasons: tuple[Reason, ...] = ()
    dataset_pairs: int | None = None
    train: int | None = None
    continues: str = ""
    estimate: dict[str, Any] | None = None
    run: TuningRun | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "assistant": self.assistant.slug,
            "trigger": self.trigger,
            "outcome": self.outcome.value,
            "reasons": [str(reason) for reason in self.reasons],
            "unused": self.unused,
            "needed": self.needed,
            "base_model": self.base_model.name if self.base_model else None,
            "dataset_pairs": self.dataset_pairs,
            "train": self.train,
            "continues": self.continues or None,
            "estimate": self.estimate,
            "run": self.run.pk if self.run else None,
        }


DISABLED = Reason(gettext_noop("automatic tuning is off (FEEDBACK_AUTO_TUNE_ENABLED)"))


def needed(trigger: str) -> int:
    """New approved pairs that start a run: many at night, any at all in the weekly retrain."""
    return 1 if trigger == Trigger.WEEKLY else int(settings.FEEDBACK_MIN_SAMPLES_FOR_TUNE)


def _base(now: datetime) -> tuple[BaseModel | None, Reason | None]:
    """The base model of the machine's own runs, or its successor once it has retired."""
    model = versions.base_model()
    if model.retires_date and model.retires_date <= succession.today(now):
        fit, _unfit = succession.successors(model, Method.SFT, now)
        if fit:
            return fit[0], None
        reason = gettext_noop("%(name)s retired on %(date)s, and no successor can take its place")
        return None, Reason(reason, {"name": model.name, "date": model.retires_date.isoformat()})
    if not model.backend:
        reason = gettext_noop("%(name)s can't be tuned: it names no backend")
        return None, Reason(reason, {"name": model.name})
    return model, None


def _outlook(assistant: Assistant, trigger: str, now: datetime) -> Forecast:
    """All that stands against a run before one is tried; a few counts."""
    unused, enough = runs.unused_samples(assistant), needed(trigger)
    model, why = _base(now)
    reasons = [] if settings.FEEDBACK_AUTO_TUNE_ENABLED else [DISABLED]
    if unused < enough:
        words = gettext_noop("%(unused)s of %(needed)s approved pairs that no run has used")
        reasons.append(Reason(words, {"unused": unused, "needed": enough}))
    active = TuningRun.objects.active().filter(assistant=assistant).first()
    if active:
        reasons.append(Reason(gettext_noop("run %(run)s is under way"), {"run": str(active)}))
    if why:
        reasons.append(why)
    return Forecast(assistant, trigger, unused, enough, model, reasons=tuple(reasons))


def _launch(found: Forecast, now: datetime) -> Forecast:
    """A run on everything approved, or the reasons why there is none."""
    assert found.base_model is not None
    version = datasets.freeze(datasets.ensure(found.assistant, datasets.EVERYTHING), now=now)
    if version is None:
        raise Refused(gettext_noop("nothing approved can be frozen"))
    further = versions.to_continue(version, found.base_model, Method.SFT)
    run = runs.launch(version, found.base_model, now=now, trigger=found.trigger, continues=further)
    return replace(
        found,
        dataset_pairs=versions.samples(version),
        train=version.train_count,
        continues=further.reference if further else "",
        outcome=Outcome.RUN if run.confirmed else Outcome.WAITS,
        estimate=run.estimate,
        run=run,
    )


def _told(error: Refused) -> tuple[Reason, ...]:
    if isinstance(error, Invalid):
        words = "%(field)s: %(reason)s"
        return tuple(
            Reason(words, {"field": name, "reason": reason})
            for name, reason in error.fields.items()
        )
    return (Reason(str(error)),)


def _try(found: Forecast, now: datetime, *, keep: bool) -> Forecast:
    """Launch, and take all of it back unless it is to be kept. What is refused leaves nothing."""
    try:
        with transaction.atomic():
            tried = _launch(found, now)
            if not keep:
                transaction.set_rollback(True)
    except Refused as error:
        return replace(found, reasons=(*found.reasons, *_told(error)))
    if keep:
        return tried
    return replace(tried, run=None, outcome=Outcome.NOTHING if found.reasons else tried.outcome)


def forecast(trigger: str, now: datetime, *, whole: bool = True) -> list[Forecast]:
    """What the trigger would do for each assistant now; nothing is changed.

    `whole` tries the run itself, too: its data, what its backend says, its cost. That freezes and
    takes back a dataset version, a matter of seconds for a big one; without it, a few counts.
    """
    found = [_outlook(one, trigger, now) for one in Assistant.objects.order_by("id")]
    if not whole:
        return [replace(one, outcome=_expected(one)) for one in found]
    # Switched off, it still tells what it would find.
    return [
        _try(one, now, keep=False) if one.reasons in ((), (DISABLED,)) else one for one in found
    ]


def _expected(found: Forecast) -> Outcome:
    return Outcome.NOTHING if found.reasons else Outcome.RUN


def tune(trigger: str, now: datetime) -> list[Forecast]:
    """A run for each assistant with enough approved pairs that no successful run has used.

    None at all unless FEEDBACK_AUTO_TUNE_ENABLED: a run may cost money. Returns what was done for
    each, and why not.
    """
    done = []
    for assistant in Assistant.objects.order_by("id"):
        try:
            found = _outlook(assistant, trigger, now)
            found = found if found.reasons else _try(found, now, keep=True)
        except Exception:
            # One assistant's trouble is none of the others'.
            log.exception("automatic tuning failed", extra={"assistant": assistant.slug})
            continue
        log.info("automatic tuning", extra={"told": found.as_json()})
        done.append(found)
    return done


def equip() -> int:
    """Give each new assistant its base version and its gates. Returns how many had none."""
    bare = Assistant.objects.exclude(model_versions__is_base=True).order_by("id")
    for assistant in bare:
        versions.ensure_base(assistant)
        gates.ensure(assistant)
    return len(bare)


def night(now: datetime) -> None:
    """The nightly export, and the run that it may launch."""
    try:
        exports.nightly(now)
    finally:
        tune(Trigger.EXPORT, now)


def week(now: datetime) -> list[Forecast]:
    """The weekly retrain: whatever is new goes in."""
    return tune(Trigger.WEEKLY, now)
