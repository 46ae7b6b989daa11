"""What a reviewer does at the desk, one function an act; each is safe to send twice."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext_noop

from reviews.domain import claims, corrections, flags, pairs, queue, reviewers, verdicts
from reviews.domain.briefly import Known
from reviews.domain.claims import Gone
from reviews.domain.errors import Conflict, Expired, Invalid, Refused, Unknown
from reviews.domain.transitions import CHANGED, StaleMove
from reviews.enums import ClaimEnd, CorrectionStatus, Decision, PairStatus, Purpose
from reviews.models import Claim, Correction, Pair, PairRevision, Suggestion

MOST_HELD = 12
"""Items in one hand at a time: what a page shows, and decisions that wait for the hub to come back.
Whoever asks for more would keep them from others."""
IN_HAND = 2
"""The item that is read, and the one that the page shows next without asking."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that a reviewer wrote in place of the one that they saw."""

    question: str
    answer: str
    why: str = ""


# --- getting items -------------------------------------------------------------------------------
def fill(reviewer: Any, now: datetime, holding: Collection[int] = ()) -> Claim | None:
    """One more item for the reviewer beside those that the page shows; None where none waits.

    What they hold already comes first: after a reload nothing is left lying.
    """
    held = claims.held(reviewer)
    for pk in held:
        claim = None if pk in holding else claims.of(pk, reviewer)
        if claim is None:
            continue
        fits = claim.purpose != Purpose.REVIEW or claims.fits(claim)
        if fits and claims.keep(claim, now):
            claim.expires_at = now + claims.LEASE
            return _looked_at(claim)
        claims.release([pk], reviewer, now)
    if len(held) >= MOST_HELD:
        return None
    new = queue.next_for(reviewer, now)
    return _looked_at(new) if new else None


def _looked_at(claim: Claim) -> Claim:
    """With the flags of its text: where the background was not there yet, they are made now."""
    if claim.pair.checks_due and claim.purpose == Purpose.REVIEW:
        flags.examine_safely(claim.pair)
    return claim


def sit_down(reviewer: Any, now: datetime) -> list[Claim]:
    """What the page starts with: the item in hand and the one after it."""
    found: list[Claim] = []
    while len(found) < IN_HAND:
        claim = fill(reviewer, now, [claim.pk for claim in found])
        if claim is None:
            break
        found.append(claim)
    return found


def pick(pk: int, reviewer: Any, now: datetime) -> Claim:
    """Take one certain pair. Raises Unknown, Conflict where it does not wait, Lost where others
    hold it."""
    found = Pair.objects.select_related(*claims.SHOWN).filter(pk=pk).first()
    if found is None:
        raise Unknown(gettext_noop("there is no such pair"))
    if not found.waits:
        raise Conflict(gettext_noop("this pair does not wait for a verdict"))
    if found.status == PairStatus.DISPUTED:
        verdicts.check_adjudicator(found, reviewer)
    if len(claims.held(reviewer)) >= MOST_HELD:
        raise Conflict(gettext_noop("You hold too many pairs: decide on some first."))
    with transaction.atomic():
        try:
            claim = claims.use(found, reviewer, now)
        except claims.Lost as error:
            raise claims.Lost(gettext_noop("Somebody else works on this pair now.")) from error
        if claim.end:
            # They decided in this round: the next verdict replaces theirs.
            claims.reopen(claim, now)
    return _looked_at(claim)


# --- deciding ------------------------------------------------------------------------------------
def _mine(pk: int, reviewer: Any) -> Claim:
    claim = claims.of(pk, reviewer)
    if claim is None:
        raise Unknown(gettext_noop("this item is not in your hand"))
    return claim


def _open(claim: Claim) -> Claim:
    """The claim, where it can still be decided under."""
    if claim.end in (ClaimEnd.DECIDED, ClaimEnd.EDITED, ClaimEnd.SKIPPED, ClaimEnd.UNDONE):
        raise Gone(gettext_noop("This item was decided already."))
    return claim


def decide(pk: int, seen: int, ruling: verdicts.Ruling, *, by: Any, now: datetime) -> Claim:
    """Give a verdict under the claim `pk`. The same claim decided before answers as it did then.

    Raises Unknown, Gone, Lost, Invalid, OwnText, Conflict or StaleMove.
    """
    claim = _mine(pk, by)
    if claim.end == ClaimEnd.DECIDED and claim.verdict:
        if claim.verdict.decision == ruling.decision:
            return claim
        raise Gone(gettext_noop("This item was decided already."))
    _open(claim)
    if seen != claim.revision_id or (claim.purpose == Purpose.REVIEW and not claims.fits(claim)):
        raise StaleMove(CHANGED)
    if claim.purpose != Purpose.REVIEW:
        verdicts.calibrate(claim, ruling, by=by, now=now)
        return claim
    try:
        verdict = verdicts.decide(claim.pair, ruling, by=by, seen=seen, now=now, claim=claim)
    except (StaleMove, claims.Lost):
        # The same call, sent twice at once: the other one was quicker.
        twin = claims.of(pk, by)
        if twin is None or twin.end != ClaimEnd.DECIDED or twin.verdict is None:
            raise
        if twin.verdict.decision != ruling.decision:
            raise
        return twin
    claim.end, claim.verdict = ClaimEnd.DECIDED, verdict
    return claim


def look_again(pk: int, *, by: Any, now: datetime) -> Claim | None:
    """The pair of a claim whose text changed, as it stands now, in the reviewer's hand where it can
    be had."""
    claim = claims.of(pk, by)
    if claim is None or claim.purpose != Purpose.REVIEW:
        return claim
    claims.release([pk], by, now)
    try:
        return pick(claim.pair_id, by, now)
    except Refused:
        return None


def skip(pk: int, why: str, *, by: Any, now: datetime) -> Claim:
    """Leave the item to others, with a reason."""
    claim = _mine(pk, by)
    if claim.end != ClaimEnd.SKIPPED:
        claims.skip(claim, why, now)
    return claim


def edit(pk: int, seen: int, text: Text, *, by: Any, now: datetime) -> Claim:
    """Save a new text of the item; another reviewer decides on it."""
    claim = _mine(pk, by)
    calibrated = claim.end == ClaimEnd.DECIDED and claim.purpose != Purpose.REVIEW
    if claim.end == ClaimEnd.EDITED or calibrated:
        return claim
    if seen != _open(claim).revision_id:
        raise StaleMove(CHANGED)
    if claim.purpose != Purpose.REVIEW:
        # Who mends a calibration item has found it wanting.
        note = text.why.strip() or text.answer[:300]
        ruling = verdicts.Ruling(Decision.NEEDS_WORK, note=note)
        verdicts.calibrate(claim, ruling, by=by, now=now)
        return claim
    pair = claim.pair
    if not claims.fits(claim):
        raise StaleMove(CHANGED)
    with transaction.atomic():
        held = claims.use(pair, by, now, claim)
        revision = pairs.revise(
            pair, question=text.question, answer=text.answer, by=by, why=text.why, now=now
        )
        if revision.pk == seen:
            raise Invalid({"answer": gettext_noop("nothing was changed")})
        claims.finish(held, ClaimEnd.EDITED, now)
    return claim


def correct(
    pk: int, seen: int, remedy: corrections.Remedy, *, by: Any, now: datetime, seconds: float | None
) -> Claim:
    """The item's answer is wrong: reject it, and write the right one with its lesson, which
    becomes a pair of its own for another reviewer, and a preference."""
    claim = _mine(pk, by)
    if claim.end == ClaimEnd.DECIDED and claim.verdict:
        if claim.verdict.decision == Decision.REJECT:
            return claim
        raise Gone(gettext_noop("This item was decided already."))
    ruling = verdicts.Ruling(Decision.REJECT, note=remedy.why_wrong, seconds=seconds)
    with transaction.atomic():
        if _open(claim).purpose == Purpose.REVIEW:
            text = claim.revision
            task = corrections.open_task(
                claim.pair.assistant,
                text.input,
                text.output,
                history=text.history,
                language=claim.pair.language,
            )
            _remedy(task, remedy, by, now)
        return decide(pk, seen, ruling, by=by, now=now)


def _remedy(task: Correction, remedy: corrections.Remedy, by: Any, now: datetime) -> None:
    """Finish the task; where another did so first, this answer is offered beside theirs."""
    if task.status == CorrectionStatus.DISMISSED:
        corrections.reopen(task, by=by, why=remedy.why_wrong, now=now)
    if task.status == CorrectionStatus.OPEN:
        corrections.finish(task, remedy, by=by, now=now)
    elif task.pair and task.pair.current_revision_id:
        text = Text(task.question, remedy.right_answer, remedy.why_wrong)
        suggest(task.pair.pk, task.pair.current_revision_id, text, by=by, now=now)


# --- and back ------------------------------------------------------------------------------------
def _unrevise(claim: Claim, by: Any, now: datetime) -> None:
    """Take the text back that was saved under this claim, where nobody has touched it since."""
    pair, old = claim.pair, claim.revision
    new = PairRevision.objects.filter(pair=pair, number=old.number + 1, author=by).first()
    if new is None or pair.current_revision_id != new.pk or pair.status != PairStatus.IN_REVIEW:
        raise StaleMove(CHANGED)
    touched = Claim.objects.filter(revision=new).exists()
    mine = Pair.objects.filter(pk=pair.pk, current_revision=new, status=pair.status)
    if touched or not mine.update(current_revision=old, checks_due=True):
        raise StaleMove(CHANGED)
    pair.current_revision = old
    try:
        # Nobody has seen it, and its number is the next text's.
        new.delete()
    except ProtectedError as error:
        raise StaleMove(CHANGED) from error
    verdicts.stand_back(pair, by=by, now=now)


def undo(pk: int, *, by: Any, now: datetime) -> Claim:
    """Take back what was done under this claim within a minute, and hold the item again."""
    claim = _mine(pk, by)
    if claim.end not in (ClaimEnd.DECIDED, ClaimEnd.EDITED, ClaimEnd.SKIPPED):
        raise Conflict(gettext_noop("There is nothing to undo."))
    assert claim.ended_at is not None
    if now - claim.ended_at > verdicts.UNDO:
        raise Expired(gettext_noop("The minute in which this could be undone is over."))
    with transaction.atomic():
        if claim.end == ClaimEnd.DECIDED:
            assert claim.verdict is not None
            verdicts.undo(claim.verdict, by=by, now=now)
        else:
            if claim.end == ClaimEnd.EDITED:
                _unrevise(claim, by, now)
            claims.finish(claim, ClaimEnd.UNDONE, now)
        return claims.hold_again(claim, now)


def suggest(pair: int, seen: int, text: Text, *, by: Any, now: datetime) -> Suggestion:
    """Keep a text that could not be saved, for whoever decides on the pair now."""
    revision = PairRevision.objects.filter(pk=seen, pair=pair).first()
    if revision is None:
        raise Unknown(gettext_noop("there is no such pair"))
    if not text.answer.strip():
        raise Invalid({"answer": gettext_noop("must not be empty")})
    same = {"revision": revision, "author": by, "input": text.question, "output": text.answer}
    # Two at once may leave it twice, which hurts nobody.
    there = Suggestion.objects.filter(**same).order_by("id").first()
    if there is None:
        with transaction.atomic():
            there = Suggestion.objects.create(**same, why=text.why[:300], created_at=now)
            Pair.objects.filter(pk=pair).update(suggested=True)
    return there


# --- the day -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Progress:
    """Decisions and edits since midnight (TIME_ZONE), the reviewer's target, and what waits."""

    today: int
    target: int | None
    waiting: int
    more: bool


MOST = 999
"""Counting what waits stops here: a page must not count a million rows."""
queued: Known[int] = Known(3.0)
"""How many wait, as it was a few seconds ago at most."""


def _count_waiting() -> int:
    return Pair.objects.waiting().order_by()[: MOST + 1].count()


def progress(reviewer: Any, now: datetime) -> Progress:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    done = claims.done_since(reviewer, midnight)
    waiting = queued.get("all", _count_waiting) or 0
    target = reviewers.profile(reviewer).daily_target
    return Progress(done, target, min(waiting, MOST), waiting > MOST)
