"""Which of many texts are nearly the same: `reviews.checks.duplicates` for thousands at once.

The same judgement as `duplicates.likeness(…) >= NEAR`, on texts that are prepared once. Texts that
share a MinHash band are compared. A band that more than 100 share is one of a pattern; there each
is compared with the 25 that follow it in the order of their words (the sorted-neighbourhood method:
Hernández & Stolfo, "The merge/purge problem for large databases", SIGMOD 1995).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from reviews.checks import duplicates
from reviews.checks.duplicates import Text

CROWD = 100
WINDOW = 25
_LONG = 5_000
_PERCENT = duplicates.NEAR * 100
_WORD = re.compile(r"\w+")
_DIGIT = re.compile(r"\d")


class Words(NamedTuple):
    """A text as it is compared: its words in order, and sorted."""

    plain: str
    ordered: str


class Prepared(NamedTuple):
    """A pair's texts; `names` are the numbers, codes and abbreviations of its question."""

    question: Words
    answer: Words
    history: Words
    names: frozenset[str]
    held: frozenset[str]


def _words(text: str) -> Words:
    plain = duplicates.normal(text)
    return Words(plain, " ".join(sorted(plain.split())))


def prepare(text: Text) -> Prepared:
    question = _words(text.question)
    shouting = text.question.isupper()
    names = frozenset(
        word.casefold()
        for word in _WORD.findall(unicodedata.normalize("NFKC", text.question))
        if _DIGIT.search(word) or (len(word) > 1 and word.isupper() and not shouting)
    )
    held = frozenset(question.plain.split())
    return Prepared(question, _words(text.answer), _words(text.history), names, held)


def _alike(mine: Words, theirs: Words) -> bool:
    if mine.plain == theirs.plain:
        return True
    if not mine.plain or not theirs.plain:
        return False
    if max(len(mine.plain), len(theirs.plain)) > _LONG:
        score = Indel.normalized_similarity(mine.plain.split(), theirs.plain.split())
        return bool(score >= duplicates.NEAR)
    return bool(
        fuzz.ratio(mine.plain, theirs.plain, score_cutoff=_PERCENT)
        or fuzz.ratio(mine.ordered, theirs.ordered, score_cutoff=_PERCENT)
    )


def near(mine: Prepared, theirs: Prepared) -> bool:
    """Whether question, answer and earlier turns are each nearly the same."""
    return (
        mine.names <= theirs.held
        and theirs.names <= mine.held
        and _alike(mine.question, theirs.question)
        and _alike(mine.answer, theirs.answer)
        and _alike(mine.history, theirs.history)
    )


class Texts:
    """Texts by their place, each prepared when it is first compared."""

    def __init__(self, texts: Sequence[Text]) -> None:
        self._texts = texts
        self._prepared: dict[int, Prepared] = {}

    def __getitem__(self, at: int) -> Prepared:
        found = self._prepared.get(at)
        if found is None:
            found = self._prepared[at] = prepare(self._texts[at])
        return found

    def near(self, one: int, other: int) -> bool:
        return near(self[one], self[other])


def _met(crowd: list[int], texts: Texts) -> Iterator[tuple[int, int]]:
    if len(crowd) <= CROWD:
        yield from combinations(crowd, 2)
        return
    crowd = sorted(crowd, key=lambda at: (texts[at].question, texts[at].answer, at))
    for start, one in enumerate(crowd):
        for other in crowd[start + 1 : start + 1 + WINDOW]:
            yield min(one, other), max(one, other)


def pairs(
    texts: Texts, bands: Sequence[Sequence[int]], compared: Callable[[int, int], bool]
) -> Iterator[tuple[int, int]]:
    """Each two places (the lower first) whose texts are nearly the same and which `compared` asks
    for. In an order that the texts alone decide; a pair may come again."""
    crowds: dict[int, list[int]] = {}
    for at, values in enumerate(bands):
        for value in sorted(values):
            crowds.setdefault(value, []).append(at)
    for crowd in crowds.values():
        if len(crowd) < 2:
            continue
        for one, other in _met(crowd, texts):
            if compared(one, other) and texts.near(one, other):
                yield one, other
