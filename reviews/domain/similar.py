"""Approved pairs and lessons like the pair under review."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reviews.checks import duplicates, slang
from reviews.domain import passage_search
from reviews.domain.errors import Unknown
from reviews.models import Correction, Pair

SIDE_BY_SIDE = 5
WORDINGS = 50
"""Of a family's approved pairs, how many are compared."""

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Similar:
    """An approved pair with how like its question is, 0 to 1."""

    pair: int
    question: str
    answer: str
    score: float
    family: bool


@dataclass(frozen=True, slots=True)
class Beside:
    pairs: Sequence[Similar] = ()
    lessons: Sequence[Correction] = field(default_factory=list)


def beside(pk: int) -> Beside:
    """What is shown beside a pair. Nine queries at most. Raises Unknown."""
    pair = Pair.objects.select_related("current_revision").filter(pk=pk).first()
    if pair is None:
        raise Unknown("there is no such pair")
    found = _family(pair)
    if len(found) < SIDE_BY_SIDE:
        found += _others(pair)
    found = found[:SIDE_BY_SIDE]
    return Beside(found, _lessons(pair, [row.pair for row in found]))


def words_of(question: str) -> list[str]:
    """The words to search by, in lower case: without those that any question holds, and casual
    ones in their standard form, too. All of them where nothing else is left."""
    asked = [word for word in _WORD.findall(question.lower()) if len(word) > 1]
    forms = [form for word in asked for form in (word, slang.STANDARD.get(word, word))]
    telling = [form for form in forms if form not in slang.COMMON | slang.PARTICLES]
    return list(dict.fromkeys(telling or asked))


def score(mine: str, theirs: str) -> float:
    """Return 0..1: the mean of the likeness by letters and the share of my words that they hold.

    Letters alone find any two Indonesian sentences half alike; words alone know no order.
    """
    asked, held = _stems(mine), _stems(theirs)
    shared = len(asked & held) / len(asked) if asked else 0.0
    return (duplicates.score(mine, theirs) + shared) / 2


def _stems(question: str) -> set[str]:
    return {slang.stem(slang.STANDARD.get(word, word)) for word in words_of(question)}


def _asked(pair: Pair) -> str:
    return pair.current_revision.input if pair.current_revision else ""


def _scored(pair: Pair, others: Iterable[Pair], *, family: bool) -> list[Similar]:
    """The others with their scores, best first."""
    mine = _asked(pair)
    found = [
        Similar(row.pk, text.input, text.output, score(mine, text.input), family)
        for row in others
        if (text := row.current_revision)
    ]
    return sorted(found, key=lambda row: (-row.score, row.pair))


def _family(pair: Pair) -> list[Similar]:
    rows = Pair.objects.approved().filter(question=pair.question_id).exclude(pk=pair.pk)
    rows = rows.select_related("current_revision").order_by("id")
    return _scored(pair, rows[:WORDINGS], family=True)


def _others(pair: Pair) -> list[Similar]:
    """What the search finds outside the family, by the pairs as they are now: a passage may be
    some seconds behind its pair."""
    ids = passage_search.find(pair.assistant_id, words_of(_asked(pair)))
    rows = Pair.objects.approved().filter(pk__in=ids).exclude(pk=pair.pk)
    others = rows.exclude(question=pair.question_id).select_related("current_revision")
    return _scored(pair, others, family=False)


def _lessons(pair: Pair, found: list[int]) -> list[Correction]:
    """Lessons of the pairs found, then of the category; newest first."""
    in_force = Correction.objects.in_force().filter(assistant=pair.assistant_id).order_by("-id")
    # Not what somebody said of this very answer: reviewers judge blind.
    if pair.current_revision:
        in_force = in_force.exclude(wrong_answer=pair.current_revision.output)
    lessons = list(in_force.filter(pair__in=found)[:SIDE_BY_SIDE])
    if len(lessons) < SIDE_BY_SIDE:
        rest = in_force.filter(category=pair.category_id).exclude(pair__in=found)
        lessons += rest[: SIDE_BY_SIDE - len(lessons)]
    return lessons
