"""Licence plates: "B 1234 XYZ" near a word for a vehicle or its papers."""

import re
from collections.abc import Iterator

from reviews.checks.pii import context
from reviews.checks.pii.reading import Reading, has_any
from reviews.checks.pii.spans import Span

# The letters of the regions; CD and CC are embassies and consulates.
_REGION = (
    r"(?:a[abdeg]|b[abdeghklmnp]|c[cd]|d[abcdeghklmnrstw]|e[abd]|k[btuh]|p[abgst]"
    r"|[abdefghklmnprstwz])"
)
_PLATE = re.compile(
    rf"(?<![^\W_]){_REGION}[ .-]{{0,2}}[0-9]{{1,4}}"
    r"(?:[ .-]{0,2}(?P<series>[a-z]{1,3})(?![^\W_])|(?![^\W_]|[ .,-]?[0-9]))"
)
_WORDS = ("plat", "pelat", "pol", "tnkb", "stnk", "bpkb", "kendaraan", "motor", "mobil")
# These name the plate itself, so that its form may be incomplete: "nopol DK 8".
_PLATE_WORD = re.compile(
    r"\b(?:plat(?:nya)?(?: nomor| no)?|pelat(?: nomor)?|(?:ber)?no(?:mor)?\.? ?pol(?:isi)?|tnkb"
    r"|licen[cs]e plate)\b"
)
_ANY_WORD = re.compile(
    rf"{_PLATE_WORD.pattern}|\b(?:stnk|bpkb|kendaraan|motor|mobil)(?:nya|ku|mu)?\b"
)
# The Mitsubishi L300 and its likes are models.
_MODEL = re.compile(r"l ?(?:200|300)\b|t ?120\b")


def plates(reading: Reading) -> Iterator[Span]:
    """Beside a word for the plate any form will do; beside a vehicle, only a whole plate."""
    low = reading.low
    if not has_any(low, _WORDS):
        return
    for match in _PLATE.finditer(low):
        start, end = match.span()
        if _MODEL.match(low, start):
            continue
        if _is_after(_PLATE_WORD, low, start) and _is_plate(reading.text, match):
            yield Span(start, end, "PLAT", 0.85)
        elif _is_whole(reading.text, match) and context.near(_ANY_WORD, low, start, end):
            yield Span(start, end, "PLAT", 0.7)


def _is_after(words: re.Pattern[str], low: str, start: int) -> bool:
    return bool(words.search(low, max(0, start - context.BEFORE), start))


def _is_plate(text: str, match: re.Match[str]) -> bool:
    """Small letters will do where the series is there; without one, "plat a 4" is no plate."""
    return bool(match["series"]) or text[match.start()].isupper()


def _is_whole(text: str, match: re.Match[str]) -> bool:
    """Whether a region in capitals, two digits or more and a series are there."""
    plate = text[match.start() : match.end()]
    digits = sum(character.isdigit() for character in plate)
    return bool(match["series"]) and digits > 1 and plate == plate.upper()
