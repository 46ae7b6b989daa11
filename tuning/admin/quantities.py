"""Tokens, time and cost of a run, in the words of the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.template.defaultfilters import floatformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

NAMES: tuple[tuple[str, Promise | str], ...] = (
    ("tokens", gettext_lazy("tokens")),
    ("seconds", gettext_lazy("time")),
    ("cost", gettext_lazy("cost (US dollars)")),
)
UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Figure:
    """One quantity, as estimated and as it came."""

    label: str | Promise
    before: str
    after: str


def figures(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Figure]:
    """Tokens, time (from seconds) and cost (US dollars); what nobody knows is a dash."""
    return [
        Figure(label, written(name, before.get(name)), written(name, after.get(name)))
        for name, label in NAMES
    ]


def written(name: str, value: float | None) -> str:
    if value is None:
        return UNKNOWN
    if name == "seconds":
        return duration(value)
    return str(floatformat(value, "2g" if name == "cost" else "0g"))


def duration(seconds: float) -> str:
    """The two greatest of hours, minutes and seconds that it takes."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}
    return _("%(seconds)d s") % {"seconds": rest}
