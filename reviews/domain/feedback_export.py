"""Recent votes as files (A6), streamed: memory does not grow with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import orjson

from reviews.formats import Example, gemini
from reviews.models import Assistant, Feedback

_AT_ONCE = 2000
_COLUMNS = (
    "request_id",
    "request_type",
    "history",
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


def jsonl(assistant: Assistant, since: datetime) -> Iterator[bytes]:
    """Positive votes in Gemini's `contents` form, one a line; nothing for none."""
    rows = Feedback.objects.filter(assistant=assistant, created_at__gte=since, is_positive=True)
    columns = rows.order_by("id").values_list("history", "prompt", "response")
    for history, prompt, response in columns.iterator(_AT_ONCE):
        turns = tuple((role, words) for role, words in history)
        yield gemini.dumps(Example(prompt, response, history=turns))


def json(assistant: Assistant, since: datetime) -> Iterator[bytes]:
    """All votes as one JSON array, for inspection; `[]` for none."""
    rows = Feedback.objects.filter(assistant=assistant, created_at__gte=since).order_by("id")
    separator = b"["
    for row in rows.values(*_COLUMNS).iterator(_AT_ONCE):
        yield separator + orjson.dumps(row)
        separator = b",\n"
    yield b"]\n" if separator != b"[" else b"[]\n"


Rows = Callable[[Assistant, datetime], Iterator[bytes]]
FORMS: dict[str, tuple[str, Rows]] = {
    "jsonl": ("application/x-ndjson", jsonl),
    "json": ("application/json", json),
}
