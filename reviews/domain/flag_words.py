"""What flags say, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reviews.models import Flag

TITLES = {
    "personal_data": gettext_lazy("Personal data"),
    "placeholder": gettext_lazy("Placeholder"),
    "contradiction": gettext_lazy("Contradiction"),
    "two_answers": gettext_lazy("Two answers"),
}
MESSAGES = {
    "personal_data": gettext_lazy("Personal data left: %(what)s"),
    "placeholder": gettext_lazy("A placeholder was not filled in"),
    "contradiction": gettext_lazy("Differs from the approved pair #%(pair)s: %(fact)s"),
    "two_answers": gettext_lazy("The same question has another approved answer: #%(pair)s"),
}


@dataclass(frozen=True, slots=True)
class Described:
    title: str
    message: str


def describe(flag: Flag) -> Described:
    """Title and sentence of a flag; one of a kind that is no longer known says its kind."""
    title, message = TITLES.get(flag.kind), MESSAGES.get(flag.kind)
    if title is None or message is None:
        return Described(flag.kind, flag.kind)
    # A word of ours among the values, such as the kind of personal data, is translated too.
    values = {
        name: _(value) if isinstance(value, str) else value
        for name, value in flag.values.items()
        if value
    }
    try:
        return Described(str(title), str(message) % values)
    except KeyError:
        return Described(str(title), str(title))
