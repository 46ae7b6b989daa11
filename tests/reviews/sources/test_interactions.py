"""Records of the interaction log: taken whole, or refused with the field's name."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

import pytest

from reviews.formats import FormatError
from reviews.sources import interactions

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


def test_a_payload_that_is_an_object_becomes_its_json():
    [row], _refused = _read(GOOD | {"request_payload": {"b": [1], "a": "é"}})
    assert row.request_payload == '{"b":[1],"a":"é"}'


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
        ({"request_payload": {"a": "\x00"}}, "request_payload"),
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


def test_the_same_record_twice_in_a_body_is_taken_once():
    new, refused = _read(GOOD, GOOD | {"status": "error"})
    assert ([row.status for row in new], refused) == (["success"], [])


@pytest.mark.parametrize("raw", [b"", b"[]", b" \n"])
def test_a_body_without_records_is_refused(raw):
    with pytest.raises(FormatError) as refused:
        interactions.read(raw)
    assert refused.value.field == "body"


def test_too_many_records_are_cut_and_said(monkeypatch):
    monkeypatch.setattr(interactions, "MAX_RECORDS", 2)
    new, refused = _read(*[GOOD | {"id": str(uuid.uuid4())} for _record in range(4)])
    assert (len(new), [item.line for item in refused]) == (2, [3])


def test_letters_that_look_like_an_escaped_nul_are_kept():
    [row], refused = _read(GOOD | {"request_payload": {"a": r"\u0000"}})
    assert (row.request_payload, refused) == (r'{"a":"\\u0000"}', [])


def test_a_payload_too_deep_to_be_written_is_refused_by_name():
    deep: list[object] = []
    for _level in range(400):
        deep = [deep]
    new, [refusal] = _read(GOOD | {"request_payload": deep})
    assert (new, refusal.reason) == ([], "request_payload: is nested too deep")
