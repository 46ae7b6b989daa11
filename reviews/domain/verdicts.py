"""Reviewers' decisions: who may say what, and what the pair becomes (B6, B7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from reviews.checks import facts
from reviews.domain import checklists, claims
from reviews.domain.composed import insert
from reviews.domain.errors import Conflict, Expired, Invalid, Refused
from reviews.domain.hints import EXAMINE, hint
from reviews.domain.transitions import CHANGED, StaleMove, move
from reviews.enums import (
    QUEUED,
    Agreement,
    ChecklistPart,
    ClaimEnd,
    Decision,
    PairStatus,
    Purpose,
)
from reviews.models import ChecklistAnswer, Claim, FactAnswer, Pair, PairRevision, Verdict
from reviews.models.verdicts import VerdictQuerySet

UNDO = timedelta(minutes=1)
CRITICAL = ("amount", "duration", "percentage", "citation")
"""Kinds of facts that a reviewer confirms one by one where the category asks for it."""


class OwnText(Refused):
    """Nobody approves their own text alone."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision with the checklist's answers ({item id: yes}), the reasons of wrong items
    ({item id: text}), what was said of facts ({(kind, value): right}), a note, and the seconds
    that it took."""

    decision: str
    answers: Mapping[int, bool] = field(default_factory=dict)
    note: str = ""
    reasons: Mapping[int, str] = field(default_factory=dict)
    facts: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    seconds: float | None = None


def _on_text(pair: Pair) -> VerdictQuerySet:
    """The verdicts on the pair's text in this round, the earliest first."""
    rows = Verdict.objects.counting().order_by("id")
    return rows.filter(revision_id=pair.current_revision_id, round=pair.round)


def standing(pair: Pair) -> list[Verdict]:
    """The verdicts that count now: each reviewer's latest on this text in this round."""
    rows = _on_text(pair).select_related("reviewer")
    return list({row.reviewer_id: row for row in rows}.values())


@lru_cache(maxsize=128)
def facts_of(answer: str) -> tuple[facts.Fact, ...]:
    """The facts of an answer; between being shown and decided on it is asked for several times."""
    return tuple(facts.find(answer))


def to_confirm(pair: Pair, answer: str) -> list[facts.Fact]:
    """The facts of `answer` that a reviewer confirms, each value once, where it stands first."""
    if not pair.category.confirm_facts:
        return []
    first: dict[tuple[str, str], facts.Fact] = {}
    for fact in facts_of(answer):
        if fact.kind in CRITICAL:
            first.setdefault((fact.kind, fact.value), fact)
    return list(first.values())


# --- what may be said ----------------------------------------------------------------------------
def _wrong_items(pair: Pair, ruling: Ruling) -> dict[str, str]:
    """Why the checklist's answers allow no approval, by field. Raises StaleMove where they are
    answers to an earlier checklist."""
    wrong, asked = {}, checklists.items(pair.assistant)
    if ruling.answers and not ruling.answers.keys() & {item.pk for item in asked}:
        raise StaleMove(gettext_noop("The checklist has changed meanwhile: look again."))
    for item in asked:
        answer = ruling.answers.get(item.pk)
        if answer is None and item.required:
            wrong[f"item_{item.pk}"] = gettext_noop("needs an answer")
        if answer is False and item.part == ChecklistPart.ACCURACY:
            wrong[f"item_{item.pk}"] = gettext_noop(
                "a pair with wrong information can't be approved"
            )
    return wrong


def _wrong_facts(pair: Pair, revision: PairRevision, ruling: Ruling) -> dict[str, str]:
    """Why what was said of the answer's facts allows no approval, by field."""
    wrong = {}
    for fact in to_confirm(pair, revision.output):
        right = ruling.facts.get((fact.kind, fact.value))
        if right is None:
            wrong[f"fact:{fact.kind}:{fact.value}"] = gettext_noop("is to be confirmed first")
        elif not right:
            wrong[f"fact:{fact.kind}:{fact.value}"] = gettext_noop(
                "a pair with wrong information can't be approved"
            )
    return wrong


def _explained(ruling: Ruling) -> bool:
    """Whether whoever reads the verdict learns why: a note, or a reason for each wrong item."""
    if ruling.note.strip():
        return True
    wrong = [item for item, yes in ruling.answers.items() if not yes]
    unexplained = [item for item in wrong if not ruling.reasons.get(item, "").strip()]
    return not unexplained and (bool(wrong) or ruling.decision == Decision.APPROVE)


def check(pair: Pair, revision: PairRevision, ruling: Ruling, by: Any) -> None:
    """Raise Invalid or OwnText where `by` may not rule so on this text of the pair."""
    if ruling.decision not in Decision.values:
        raise Invalid({"decision": gettext_noop("unknown")})
    if ruling.decision == Decision.APPROVE:
        if revision.author_id == by.pk:
            raise OwnText(gettext_noop("this text is your own: another reviewer approves it"))
        wrong = _wrong_facts(pair, revision, ruling) | _wrong_items(pair, ruling)
        if wrong:
            raise Invalid(wrong)
    if not _explained(ruling):
        raise Invalid({"note": gettext_noop("say why")})


def check_adjudicator(pair: Pair, by: Any) -> None:
    """Raise Refused where `by` may not settle the pair's dispute."""
    if not by.has_perm("reviews.adjudicate_pair"):
        raise Refused(gettext_noop("a dispute is settled by a senior reviewer"))
    if any(row.reviewer_id == by.pk for row in standing(pair)):
        raise Refused(gettext_noop("you are one side of this dispute: another senior settles it"))


def _check_dispute(pair: Pair, ruling: Ruling, by: Any) -> None:
    check_adjudicator(pair, by)
    if ruling.decision not in (Decision.APPROVE, Decision.REJECT):
        raise Invalid({"decision": gettext_noop("a dispute ends in approval or rejection")})


# --- what it leads to ----------------------------------------------------------------------------
def _agreed(approvers: set[int], against: set[int], rule: str) -> str:
    if not against:
        return PairStatus.APPROVED
    if not approvers:
        return PairStatus.REJECTED
    if rule == Agreement.MAJORITY and len(approvers) != len(against):
        more = len(approvers) > len(against)
        return PairStatus.APPROVED if more else PairStatus.REJECTED
    return PairStatus.DISPUTED


Said = list[tuple[int, str]]
"""(reviewer, decision) of each verdict on a text in its round, the earliest first."""


def _outcome(pair: Pair, decision: str, said: Said, settles: bool = False) -> str | None:
    """The status that the pair's verdicts lead to, with this last decision; None while it waits for
    another.

    Work to be done is said at once: the text will change, and verdicts with it. Else all who are
    asked answer first, none knowing of the others.
    """
    if settles:
        return PairStatus.APPROVED if decision == Decision.APPROVE else PairStatus.REJECTED
    if decision == Decision.NEEDS_WORK:
        return PairStatus.NEEDS_WORK
    last, asked = dict(said), {who for who, word in said if word == Decision.SECOND}
    approvers = {who for who, word in last.items() if word == Decision.APPROVE}
    against = {who for who, word in last.items() if word == Decision.REJECT}
    # Each who asked for a second reviewer needs a word that is not their own.
    heard = all((approvers | against) - {asker} for asker in asked)
    if len(approvers | against) < pair.reviewers_needed or not heard:
        return None
    return _agreed(approvers, against, pair.category.agreement)


def _seconds(ruling: Ruling, claim: Claim, now: datetime) -> int | None:
    """What the page measured, but no more than the item was in hand."""
    if ruling.seconds is None:
        return None
    longest = (now - claim.taken_at).total_seconds()
    return round(max(0.0, min(ruling.seconds, longest)))


def _store(claim: Claim, pair: Pair, ruling: Ruling, by: Any, now: datetime) -> Verdict:
    """The verdict with its answers, and the claim's end."""
    verdict = Verdict.objects.create(
        revision_id=claim.revision_id,
        reviewer=by,
        checklist=checklists.current(pair.assistant),
        round=claim.round,
        decision=ruling.decision,
        settles=claim.slot == claims.ADJUDICATOR,
        purpose=claim.purpose,
        note=ruling.note.strip(),
        seconds=_seconds(ruling, claim, now),
        at=now,
    )
    known = {item.pk for item in checklists.items(pair.assistant)}
    answers = [
        (verdict.pk, item, bool(yes), ruling.reasons.get(item, "").strip())
        for item, yes in ruling.answers.items()
        if item in known
    ]
    insert(ChecklistAnswer, ("verdict_id", "item_id", "yes", "reason"), answers)
    found = to_confirm(pair, claim.revision.output) if ruling.facts else []
    asked = {(fact.kind, fact.value) for fact in found}
    said = [
        (verdict.pk, *fact, bool(right)) for fact, right in ruling.facts.items() if fact in asked
    ]
    insert(FactAnswer, ("verdict_id", "kind", "value", "right"), said)
    claims.finish(claim, ClaimEnd.DECIDED, now, verdict=verdict)
    claim.verdict = verdict
    return verdict


def _grip(pair: Pair, seen: int, by: Any, now: datetime, **changes: Any) -> None:
    """Take the pair's row with the text that the reviewer saw, so that of two verdicts at once the
    second counts the first; or raise StaleMove. A draft comes into review by it."""
    if seen != pair.current_revision_id:
        raise StaleMove(CHANGED)
    changes["updated_at"] = now
    if pair.status == PairStatus.DRAFT:
        try:
            return move(pair, PairStatus.IN_REVIEW, by=by, now=now, fields=changes)
        except StaleMove:
            # Another verdict brought it into review meanwhile: that changes nothing.
            pair.refresh_from_db(fields=["status"])
            if pair.status != PairStatus.IN_REVIEW:
                raise
    mine = Pair.objects.filter(pk=pair.pk, current_revision_id=seen, round=pair.round)
    if not mine.filter(status=pair.status).update(**changes):
        raise StaleMove(CHANGED)


def _said(pair: Pair, verdict: Verdict) -> Said:
    """What was said of the text in this round, with this last verdict."""
    if pair.slots == 1:
        # Nobody else has a place, and one's own later verdict is the one that counts.
        return [(verdict.reviewer_id, verdict.decision)]
    return list(_on_text(pair).values_list("reviewer_id", "decision"))


def _stand(pair: Pair, outcome: str | None, said: Said, by: Any, now: datetime) -> dict[str, Any]:
    """What the pair's row holds after the last of these verdicts."""
    fields: dict[str, Any] = {"last_hand": by, "given": len(dict(said)), "updated_at": now}
    if outcome == PairStatus.APPROVED:
        fields["checks_due"] = True
        hint(EXAMINE)
    return fields


def _first(pair: Pair, ruling: Ruling, *, by: Any, now: datetime) -> bool:
    """Where nobody has spoken of the text yet, take the pair's row and move it where this verdict
    leads, all at once. False where somebody was quicker, or more is to be asked first."""
    if pair.given or ruling.decision == Decision.SECOND:
        return False
    said: Said = [(by.pk, ruling.decision)]
    outcome = _outcome(pair, ruling.decision, said)
    way = [PairStatus.IN_REVIEW] if pair.status == PairStatus.DRAFT else []
    way += [PairStatus(outcome)] if outcome else []
    fields = _stand(pair, outcome, said, by, now)
    if not way:
        mine = Pair.objects.filter(pk=pair.pk, status=pair.status, given=0, round=pair.round)
        return bool(mine.filter(current_revision=pair.current_revision_id).update(**fields))
    try:
        *through, to = way
        note = ruling.note.strip() if outcome else ""
        move(
            pair, to, by=by, note=note, now=now, fields=fields, through=through, unchanged=["given"]
        )
    except StaleMove:
        return False
    return True


def _among_others(pair: Pair, verdict: Verdict, *, by: Any, now: datetime) -> None:
    """Move the pair, whose row is held, where its verdicts lead, this last one among them."""
    said = _said(pair, verdict)
    outcome = _outcome(pair, verdict.decision, said, verdict.settles)
    fields = _stand(pair, outcome, said, by, now)
    if outcome:
        move(pair, outcome, by=by, note=verdict.note, now=now, fields=fields)
    else:
        Pair.objects.filter(pk=pair.pk).update(**fields)


def decide(
    pair: Pair, ruling: Ruling, *, by: Any, seen: int, now: datetime, claim: Claim | None = None
) -> Verdict:
    """Store the verdict of `by` on the revision `seen`, and move the pair where it leads.

    Under `claim` where given, else under one that is held or can be had. Raises Invalid with the
    wrong fields, OwnText, Conflict, claims.Lost where somebody else holds the item, or StaleMove
    where the text or the status changed since the reviewer looked.
    """
    assert pair.current_revision is not None
    if not pair.waits:
        raise Conflict(gettext_noop("this pair does not wait for a verdict"))
    if pair.status == PairStatus.DISPUTED:
        _check_dispute(pair, ruling, by)
    check(pair, pair.current_revision, ruling, by)
    if seen != pair.current_revision_id:
        raise StaleMove(CHANGED)
    with transaction.atomic():
        first = _first(pair, ruling, by=by, now=now)
        if not first:
            second = ruling.decision == Decision.SECOND
            _grip(pair, seen, by, now, **({"slots": F("slots") + 1} if second else {}))
            if second:
                pair.refresh_from_db(fields=["slots"])
        claim = claim if claim and not claim.end else claims.use(pair, by, now)
        verdict = _store(claim, pair, ruling, by, now)
        if not first:
            _among_others(pair, verdict, by=by, now=now)
    return verdict


def calibrate(claim: Claim, ruling: Ruling, *, by: Any, now: datetime) -> Verdict:
    """Store a verdict on a gold item or a repeat: like any other, but the pair does not move."""
    check(claim.pair, claim.revision, ruling, by)
    with transaction.atomic():
        return _store(claim, claim.pair, ruling, by, now)


# --- and back ------------------------------------------------------------------------------------
def stand_back(pair: Pair, *, by: Any, now: datetime) -> None:
    """Put the pair where the verdicts that are left on its text lead, after one was taken back."""
    assert pair.current_revision is not None
    votes = standing(pair)
    decided = [row for row in votes if row.decision in (Decision.APPROVE, Decision.REJECT)]
    asked = sum(row.decision == Decision.SECOND for row in votes)
    changes = {
        "given": len(votes),
        "slots": pair.reviewers_needed + asked,
        "last_hand": votes[-1].reviewer if votes else pair.current_revision.author,
        "checks_due": True,
    }
    hint(EXAMINE)
    note = "undo"
    if pair.status not in (PairStatus.DRAFT, PairStatus.IN_REVIEW):
        move(pair, PairStatus.IN_REVIEW, by=by, note=note, now=now)
    # A dispute that was settled is one again.
    if {row.decision for row in decided} == {Decision.APPROVE, Decision.REJECT}:
        rule = pair.category.agreement
        both = [{r.reviewer_id for r in decided if r.decision == d} for d in Decision.values[:2]]
        if _agreed(both[0], both[1], rule) == PairStatus.DISPUTED:
            move(pair, PairStatus.DISPUTED, by=by, note=note, now=now)
    Pair.objects.filter(pk=pair.pk).update(**changes)


def undo(verdict: Verdict, *, by: Any, now: datetime) -> None:
    """Take a verdict back within a minute: the pair goes where it stood without it.

    Raises Expired when the minute is over, Conflict where the text changed since, or where this
    was undone before.
    """
    pair = verdict.revision.pair
    if verdict.reviewer_id != by.pk:
        raise Refused(gettext_noop("this verdict is somebody else's"))
    if now - verdict.at > UNDO:
        raise Expired(gettext_noop("The minute in which this could be undone is over."))
    with transaction.atomic():
        mine = Verdict.objects.filter(pk=verdict.pk, withdrawn_at=None)
        if not mine.update(withdrawn_at=now):
            raise Conflict(gettext_noop("This was undone already."))
        Claim.objects.filter(verdict=verdict).update(end=ClaimEnd.UNDONE, ended_at=now)
        if verdict.purpose == Purpose.REVIEW:
            _grip(pair, verdict.revision_id, by, now)
            if pair.round != verdict.round or pair.status == PairStatus.RETIRED:
                raise StaleMove(CHANGED)
            later = _on_text(pair).filter(pk__gt=verdict.pk).exclude(reviewer=by)
            if pair.status not in QUEUED and later.exists():
                raise Conflict(gettext_noop("Others have decided since: this stays as it is."))
            stand_back(pair, by=by, now=now)
