"""Statistics of votes (A5): one pass over the index that holds all they group by.

The days that are over are counted once and kept: nobody votes in the past.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Case, Count, QuerySet, When
from django.db.models.functions import TruncDate
from django.utils import timezone

from reviews.models import Assistant, Feedback

DAYS = 90
"""Local days in `by_day` where the caller names none."""
AT_MOST = 100
"""Named rows of a breakdown: model versions are any texts, and without a bound so is the answer."""

_COLUMNS = ("request_type", "model_version", "language", "day")
_KEPT_SECONDS = 24 * 3600
_KEPT_BRIEFLY = 600
_KEPT_GROUPS = 10_000


@dataclass(slots=True)
class _Tally:
    """Votes by the values of one column."""

    column: str
    total: Counter[Any] = field(default_factory=Counter)
    positive: Counter[Any] = field(default_factory=Counter)

    def add(self, value: Any, count: int, is_positive: bool) -> None:
        self.total[value] += count
        self.positive[value] += count * is_positive

    def row(self, name: Any, values: Iterable[Any]) -> dict[str, Any]:
        total = positive = 0
        for value in values:
            total, positive = total + self.total[value], positive + self.positive[value]
        return {self.column: name, "total": total, "positive": positive}

    def largest(self) -> list[dict[str, Any]]:
        """The largest by name; last, under None, the sum of the rest where there are more."""
        # By name among equals: two calls must not name different ones.
        values = sorted(self.total, key=lambda value: (-self.total[value], value))
        rows = [self.row(value, [value]) for value in sorted(values[:AT_MOST])]
        rest = values[AT_MOST:]
        return [*rows, self.row(None, rest)] if rest else rows


def _midnight(now: datetime, days: int) -> datetime:
    """When the first of so many local days began; today is the last of them."""
    first = timezone.localdate(now) - timedelta(days=days - 1)
    return datetime.combine(first, time.min, timezone.get_current_timezone())


def _groups(rows: QuerySet[Feedback], since: datetime) -> list[tuple[Any, ...]]:
    """(*_COLUMNS, is_positive, count) of each group; votes before `since` bear no day."""
    # What is older is one group, and nobody reckons its local dates.
    day = Case(When(created_at__gte=since, then=TruncDate("created_at")))
    groups = rows.annotate(day=day).values_list(*_COLUMNS, "is_positive").order_by()
    return list(groups.annotate(count=Count("*")))


def _settled(
    assistant: Assistant, rows: QuerySet[Feedback], since: datetime, seconds: int
) -> list[Any]:
    """The groups of `rows`, votes of days that are over, kept for so many seconds.

    Their number is in the name they are kept under: one that was deleted, or stored late, shows.
    """
    name = f"stats:{assistant.pk}:{since.isoformat()}:{rows.count()}"
    found = None
    # Each cache has errors of its own; without it the same takes longer, no more.
    with suppress(Exception):
        found = cache.get(name)
    if found is None:
        found = _groups(rows, since)
        if len(found) <= _KEPT_GROUPS:
            with suppress(Exception):
                cache.set(name, found, seconds)
    return found


def stats(assistant: Assistant, now: datetime, days: int | None = None) -> dict[str, Any]:
    """Counts of the assistant's votes, whole and by type, model version, language and local day.

    `days` bounds all of them to so many local days, today included; without it only `by_day` is
    bounded, to the last 90.
    """
    since, today = _midnight(now, days or DAYS), _midnight(now, 1)
    rows = Feedback.objects.filter(assistant=assistant)
    if days:
        rows = rows.filter(created_at__gte=since)
    # Callers may name any number of days, and each is kept by itself: briefly, then.
    seconds = _KEPT_BRIEFLY if days else _KEPT_SECONDS
    over = _settled(assistant, rows.filter(created_at__lt=today), since, seconds)
    tallies = {column: _Tally(column) for column in _COLUMNS}
    whole = _Tally("")
    for *values, is_positive, count in over + _groups(rows.filter(created_at__gte=today), since):
        whole.add(None, count, is_positive)
        for tally, value in zip(tallies.values(), values, strict=True):
            tally.add(value, count, is_positive)
    by_day = tallies["day"]
    own_days = sorted(filter(None, by_day.total))
    return {
        "total_count": whole.total[None],
        "positive_count": whole.positive[None],
        "by_type": tallies["request_type"].largest(),
        "by_version": tallies["model_version"].largest(),
        "by_language": tallies["language"].largest(),
        "by_day": [by_day.row(day.isoformat(), [day]) for day in own_days],
    }
