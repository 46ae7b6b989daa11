"""The queue: which item a reviewer gets next (B8).

Priority is a stored, indexed column of each pair (`Pair.PRIORITY`). A *lane* is a category and a
language; each lane's top comes out of one index, whatever waits below it, and the best of a
reviewer's lanes is theirs. A category short of its target moves all its lanes up at once.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField, Count, Exists, OuterRef, Q
from django.db.models.expressions import RawSQL

from reviews.domain import calibration, claims, reviewers
from reviews.enums import QUEUED, PairStatus
from reviews.models import Category, Claim, Pair
from reviews.models.pairs import PairQuerySet

STALE = timedelta(days=7)
"""Pairs that wait longer are moved up."""
BOOST = 100
"""Points for a category that has nothing of its target yet; none at the target."""
TRIES = 12
"""Two who ask at once see the same top; the slower one looks again."""


# What makes a pair one for a reviewer: not their own text, and nothing that they decided on, hold
# or skipped today. Written by hand, for the ORM takes five times as long to compose this as the
# database to answer it. The first test costs nothing and passes over long runs of a reviewer's
# own; the others are what counts, each a look at this one pair: as joins they would read all that
# the reviewer ever decided. (`< 1`, for PostgreSQL believes `= 0` of one row in 200, and would
# compile a plan for the long search that it then expects.) Parameters: reviewer (3), rested since.
_THEIRS = """(
    (reviews_pair.last_hand_id IS NULL OR reviews_pair.last_hand_id <> %s)
    AND COALESCE((
        SELECT text.author_id FROM reviews_pairrevision text
        WHERE text.id = reviews_pair.current_revision_id), 0) <> %s
    AND (
        SELECT COUNT(*) FROM reviews_claim mine
        WHERE mine.revision_id = reviews_pair.current_revision_id
            AND mine.round = reviews_pair.round AND mine.reviewer_id = %s
            AND (mine."end" IN ('', 'decided')
                OR (mine."end" = 'skipped' AND mine.ended_at > %s))) < 1
)"""
# And a slot left. Parameter: now.
_SLOT_LEFT = """(
    SELECT COUNT(*) FROM reviews_claim taken
    WHERE taken.revision_id = reviews_pair.current_revision_id
        AND taken.round = reviews_pair.round AND taken.slot > 0
        AND (taken."end" = 'decided' OR (
            taken."end" = '' AND (taken.expires_at > %s OR taken.verdict_id IS NOT NULL)))
) < reviews_pair.slots"""
# The top of each lane, the best first. Materialized, for else PostgreSQL reads the whole table to
# join a few tops to it.
_LANES = f"""
WITH lane AS MATERIALIZED (
    SELECT reviews_category.boost AS boost, (
        SELECT reviews_pair.id FROM reviews_pair
        WHERE reviews_pair.category_id = reviews_category.id
            AND reviews_pair.language = spoken.code
            AND reviews_pair.status IN ('draft', 'in_review')
            AND {_THEIRS} AND {_SLOT_LEFT}
        ORDER BY reviews_pair.priority DESC, reviews_pair.id LIMIT 1 OFFSET %s
    ) AS pair
    FROM reviews_category CROSS JOIN ({{spoken}}) spoken {{skills}}
)
SELECT top.id, top.current_revision_id, top.round, (
    SELECT COUNT(*) FROM reviews_claim taken
    WHERE taken.revision_id = top.current_revision_id AND taken.round = top.round
        AND taken.slot > 0 AND taken."end" IN ('', 'decided')) < 1
FROM lane JOIN reviews_pair top ON top.id = lane.pair
ORDER BY top.priority + lane.boost DESC, top.id
"""  # noqa: S608 (no value is written into it)


class Top(NamedTuple):
    """A pair at the top of a lane, and whether no claim takes a slot of its round."""

    pair: int
    revision: int
    round: int
    untouched: bool


def _theirs(reviewer: Any, now: datetime) -> list[Any]:
    """The parameters of _THEIRS."""
    rested = connection.ops.adapt_datetimefield_value(now - claims.SKIP_REST)
    return [reviewer.pk, reviewer.pk, reviewer.pk, rested]


def _slot_left(now: datetime) -> list[Any]:
    """The parameter of _SLOT_LEFT."""
    return [connection.ops.adapt_datetimefield_value(now)]


def _reviewed_by(reviewer: Any, rows: PairQuerySet, now: datetime) -> PairQuerySet:
    """Those of the pairs that are in the reviewer's languages and skills, and theirs to decide."""
    row = reviewers.profile(reviewer)
    rows = rows.filter(language__in=row.languages)
    rows = rows.filter(category__in=row.skills) if row.skills else rows
    theirs = RawSQL(_THEIRS, _theirs(reviewer, now), output_field=BooleanField())  # noqa: S611
    return rows.filter(theirs)


def waiting_for(reviewer: Any, now: datetime) -> PairQuerySet:
    """Undisputed pairs that this reviewer could take now, the most urgent first."""
    rows = _reviewed_by(reviewer, Pair.objects.filter(status__in=QUEUED), now)
    left = RawSQL(_SLOT_LEFT, _slot_left(now), output_field=BooleanField())  # noqa: S611 (ours)
    return rows.filter(left).by_priority()


def _lanes(reviewer: Any, now: datetime, offset: int) -> list[Top]:
    """Pairs at the top of each of the reviewer's lanes, the best first; `offset` pairs further
    down. One query: a look into the index for each lane."""
    row = reviewers.profile(reviewer)
    languages, skills = row.languages, row.skills
    spoken = " UNION ALL ".join(["SELECT %s AS code"] * len(languages))
    within = f"WHERE reviews_category.id IN ({', '.join(['%s'] * len(skills))})" if skills else ""
    sql = _LANES.format(spoken=spoken, skills=within)
    free = [*_theirs(reviewer, now), *_slot_left(now)]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*free, offset, *languages, *skills])
        return [Top(*found) for found in cursor.fetchall()]


def disputes_for(reviewer: Any, now: datetime) -> PairQuerySet:
    """Disputes that this reviewer may settle: of others, and in nobody's hand."""
    rows = _reviewed_by(reviewer, Pair.objects.filter(status=PairStatus.DISPUTED), now)
    in_hand = Claim.objects.live(now).filter(
        revision_id=OuterRef("current_revision_id"),
        round=OuterRef("round"),
        slot=claims.ADJUDICATOR,
    )
    return rows.filter(~Exists(in_hand)).by_priority()


def _take_one(pk: int, reviewer: Any, now: datetime) -> Claim | None:
    pair = Pair.objects.filter(pk=pk).select_related(*claims.SHOWN).first()
    return claims.take(pair, reviewer, now) if pair and pair.waits else None


def _dispute(reviewer: Any, now: datetime) -> Claim | None:
    if not reviewers.profile(reviewer).settles:
        return None
    for pk in disputes_for(reviewer, now).values_list("pk", flat=True)[:3]:
        claim = _take_one(pk, reviewer, now)
        if claim:
            return claim
    return None


def _take_top(top: Top, reviewer: Any, now: datetime) -> Claim | None:
    if not top.untouched:
        return _take_one(top.pair, reviewer, now)
    return claims.take_first(top.pair, top.revision, top.round, reviewer, now)


def _waiting(reviewer: Any, now: datetime) -> Claim | None:
    for attempt in range(TRIES):
        # Whoever collided looks a little further down, or they would meet again.
        deeper = random.randint(0, 2 * attempt)
        tops = _lanes(reviewer, now, deeper) or (_lanes(reviewer, now, 0) if deeper else [])
        if not tops:
            return None
        for top in tops[: 1 + attempt]:
            claim = _take_top(top, reviewer, now)
            if claim:
                return claim
    return None


def next_for(reviewer: Any, now: datetime) -> Claim | None:
    """Take the reviewer's next item: now and then one for calibration, else a dispute that they
    may settle, else the most urgent pair. None where nothing waits for them."""
    return (
        calibration.next_for(reviewer, reviewers.profile(reviewer), now)
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


def tend(now: datetime) -> None:
    """What time and approvals change in the queue's order. Safe to run twice."""
    mark_stale(now)
    weigh_targets()
