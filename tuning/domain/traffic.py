"""Hours of traffic, made anew from rows at each look, and the pruning of those rows."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Avg, Count, Q
from django.db.models.functions import TruncHour

from reviews.models import Feedback
from tuning.enums import AnswerOutcome
from tuning.models import Answer, ModelVersion, TrafficWindow

LOOK_BACK = timedelta(hours=3)
"""A vote comes up to FEEDBACK_CACHE_TTL after its answer; hours older than this are settled."""


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _start(now: datetime) -> datetime:
    """The first hour to make anew: everything since the last look, and a little before."""
    last = TrafficWindow.objects.order_by("-starts_at").values_list("starts_at", flat=True).first()
    first = Answer.objects.order_by("at").values_list("at", flat=True).first()
    moment = min(last, now) - LOOK_BACK if last else min(first or now, now)
    return _hour(moment)


def _answers(start: datetime) -> list[dict[str, Any]]:
    rows: Any = Answer.objects.filter(at__gte=start).annotate(hour=TruncHour("at", tzinfo=UTC))
    counts = {name: Count("id", filter=Q(outcome=name)) for name in AnswerOutcome.values}
    whole = Q(outcome__in=[AnswerOutcome.ANSWERED, AnswerOutcome.DECLINED])
    took = Avg("milliseconds", filter=whole)
    grouped = rows.values("hour", "version_id").annotate(mean_milliseconds=took, **counts)
    return list(grouped.order_by("hour", "version_id"))


def _votes(start: datetime) -> list[dict[str, Any]]:
    # By assistant too: an application may register its answers under any reference.
    known = ModelVersion.objects.values_list("assistant", "reference", "pk")
    references = {(assistant, reference): pk for assistant, reference, pk in known}
    named = [reference for _assistant, reference in references]
    recent = Feedback.objects.filter(created_at__gte=start, model_version__in=named)
    rows: Any = recent.annotate(hour=TruncHour("created_at", tzinfo=UTC))
    counts = {
        "positive": Count("id", filter=Q(is_positive=True)),
        "negative": Count("id", filter=Q(is_positive=False)),
    }
    found = []
    grouped = rows.values("hour", "assistant", "model_version").annotate(**counts)
    for row in grouped.order_by("hour"):
        version = references.get((row.pop("assistant"), row.pop("model_version")))
        if version:
            found.append({"version_id": version, **row})
    return found


def roll_up(now: datetime) -> int:
    """Make the recent hours anew. Run twice, or after a crash, it says the same."""
    start = _start(now)
    windows: dict[tuple[int, datetime], dict[str, Any]] = defaultdict(dict)
    for row in [*_answers(start), *_votes(start)]:
        windows[row.pop("version_id"), row.pop("hour")].update(row)
    for (version, hour), figures in windows.items():
        TrafficWindow.objects.update_or_create(version_id=version, starts_at=hour, defaults=figures)
    return len(windows)


def prune(now: datetime) -> int:
    """Delete answers older than ANSWER_RETENTION_DAYS; their hours stay."""
    roll_up(now)
    # Whole hours: the rest of a cut one would be rolled up anew and count too few.
    oldest = _hour(now - timedelta(days=settings.ANSWER_RETENTION_DAYS))
    old = Answer.objects.filter(at__lt=oldest)
    deleted, _by_kind = old.delete()
    return deleted
