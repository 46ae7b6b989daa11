"""Votes: stored first, linked to drafts and correction tasks by a reconcile (A2 to A4)."""

from __future__ import annotations

import hashlib
import hmac
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, transaction

from reviews.checks import pii
from reviews.domain import contexts, corrections, pairs
from reviews.domain.contexts import Context
from reviews.domain.errors import Conflict, Expired, Invalid, Unknown
from reviews.enums import PairSource
from reviews.models import Feedback

log = logging.getLogger("hub.feedback")
PORTION = 500


@dataclass(frozen=True, slots=True)
class Ballot:
    """What a caller says of an answer: a thumb, a rating from 1 to 5, or both."""

    thumb: bool | None = None
    rating: int | None = None
    comment: str = ""
    segment: str = ""
    subject: str = ""

    @property
    def is_positive(self) -> bool:
        if self.thumb is not None:
            return self.thumb
        return (self.rating or 0) >= 4


def subject_hash(subject: str) -> str:
    """A caller's reference to a person, kept only keyed: findable for erasure, not readable."""
    if not subject:
        return ""
    return hmac.new(settings.SUBJECT_KEY.encode(), subject.encode(), hashlib.sha256).hexdigest()


def check(ballot: Ballot) -> None:
    """Raise Invalid with each wrong field named."""
    wrong = {}
    if ballot.thumb is None and ballot.rating is None:
        wrong["is_positive"] = "is_positive or rating is needed"
    if ballot.rating is not None and not 1 <= ballot.rating <= 5:
        wrong["rating"] = "a whole number from 1 to 5"
    if ballot.segment and ballot.segment not in settings.FEEDBACK_SEGMENTS:
        wrong["segment"] = "one of " + ", ".join(settings.FEEDBACK_SEGMENTS)
    if wrong:
        raise Invalid(wrong)


def _row(context: Context, ballot: Ballot, now: datetime) -> Feedback:
    return Feedback(
        request_id=uuid.UUID(context.request_id),
        assistant_id=context.assistant_id,
        request_type=context.request_type,
        history=[[role, pii.redact(text)] for role, text in context.history],
        prompt=pii.redact(context.prompt),
        response=pii.redact(context.response),
        model_version=context.model_version,
        prompt_version=context.prompt_version,
        language=context.language,
        is_positive=ballot.is_positive,
        thumb=ballot.thumb,
        rating=ballot.rating,
        comment=pii.redact(ballot.comment),
        segment=ballot.segment,
        subject_hash=subject_hash(ballot.subject),
        asked_at=datetime.fromisoformat(context.asked_at),
        created_at=now,
        # Thanks for an honest 'I do not know' make no pair: there is nothing in it to teach.
        linked_at=now if context.declined and ballot.is_positive else None,
    )


def _same(there: Feedback, ballot: Ballot) -> bool:
    return (there.thumb, there.rating, there.comment, there.segment) == (
        ballot.thumb,
        ballot.rating,
        pii.redact(ballot.comment),
        ballot.segment,
    )


def _again(
    request_id: uuid.UUID, ballot: Ballot, assistant_id: int, row: Feedback | None = None
) -> Feedback | None:
    """The stored vote where this is the same one again; Conflict where it is another, or where
    `row`, the vote as it would be stored, is on another answer under the same id."""
    there = Feedback.objects.filter(request_id=request_id, assistant_id=assistant_id).first()
    if there and not _same(there, ballot):
        raise Conflict("this answer has another vote already")
    if there and row and (there.prompt, there.response) != (row.prompt, row.response):
        raise Conflict("this request_id stands for another answer")
    return there


def _missing(request_id: uuid.UUID, now: datetime) -> Unknown | Expired:
    age = contexts.age(request_id, now)
    if age is not None and age.total_seconds() >= settings.FEEDBACK_CACHE_TTL:
        return Expired("the time to vote on this answer is over")
    return Unknown("no answer with this request_id waits for a vote")


def vote(
    request_id: uuid.UUID, ballot: Ballot, *, assistant_id: int, now: datetime
) -> tuple[Feedback, bool]:
    """Store the vote; returns the row and whether it is new.

    One insert that commits by itself, then the context leaves the cache: deleted first, a crash
    between the two would lose the vote. Raises Invalid, Conflict, Unknown, Expired, Unavailable.
    """
    check(ballot)
    context = contexts.read(request_id)
    if context is None or context.assistant_id != assistant_id:
        there = _again(request_id, ballot, assistant_id)
        if there is None:
            raise _missing(request_id, now)
        return there, False
    row = _row(context, ballot, now)
    try:
        row.save(force_insert=True)
    except IntegrityError as error:
        there = _again(request_id, ballot, assistant_id, row)
        if there is None:
            # Callers may choose ids: a vote of another assistant bears this one.
            raise Conflict("this request_id is taken") from error
        contexts.discard(context)
        return there, False
    contexts.discard(context)
    return row, True


def _link(row: Feedback) -> None:
    if row.calls_for_correction:
        row.correction = corrections.open_for(row)
    elif row.is_positive:
        new = pairs.NewPair(
            question=row.prompt,
            answer=row.response,
            history=row.history,
            language=row.language,
            source=PairSource.FEEDBACK,
        )
        row.pair, _created = pairs.add(row.assistant, new)
        pairs.strengthen(row.pair)
    row.save(update_fields=["correction", "pair"])


def _claim_and_link(row: Feedback, now: datetime) -> int:
    with transaction.atomic():
        # The update is the claim: of two workers one finds nothing left to change.
        mine = Feedback.objects.unlinked().filter(pk=row.pk).update(linked_at=now)
        if mine:
            _link(row)
    return mine


def link_pending(now: datetime, limit: int = 10_000) -> int:
    """Make drafts and correction tasks of votes that have none yet (A4). Safe to run twice.

    Goes on by id past those that fail, so that they hold back no others.
    """
    linked = last = 0
    for start in range(0, limit, PORTION):
        waiting = Feedback.objects.unlinked().filter(pk__gt=last).select_related("assistant")
        rows = list(waiting.order_by("id")[: min(PORTION, limit - start)])
        if not rows:
            break
        linked += sum(_link_safely(row, now) for row in rows)
        last = rows[-1].pk
    return linked


def _link_safely(row: Feedback, now: datetime) -> int:
    try:
        return _claim_and_link(row, now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # One vote that can't be linked must not keep the others waiting.
        log.exception("vote not linked", extra={"feedback": row.pk})
        return 0
