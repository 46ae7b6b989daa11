"""An item as the desk's page gets it: what a claim holds, in the reader's language."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.functional import Promise

from reviews.domain import checklists, flag_words, verdicts
from reviews.domain.composed import Composed
from reviews.enums import QUEUED, ChecklistPart, PairStatus, Purpose
from reviews.models import Claim, Correction, Feedback, Flag, Pair, PairRevision, Suggestion

SHOWN = 5
"""Votes, corrections and suggestions shown with an item."""


def utf16(text: str, *offsets: int) -> list[int]:
    """Offsets in characters as JavaScript counts them: in UTF-16 units."""
    if text.isascii():
        return list(offsets)
    return [len(text[:offset].encode("utf-16-le", "surrogatepass")) // 2 for offset in offsets]


def _choice(value: str, label: str | Promise) -> dict[str, str]:
    return {"code": value, "label": str(label)}


def _flag(flag: Flag, revision: PairRevision) -> dict[str, Any]:
    text = {"question": revision.input, "answer": revision.output}.get(flag.place, "")
    start, end = utf16(text, flag.start, flag.end) if text else (0, 0)
    words = flag_words.describe(flag)
    return {
        "id": flag.pk,
        "kind": flag.kind,
        "where": flag.place,
        "start": start,
        "end": end,
        "title": words.title,
        "message": words.message,
        "blocks": flag.blocks,
    }


def _facts(pair: Pair, revision: PairRevision) -> list[dict[str, Any]]:
    wanted = verdicts.to_confirm(pair, revision.output)
    if not wanted:
        return []
    spans: dict[tuple[str, str], list[list[int]]] = {}
    for fact in verdicts.facts_of(revision.output):
        place = utf16(revision.output, fact.start, fact.end)
        spans.setdefault((fact.kind, fact.value), []).append(place)
    return [
        {
            "key": f"{fact.kind}:{fact.value}",
            "kind": fact.kind,
            "label": revision.output[fact.start : fact.end],
            "value": fact.value,
            "spans": spans[fact.kind, fact.value],
        }
        for fact in wanted
    ]


def _checklist(pair: Pair) -> dict[str, Any] | None:
    checklist = checklists.current(pair.assistant)
    if checklist is None:
        return None
    numbered = list(enumerate(checklists.items(pair.assistant), start=1))
    parts = []
    for part, rows in groupby(numbered, key=lambda row: row[1].part):
        items = [
            {
                "id": item.pk,
                "number": number,
                "text": item.text,
                "required": item.required,
                "accuracy": item.part == ChecklistPart.ACCURACY,
            }
            for number, item in rows
        ]
        parts.append({"name": str(ChecklistPart(part).label), "items": items})
    return {"id": checklist.pk, "parts": parts}


def _dispute(pair: Pair) -> list[dict[str, Any]] | None:
    """The verdicts that differ, side by side, for whoever settles it."""
    if pair.status != PairStatus.DISPUTED:
        return None
    told = []
    for verdict in verdicts.standing(pair):
        wrong = verdict.answers.filter(yes=False).select_related("item").order_by("item__position")
        facts_wrong = verdict.facts.filter(right=False).values_list("value", flat=True)
        told.append(
            {
                "reviewer": verdict.reviewer.get_username(),
                "decision": _choice(verdict.decision, verdict.get_decision_display()),
                "note": verdict.note,
                "wrong": [{"text": row.item.text, "reason": row.reason} for row in wrong],
                "facts_wrong": list(facts_wrong),
                "seconds": verdict.seconds,
            }
        )
    return told


# What is read with each item.
_flags = Composed(lambda text: Flag.objects.filter(revision_id=text).order_by("id"))
_votes = Composed(
    lambda pair: (
        Feedback.objects.filter(pair_id=pair)
        .only("is_positive", "rating", "comment", "created_at")
        .order_by("-id")[:SHOWN]
    )
)
# Not while others still judge the answer that it calls wrong: one of them may read this.
_judged = Pair.objects.filter(
    assistant=OuterRef("assistant"), identity=OuterRef("identity"), status__in=QUEUED
)
_corrections = Composed(
    lambda pair: (
        Correction.objects.filter(~Exists(_judged), pair_id=pair)
        .only("wrong_answer", "why_wrong", "lesson")
        .order_by("-id")[:SHOWN]
    )
)
_suggestions = Composed(
    lambda pair: (
        Suggestion.objects.filter(revision__pair_id=pair)
        .select_related("author")
        .order_by("-id")[:SHOWN]
    )
)


def _beside(pair: Pair) -> dict[str, Any]:
    return {
        # Each vote that is linked to the pair is one of its voices.
        "votes": [
            {
                "positive": vote.is_positive,
                "rating": vote.rating,
                "comment": vote.comment,
                "at": vote.created_at.isoformat(),
            }
            for vote in (_votes(pair.pk) if pair.voices else ())
        ],
        # And each correction that led to it one of the complaints.
        "corrections": [
            {"wrong_answer": row.wrong_answer, "why_wrong": row.why_wrong, "lesson": row.lesson}
            for row in (_corrections(pair.pk) if pair.complaints else ())
        ],
        "suggestions": [
            {
                "id": row.pk,
                "author": row.author.get_username() if row.author else "",
                "at": row.created_at.isoformat(),
                "question": row.input,
                "answer": row.output,
                "why": row.why,
            }
            for row in (_suggestions(pair.pk) if pair.suggested else ())
        ],
    }


def _came_in(pair: Pair, revision: PairRevision) -> dict[str, str]:
    first = revision
    if revision.number > 1:
        first = PairRevision.objects.filter(pair=pair).order_by("number").first() or revision
    return {"question": first.input, "answer": first.output}


def item(claim: Claim, reader: Any, now: datetime) -> dict[str, Any]:
    """The item under a claim. A calibration item looks like any other that waits."""
    pair, revision = claim.pair, claim.revision
    hidden = claim.purpose != Purpose.REVIEW
    disputed = not hidden and pair.status == PairStatus.DISPUTED
    # A draft is told apart from no other, or a gold item could be.
    status = PairStatus.DISPUTED if disputed else PairStatus.IN_REVIEW
    own = revision.author_id == reader.pk
    given = 0 if hidden else pair.given
    return {
        "claim": claim.pk,
        "seconds_left": max(0, int((claim.expires_at - now).total_seconds())),
        "pair": pair.pk,
        "seen": revision.pk,
        "status": status.value,
        "status_label": str(status.label),
        "assistant": pair.assistant.name,
        "category": {"slug": pair.category.slug, "name": pair.category.name},
        "register": _choice(pair.register, pair.get_register_display()),
        "language": _choice(pair.language, pair.get_language_display()),
        "source": _choice(pair.source, pair.get_source_display()),
        "system": revision.system,
        "history": revision.history,
        "question": revision.input,
        "answer": revision.output,
        "came_in": _came_in(pair, revision),
        "reviewers_needed": pair.reviewers_needed,
        "given": given,
        "dispute": None if hidden else _dispute(pair),
        "flags": [_flag(flag, revision) for flag in _flags(revision.pk)],
        "facts": _facts(pair, revision),
        "checklist": _checklist(pair),
        "own_text": own,
        "may": {
            "approve": not own,
            "reject": True,
            "needs_work": not disputed,
            "second": not disputed,
            "edit": True,
            "correct": not disputed,
        },
        **({"votes": [], "corrections": [], "suggestions": []} if hidden else _beside(pair)),
    }
