"""What flags say, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy, pgettext_lazy

from reviews.models import Flag

TITLES = {
    "personal_data": gettext_lazy("Personal data"),
    "placeholder": gettext_lazy("Placeholder"),
    "redacted": gettext_lazy("Redacted"),
    "contradiction": gettext_lazy("Contradiction"),
    "two_answers": gettext_lazy("Two answers"),
    "near_duplicate": gettext_lazy("Near-duplicate"),
    "register": gettext_lazy("Register"),
    "casual_word": gettext_lazy("Casual word"),
    "address_mixed": gettext_lazy("Form of address"),
    "address_informal": gettext_lazy("Form of address"),
    "english_structure": gettext_lazy("Reads as translated"),
    "language": gettext_lazy("Language"),
    "language_passage": gettext_lazy("Language"),
    "number_grouping": gettext_lazy("Number"),
    "number_english": gettext_lazy("Number"),
    "number_letters": gettext_lazy("Number"),
    "date": gettext_lazy("Date"),
    "month": gettext_lazy("Date"),
    "time": gettext_lazy("Time of day"),
    "length": gettext_lazy("Length"),
}
MESSAGES = {
    "personal_data": gettext_lazy("Personal data left: %(what)s"),
    "placeholder": gettext_lazy("This was not filled in: %(text)s"),
    "redacted": gettext_lazy("Personal data stood here: %(text)s"),
    "contradiction": gettext_lazy(
        "“%(mine)s” here, “%(theirs)s” in the approved pair #%(pair)s on the same question"
    ),
    "two_answers": gettext_lazy("The same question has another approved answer: #%(pair)s"),
    "near_duplicate": gettext_lazy("Nearly the same as pair #%(pair)s (%(percent)s %%)"),
    "register": gettext_lazy("Reads %(found)s; the tone wanted is %(wanted)s"),
    "casual_word": gettext_lazy("“%(word)s” is casual"),
    "address_mixed": gettext_lazy("“%(word)s” beside “%(main)s”: keep to one form of address"),
    "address_informal": gettext_lazy("“%(word)s” is too familiar where the tone is %(wanted)s"),
    "english_structure": gettext_lazy("“%(text)s” follows English, not Indonesian"),
    "language": gettext_lazy("This reads as %(found)s; %(wanted)s is wanted"),
    "language_passage": gettext_lazy("A passage in %(found)s"),
    "number_grouping": gettext_lazy("“%(text)s”: the points group no thousands"),
    "number_english": gettext_lazy("“%(text)s” is written as in English"),
    "number_letters": gettext_lazy("“%(text)s” has letters among its digits"),
    "date": gettext_lazy("“%(text)s” is no date"),
    "month": gettext_lazy("“%(text)s”: is %(month)s meant?"),
    "time": gettext_lazy("“%(text)s” is no time of day"),
}
LENGTHS = {
    ("answer", "empty"): gettext_lazy("The answer holds no words"),
    ("answer", "short"): gettext_lazy("Very short for this question: %(count)s words"),
    ("answer", "long"): gettext_lazy("A very long answer: %(count)s characters"),
    ("question", "long"): gettext_lazy("A very long question: %(count)s characters"),
}
# Words among the values: which register, language, kind of data or person is meant.
WORDS = {
    "formal": pgettext_lazy("tone", "formal"),
    "business": pgettext_lazy("tone", "business"),
    "casual": pgettext_lazy("tone", "casual"),
    "id": gettext_lazy("Indonesian"),
    "en": gettext_lazy("English"),
    "it": gettext_lazy("Italian"),
    "other": gettext_lazy("another language"),
    "EMAIL": gettext_lazy("e-mail address"),
    "TELEPON": gettext_lazy("phone number"),
    "ALAMAT": gettext_lazy("address"),
    "REKENING": gettext_lazy("bank account"),
    "PASPOR": gettext_lazy("passport number"),
    "PLAT": gettext_lazy("number plate"),
}
NAMED = frozenset({"found", "wanted", "what"})


@dataclass(frozen=True, slots=True)
class Described:
    title: str
    message: str


def _values(flag: Flag) -> dict[str, Any]:
    """The flag's values, with words of ours in the reader's language."""
    return {
        name: WORDS.get(value, value) if name in NAMED and isinstance(value, str) else value
        for name, value in flag.values.items()
    }


def describe(flag: Flag) -> Described:
    """Title and sentence of a flag; one of a kind that is no longer known says its kind."""
    title = str(TITLES.get(flag.kind, flag.kind))
    message: Any = MESSAGES.get(flag.kind)
    if flag.kind == "length":
        about = (str(flag.values.get("part")), str(flag.values.get("reason")))
        message = LENGTHS.get(about)
    if message is None:
        return Described(title, title)
    return Described(title, str(message) % _values(flag))
