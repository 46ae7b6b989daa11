"""What each person reviews, as the queue and the desk ask it with every item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reviews.domain.briefly import Known
from reviews.enums import Language
from reviews.models import Reviewer


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person reviews: languages (codes), categories (ids; none: all), their target of the
    day, and whether they may review at all and settle disputes."""

    languages: tuple[str, ...]
    skills: tuple[int, ...]
    daily_target: int | None
    reviews: bool
    settles: bool


known: Known[Profile] = Known(3.0)
"""Profiles as they were a few seconds ago at most."""


def _read(user: Any) -> Profile:
    row = Reviewer.objects.filter(user=user).first()
    return Profile(
        languages=tuple(row.languages if row else Language.values),
        skills=tuple(row.skills.values_list("pk", flat=True)) if row else (),
        daily_target=row.daily_target if row else None,
        reviews=user.has_perm("reviews.review_pair"),
        settles=user.has_perm("reviews.adjudicate_pair"),
    )


def profile(user: Any) -> Profile:
    """What `user` reviews; one without a row reviews everything."""
    found = known.get(user.pk, lambda: _read(user))
    assert found is not None
    return found
