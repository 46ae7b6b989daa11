"""What the desk's page sends, read and held against its shape; rules are the domain's."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_noop

from reviews.domain import desk, verdicts
from reviews.domain.errors import Invalid

LONGEST = 300_000
"""Characters of a text that the desk takes."""


class Wrong(Exception):
    """A body that the page would never send."""


def body_of(request: HttpRequest) -> dict[str, Any]:
    if request.method != "POST":
        return {}
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Wrong("body: JSON is wanted") from error
    if not isinstance(body, dict):
        raise Wrong("body: an object is wanted")
    return body


def number(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        raise Wrong(f"{name}: a number is wanted")
    return value


def text_of(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise Wrong(f"{name}: a text is wanted")
    if len(value) > LONGEST:
        raise Invalid({name: gettext_noop("is too long")})
    return _clean(value, name)


def _clean(value: str, name: str) -> str:
    # PostgreSQL can't hold the first, UTF-8 not the second.
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise Invalid({name: gettext_noop("holds characters that can't be stored")})
    return value


def _map(body: dict[str, Any], name: str, kind: type) -> dict[str, Any]:
    value = body.get(name) or {}
    if not isinstance(value, dict) or not all(isinstance(item, kind) for item in value.values()):
        raise Wrong(f"{name}: an object is wanted")
    if kind is str:
        return {key: text_of(value, key) for key in value}
    return value


def _by_item(values: dict[str, Any]) -> dict[int, Any]:
    return {int(key): value for key, value in values.items() if key.isdecimal() and len(key) < 19}


def seconds(body: dict[str, Any]) -> float | None:
    value = body.get("seconds")
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9
    return float(value) if usable else None  # type: ignore[arg-type]


def ids(body: dict[str, Any], name: str) -> list[int]:
    value = body.get(name) or []
    if not isinstance(value, list) or len(value) > 20:
        raise Wrong(f"{name}: a short list is wanted")
    return [item for item in value if isinstance(item, int) and 0 < item < 2**63]


def ruling(body: dict[str, Any]) -> verdicts.Ruling:
    facts = {}
    for key, right in _map(body, "facts", bool).items():
        kind, _colon, value = _clean(key, "facts").partition(":")
        facts[kind, value] = right
    return verdicts.Ruling(
        decision=text_of(body, "decision"),
        answers=_by_item(_map(body, "answers", bool)),
        reasons=_by_item(_map(body, "reasons", str)),
        facts=facts,
        note=text_of(body, "note"),
        seconds=seconds(body),
    )


def new_text(body: dict[str, Any]) -> desk.Text:
    text = body.get("text")
    if not isinstance(text, dict):
        raise Wrong("text: an object is wanted")
    question, answer, why = (text_of(text, name) for name in ("question", "answer", "why"))
    return desk.Text(question, answer, why[:300])
