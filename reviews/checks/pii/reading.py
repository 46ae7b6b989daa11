"""The copy of a text that the detectors read, and the way back to the text itself.

In the copy a zero-width character is gone, a full-width or Balinese digit is an ASCII one, every
dash is a hyphen, every blank a space, and an escape of JSON ("\\n", "\\u00a0") is what it stands
for. UUIDs and our own placeholders are blanked out: nothing in them is personal data or says that
something beside them is.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from reviews.checks.pii.spans import KINDS, Span

_INVISIBLE = (
    "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\u20e3"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff"
)
_DASHES = "\u2010-\u2015\u2212\ufe58\ufe63"
_BLANKS = "\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_DOTS = "\u00b7\u2022\u2219\u3002"
# The zeros of the scripts whose digits people here may type: Arabic, Persian, Devanagari, Bengali,
# Tamil, Thai, Lao, Burmese, Khmer, Balinese, Sundanese, Javanese.
_ZEROS = "٠۰०০௦๐໐၀០᭐᮰꧐"
_DIGITS = "".join(f"{zero}-{chr(ord(zero) + 9)}" for zero in _ZEROS) + "\U0001d7ce-\U0001d7ff"
_FULL_WIDTH = "\uff01-\uff5e"
# Lower case of İ is two characters: the only letter that would shift what follows it.
_LONGER = "\u0130"

_HIDING = re.compile(
    f"[{_INVISIBLE}{_DASHES}{_BLANKS}{_DOTS}{_DIGITS}{_FULL_WIDTH}{_LONGER}\ufe6b]"
)
_ODD = re.compile(rf"\\[nrt]|\\u[0-9a-fA-F]{{4}}|{_HIDING.pattern}")
_BY_CLASS = [
    (re.compile(f"[{_INVISIBLE}]"), ""),
    (re.compile(f"[{_DASHES}]"), "-"),
    (re.compile(f"[{_BLANKS}]"), " "),
    (re.compile(f"[{_DOTS}]"), "."),
    (re.compile(f"[{_LONGER}]"), "i"),
]

_PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(KINDS)})\]")
# The lookbehind stands behind the first digit, because the search is fast where a pattern starts
# with what it consumes. The same in other files here.
_UUID = re.compile(
    r"[0-9a-f](?<![0-9a-z].)[0-9a-f]{7}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-z])", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Reading:
    """`text` as the detectors read it, and `low`, the same in lower case, place by place.

    Character i of `text` was original[starts[i]:ends[i]]; None where the places are the same.
    """

    text: str
    low: str
    starts: list[int] | None = None
    ends: list[int] | None = None

    def back(self, spans: Iterable[Span]) -> list[Span]:
        """Return the spans with their places in the original text."""
        if self.starts is None or self.ends is None:
            return list(spans)
        return [
            Span(self.starts[s.start], self.ends[s.end - 1], s.kind, s.confidence) for s in spans
        ]


def hides(text: str) -> bool:
    """Whether a search in `text` as it stands could overlook what the copy shows."""
    return "\\u" in text or (not text.isascii() and bool(_HIDING.search(text)))


def has_any(text: str, words: tuple[str, ...]) -> bool:
    """Whether one of the words is in `text`. A loop: `any` would cost as much as the searches."""
    for word in words:  # noqa: SIM110
        if word in text:
            return True
    return False


def plain(text: str) -> str:
    """Return the copy of `text` without the way back."""
    return _odd(text).sub(lambda match: _plain(match[0]), text)


def read(text: str) -> Reading:
    """Return the copy of `text`."""
    if not ("\\" in text or hides(text)):
        copy = blanked(text)
        return Reading(copy, copy.lower())
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    last = 0
    for match in [*_odd(text).finditer(text), None]:
        start, end = match.span() if match else (len(text), len(text))
        pieces.append(text[last:start])
        starts.extend(range(last, start))
        ends.extend(range(last + 1, start + 1))
        if match and (character := _plain(match[0])):
            pieces.append(character)
            starts.append(start)
            ends.append(end)
        last = end
    copy = blanked("".join(pieces))
    return Reading(copy, copy.lower(), starts, ends)


def _odd(text: str) -> re.Pattern[str]:
    return _ODD if "\\" in text else _HIDING


@lru_cache(4096)
def _plain(odd: str) -> str:
    """Return what an odd character or an escape of JSON stands for: one character, or none."""
    if odd[0] == "\\":
        if odd[1] != "u":
            return " " if odd[1] == "t" else "\n"
        odd = chr(int(odd[2:], 16))
    for group, character in _BY_CLASS:
        if group.match(odd):
            return character
    if odd.isdecimal():
        return str(unicodedata.decimal(odd))
    return unicodedata.normalize("NFKC", odd) if _HIDING.match(odd) else odd


def blanked(text: str) -> str:
    """Return `text` with NUL characters for UUIDs and our own placeholders."""
    if "[" in text:
        text = _PLACEHOLDER.sub(_blank, text)
    return _UUID.sub(_blank, text) if text.count("-") > 3 else text


def _blank(match: re.Match[str]) -> str:
    return "\0" * len(match[0])


def word_start(*words: str) -> str:
    """Return a pattern for the words, each at the start of a word, that is fast to search for."""
    initials = sorted({word[0] for word in words})
    rests = (
        f"(?<={initial})(?:{'|'.join(word[1:] for word in words if word[0] == initial)})"
        for initial in initials
    )
    return rf"[{''.join(initials)}](?<![^\W_].)(?:{'|'.join(rests)})"
