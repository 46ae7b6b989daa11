"""What the machine does by itself at night and every week (A7, A8, D6)."""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings

from reviews.models import Assistant
from tuning.domain import datasets, exports, gates, runs, versions
from tuning.enums import Trigger
from tuning.models import TuningRun

log = logging.getLogger("hub.automation")


def _launch(assistant: Assistant, trigger: str, now: datetime) -> TuningRun | None:
    """A run on everything approved, unless one is under way."""
    if TuningRun.objects.active().filter(assistant=assistant).exists():
        return None
    version = datasets.freeze(datasets.ensure(assistant, datasets.EVERYTHING), now=now)
    if version is None or not version.train_count:
        return None
    return runs.launch(version, versions.base_model(), now=now, trigger=trigger)


def tune_where_enough(trigger: str, at_least: int, now: datetime) -> list[TuningRun]:
    """A run for each assistant with enough approved samples that no successful run has used.

    None at all unless FEEDBACK_AUTO_TUNE_ENABLED: a run may cost money.
    """
    if not settings.FEEDBACK_AUTO_TUNE_ENABLED:
        return []
    launched = []
    for assistant in Assistant.objects.order_by("id"):
        if runs.unused_samples(assistant) >= at_least:
            run = _launch(assistant, trigger, now)
            launched += [run] if run else []
    return launched


def equip() -> int:
    """Give each new assistant its base version and its gates. Returns how many had none."""
    bare = Assistant.objects.exclude(model_versions__run=None).order_by("id")
    for assistant in bare:
        versions.ensure_base(assistant)
        gates.ensure(assistant)
    return len(bare)


def night(now: datetime) -> None:
    """The nightly export, and the run that it may launch."""
    exports.nightly(now)
    tune_where_enough(Trigger.EXPORT, settings.FEEDBACK_MIN_SAMPLES_FOR_TUNE, now)


def week(now: datetime) -> None:
    """The weekly retrain: whatever is new goes in."""
    tune_where_enough(Trigger.WEEKLY, 1, now)
