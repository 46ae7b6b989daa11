"""POST /api/v1/interactions: good records are kept, bad ones refused by line (C1)."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

import pytest

from reviews.models import Interaction
from tests.feedbackhub.conftest import problem, wrong_fields

LOG = "/api/v1/interactions"
ID = "0190163d-8694-7e4f-9a3b-1f6d5a2c7e10"
RECORD = {
    "id": ID,
    "timestamp": "2026-11-21T10:00:00+07:00",
    "endpoint": "/generate-app",
    "status": "success",
}


def records(count: int) -> list[dict]:
    return [RECORD | {"id": str(uuid.UUID(int=number + 1))} for number in range(count)]


def lines(*rows) -> bytes:
    return b"".join(
        (row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows
    )


def test_one_object_is_stored_with_its_exact_payloads(api, assistant):
    payload = '{"b": 1,   "a": 2}'
    sent = RECORD | {
        "input_description": "Buat aplikasi",
        "request_payload": payload,
        "response_payload": {"b": 1, "a": [2]},
        "app_name": "Toko",
        "test_results": "3 passed",
        "model_version": "v1",
        "request_id": ID,
    }
    response = api.post(LOG, sent)
    assert (response.status_code, response.json()) == (202, {"accepted": 1, "refused": []})
    assert Interaction.objects.values().get() == {
        "id": uuid.UUID(ID),
        "assistant_id": assistant.pk,
        "timestamp": datetime(2026, 11, 21, 3, tzinfo=UTC),
        "endpoint": "/generate-app",
        "input_description": "Buat aplikasi",
        "request_payload": payload,
        "response_payload": '{"b":1,"a":[2]}',
        "app_name": "Toko",
        "test_results": "3 passed",
        "model_version": "v1",
        "status": "success",
        "request_id": uuid.UUID(ID),
        "feedback_id": None,
        "processing_status": "pending",
        "processing_error": "",
    }


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(records(3)).encode(),
        json.dumps(records(3), indent=2).encode(),
        lines(*records(3)),
        lines(*records(3)).replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + lines(*records(3)),
        b"\n\n" + lines(*records(3)) + b"\n \n",
        lines(*records(3)).rstrip(b"\n"),
    ],
    ids=["array", "pretty array", "lines", "CRLF", "BOM", "blank lines", "no last newline"],
)
@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson", "text/plain"])
def test_the_forms_of_several(api, body, kind):
    response = api.post(LOG, body, content_type=kind)
    assert (response.status_code, response.json()) == (202, {"accepted": 3, "refused": []})
    assert Interaction.objects.count() == 3


def test_one_object_may_be_spread_over_lines(api):
    response = api.post(LOG, json.dumps(RECORD, indent=2).encode())
    assert response.json() == {"accepted": 1, "refused": []}


def test_good_lines_are_kept_and_bad_ones_named_by_line(api):
    first, second = records(2)
    body = lines(
        first,
        b"not json",
        b"[1]",
        b"null",
        {**RECORD, "status": "great"},
        {**RECORD, "id": "x"},
        {**RECORD, "timestamp": "kemarin"},
        {**RECORD, "endpoint": ""},
        {**RECORD, "endpont": "/a"},
        b"",
        second,
    )
    response = api.post(LOG, body, content_type="application/x-ndjson")
    assert response.status_code == 202
    found = response.json()
    assert found["accepted"] == 2
    assert [line["line"] for line in found["refused"]] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert [line["reason"] for line in found["refused"]][1:] == [
        "line: not a JSON object",
        "line: not a JSON object",
        "status: one of success, failure, error",
        "id: a UUID is needed",
        "timestamp: an ISO 8601 time is needed",
        "endpoint: is empty",
        "endpont: this field is not known",
    ]
    assert set(Interaction.objects.values_list("id", flat=True)) == {
        uuid.UUID(first["id"]),
        uuid.UUID(second["id"]),
    }


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"id": 5}, "id"),
        ({"id": None}, "id"),
        ({"timestamp": 1700000000}, "timestamp"),
        ({"timestamp": "2026-13-01T00:00:00Z"}, "timestamp"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp"),
        ({"endpoint": "/" * 201}, "endpoint"),
        ({"endpoint": "a\x00"}, "endpoint"),
        ({"endpoint": True}, "endpoint"),
        ({"status": True}, "status"),
        ({"status": "SUCCESS"}, "status"),
        ({"app_name": "a" * 201}, "app_name"),
        ({"model_version": 1.0}, "model_version"),
        ({"request_payload": 5}, "request_payload"),
        ({"request_payload": {"a": "\x00"}}, "request_payload"),
        ({"test_results": "a\x00"}, "test_results"),
        ({"request_id": "x"}, "request_id"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_stored(api, change, named):
    response = api.post(LOG, [RECORD | change])
    assert response.status_code == 202
    [line] = response.json()["refused"]
    assert (line["line"], line["reason"].split(":")[0]) == (1, named)
    assert Interaction.objects.count() == 0


def test_sent_again_nothing_doubles_and_the_first_stays(api):
    api.post(LOG, RECORD)
    response = api.post(LOG, [RECORD | {"status": "failure"}])
    assert response.status_code == 202
    assert Interaction.objects.get().status == "success"


@pytest.mark.parametrize("body", [b"", b" ", b"\n\n", b"[]", b" [ ] ", b"\xef\xbb\xbf"])
def test_a_body_without_records_is_refused(api, body):
    response = api.post(LOG, body)
    assert wrong_fields(response) == ["body"]


def test_no_more_than_ten_thousand_at_once(api):
    response = api.post(LOG, lines(*records(10_001)))
    assert response.json() == {
        "accepted": 10_000,
        "refused": [{"line": 10_001, "reason": "at most 10000 records a request"}],
    }


def test_personal_data_is_redacted(api):
    api.post(LOG, RECORD | {"input_description": "Kirim ke budi@contoh.id"})
    assert "budi@contoh.id" not in Interaction.objects.get().input_description


def test_the_log_knows_nothing_of_other_assistants(api, other):
    other.post(LOG, RECORD)
    api.post(LOG, RECORD | {"id": str(uuid.uuid4())})
    owners = Interaction.objects.values_list("assistant__slug", flat=True)
    assert sorted(owners) == ["bisnis", "lain"]


def test_with_the_database_away_the_caller_is_told_to_try_again(api, database_away):
    with database_away():
        response = api.post(LOG, RECORD)
    assert (response.status_code, problem(response)["title"]) == (503, "Try again")


@pytest.mark.usefixtures("recently_used")
@pytest.mark.parametrize("count", [1, 50])
def test_a_batch_costs_the_key_and_one_insert(api, count, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert api.post(LOG, records(count)).json()["accepted"] == count
