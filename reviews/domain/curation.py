"""What curators steer by: what waits, who holds what, what is skipped, and who got how far."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Count, Max, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_noop

from reviews.domain import claims
from reviews.enums import QUEUED, WAITING, ClaimEnd, Language, PairStatus
from reviews.models import Assistant, Category, Claim, Pair, Reviewer

COUNTED = 999
"""Counting stops here: more is 'a lot', and a page must not count a million rows."""
WEEK = timedelta(days=7)
SKIPS = 500
"""Skips of the week that are looked at, the latest ones."""
SHOWN = 20
HELD = 100
STALE_POINTS = 50
"""What waiting long adds to a pair's priority (`Pair.PRIORITY`), and so the least that such a pair
has: those below need no look."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What waits in a category, by language, and how far it is from its target."""

    category: Category
    waiting: dict[str, int]
    approved: int

    @property
    def total(self) -> int:
        return sum(self.waiting.values())

    @property
    def by_language(self) -> list[tuple[str, int]]:
        return [(str(Language(code).label), count) for code, count in self.waiting.items()]

    @property
    def percent(self) -> int | None:
        """How much of the target is there."""
        target = self.category.target
        return min(100, 100 * self.approved // target) if target else None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A pair that waits and that people left to others."""

    pair: int
    question: str
    people: int
    reasons: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Pace:
    """A reviewer's decisions and edits."""

    name: str
    today: int
    week: int
    skipped: int
    target: int | None
    last_at: datetime


@dataclass(frozen=True, slots=True)
class State:
    lanes: list[Lane]
    disputed: int
    stale: int
    in_hands: list[Claim]
    skipped: list[Skipped]
    pace: list[Pace]


class _Counted(Subquery):
    """How many rows a slice of a query has."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"


def _upto(rows: Any) -> int:
    counted: int = rows.order_by()[: COUNTED + 1].count()
    return counted


def lanes() -> list[Lane]:
    """What waits for any reviewer, by category and language, each counted to COUNTED + 1."""
    waiting = Pair.objects.filter(category=OuterRef("pk"), status__in=QUEUED).order_by()
    counts = {
        f"in_{language}": _Counted(waiting.filter(language=language).values("pk")[: COUNTED + 1])
        for language in Language.values
    }
    # By assistant, as the index on status begins with it.
    approved = dict(
        Pair.objects.approved()
        .filter(assistant__in=list(Assistant.objects.values_list("pk", flat=True)))
        .order_by()
        .values_list("category")
        .annotate(Count("pk"))
    )
    rows = Category.objects.annotate(**counts).select_related("assistant")
    found = [
        Lane(
            row,
            {name: getattr(row, f"in_{name}") for name in Language.values},
            approved.get(row.pk, 0),
        )
        for row in rows
    ]
    return sorted(found, key=lambda lane: (-lane.category.boost, -lane.total, str(lane.category)))


def in_hands(now: datetime) -> list[Claim]:
    """What reviewers hold at this moment, the longest held first."""
    rows = Claim.objects.live(now).select_related("reviewer", "revision", "pair__category")
    return list(rows.order_by("taken_at", "id")[:HELD])


def _desk_people() -> Any:
    """By reviewer, as the index of ended claims begins with them."""
    return get_user_model()._default_manager.filter(is_staff=True).values("pk")


def skipped(now: datetime) -> list[Skipped]:
    """Pairs that wait and were skipped in the last week, those that most people skipped first."""
    rows = Claim.objects.filter(
        reviewer__in=_desk_people(),
        end=ClaimEnd.SKIPPED,
        ended_at__gt=now - WEEK,
        pair__status__in=WAITING,
    ).select_related("reviewer", "revision")
    by_pair: dict[int, list[Claim]] = defaultdict(list)
    for claim in rows.order_by("-ended_at", "-id")[:SKIPS]:
        by_pair[claim.pair_id].append(claim)
    found = [
        Skipped(
            pair,
            left[0].revision.input,
            len({claim.reviewer_id for claim in left}),
            [(str(claim.reviewer), claim.note) for claim in left],
        )
        for pair, left in by_pair.items()
    ]
    # A stable sort: among equals the latest stays first.
    return sorted(found, key=lambda item: -item.people)[:SHOWN]


def pace(now: datetime) -> list[Pace]:
    """What each reviewer did today (TIME_ZONE) and in the last week."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    done = Q(end__in=[ClaimEnd.DECIDED, ClaimEnd.EDITED])
    rows = (
        Claim.objects.filter(reviewer__in=_desk_people(), ended_at__gt=now - WEEK)
        .filter(done | Q(end=ClaimEnd.SKIPPED))
        .order_by()
        .values("reviewer_id")
        .annotate(
            today=Count("pk", filter=done & Q(ended_at__gte=midnight)),
            week=Count("pk", filter=done),
            left=Count("pk", filter=Q(end=ClaimEnd.SKIPPED)),
            last_at=Max("ended_at"),
        )
    )
    figures = {row["reviewer_id"]: row for row in rows}
    people = get_user_model()._default_manager.filter(pk__in=figures)
    targets = dict(Reviewer.objects.values_list("user_id", "daily_target"))
    found = [
        Pace(
            str(user),
            figures[user.pk]["today"],
            figures[user.pk]["week"],
            figures[user.pk]["left"],
            targets.get(user.pk),
            figures[user.pk]["last_at"],
        )
        for user in people
    ]
    return sorted(found, key=lambda row: row.name)


def state(now: datetime) -> State:
    """The queue as it is now. The number of queries is the same whatever waits."""
    disputed = Pair.objects.filter(status=PairStatus.DISPUTED)
    stale = Pair.objects.waiting().filter(priority__gte=STALE_POINTS, stale=True)
    return State(
        lanes=lanes(),
        disputed=_upto(disputed),
        stale=_upto(stale),
        in_hands=in_hands(now),
        skipped=skipped(now),
        pace=pace(now),
    )


def take_back(claim: Claim, *, by: Any, now: datetime) -> None:
    """Give an item back to the queue that somebody else holds, and log who did.

    What its holder wrote is not lost: their page offers it as a suggestion. Raises claims.Gone
    where it is in nobody's hand any more.
    """
    with transaction.atomic():
        if not claims.release([claim.pk], claim.reviewer, now):
            raise claims.Gone(gettext_noop("Nobody holds this item any more."))
        LogEntry.objects.log_actions(
            by.pk,
            Claim.objects.filter(pk=claim.pk),
            CHANGE,
            [{"changed": {"fields": [gettext_noop("end")]}}],
            single_object=True,
        )
