"""Pairs that say nearly the same in nearly the same words.

A question family holds ten to twenty wordings of one question, often with one answer; those are
wanted. So two pairs are near-duplicates where question and answer (and the earlier turns) are
*each* nearly the same. An answer with another amount in it is still one: what differs there is
`contradictions` to find.

`bands` find the candidates in an index without comparing all with all: MinHash (Broder, "On the
resemblance and containment of documents", 1997) in its one-permutation form (Li, Owen & Zhang,
NIPS 2012; empty bins filled as in Shrivastava & Li, ICML 2014), which hashes each shingle once
and so needs no numpy. `likeness` then decides by edit distance.
"""

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Sequence
from typing import NamedTuple

BANDS = 16
ROWS = 4
_BINS = BANDS * ROWS
_BITS = 64
_MASK = 2**_BITS - 1
# Odd, near 2**64 over the golden ratio: spreads CRC-32, whose own bits follow the text too closely.
_SPREAD = 0x9E3779B97F4A7C15
# Characters in a shingle: about one Indonesian syllable pair, blanks included.
_SHINGLE = 5
# Comparing by characters takes 30 ms at 50,000 of them; longer texts are compared by words.
_LONG = 5_000

NEAR = 0.85
"""From this likeness on, two pairs are near-duplicates.

Pairs with a word left out of question and answer each still reach it, 93 of 100; texts made after
one pattern ("Sertifikat Kafalah", "Sertifikat Penjaminan") begin right here. docs/checks.md has
the measured table.
"""

_WORD = re.compile(r"\w+")
_DIGIT = re.compile(r"\d")


class Text(NamedTuple):
    """What is compared of a pair: the earlier turns as one text, the question, the answer."""

    history: str
    question: str
    answer: str


def text_of(history: Sequence[Sequence[str]], question: str, answer: str) -> Text:
    """Return what is compared of a pair; `history` holds [role, text] of earlier turns."""
    return Text("\n".join(text for _role, text in history), question, answer)


def likeness(mine: Text, theirs: Text) -> float:
    """Return 0..1: how alike the least alike of history, question and answer are.

    Questions that name different things by number or abbreviation (visa C1 and C2, KITAS and
    KITAP) ask different things, however alike they look.
    """
    if not (_names(mine.question, theirs.question) and _names(theirs.question, mine.question)):
        return 0.0
    return min(score(one, other) for one, other in zip(mine, theirs, strict=True))


def score(mine: str, theirs: str) -> float:
    """Return 0..1: the share of characters in common, in order or with the words sorted.

    Case, punctuation and spacing do not count. Texts over 5,000 characters are compared by words.
    """
    from rapidfuzz import fuzz
    from rapidfuzz.distance import Indel

    one, other = normal(mine), normal(theirs)
    if one == other:
        return 1.0
    if not one or not other:
        return 0.0
    if max(len(one), len(other)) > _LONG:
        return float(Indel.normalized_similarity(one.split(), other.split()))
    return max(fuzz.ratio(one, other), fuzz.token_sort_ratio(one, other)) / 100


def bands(text: Text | str) -> list[int]:
    """Return 16 numbers of 63 bits; near-duplicates share at least one, others hardly ever.

    Of two texts whose shingles overlap to the share s, 1 - (1 - s**4)**16 share a band: 0.99 at
    0.7, 0.64 at 0.5, 0.002 at 0.1. The same on every machine. A text without a character has none.
    """
    minima = signature(text if isinstance(text, str) else "\n".join(text))
    return [_band(start, minima[start : start + ROWS]) for start in range(0, len(minima), ROWS)]


def signature(text: str) -> list[int]:
    """Return 64 numbers of 64 bits; empty for a text without a character.

    The share of places at which two signatures are equal estimates their shingles' overlap.
    """
    bins: list[int | None] = [None] * _BINS
    for shingle in _shingles(normal(text)):
        value = zlib.crc32(shingle.encode("utf-8", "surrogatepass")) * _SPREAD & _MASK
        place = value % _BINS
        least = bins[place]
        if least is None or value < least:
            bins[place] = value
    return _filled(bins)


def normal(text: str) -> str:
    """Return the words in lower case, one blank between; the bare text where it has no word."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_WORD.findall(folded)) or folded.strip()


def _shingles(text: str) -> set[str]:
    if not text:
        return set()
    return {text[at : at + _SHINGLE] for at in range(max(1, len(text) - _SHINGLE + 1))}


def _filled(bins: list[int | None]) -> list[int]:
    """Let an empty bin borrow from the next full one, with the distance mixed in."""
    if all(value is None for value in bins):
        return []
    filled: list[int] = []
    for place in range(_BINS):
        away = next(step for step in range(_BINS) if bins[(place + step) % _BINS] is not None)
        filled.append((bins[(place + away) % _BINS] or 0) + away * _SPREAD & _MASK)
    return filled


def _band(start: int, rows: list[int]) -> int:
    """Hash one band. Its place is hashed in, so that all bands can share one index."""
    raw = start.to_bytes(1, "big") + b"".join(row.to_bytes(8, "big") for row in rows)
    return int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest(), "big") >> 1


def _names(mine: str, theirs: str) -> bool:
    """Whether each number, code and abbreviation of mine is a word of theirs, in any case."""
    words = set(normal(theirs).split())
    shouting = mine.isupper()
    return all(
        word.casefold() in words
        for word in _WORD.findall(unicodedata.normalize("NFKC", mine))
        if _DIGIT.search(word) or (len(word) > 1 and word.isupper() and not shouting)
    )
