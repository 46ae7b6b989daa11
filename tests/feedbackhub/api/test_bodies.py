"""Bodies from the edges of JSON: refused with the reason, or stored exactly but for the redaction.

The log of interactions reads its bodies by itself: tests/feedbackhub/api/test_interactions.py.
"""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
import pytest

from reviews.checks import pii
from reviews.domain import contexts, transitions
from reviews.models import ClientKey, Feedback, StatusChange
from tests.feedbackhub.conftest import ANSWER, CONTEXTS, Caller
from tests.tuning import making
from tuning.models import Answer, ModelVersion

EDGES = Path(__file__).parents[4] / "shared" / "data" / "json_edge"
EDGE_NAMES = sorted(file.name for file in EDGES.glob("[niy]_*.json")) or ["none"]
NAMES = ("context", "vote", "ask", "chat", "traffic", "deactivation")
EACH = pytest.mark.parametrize("name", NAMES)
EVERY_EDGE = pytest.mark.parametrize("edge", EDGE_NAMES)
OPERATING = ("traffic", "deactivation")
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Place:
    """Where a text goes in: `before`, `after` are the body around it, `stored` finds it again."""

    path: str
    before: bytes
    after: bytes
    stored: Callable[[Any], tuple[str, ...]]
    method: str = "POST"

    def body(self, value: bytes) -> bytes:
        return self.before + value + self.after


def _context(response: Any) -> contexts.Context:
    found = contexts.read(uuid.UUID(response.json()["request_id"]))
    assert found is not None
    return found


def _in_context(api: Caller, response: Any) -> tuple[str, ...]:
    """The context's prompt, and what a vote makes of it."""
    context = _context(response)
    assert api.vote(context.request_id, {"is_positive": False}).status_code == 201
    row = Feedback.objects.get(request_id=context.request_id)
    return (context.prompt, row.prompt)


def _in_vote(response: Any) -> tuple[str, ...]:
    row = Feedback.objects.get(request_id=response.json()["request_id"])
    return (row.comment,)


_ANSWERED = json.dumps({"request_type": "chat", "response": ANSWER["response"]}).encode()
_QUESTIONS = {
    "context": (CONTEXTS, _ANSWERED[:-1] + b', "prompt": ', b"}"),
    "ask": ("/api/v1/ai/chat", b'{"prompt": ', b"}"),
    "chat": (
        "/v1/chat/completions",
        b'{"model": "bisnis", "messages": [{"role": "user", "content": ',
        b"}]}",
    ),
}


class Places:
    """A place by its name; each call a new answer, or a version that takes another change."""

    def __init__(self, api: Caller, key: ClientKey) -> None:
        self.api, self.key = api, key
        self.weights = itertools.cycle([1, 2])

    def __call__(self, name: str) -> Place:
        if name in _QUESTIONS:
            return Place(*_QUESTIONS[name], lambda response: _in_context(self.api, response))
        return getattr(self, name)()

    def vote(self) -> Place:
        path = f"/api/v1/ai/feedback/{self.api.answered()['request_id']}"
        return Place(path, b'{"is_positive": false, "comment": ', b"}", _in_vote)

    @cached_property
    def _canary(self) -> ModelVersion:
        return making.canary(self.key.assistant, 3)

    def traffic(self) -> Place:
        # One version for all: shares of a hundred could not be given to more.
        before = b'{"weight": %d, "reason": ' % next(self.weights)
        return self._of_version(self._canary, "traffic", before)

    def deactivation(self) -> Place:
        version = making.canary(self.key.assistant, 3)
        return self._of_version(version, "deactivate", b'{"reason": ')

    def _of_version(self, version: ModelVersion, action: str, before: bytes) -> Place:
        known = transitions.history(version).count()

        def noted(_response: Any) -> tuple[str, ...]:
            [change] = transitions.history(version).order_by("id")[known:]
            return (change.note.partition(f"[API, {self.key}] ")[2],)

        return Place(f"/api/v1/ai/models/{version.pk}/{action}", before, b"}", noted, "PUT")


@pytest.fixture
def place(api, key) -> Places:
    return Places(api, key[0])


def send(api: Caller, place: Place, raw: bytes) -> Any:
    return api.send(place.method, place.path, raw)


def reason(response: Any) -> str:
    """Why it was refused; the statuses are those of a wrong body."""
    assert response.status_code in (400, 413, 422), response.content
    body = response.json()
    return body["error"]["message"] if "error" in body else body["detail"]


def rows() -> int:
    return Feedback.objects.count() + StatusChange.objects.count() + Answer.objects.count()


def expected(name: str, text: str) -> tuple[str, ...]:
    if name == "vote":
        return (pii.redact(text),)
    # An operator's reason is no one's answer; it stands at the end of a note.
    return (text,) if name in OPERATING else (text, pii.redact(text))


def _sent_as_a_body(api: Caller, name: str, where: Place, raw: bytes) -> None:
    before = rows()
    response = send(api, where, raw)
    if name == "deactivation" and raw.removeprefix(b"\xef\xbb\xbf") in (b"", b"{}"):
        # Nothing needs to be said there, and an empty body is an empty object.
        assert response.status_code == 200
    else:
        assert (name, bool(reason(response)), rows()) == (name, True, before)


def _sent_as_a_text(api: Caller, name: str, where: Place, value: bytes) -> None:
    before = rows()
    response = send(api, where, where.body(value))
    if response.status_code in (200, 201):
        assert (name, where.stored(response)) == (name, expected(name, orjson.loads(value)))
    else:
        assert (name, bool(reason(response)), rows()) == (name, True, before)


@EVERY_EDGE
def test_a_body_from_the_edges_is_refused_with_the_reason(api, place, shared_data, edge):
    raw = (shared_data / "json_edge" / edge).read_bytes()
    for name in NAMES:
        _sent_as_a_body(api, name, place(name), raw)


@EVERY_EDGE
def test_a_value_from_the_edges_is_refused_or_stored_exactly(api, place, shared_data, edge):
    """The file in the place of a text, and what is in its array."""
    raw = (shared_data / "json_edge" / edge).read_bytes().strip()
    for name in NAMES:
        for value in {raw, raw.removeprefix(b"[").removesuffix(b"]")}:
            _sent_as_a_text(api, name, place(name), value)


@EACH
def test_naughty_strings_are_stored_exactly(api, place, shared_data, name):
    strings = json.loads((shared_data / "json_edge" / "naughty_strings_even.json").read_bytes())
    blank = [text for text in strings if not text.strip()]
    refused = []
    for text in strings:
        where = place(name)
        response = send(api, where, where.body(orjson.dumps(text)))
        if response.status_code in (200, 201):
            assert where.stored(response) == expected(name, text)
        else:
            refused.append((text, bool(reason(response))))
    assert [text for text, _told in refused] == [text for text in blank if text in dict(refused)]
    assert all(told for _text, told in refused)


@EACH
def test_personal_data_is_replaced_where_it_becomes_a_vote(api, place, name):
    text = "Tulis ke budi@contoh.id \U0001f4e7\r\n"
    where = place(name)
    stored = where.stored(send(api, where, where.body(orjson.dumps(text))))
    assert stored == expected(name, text)
    assert ("[EMAIL]" in stored[-1]) == (name not in OPERATING)


@EACH
def test_ten_megabytes_are_too_large(api, place, name):
    where = place(name)
    response = send(api, where, where.body(b'"%s"' % (b"a" * 10 * MEGABYTE)))
    assert (response.status_code, reason(response)) == (
        413,
        "The body is larger than 2097152 bytes.",
    )


@EACH
def test_a_text_over_its_length_is_refused_by_name(api, place, name):
    where = place(name)
    response = send(api, where, where.body(b'"%s"' % (b"a" * MEGABYTE)))
    field = json.loads(where.body(b'""'))
    wanted = "messages.0.content" if name == "chat" else list(field)[-1]
    assert reason(response).startswith(f"{wanted}: ")


@EACH
@pytest.mark.parametrize("deep", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 9_000 + b"]" * 9_000])
def test_deep_nesting_is_refused(api, place, name, deep):
    where = place(name)
    assert send(api, where, deep).status_code == 400
    assert send(api, where, where.body(deep)).status_code == 400


@EACH
def test_a_key_that_is_there_twice_is_refused_by_name(api, place, name):
    where = place(name)
    before = rows()
    good = where.body(b'"Halo"')
    for raw in (good[:-1] + b', "a": 1, "a": 1}', good[:-1] + b', "a": {"b": 1, "b": 2}}'):
        response = send(api, where, raw)
        named = "a" if raw.endswith(b"1}") else "b"
        assert reason(response) == f"{named}: this key is there twice"
    assert rows() == before


@EACH
def test_a_byte_order_mark_and_crlf_are_read_over(api, place, name):
    where = place(name)
    value = b'"Baris satu\\r\\nbaris dua\\u0020"'
    pretty = json.dumps(json.loads(where.body(value)), indent=2).replace("\n", "\r\n").encode()
    response = send(api, where, b"\xef\xbb\xbf" + pretty)
    assert response.status_code in (200, 201), response.content
    assert where.stored(response) == expected(name, "Baris satu\r\nbaris dua ")


@EACH
def test_an_unknown_field_is_refused_by_name(api, place, name):
    where = place(name)
    before = rows()
    response = send(api, where, where.body(b'"Halo"')[:-1] + b', "tidak_dikenal": 1}')
    assert reason(response).startswith("tidak_dikenal: ")
    assert (response.status_code, rows()) == (400 if name == "chat" else 422, before)
