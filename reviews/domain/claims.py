"""Claims: who holds which text, for how long, and never more people than its policy asks for.

A claim takes one of the slots that the pair's round has; the unique index on (revision, round,
slot) is what keeps two reviewers who ask at the same moment apart. A lease that ran out frees its
slot for whoever asks next; until somebody does, its holder may go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext_noop

from reviews.domain import assistants
from reviews.domain.composed import Composed
from reviews.domain.errors import Conflict, Invalid
from reviews.enums import ClaimEnd, PairStatus, Purpose
from reviews.models import Claim, Pair, PairRevision

LEASE = timedelta(minutes=10)
SKIP_REST = timedelta(hours=20)
"""A skipped item comes back to the same reviewer no sooner: not today."""
SHOWN = ("assistant", "category", "current_revision")
"""What the desk shows of a pair, to be read with it."""
ADJUDICATOR = 0
"""The slot of whoever settles a dispute."""


LOST = gettext_noop("Your time for this item ran out, and somebody else holds it now.")


class Lost(Conflict):
    """The lease ran out, and somebody else holds the item now."""


class Gone(Conflict):
    """This claim ended before: decided in another tab, or given back."""


# By hand, as in the queue: asked with each decision, and composed in no time.
_HELD = """
SELECT id FROM reviews_claim WHERE reviewer_id = %s AND "end" = '' ORDER BY taken_at, id
"""
_DONE = """
SELECT COUNT(*) FROM reviews_claim
WHERE reviewer_id = %s AND ended_at >= %s AND "end" IN ('decided', 'edited')
"""


def held(reviewer: Any) -> list[int]:
    """The claims in this reviewer's hand, the first taken first.

    Those whose lease ran out, too: nobody else took them, and they are offered to nobody twice.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [reviewer.pk])
        return [pk for (pk,) in cursor.fetchall()]


def done_since(reviewer: Any, start: datetime) -> int:
    """How many items the reviewer decided on or edited since then."""
    with connection.cursor() as cursor:
        cursor.execute(_DONE, [reviewer.pk, connection.ops.adapt_datetimefield_value(start)])
        [count] = cursor.fetchone()
        return int(count)


def _end(rows: Any, how: str, now: datetime, **fields: Any) -> int:
    held = rows.filter(end="")
    # A verdict that was looked at once more still counts, and keeps its place.
    kept: int = held.filter(verdict__isnull=False).update(end=ClaimEnd.DECIDED, ended_at=now)
    ended: int = held.filter(verdict=None).update(end=how, ended_at=now, **fields)
    return kept + ended


def _free_slot(pair: Pair, reviewer: Any, now: datetime) -> int | None:
    """A slot of the pair's round that nobody takes; leases that ran out on it end now."""
    disputed = pair.status == PairStatus.DISPUTED
    slots = {ADJUDICATOR} if disputed else set(range(1, pair.slots + 1))
    on_text = Claim.objects.taking_slots().filter(
        revision_id=pair.current_revision_id, round=pair.round
    )
    taken, overdue = set(), []
    for claim in on_text:
        if claim.end or claim.verdict_id or claim.expires_at > now:
            taken.add(claim.slot)
        else:
            overdue.append(claim.pk)
    if overdue:
        late = Claim.objects.filter(pk__in=overdue, expires_at__lte=now)
        _end(late, ClaimEnd.EXPIRED, now)
    if not disputed and len(taken - {ADJUDICATOR}) >= pair.slots:
        return None
    return min(slots - taken, default=None)


# By hand: of two at once one goes without, and neither a savepoint nor an error is needed for it.
_INSERT = """
INSERT INTO reviews_claim (pair_id, revision_id, round, reviewer_id, purpose, slot, taken_at,
    expires_at, "end", note)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', '') ON CONFLICT DO NOTHING RETURNING id
"""


def _insert(claim: Claim) -> bool:
    """Store a new claim; not where somebody took the same slot between the look and this."""
    at = connection.ops.adapt_datetimefield_value
    values = (
        *(claim.pair_id, claim.revision_id, claim.round, claim.reviewer_id, str(claim.purpose)),
        *(claim.slot, at(claim.taken_at), at(claim.expires_at)),
    )
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        row = cursor.fetchone()
    if row is None:
        return False
    [claim.pk] = row
    claim._state.adding = False
    return True


def _hold(reviewer: Any, now: datetime, **of: Any) -> Claim | None:
    """A new claim, or None where others were quicker."""
    claim = Claim(reviewer=reviewer, taken_at=now, expires_at=now + LEASE, **of)
    return claim if _insert(claim) else None


def take(pair: Pair, reviewer: Any, now: datetime) -> Claim | None:
    """Hold the pair's current text, or None where every slot is taken."""
    slot = _free_slot(pair, reviewer, now)
    if slot is None:
        return None
    return _hold(
        reviewer, now, pair=pair, revision=pair.current_revision, round=pair.round, slot=slot
    )


def take_first(pair: int, revision: int, round: int, reviewer: Any, now: datetime) -> Claim | None:
    """Hold a text that nobody had in hand a moment ago, or None where somebody has it now, or the
    pair has moved on since."""
    new = _hold(reviewer, now, pair_id=pair, revision_id=revision, round=round, slot=1)
    claim = of(new.pk, reviewer) if new else None
    if claim and not fits(claim):
        release([claim.pk], reviewer, now)
        return None
    return claim


def take_calibration(
    revision: PairRevision, purpose: str, reviewer: Any, now: datetime
) -> Claim | None:
    """Hold a text whose verdict won't count: it takes no slot from anybody."""
    pair = revision.pair
    return _hold(reviewer, now, pair=pair, revision=revision, round=pair.round, purpose=purpose)


def fits(claim: Claim) -> bool:
    """Whether the pair still waits with the text that was taken."""
    pair = claim.pair
    same = (pair.current_revision_id, pair.round) == (claim.revision_id, claim.round)
    settling = claim.slot == ADJUDICATOR
    return same and pair.waits and settling == (pair.status == PairStatus.DISPUTED)


def keep(claim: Claim, now: datetime) -> bool:
    """Hold on to a claim, though its lease ran out while nobody else asked. Within a transaction
    this keeps its row, and so its slot, until the end."""
    return bool(Claim.objects.filter(pk=claim.pk, end=claim.end).update(expires_at=now + LEASE))


def use(pair: Pair, reviewer: Any, now: datetime, claim: Claim | None = None) -> Claim:
    """The claim under which `reviewer` decides on the pair's text now, or raise Lost.

    The given one or another that they hold; or one under which they decided before in this round
    (a later verdict takes its place); or a new one.
    """
    if claim and not claim.end and keep(claim, now):
        return claim
    mine = Claim.objects.taking_slots().filter(
        revision_id=pair.current_revision_id, round=pair.round, reviewer=reviewer
    )
    disputed = pair.status == PairStatus.DISPUTED
    mine = mine.filter(slot=ADJUDICATOR) if disputed else mine.exclude(slot=ADJUDICATOR)
    found = mine.order_by("id").last()
    if found is None or not keep(found, now):
        found = take(pair, reviewer, now)
    if found is None:
        raise Lost(LOST)
    return found


def hold_again(claim: Claim, now: datetime) -> Claim:
    """A new claim on the text of an ended one, in its reviewer's hand. Raises Lost where others
    took every slot."""
    if claim.purpose != Purpose.REVIEW:
        again = take_calibration(claim.revision, claim.purpose, claim.reviewer, now)
    else:
        # As it stands now: whatever was undone has moved it.
        fresh = Pair.objects.select_related(*SHOWN).get(pk=claim.pair_id)
        again = take(fresh, claim.reviewer, now)
    if again is None:
        raise Lost(LOST)
    return again


def reopen(claim: Claim, now: datetime) -> None:
    """Hold a decided item once more, in the slot that its verdict has."""
    Claim.objects.filter(pk=claim.pk).update(end="", ended_at=None, expires_at=now + LEASE)
    claim.end, claim.ended_at, claim.expires_at = "", None, now + LEASE


def finish(claim: Claim, how: str, now: datetime, **fields: Any) -> None:
    """End a claim, or say of an ended one what it led to. Raises Lost where somebody else has
    taken its slot since it was read."""
    if not Claim.objects.filter(pk=claim.pk, end=claim.end).update(end=how, ended_at=now, **fields):
        raise Lost(LOST)
    claim.end, claim.ended_at = how, now


def renew(ids: Sequence[int], reviewer: Any, now: datetime) -> dict[int, int | None]:
    """Ten more minutes for each of the reviewer's claims: seconds left, None for a lost one."""
    rows = Claim.objects.open().filter(pk__in=ids, reviewer=reviewer)
    rows.update(expires_at=now + LEASE)
    kept = set(rows.values_list("pk", flat=True))
    seconds = int(LEASE.total_seconds())
    return {pk: seconds if pk in kept else None for pk in ids}


def release(ids: Sequence[int], reviewer: Any, now: datetime) -> int:
    """Give items back that nothing was decided on."""
    return _end(Claim.objects.filter(pk__in=ids, reviewer=reviewer), ClaimEnd.RELEASED, now)


def skip(claim: Claim, why: str, now: datetime) -> None:
    """Leave an item to others, with a reason."""
    if not why.strip():
        raise Invalid({"note": gettext_noop("say why")})
    if not _end(Claim.objects.filter(pk=claim.pk), ClaimEnd.SKIPPED, now, note=why.strip()):
        raise Gone(gettext_noop("This item was decided already."))
    claim.end, claim.ended_at = ClaimEnd.SKIPPED, now


_of: Composed[Claim] = Composed(
    lambda pk, reviewer: Claim.objects.select_related("pair", "revision").filter(
        pk=pk, reviewer=reviewer
    ),
    arguments=2,
)


def of(pk: int, reviewer: Any) -> Claim | None:
    """The reviewer's own claim with what the desk needs of its text."""
    found = _of(pk, reviewer.pk)
    if not found:
        return None
    [claim] = found
    assistants.attach(claim.pair)
    if claim.pair.current_revision_id == claim.revision_id:
        claim.pair.current_revision = claim.revision
    return claim


def in_hands(pair: Pair, now: datetime) -> list[Claim]:
    """Who works on the pair at this moment."""
    rows = Claim.objects.live(now).filter(pair=pair, purpose=Purpose.REVIEW)
    return list(rows.select_related("reviewer").order_by("id"))
