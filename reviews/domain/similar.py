"""Approved pairs and lessons like the pair under review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reviews.domain.errors import Unknown
from reviews.models import Correction, Pair

SIDE_BY_SIDE = 5


@dataclass(frozen=True, slots=True)
class Similar:
    """An approved pair with how like it is, 0 to 1."""

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
    """What is shown beside a pair. Raises Unknown."""
    pair = Pair.objects.select_related("current_revision").filter(pk=pk).first()
    if pair is None:
        raise Unknown("there is no such pair")
    approved = Pair.objects.approved().exclude(pk=pk).select_related("current_revision")
    family = approved.filter(question=pair.question_id).order_by("id")[:SIDE_BY_SIDE]
    found = [
        Similar(row.pk, row.current_revision.input, row.current_revision.output, 1.0, True)
        for row in family
        if row.current_revision
    ]
    lessons = Correction.objects.in_force().filter(
        assistant=pair.assistant_id, category=pair.category_id
    )
    return Beside(found, list(lessons.order_by("-id")[:SIDE_BY_SIDE]))
