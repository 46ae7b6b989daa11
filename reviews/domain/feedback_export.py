"""Recent votes as files (A6), streamed: memory does not grow with them.

Read in portions by time and id, each a query of its own. One cursor for all of it would make the
server keep the whole result (outside a transaction it is declared WITH HOLD), and this process a
connection for as long as a slow reader takes.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from django.db.models import Q, QuerySet

from reviews.domain import connections, turns
from reviews.domain.errors import Invalid
from reviews.formats import Example, FormatError, gemini
from reviews.models import Assistant, Feedback

log = logging.getLogger("hub.feedback")
SETTLED = timedelta(seconds=30)
"""Pages hold votes older than this: a younger one could still be stored in front of a cursor."""
_AT_ONCE = 2000
_COLUMNS = (
    "request_id",
    "request_type",
    "prompt",
    "response",
    "model_version",
    "prompt_version",
    "language",
    "is_positive",
    "rating",
    "comment",
    "segment",
    "created_at",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Microseconds to the year 4253 and ids of 60 bits: whatever matches, the databases can hold.
_CURSOR = re.compile(r"([0-9a-f]{1,14})-([0-9a-f]{1,15})")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a vote stands in the order of the export."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND:x}-{self.id:x}"

    # The bounds on the time alone are what the index understands.
    @property
    def after(self) -> Q:
        return Q(created_at__gte=self.at) & (Q(created_at__gt=self.at) | Q(id__gt=self.id))

    @property
    def up_to(self) -> Q:
        return Q(created_at__lte=self.at) & (Q(created_at__lt=self.at) | Q(id__lte=self.id))


def place(cursor: str) -> Place:
    """The place that a cursor of ours names; raises Invalid for any other text."""
    found = _CURSOR.fullmatch(cursor)
    if not found:
        raise Invalid({"cursor": "not a cursor of this export"})
    microseconds, number = (int(part, 16) for part in found.groups())
    return Place(_EPOCH + microseconds * _MICROSECOND, number)


@dataclass(frozen=True, slots=True)
class Page:
    """A file, or a part of one. `next_cursor` is where the next begins, empty after the last."""

    media_type: str
    lines: Iterator[bytes]
    next_cursor: str = ""


Votes = QuerySet[Feedback]


def _edge(votes: Votes, count: int) -> tuple[Place | None, bool]:
    """The place of the count-th vote, where there are as many, and whether another follows."""
    found = list(votes.values_list("created_at", "id")[count - 1 : count + 1])
    return (Place(*found[0]) if found else None), len(found) > 1


def _read(votes: Votes, *columns: Any) -> Iterator[tuple[Any, ...]]:
    """(history as text, *columns) of each vote in order."""
    rows = votes.values_list(turns.column("history"), *columns)
    edge, more = None, True
    while more:
        # The edge by itself: to read the time of each vote costs more than to read its texts.
        after = edge.after if edge else Q()
        edge, more = _edge(votes.filter(after), _AT_ONCE)
        portion = list(rows.filter(after, edge.up_to if edge else Q()))
        connections.give_back()
        yield from portion


def _jsonl(votes: Votes) -> Iterator[bytes]:
    for history, vote, prompt, response in _read(votes, "pk", "prompt", "response"):
        try:
            yield gemini.dumps(Example(prompt, response, history=turns.read(history)))
        except FormatError as error:
            # An earlier turn may be empty, as after an answer that was cut off: nothing to learn.
            log.warning("vote not exported", extra={"vote": vote, "reason": str(error)})


def _json(votes: Votes) -> Iterator[bytes]:
    separator = b"["
    for history, *row in _read(votes, *_COLUMNS):
        vote = {"history": turns.read(history), **dict(zip(_COLUMNS, row, strict=True))}
        yield separator + orjson.dumps(vote)
        separator = b",\n"
    yield b"]\n" if separator != b"[" else b"[]\n"


FORMS: dict[str, tuple[str, Callable[[Votes], Iterator[bytes]], dict[str, Any]]] = {
    # Positive votes in Gemini's `contents` form, one a line; nothing for none.
    "jsonl": ("application/x-ndjson", _jsonl, {"is_positive": True}),
    # All votes as one JSON array, for inspection; `[]` for none.
    "json": ("application/json", _json, {}),
}


def page(
    assistant: Assistant,
    form: str,
    *,
    days: int,
    now: datetime,
    limit: int | None = None,
    cursor: str = "",
) -> Page:
    """The assistant's votes of the last so many days, by the time of the vote.

    With a limit or a cursor at most `limit` of them after the cursor, and only settled ones, so
    that pages hold each vote once. Raises Invalid for a cursor that is none.
    """
    media_type, write, wanted = FORMS[form]
    until = now - SETTLED if limit or cursor else now
    span = Q(created_at__gte=now - timedelta(days=days), created_at__lte=until)
    votes = Feedback.objects.filter(span, assistant=assistant, **wanted)
    votes = votes.order_by("created_at", "id")
    if cursor:
        votes = votes.filter(place(cursor).after)
    next_cursor = ""
    if limit:
        # Known before the first byte: the page's last vote, and whether one follows.
        last, more = _edge(votes, limit)
        votes = votes.filter(last.up_to) if last else votes
        next_cursor = str(last) if more else ""
    return Page(media_type, write(votes), next_cursor)
