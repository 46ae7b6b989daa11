"""Rows for tests, made through the domain as the hub makes them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User

from reviews.domain import checklists, pairs, transitions, verdicts
from reviews.enums import Decision, PairStatus
from reviews.models import Assistant, Pair

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def pair(assistant: Assistant, question: str = "", answer: str = "", **fields: Any) -> Pair:
    """A draft. Its question and answer are unlike any other's unless given."""
    number = next(_numbers)
    new = pairs.NewPair(
        question=question or f"Pertanyaan nomor {number}?",
        answer=answer or f"Jawaban nomor {number}: Rp{number} juta.",
        **fields,
    )
    made, _created = pairs.add(assistant, new)
    return made


def approved(assistant: Assistant, question: str = "", answer: str = "", **fields: Any) -> Pair:
    """An approved pair, moved there by the machine for speed; `approve` goes the people's way."""
    made = pair(assistant, question, answer, **fields)
    if made.status == PairStatus.DRAFT:
        transitions.move(made, PairStatus.IN_REVIEW, now=NOW)
    transitions.move(made, PairStatus.APPROVED, now=NOW)
    return made


def all_yes(assistant: Assistant) -> dict[int, bool]:
    return {item.pk: True for item in checklists.items(assistant)}


def all_right(pair: Pair) -> dict[tuple[str, str], bool]:
    """Each fact of the pair's answer that a reviewer must confirm, confirmed."""
    found = verdicts.to_confirm(pair, pair.current_revision.output)
    return {(fact.kind, fact.value): True for fact in found}


def decide(pair: Pair, by: User, decision: str = Decision.APPROVE, note: str = "") -> None:
    """A verdict on the pair's current text with every item of the checklist answered yes."""
    pair.refresh_from_db()
    facts = all_right(pair)
    ruling = verdicts.Ruling(decision, all_yes(pair.assistant), note, facts=facts)
    verdicts.decide(pair, ruling, by=by, seen=pair.current_revision_id, now=NOW)
    pair.refresh_from_db()
