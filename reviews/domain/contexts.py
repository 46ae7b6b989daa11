"""Answers that may be voted on: in the cache for a while, never in the database (A1)."""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.cache import cache

from reviews.domain.errors import Conflict, Unavailable
from reviews.models import Feedback

log = logging.getLogger("hub.contexts")
TOKEN_SALT = "feedback-token"


@dataclass(frozen=True, slots=True)
class Context:
    """An answer with what led to it. `history` holds earlier turns, oldest first."""

    request_id: str
    assistant_id: int
    request_type: str
    prompt: str
    response: str
    asked_at: str
    history: list[list[str]] = field(default_factory=list)
    model_version: str = ""
    prompt_version: str = ""
    language: str = "id"
    declined: bool = False


def new_id(now: float | None = None) -> uuid.UUID:
    """A UUIDv7 (RFC 9562): its first 48 bits are the time in milliseconds."""
    milliseconds = int((time.time() if now is None else now) * 1000)
    raw = milliseconds.to_bytes(6, "big") + os.urandom(10)
    value = int.from_bytes(raw, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def age(request_id: uuid.UUID, now: datetime) -> timedelta | None:
    """How old an id of the hub's is; None where the id carries no time."""
    if request_id.version != 7:
        return None
    # By subtraction: 48 bits reach past the last year that a datetime holds.
    return timedelta(seconds=now.timestamp() - (request_id.int >> 80) / 1000)


@contextmanager
def _cache_needed() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # Each cache has errors of its own; whatever it is, the answer is 'try again'.
        log.error("cache away", extra={"error": repr(error)})
        raise Unavailable("the cache is away, try again in a moment") from error


def _name(request_id: Any) -> str:
    return f"context:{request_id}"


def _bucket(assistant_id: int, minute: int) -> str:
    return f"contexts:{assistant_id}:{minute}"


def _count(context: Context) -> None:
    """Contexts are counted by the minute of their registration, and a minute expires whole."""
    minute = int(datetime.fromisoformat(context.asked_at).timestamp()) // 60
    name = _bucket(context.assistant_id, minute)
    try:
        cache.incr(name)
    except ValueError:
        # The minute's first; another may have been quicker meanwhile.
        if not cache.add(name, 1, settings.FEEDBACK_CACHE_TTL + 60):
            cache.incr(name)


def register(context: Context) -> Context:
    """Keep the context for FEEDBACK_CACHE_TTL seconds, and return it. The same one again is
    harmless, and the one that is kept, with its earlier time, is returned."""
    with _cache_needed():
        if cache.add(_name(context.request_id), asdict(context), settings.FEEDBACK_CACHE_TTL):
            _count(context)
            return context
        there = cache.get(_name(context.request_id))
    if there is None or {**there, "asked_at": ""} != {**asdict(context), "asked_at": ""}:
        raise Conflict("this request_id is registered with another answer")
    return Context(**there)


def read(request_id: uuid.UUID) -> Context | None:
    with _cache_needed():
        found = cache.get(_name(request_id))
    return Context(**found) if found else None


def discard(context: Context) -> None:
    """Drop a context that was voted on. A failure is logged: the vote is stored by now."""
    try:
        cache.delete(_name(context.request_id))
    except Exception as error:
        log.warning("context not dropped", extra={"error": repr(error)})


def count(assistant_id: int, now: datetime) -> int:
    """Contexts waiting for a vote, right to the minute in which they expire: those registered,
    less those voted on. A vote counts nothing down, for that would cost it a call."""
    minute = int(now.timestamp()) // 60
    minutes = settings.FEEDBACK_CACHE_TTL // 60 + 1
    names = [_bucket(assistant_id, minute - back) for back in range(minutes)]
    with _cache_needed():
        registered: int = sum(cache.get_many(names).values())
    oldest = datetime.fromtimestamp((minute - minutes + 1) * 60, UTC)
    voted = Feedback.objects.filter(
        assistant=assistant_id, created_at__gte=oldest, asked_at__gte=oldest
    )
    return max(0, registered - voted.count())


def token(request_id: str, key_prefix: str) -> str:
    """A signed permission to vote on this one answer, for pages that must hold no key."""
    return signing.dumps([request_id, key_prefix], salt=TOKEN_SALT, compress=False)


def read_token(text: str) -> tuple[str, str] | None:
    """(request_id, key prefix) of a token of ours, whatever its age; None for anything else."""
    try:
        request_id, prefix = signing.loads(text, salt=TOKEN_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return str(request_id), str(prefix)
