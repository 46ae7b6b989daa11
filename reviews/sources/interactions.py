"""Records of the interaction log, from decoded JSON to rows or refusals."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from django.utils.dateparse import parse_datetime

from reviews.enums import Outcome
from reviews.formats import FormatError, text
from reviews.sources import Refusal, objects

_TEXTS = ("input_description", "request_payload", "response_payload", "app_name", "test_results")
# Not behind an odd number of backslashes: those are the letters u0000 themselves.
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_KNOWN = {"id", "timestamp", "endpoint", "status", "model_version", "request_id", *_TEXTS}


@dataclass(frozen=True, slots=True)
class NewInteraction:
    """One record of an agent. Payloads are texts exactly as the agent had them."""

    id: uuid.UUID
    timestamp: datetime
    endpoint: str
    status: str
    input_description: str = ""
    request_payload: str = ""
    response_payload: str = ""
    app_name: str = ""
    test_results: str = ""
    model_version: str = ""
    request_id: uuid.UUID | None = None


def _uuid(value: dict[str, Any], name: str) -> uuid.UUID:
    try:
        return uuid.UUID(text(value, name))
    except ValueError as error:
        raise FormatError(name, "a UUID is needed") from error


def _moment(value: dict[str, Any]) -> datetime:
    try:
        found = parse_datetime(text(value, "timestamp"))
    except ValueError as error:
        raise FormatError("timestamp", str(error)) from error
    if found is None:
        raise FormatError("timestamp", "an ISO 8601 time is needed")
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        # '0001-01-01T00:00+14:00' is no time that a database or Python can hold in UTC.
        raise FormatError("timestamp", "out of range") from error


def _payload(value: dict[str, Any], name: str) -> str:
    """A text as it is; an object or array as compact JSON."""
    found = value.get(name)
    if not isinstance(found, (dict, list)):
        return text(value, name, needed=False)
    try:
        written = orjson.dumps(found).decode()
    except orjson.JSONEncodeError as error:
        raise FormatError(name, "is nested too deep") from error
    if _ESCAPED_NUL.search(written):
        raise FormatError(name, "holds a NUL character")
    return written


def parse(value: dict[str, Any]) -> NewInteraction:
    """The record, or FormatError naming the field that is wrong."""
    unknown = sorted(value.keys() - _KNOWN)
    if unknown:
        raise FormatError(unknown[0], "this field is not known")
    status = text(value, "status")
    if status not in Outcome.values:
        raise FormatError("status", "one of " + ", ".join(Outcome.values))
    for name, limit in (("endpoint", 200), ("app_name", 200), ("model_version", 120)):
        if len(text(value, name, needed=name == "endpoint")) > limit:
            raise FormatError(name, f"at most {limit} characters")
    return NewInteraction(
        id=_uuid(value, "id"),
        timestamp=_moment(value),
        endpoint=text(value, "endpoint"),
        status=status,
        model_version=text(value, "model_version", needed=False),
        request_id=_uuid(value, "request_id") if value.get("request_id") else None,
        **{name: _payload(value, name) for name in _TEXTS},
    )


MAX_RECORDS = 10_000


def read(raw: bytes) -> tuple[list[NewInteraction], list[Refusal]]:
    """The records of a body, one object, an array or one object a line, and what is refused."""
    new: dict[uuid.UUID, NewInteraction] = {}
    refused: list[Refusal] = []
    for line, value in objects.read(_as_lines(raw)):
        if isinstance(value, Refusal):
            refused.append(value)
            continue
        try:
            record = parse(value)
        except FormatError as error:
            refused.append(Refusal(line, str(error)))
            continue
        if len(new) >= MAX_RECORDS:
            refused.append(Refusal(line, f"at most {MAX_RECORDS} records a request"))
            break
        new.setdefault(record.id, record)
    if not new and not refused:
        raise FormatError("body", "holds no record")
    return list(new.values()), refused


def _as_lines(raw: bytes) -> bytes:
    """One object may be spread over lines; what is not one object is left as it is."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw
    # In JSON a line's end is white space and nothing else.
    return raw.replace(b"\n", b" ") if isinstance(value, dict) else raw
