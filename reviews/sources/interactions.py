"""Records of the interaction log, from what was sent to rows or refusals."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

import orjson
from django.utils.dateparse import parse_datetime

from reviews.enums import Outcome, Processing
from reviews.formats import FormatError, decode_object, reject_duplicate_keys, text
from reviews.sources import Refusal, objects

MAX_RECORDS = 10_000
"""Records that one request may bring."""
MAX_REFUSALS = 10_000
"""Refusals that are told one by one: 32 MB hold sixteen million bad lines."""
LIMITS = {"endpoint": 200, "app_name": 200, "app_path": 500, "model_version": 120}
PAYLOADS = (
    "input_description",
    "request_payload",
    "response_payload",
    "steps",
    "generated_code",
    "test_results",
    "analysis_results",
    "explicit_feedback",
)
"""Texts of any length. An object or array is kept as the text that it was written as."""
_TEXTS = (*PAYLOADS, "app_name", "app_path", "model_version")
_KNOWN = {"id", "timestamp", "endpoint", "status", "request_id", *_TEXTS}
_OUTCOMES = frozenset(Outcome.values)


class NewInteraction(NamedTuple):
    """One record of an agent. Payloads are texts exactly as the agent had them."""

    id: uuid.UUID
    timestamp: datetime
    endpoint: str
    status: str
    input_description: str = ""
    request_payload: str = ""
    response_payload: str = ""
    steps: str = ""
    generated_code: str = ""
    test_results: str = ""
    analysis_results: str = ""
    explicit_feedback: str = ""
    app_name: str = ""
    app_path: str = ""
    model_version: str = ""
    request_id: uuid.UUID | None = None
    processing_status: str = Processing.PENDING.value
    line: int = 0
    """Where it stood in what was sent; 0 where it came alone."""


def _uuid(value: dict[str, Any], name: str) -> uuid.UUID:
    try:
        return uuid.UUID(text(value, name))
    except ValueError as error:
        raise FormatError(name, "a UUID is needed") from error


def _moment(value: dict[str, Any]) -> datetime:
    """The record's `timestamp` in UTC, which is meant where no zone is said. Digits past the
    microsecond, as Go writes them, are cut off."""
    said = text(value, "timestamp")
    try:
        found = parse_datetime(said)
    except ValueError as error:
        raise FormatError("timestamp", str(error)) from error
    if found is None:
        raise FormatError("timestamp", "an ISO 8601 time is needed")
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        # '0001-01-01T00:00+14:00' is no time that a database or Python can hold in UTC.
        raise FormatError("timestamp", "out of range") from error


def _texts(value: dict[str, Any], written: dict[str, str]) -> Iterator[str]:
    """The texts of a record in order; an object or array among the payloads as it is written."""
    for name in _TEXTS:
        found = value.get(name, "")
        if found.__class__ is str and "\x00" not in found:
            yield found
        elif name in PAYLOADS and isinstance(found, (dict, list)):
            yield written[name]
        else:
            yield text(value, name, needed=False)


def parse(value: dict[str, Any], written: dict[str, str], line: int = 0) -> NewInteraction:
    """The record, or FormatError naming the field that is wrong.

    `written` holds the exact text of the values that are objects or arrays.
    """
    if not value.keys() <= _KNOWN:
        raise FormatError(min(value.keys() - _KNOWN)[:100], "this field is not known")
    status = text(value, "status")
    if status not in _OUTCOMES:
        raise FormatError("status", "one of " + ", ".join(Outcome.values))
    record = NewInteraction._make(
        (
            _uuid(value, "id"),
            _moment(value),
            text(value, "endpoint"),
            status,
            *_texts(value, written),
            _uuid(value, "request_id") if value.get("request_id") else None,
            Processing.PENDING.value,
            line,
        )
    )
    for name, limit in LIMITS.items():
        if len(getattr(record, name)) > limit:
            raise FormatError(name, f"at most {limit} characters")
    return record


def _flat(value: Any) -> bool:
    """Whether it is an object without another object or an array in it."""
    if value.__class__ is not dict:
        return False
    return all(
        inner.__class__ is not dict and inner.__class__ is not list for inner in value.values()
    )


def _array_at_once(raw: bytes) -> list[dict[str, Any]] | None:
    """The records of an array that stands on one line, decoded at once; None where its elements
    must be told apart: to name a line, to keep an object's text, or to find what is wrong."""
    if b"\n" in raw.strip() or raw.count(b",") > 200 * MAX_RECORDS:
        return None
    try:
        found = orjson.loads(raw)
        if not all(map(_flat, found)):
            return None
        reject_duplicate_keys(raw)
    except (orjson.JSONDecodeError, FormatError):
        return None
    return cast(list[dict[str, Any]], found)


def _one_object(raw: bytes) -> bool:
    """Whether the body is one object, which may be spread over lines."""
    try:
        return isinstance(orjson.loads(raw), dict)
    except orjson.JSONDecodeError:
        return False


def _records(raw: bytes) -> Iterator[tuple[int, Any]]:
    """(line, a decoded object, bytes or a refusal) of each row in the body."""
    start = raw.lstrip()[:1]
    if start == b"[" and (found := _array_at_once(raw)) is not None:
        line = 1 + raw[: raw.index(b"[")].count(b"\n")
        return ((line, value) for value in found)
    if start == b"{" and _one_object(raw):
        return iter([(1 + raw[: raw.index(b"{")].count(b"\n"), raw)])
    return objects.rows(raw)


def _decoded(sent: bytes) -> tuple[dict[str, Any], dict[str, str]]:
    """A row's object, and where it holds others the exact text of each value."""
    value = decode_object(sent)
    if not _flat(value):
        return value, objects.members(sent)
    reject_duplicate_keys(sent)
    return value, {}


def _parsed(line: int, sent: Any) -> NewInteraction | Refusal:
    if isinstance(sent, Refusal):
        return sent
    try:
        if isinstance(sent, bytes):
            return parse(*_decoded(sent), line)
        return parse(sent, {}, line)
    except FormatError as error:
        return Refusal(line, str(error))


def read(raw: bytes) -> tuple[list[NewInteraction], list[Refusal]]:
    """The records of a body, one object, an array or one object a line, and what is refused.

    Raises FormatError where there is neither.
    """
    new: list[NewInteraction] = []
    refused: list[Refusal] = []
    for line, sent in _records(raw.removeprefix(objects.BOM)):
        # To read on, only to refuse, would cost a minute for what is sent in a second.
        if len(new) == MAX_RECORDS:
            told = f"at most {MAX_RECORDS} records a request: from here on nothing was read"
            refused.append(Refusal(line, told))
            break
        if len(refused) == MAX_REFUSALS:
            refused.append(Refusal(line, "too much is wrong: from here on nothing was read"))
            break
        found = _parsed(line, sent)
        if isinstance(found, Refusal):
            refused.append(found)
        else:
            new.append(found)
    if not new and not refused:
        raise FormatError("body", "holds no record")
    return new, refused
