"""The queue: which item a reviewer gets next (B8).

Priority is a stored, indexed column of each pair (`Pair.PRIORITY`). A *lane* is a category and a
language; each lane's top comes out of one index, whatever waits below it, and the best of a
reviewer's lanes is theirs. A category short of its target moves all its lanes up at once.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from reviews.domain import calibration, claims
from reviews.domain.briefly import Known
from reviews.enums import QUEUED, ClaimEnd, Language, PairStatus
from reviews.models import Category, Claim, Pair, PairRevision, Reviewer
from reviews.models.pairs import PairQuerySet

STALE = timedelta(days=7)
"""Pairs that wait longer are moved up."""
BOOST = 100
"""Points for a category that has nothing of its target yet; none at the target."""
TRIES = 12
"""Two who ask at once see the same top; the slower one looks again."""

reviewers: Known[Reviewer] = Known(3.0)
"""What a reviewer reviews, as it was a few seconds ago at most."""


def profile(user: Any) -> Reviewer:
    """Languages and skills of a reviewer; one without a row reviews everything."""

    def read() -> Reviewer:
        row = Reviewer.objects.filter(user=user).prefetch_related("skills").first()
        return row or Reviewer(user=user)

    found = reviewers.get(user.pk, read)
    assert found is not None
    return found


def _skills(row: Reviewer) -> list[int]:
    return [category.pk for category in row.skills.all()] if row.pk else []


def _taken(now: datetime) -> Coalesce:
    """How many of a pair's slots are taken at this moment."""
    rows = Claim.objects.taking_slots().filter(
        Q(end=ClaimEnd.DECIDED) | Q(expires_at__gt=now),
        revision_id=OuterRef("current_revision_id"),
        round=OuterRef("round"),
        slot__gt=claims.ADJUDICATOR,
    )
    counted = rows.order_by().values("revision_id").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


def _not_theirs(rows: PairQuerySet, reviewer: Any, now: datetime) -> PairQuerySet:
    """Without the reviewer's own texts, and what they decided on, hold or skipped today."""
    own = PairRevision.objects.filter(pk=OuterRef("current_revision_id"), author=reviewer)
    before = Claim.objects.filter(
        claims.not_again_for(reviewer, now),
        revision_id=OuterRef("current_revision_id"),
        round=OuterRef("round"),
    )
    # The first test costs nothing; it passes over long runs of a reviewer's own.
    others = rows.filter(Q(last_hand=None) | ~Q(last_hand=reviewer))
    return others.filter(~Exists(own), ~Exists(before))


def waiting_for(reviewer: Any, now: datetime) -> PairQuerySet:
    """Undisputed pairs that this reviewer could take now, the most urgent first."""
    row = profile(reviewer)
    rows = Pair.objects.filter(status__in=QUEUED, language__in=row.languages)
    skills = _skills(row)
    rows = rows.filter(category__in=skills) if skills else rows
    free = _not_theirs(rows, reviewer, now).annotate(taken=_taken(now))
    return free.filter(taken__lt=F("slots")).by_priority()


def disputes_for(reviewer: Any, now: datetime) -> PairQuerySet:
    """Disputes that this reviewer may settle: of others, and in nobody's hand."""
    row = profile(reviewer)
    rows = Pair.objects.filter(status=PairStatus.DISPUTED, language__in=row.languages)
    skills = _skills(row)
    rows = rows.filter(category__in=skills) if skills else rows
    in_hand = Claim.objects.live(now).filter(
        revision_id=OuterRef("current_revision_id"),
        round=OuterRef("round"),
        slot=claims.ADJUDICATOR,
    )
    return _not_theirs(rows, reviewer, now).filter(~Exists(in_hand)).by_priority()


def _lanes(reviewer: Any, now: datetime, offset: int) -> list[tuple[int, int]]:
    """(priority, pair) at the top of each of the reviewer's lanes, the best first; `offset` pairs
    further down. One query: a look into the index for each lane."""
    row = profile(reviewer)
    rows = Category.objects.all()
    skills = _skills(row)
    rows = rows.filter(pk__in=skills) if skills else rows
    names = []
    for language in sorted(set(row.languages) & set(Language.values)):
        mine = Pair.objects.filter(category=OuterRef("pk"), language=language, status__in=QUEUED)
        free = _not_theirs(mine, reviewer, now).annotate(taken=_taken(now))
        top = free.filter(taken__lt=F("slots")).by_priority()[offset : offset + 1]
        names.append(f"top_{language}")
        rows = rows.annotate(**{names[-1]: Subquery(top.values("pk"))})
    tops = {}
    for boost, *found in rows.values_list("boost", *names):
        tops |= {pk: boost for pk in found if pk}
    priorities = Pair.objects.filter(pk__in=tops).values_list("priority", "pk")
    return sorted(((p + tops[pk], pk) for p, pk in priorities), key=lambda top: (-top[0], top[1]))


def _take_one(pk: int, reviewer: Any, now: datetime) -> Claim | None:
    pair = Pair.objects.filter(pk=pk).first()
    return claims.take(pair, reviewer, now) if pair and pair.waits else None


def _dispute(reviewer: Any, now: datetime) -> Claim | None:
    if not reviewer.has_perm("reviews.adjudicate_pair"):
        return None
    for pk in disputes_for(reviewer, now).values_list("pk", flat=True)[:3]:
        claim = _take_one(pk, reviewer, now)
        if claim:
            return claim
    return None


def _waiting(reviewer: Any, now: datetime) -> Claim | None:
    for attempt in range(TRIES):
        # Whoever collided looks a little further down, or they would meet again.
        deeper = random.randint(0, 2 * attempt)
        tops = _lanes(reviewer, now, deeper) or (_lanes(reviewer, now, 0) if deeper else [])
        if not tops:
            return None
        for _priority, pk in tops[: 1 + attempt]:
            claim = _take_one(pk, reviewer, now)
            if claim:
                return claim
    return None


def next_for(reviewer: Any, now: datetime) -> Claim | None:
    """Take the reviewer's next item: now and then one for calibration, else a dispute that they
    may settle, else the most urgent pair. None where nothing waits for them."""
    return (
        calibration.next_for(reviewer, profile(reviewer), now)
        or _dispute(reviewer, now)
        or _waiting(reviewer, now)
    )


# --- what changes with time ----------------------------------------------------------------------
def mark_stale(now: datetime, portion: int = 1000) -> int:
    """Move up what has waited for a week. A portion at a time: SQLite has one writer."""
    old = Pair.objects.filter(stale=False, created_at__lt=now - STALE)
    marked = 0
    while True:
        ids = list(old.waiting().order_by("created_at").values_list("pk", flat=True)[:portion])
        if not ids:
            return marked
        marked += Pair.objects.filter(pk__in=ids).update(stale=True)


def weigh_targets() -> None:
    """Move categories up by what they are short of their targets."""
    wanted = Category.objects.filter(Q(target__gt=0) | Q(boost__gt=0))
    approved = dict(
        Pair.objects.approved()
        .filter(category__in=wanted)
        .order_by()
        .values_list("category")
        .annotate(Count("pk"))
    )
    for category in wanted:
        short = max(0, (category.target or 0) - approved.get(category.pk, 0))
        boost = round(BOOST * short / category.target) if category.target else 0
        if boost != category.boost:
            Category.objects.filter(pk=category.pk).update(boost=boost)
