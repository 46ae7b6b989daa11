"""The period that a page of figures looks back over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

PERIODS: dict[str, tuple[Any, int | None]] = {
    "30": (_("30 days"), 30),
    "90": (_("90 days"), 90),
    "all": (_("all"), None),
}


@dataclass(frozen=True, slots=True)
class Period:
    """The one chosen, with the addresses of all: (name, query, whether it is this one)."""

    since: datetime | None
    choices: list[tuple[Any, str, bool]]


def chosen(request: HttpRequest, now: datetime) -> Period:
    """What `?period=` asks for, 30 days where it asks for nothing that there is."""
    name = request.GET.get("period", "")
    name = name if name in PERIODS else "30"
    query = request.GET.copy()
    choices = []
    for key, (title, _days) in PERIODS.items():
        query["period"] = key
        choices.append((title, f"?{query.urlencode()}", key == name))
    days = PERIODS[name][1]
    return Period(now - timedelta(days=days) if days else None, choices)
