"""Corrections: opened by a vote or a person, finished into a pair and a preference (B5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from reviews.domain import identity, pairs
from reviews.domain.errors import Invalid
from reviews.domain.hints import EXAMINE, hint
from reviews.domain.transitions import move
from reviews.enums import QUEUED, CorrectionStatus, PairSource, PairStatus
from reviews.models import Assistant, Category, Correction, Feedback, Pair


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a reviewer writes into a correction. `family` names a question family, if known."""

    right_answer: str
    why_wrong: str
    lesson: str
    category: Category | None
    register: str
    family: str = ""


def open_task(assistant: Assistant, question: str, wrong_answer: str, **fields: Any) -> Correction:
    """The correction of this wrong answer, opened where there is none."""
    key = identity.of_pair(fields.get("history") or [], question, wrong_answer)
    correction, _created = Correction.objects.get_or_create(
        assistant=assistant,
        identity=key,
        defaults={"question": question, "wrong_answer": wrong_answer, **fields},
    )
    return correction


def open_for(vote: Feedback) -> Correction:
    """The task that a negative vote calls for; each vote more moves it up."""
    correction = open_task(
        vote.assistant,
        vote.prompt,
        vote.response,
        history=vote.history,
        language=vote.language,
        model_version=vote.model_version,
    )
    Correction.objects.filter(pk=correction.pk).update(priority=F("priority") + 1)
    pairs.complain(vote.assistant, correction.identity)
    return correction


def _check(correction: Correction, remedy: Remedy) -> None:
    texts = {
        "right_answer": remedy.right_answer,
        "why_wrong": remedy.why_wrong,
        "lesson": remedy.lesson,
    }
    wrong = {
        name: gettext_noop("must not be empty") for name, text in texts.items() if not text.strip()
    }
    if identity.tidy(remedy.right_answer) == identity.tidy(correction.wrong_answer):
        wrong["right_answer"] = gettext_noop("is the wrong answer")
    if remedy.category is None:
        wrong["category"] = gettext_noop("is needed")
    elif remedy.category.assistant_id != correction.assistant_id:
        wrong["category"] = gettext_noop("belongs to another assistant")
    if wrong:
        raise Invalid(wrong)


def _send_to_review(pair: Pair, remedy: Remedy, by: Any, now: datetime) -> None:
    """The right answer may be the text of a pair that is there already, wherever that one is."""
    if pair.status == PairStatus.DRAFT:
        pairs.submit(pair, by=by, now=now)
    elif pair.status in (PairStatus.NEEDS_WORK, PairStatus.REJECTED):
        pairs.reopen(pair, by=by, why=remedy.why_wrong, now=now)
    elif pair.status == PairStatus.RETIRED:
        raise Invalid({"right_answer": gettext_noop("is the text of a retired pair")})


def finish(correction: Correction, remedy: Remedy, *, by: Any, now: datetime) -> Correction:
    """Write the right answer. It becomes a pair in review, for another reviewer to approve."""
    _check(correction, remedy)
    new = pairs.NewPair(
        question=correction.question,
        answer=remedy.right_answer,
        history=correction.history,
        category=remedy.category,
        register=remedy.register,
        language=correction.language,
        source=PairSource.CORRECTION,
        author=by,
        why=remedy.why_wrong[:300],
        family=remedy.family,
    )
    with transaction.atomic():
        pair, _created = pairs.add(correction.assistant, new)
        # Users wait for it as many times over as they complained; a reviewer who found the answer
        # wrong by themselves counts as one.
        # And its lesson is to be found beside pairs like it.
        Pair.objects.filter(pk=pair.pk).update(
            complaints=F("complaints") + max(1, correction.priority), checks_due=True
        )
        hint(EXAMINE)
        _send_to_review(pair, remedy, by, now)
        fields = {
            "right_answer": remedy.right_answer,
            "why_wrong": remedy.why_wrong,
            "lesson": remedy.lesson,
            "category": remedy.category,
            "register": remedy.register,
            "pair": pair,
            "author": by,
        }
        move(correction, CorrectionStatus.FINISHED, by=by, now=now, fields=fields)
    return correction


def hidden_from(correction: Correction, reader: Any) -> bool:
    """Whether others still judge the answer that this calls wrong: they must not learn it here."""
    if correction.author_id == reader.pk:
        return False
    same = Pair.objects.filter(assistant=correction.assistant_id, identity=correction.identity)
    return same.filter(status__in=QUEUED).exists()


def dismiss(correction: Correction, *, by: Any, why: str, now: datetime) -> None:
    if not why.strip():
        raise Invalid({"note": gettext_noop("say why there is nothing to correct")})
    move(correction, CorrectionStatus.DISMISSED, by=by, note=why, now=now)


def reopen(correction: Correction, *, by: Any, why: str, now: datetime) -> None:
    move(correction, CorrectionStatus.OPEN, by=by, note=why, now=now)
