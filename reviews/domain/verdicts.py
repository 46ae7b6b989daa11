"""Reviewers' decisions: who may say what, and what the pair becomes (B6, B7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_noop

from reviews.domain import checklists
from reviews.domain.errors import Conflict, Invalid, Refused
from reviews.domain.transitions import CHANGED, StaleMove, move
from reviews.enums import ChecklistPart, Decision, PairStatus
from reviews.models import ChecklistAnswer, Pair, PairRevision, Verdict
from reviews.models.pairs import PairQuerySet


class OwnText(Refused):
    """Nobody approves their own text alone."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision with the checklist's answers ({item id: yes}) and a note."""

    decision: str
    answers: Mapping[int, bool] = field(default_factory=dict)
    note: str = ""


def standing(pair: Pair) -> list[Verdict]:
    """The verdicts that count now: each reviewer's latest on this text in this round."""
    rows = Verdict.objects.filter(revision_id=pair.current_revision_id, round=pair.round)
    latest = {row.reviewer_id: row for row in rows.select_related("reviewer").order_by("id")}
    return list(latest.values())


def _asked_for_second(pair: Pair) -> set[int]:
    rows = Verdict.objects.filter(
        revision_id=pair.current_revision_id, round=pair.round, decision=Decision.SECOND
    )
    return set(rows.values_list("reviewer_id", flat=True))


def _check_approval(pair: Pair, ruling: Ruling, by: Any) -> None:
    assert pair.current_revision is not None
    if pair.current_revision.author_id == by.pk:
        raise OwnText(gettext_noop("this text is your own: another reviewer approves it"))
    wrong = {}
    for item in checklists.items(pair.assistant):
        answer = ruling.answers.get(item.pk)
        if answer is None and item.required:
            wrong[f"item_{item.pk}"] = gettext_noop("needs an answer")
        if answer is False and item.part == ChecklistPart.ACCURACY:
            wrong[f"item_{item.pk}"] = gettext_noop(
                "a pair with wrong information can't be approved"
            )
    if wrong:
        raise Invalid(wrong)


def check(pair: Pair, ruling: Ruling, by: Any) -> None:
    """Raise Invalid, OwnText or Conflict where `by` may not rule so on `pair`."""
    if ruling.decision not in Decision.values:
        raise Invalid({"decision": gettext_noop("unknown")})
    if not pair.waits:
        raise Conflict(gettext_noop("this pair does not wait for a verdict"))
    if pair.status == PairStatus.DISPUTED:
        if not by.has_perm("reviews.adjudicate_pair"):
            raise Refused(gettext_noop("a dispute is settled by a senior reviewer"))
        if ruling.decision not in (Decision.APPROVE, Decision.REJECT):
            raise Invalid({"decision": gettext_noop("a dispute ends in approval or rejection")})
    if ruling.decision == Decision.APPROVE:
        _check_approval(pair, ruling, by)
    disagrees = any(answer is False for answer in ruling.answers.values())
    if not ruling.note.strip() and (ruling.decision != Decision.APPROVE or disagrees):
        raise Invalid({"note": gettext_noop("say why")})


def _outcome(pair: Pair, verdict: Verdict) -> str | None:
    """The status that the pair's verdicts lead to, or None while it waits for another."""
    if verdict.settles:
        approved = verdict.decision == Decision.APPROVE
        return PairStatus.APPROVED if approved else PairStatus.REJECTED
    if verdict.decision == Decision.NEEDS_WORK:
        return PairStatus.NEEDS_WORK
    votes = standing(pair)
    approvers = {row.reviewer_id for row in votes if row.decision == Decision.APPROVE}
    against = {row.reviewer_id for row in votes if row.decision == Decision.REJECT}
    if approvers and against:
        return PairStatus.DISPUTED
    if against:
        return PairStatus.REJECTED
    asked = _asked_for_second(pair)
    # Each who asked for a second reviewer needs an approval that is not their own.
    heard = all(approvers - {asker} for asker in asked)
    if len(approvers) >= pair.reviewers_needed and heard:
        return PairStatus.APPROVED
    return None


def _store(pair: Pair, ruling: Ruling, by: Any, now: datetime) -> Verdict:
    assert pair.current_revision is not None
    verdict = Verdict.objects.create(
        revision=pair.current_revision,
        reviewer=by,
        checklist=checklists.current(pair.assistant),
        round=pair.round,
        decision=ruling.decision,
        settles=pair.status == PairStatus.DISPUTED,
        note=ruling.note.strip(),
        at=now,
    )
    known = {item.pk for item in checklists.items(pair.assistant)}
    rows = [
        ChecklistAnswer(verdict=verdict, item_id=item, yes=yes)
        for item, yes in ruling.answers.items()
        if item in known
    ]
    ChecklistAnswer.objects.bulk_create(rows)
    return verdict


def decide(pair: Pair, ruling: Ruling, *, by: Any, seen: int, now: datetime) -> Verdict:
    """Store the verdict of `by` on the revision `seen`, and move the pair where it leads.

    Raises Invalid with the wrong fields, OwnText, Conflict, or StaleMove where the text or the
    status changed since the reviewer looked.
    """
    check(pair, ruling, by)
    with transaction.atomic():
        # Takes the row: of two verdicts at once the second counts the first.
        mine = Pair.objects.filter(
            pk=pair.pk, current_revision_id=seen, status=pair.status, round=pair.round
        )
        if seen != pair.current_revision_id or not mine.update(updated_at=now):
            raise StaleMove(CHANGED)
        if pair.status == PairStatus.DRAFT:
            move(pair, PairStatus.IN_REVIEW, by=by, now=now)
        verdict = _store(pair, ruling, by, now)
        outcome = _outcome(pair, verdict)
        if outcome:
            move(pair, outcome, by=by, note=verdict.note, now=now)
    return verdict


def waiting_for(reviewer: Any) -> PairQuerySet:
    """Pairs that this reviewer can decide on, the most urgent first."""
    statuses = [PairStatus.DRAFT, PairStatus.IN_REVIEW]
    if reviewer.has_perm("reviews.adjudicate_pair"):
        statuses.append(PairStatus.DISPUTED)
    own = PairRevision.objects.filter(pk=OuterRef("current_revision_id"), author=reviewer)
    mine = Verdict.objects.filter(
        revision_id=OuterRef("current_revision_id"), round=OuterRef("round"), reviewer=reviewer
    )
    rows = Pair.objects.filter(~Exists(own), ~Exists(mine), status__in=statuses)
    return rows.by_priority()
