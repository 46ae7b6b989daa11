"""Records of the interaction log: taken whole, or refused with the field's name."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

import pytest

from reviews.formats import FormatError
from reviews.sources import Refusal, interactions

ID = "0190163d-8694-7e4f-9a3b-1f6d5a2c7e10"
GOOD = {"id": ID, "timestamp": "2026-11-21T10:00:00Z", "endpoint": "/x", "status": "success"}


def _read(*records, form="lines"):
    if form == "array":
        return interactions.read(json.dumps(records).encode())
    return interactions.read(b"\n".join(json.dumps(record).encode() for record in records))


def test_a_record_is_read_whole():
    record = GOOD | {"response_payload": '{"a":  1}', "request_id": ID, "model_version": "v1"}
    [row], refused = _read(record)
    assert refused == []
    assert (row.id, row.request_id) == (uuid.UUID(ID), uuid.UUID(ID))
    assert row.timestamp == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert (row.endpoint, row.status, row.model_version) == ("/x", "success", "v1")
    assert (row.response_payload, row.request_payload) == ('{"a":  1}', "")


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-11-21T10:00:00+07:00", 3),
        ("2026-11-21T10:00:00", 10),
        ("2026-11-21 10:00", 10),
    ],
)
def test_times_with_and_without_a_zone(text, hour):
    [row], _refused = _read(GOOD | {"timestamp": text})
    assert row.timestamp == datetime(2026, 11, 21, hour, tzinfo=UTC)


# Python and orjson would write each of these in another way.
EXACT = [
    '{"b" : [1],   "a": "\\u00e9"}',
    "[1.0, -0, 1.10e3, 123456789012345678901234567890, 1E+2]",
    '{"a":"\\/", "A":"\\ud83d\\ude00", "nul":"\\u0000"}',
    "[]",
    "[" * 400 + "]" * 400,
]


@pytest.mark.parametrize("payload", EXACT)
@pytest.mark.parametrize("form", ["%s", "[%s]", "[\n%s\n]", "\n%s\r\n"])
def test_an_object_or_array_is_kept_as_it_was_written(payload, form):
    fields = "".join(f', "{name}" : {payload}' for name in interactions.PAYLOADS)
    [row], refused = interactions.read((form % f"{json.dumps(GOOD)[:-1]}{fields} }}").encode())
    assert refused == []
    assert {getattr(row, name) for name in interactions.PAYLOADS} == {payload}


def test_a_number_past_what_a_double_holds_is_refused():
    body = json.dumps(GOOD)[:-1] + ', "steps": [1e400]}'
    new, [refusal] = interactions.read(body.encode())
    assert (new, refusal.reason[:15]) == ([], "line: not JSON:")


@pytest.mark.parametrize(
    ("sent", "line"),
    [
        (json.dumps(GOOD), 1),
        ("\n\r\n" + json.dumps(GOOD, indent=1), 3),
        ("\n[" + json.dumps(GOOD) + "]\n", 2),
        ("[\n\n" + json.dumps(GOOD) + "]", 3),
        ("\n \n" + json.dumps(GOOD) + "\nrusak", 3),
    ],
)
def test_a_record_knows_its_line(sent, line):
    [row], _refused = interactions.read(sent.encode())
    assert row.line == line


@pytest.mark.parametrize("form", ["%s\n{}", "[%s]", "[\n%s]", "%s"])
@pytest.mark.parametrize(
    ("more", "named"),
    [
        ('"endpoint": "/y"', "endpoint"),
        ('"\\u0069d": "x"', "id"),
        ('"steps": {"a": 1, "a": 2}', "a"),
        ('"steps": [{"b": {"": 1, "": 2}}]', ""),
    ],
)
def test_a_key_that_is_there_twice_is_refused_by_name(form, more, named):
    body = json.dumps(GOOD)[:-1] + f", {more}}}"
    new, refused = interactions.read((form % body).encode())
    assert (new, refused[0].reason) == ([], f"{named}: this key is there twice")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": None}, "id"),
        ({"id": "x"}, "id"),
        ({"id": 7}, "id"),
        ({"timestamp": ""}, "timestamp"),
        ({"timestamp": "kemarin"}, "timestamp"),
        ({"timestamp": "2026-13-01T00:00:00Z"}, "timestamp"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp"),
        ({"timestamp": "9999-12-31T23:00:00-12:00"}, "timestamp"),
        ({"endpoint": ""}, "endpoint"),
        ({"endpoint": "x" * 201}, "endpoint"),
        ({"app_name": "x" * 201}, "app_name"),
        ({"model_version": "x" * 121}, "model_version"),
        ({"status": "ok"}, "status"),
        ({"status": None}, "status"),
        ({"request_id": "x"}, "request_id"),
        ({"request_payload": 7}, "request_payload"),
        ({"app_path": "x" * 501}, "app_path"),
        ({"app_name": {"a": 1}}, "app_name"),
        ({"endpoint": ["/x"]}, "endpoint"),
        ({"steps": True}, "steps"),
        ({"steps": 1.0}, "steps"),
        ({"explicit_feedback": "\x00"}, "explicit_feedback"),
        ({"input_description": "\x00"}, "input_description"),
        ({"user": "budi"}, "user"),
    ],
)
def test_a_wrong_record_names_its_field(change, field):
    new, [refusal] = _read(GOOD | change)
    assert new == []
    assert refusal.reason.startswith(f"{field}: ")


@pytest.mark.parametrize("form", ["lines", "array"])
def test_good_records_are_kept_beside_bad_ones(form):
    other = GOOD | {"id": str(uuid.uuid4())}
    new, refused = _read(GOOD, GOOD | {"status": "?"}, other, form=form)
    assert [str(row.id) for row in new] == [ID, other["id"]]
    assert [item.line for item in refused] == [2 if form == "lines" else 1]


def test_one_object_may_be_spread_over_lines():
    [row], refused = interactions.read(json.dumps(GOOD, indent=2).encode())
    assert (str(row.id), refused) == (ID, [])


@pytest.mark.parametrize("raw", [b"", b"[]", b" \n"])
def test_a_body_without_records_is_refused(raw):
    with pytest.raises(FormatError) as refused:
        interactions.read(raw)
    assert refused.value.field == "body"


def test_too_many_records_are_cut_and_said(monkeypatch):
    monkeypatch.setattr(interactions, "MAX_RECORDS", 2)
    new, refused = _read(*[GOOD | {"id": str(uuid.uuid4())} for _record in range(4)])
    reason = "at most 2 records a request: from here on nothing was read"
    assert (len(new), refused) == (2, [Refusal(3, reason)])


def test_refusals_without_end_have_one(monkeypatch):
    monkeypatch.setattr(interactions, "MAX_REFUSALS", 2)
    new, refused = interactions.read(json.dumps(GOOD).encode() + b"\n1\n2\n\n3\n4")
    assert [row.line for row in new] == [1]
    assert [item.line for item in refused] == [2, 3, 5]
    assert refused[-1].reason == "too much is wrong: from here on nothing was read"


def test_times_as_go_writes_them():
    [row], _refused = _read(GOOD | {"timestamp": "2025-06-26T04:40:40.547279478-04:00"})
    assert row.timestamp == datetime(2025, 6, 26, 8, 40, 40, 547279, tzinfo=UTC)


@pytest.mark.parametrize("depth", [1_000, 5_000])
def test_a_payload_nested_too_deep_is_refused(depth):
    body = json.dumps(GOOD)[:-1] + f', "steps": {"[" * depth + "]" * depth}}}'
    new, [refusal] = interactions.read(body.encode())
    assert (new, refusal.line) == ([], 1)
    too_deep = ("line: not JSON: depth limit exceeded", "steps: is nested too deep")
    assert refusal.reason.startswith(too_deep)


def test_a_text_of_ten_megabytes_is_kept():
    [row], _refused = _read(GOOD | {"response_payload": "x" * 10_000_000})
    assert row.response_payload == "x" * 10_000_000


def test_naughty_strings_are_read_exactly(shared_data):
    strings = json.loads((shared_data / "json_edge" / "naughty_strings_even.json").read_bytes())
    records = [
        GOOD | {"id": str(uuid.UUID(int=n)), "input_description": naughty, "steps": [naughty]}
        for n, naughty in enumerate(strings)
    ]
    for form in ("lines", "array"):
        new, refused = _read(*records, form=form)
        assert ([row.input_description for row in new], refused) == (strings, [])
        assert [json.loads(row.steps) for row in new] == [[naughty] for naughty in strings]


def test_a_missing_time_is_told_once():
    raw = b'{"id": "0190163d-8694-7e4f-9a3b-1f6d5a2c7e10", "endpoint": "/x", "status": "success"}'
    assert interactions.read(raw)[1] == [Refusal(1, "timestamp: a text is needed")]
