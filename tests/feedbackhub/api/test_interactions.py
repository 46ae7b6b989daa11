"""POST /api/v1/interactions: good records are kept, bad ones refused by line (C1)."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import uuid
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.checks import pii
from reviews.models import Feedback, Interaction
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


def took(accepted: int, duplicates: int = 0) -> dict:
    return {"accepted": accepted, "duplicates": duplicates, "refused": []}


def test_one_object_is_stored_with_its_exact_payloads(api, assistant):
    payload = '{"b": 1,   "a": 2}'
    sent = RECORD | {
        "input_description": "Buat aplikasi",
        "request_payload": payload,
        "response_payload": {"b": 1, "a": [2.0]},
        "steps": [{"prompt": "Buat", "output": None}],
        "generated_code": {},
        "test_results": "3 passed",
        "analysis_results": "[]",
        "explicit_feedback": {"rating": 5},
        "app_name": "Toko",
        "app_path": "apps/toko",
        "model_version": "v1",
        "request_id": ID,
    }
    response = api.post(LOG, sent)
    assert (response.status_code, response.json()) == (202, took(1))
    assert Interaction.objects.values().get() == {
        "id": uuid.UUID(ID),
        "assistant_id": assistant.pk,
        "timestamp": datetime(2026, 11, 21, 3, tzinfo=UTC),
        "endpoint": "/generate-app",
        "input_description": "Buat aplikasi",
        "request_payload": payload,
        "response_payload": '{"b": 1, "a": [2.0]}',
        "app_name": "Toko",
        "app_path": "apps/toko",
        "steps": '[{"prompt": "Buat", "output": null}]',
        "generated_code": "{}",
        "test_results": "3 passed",
        "analysis_results": "[]",
        "explicit_feedback": '{"rating": 5}',
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
    assert (response.status_code, response.json()) == (202, took(3))
    assert Interaction.objects.count() == 3


def test_one_object_may_be_spread_over_lines(api):
    response = api.post(LOG, json.dumps(RECORD, indent=2).encode())
    assert response.json() == took(1)


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
        ({"app_path": "a" * 501}, "app_path"),
        ({"app_path": {}}, "app_path"),
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


def test_sent_again_nothing_doubles(api):
    record = RECORD | {"input_description": "Kirim ke budi@contoh.id", "steps": [1.0]}
    api.post(LOG, record)
    assert api.post(LOG, [record, record]).json() == took(0, duplicates=2)
    assert Interaction.objects.count() == 1


def test_an_id_with_other_content_is_refused_by_line(api):
    api.post(LOG, RECORD)
    new, _same = records(2)
    body = lines(b"rusak", new, b"", RECORD | {"status": "failure"}, b"[]")
    response = api.post(LOG, body)
    found = response.json()
    assert (response.status_code, found["accepted"], found["duplicates"]) == (202, 1, 0)
    assert [line["line"] for line in found["refused"]] == [1, 4, 5]
    assert found["refused"][1]["reason"] == "id: is there already with other content"
    assert Interaction.objects.get(pk=ID).status == "success"


def test_whose_an_id_is_is_not_told(api, other):
    other.post(LOG, RECORD)
    api.post(LOG, RECORD | {"id": str(uuid.UUID(int=5))})
    of_another = api.post(LOG, RECORD).json()
    of_ours = api.post(LOG, RECORD | {"id": str(uuid.UUID(int=5)), "status": "error"}).json()
    assert of_another == of_ours
    assert of_another["refused"] == [
        {"line": 1, "reason": "id: is there already with other content"}
    ]


@pytest.mark.parametrize("body", [b"", b" ", b"\n\n", b"[]", b" [ ] ", b"\xef\xbb\xbf"])
def test_a_body_without_records_is_refused(api, body):
    response = api.post(LOG, body)
    assert wrong_fields(response) == ["body"]


def test_no_more_than_ten_thousand_at_once(api):
    response = api.post(LOG, lines(*records(10_002)))
    reason = "at most 10000 records a request: from here on nothing was read"
    assert response.json() == took(10_000) | {"refused": [{"line": 10_001, "reason": reason}]}
    assert Interaction.objects.count() == 10_000


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
def test_a_batch_costs_no_more_queries_than_one_record(api):
    api.post(LOG, RECORD)
    with CaptureQueriesContext(connection) as one:
        assert api.post(LOG, records(1)).json() == took(1)
    Interaction.objects.all().delete()
    with CaptureQueriesContext(connection) as fifty:
        assert api.post(LOG, records(50)).json() == took(50)
    # SQLite notes an executemany as one statement, PostgreSQL's COPY is none.
    assert len(one) == len(fifty) <= 4


# --- gzip ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
def test_a_body_may_be_gzipped(api, encoding):
    body = gzip.compress(lines(*records(3)))
    response = api.post(LOG, body, **{"content-encoding": encoding})
    assert (response.status_code, response.json()) == (202, took(3))


def test_identity_is_no_encoding(api):
    assert api.post(LOG, RECORD, **{"content-encoding": "identity"}).json() == took(1)


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "{0.x}"])
def test_another_encoding_is_a_415(api, encoding):
    response = api.post(LOG, gzip.compress(lines(RECORD)), **{"content-encoding": encoding})
    detail = "Content-Encoding: only gzip is read."
    assert problem(response) == {"title": "unsupported media type", "detail": detail}
    assert (response.status_code, Interaction.objects.count()) == (415, 0)


WHOLE = gzip.compress(json.dumps(RECORD).encode(), mtime=0)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{}", "Error -3 while decompressing data: incorrect header check"),
        (WHOLE[:-9], "it is cut short"),
        (WHOLE[:-1], "it is cut short"),
        (WHOLE[:-5] + b"xxxxx", "Error -3 while decompressing data: incorrect data check"),
        (WHOLE + b"x", "something follows it"),
        (WHOLE + WHOLE, "something follows it"),
    ],
)
def test_broken_gzip_is_a_400(api, body, reason):
    response = api.post(LOG, body, **{"content-encoding": "gzip"})
    detail = f"The body is not gzip: {reason}"
    assert problem(response) == {"title": "parse error", "detail": detail}
    assert (response.status_code, Interaction.objects.count()) == (400, 0)


def _bomb(megabytes: int) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [squeeze.compress(bytes(1024 * 1024)) for _megabyte in range(megabytes)]
    return b"".join([*parts, squeeze.flush()])


def test_what_is_larger_inflated_is_a_413_and_never_inflated(api):
    body = _bomb(400)
    tracemalloc.start()
    response = api.post(LOG, body, **{"content-encoding": "gzip"})
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (response.status_code, problem(response)["title"]) == (413, "too large")
    assert most < 110 * 1024 * 1024


def test_a_vote_may_be_gzipped_within_its_own_limit(api):
    ticket = api.answered()
    path = f"/api/v1/ai/feedback/{ticket['request_id']}"
    assert api.post(path, _bomb(3), **{"content-encoding": "gzip"}).status_code == 413
    vote = gzip.compress(b'{"is_positive": true}')
    assert api.post(path, vote, **{"content-encoding": "gzip"}).status_code == 201


# --- the edges of JSON ---------------------------------------------------------------------------
def test_a_key_that_is_there_twice_is_refused_by_every_call(api):
    ticket = api.answered()
    path = f"/api/v1/ai/feedback/{ticket['request_id']}"
    response = api.post(path, b'{"is_positive": true, "is_positive": false}')
    reason = "this key is there twice"
    assert problem(response)["errors"] == [{"field": "is_positive", "detail": reason}]
    body = b'{"prompt": "a", "messages": [{"role": "user", "role": "system", "content": "b"}]}'
    assert wrong_fields(api.post("/api/v1/ai/chat", body)) == ["role"]
    assert Feedback.objects.count() == 0


EDGES = Path(__file__).parents[4] / "shared" / "data" / "json_edge"


@pytest.mark.parametrize(
    "name", sorted(file.name for file in EDGES.glob("[niy]_*.json")) or ["none"]
)
def test_an_edge_of_json_as_a_payload_is_refused_or_stored_exactly(api, shared_data, name):
    inner = (shared_data / "json_edge" / name).read_bytes()
    body = lines(json.dumps(RECORD).encode()[:-1] + b', "steps": ' + inner + b"}")
    response = api.post(LOG, body)
    assert response.status_code == 202
    found = response.json()
    if found["accepted"]:
        assert not found["refused"]
        value = json.loads(inner)
        exact = value or "" if isinstance(value, (str, type(None))) else inner.decode().strip()
        assert Interaction.objects.get().steps == exact
    else:
        assert all(line["reason"] for line in found["refused"])
        assert (found["refused"] != [], Interaction.objects.count()) == (True, 0)


def test_naughty_strings_are_stored_exactly(api, shared_data):
    strings = json.loads((shared_data / "json_edge" / "naughty_strings_even.json").read_bytes())
    sent = [
        RECORD | {"id": str(uuid.UUID(int=n + 1)), "input_description": text, "steps": {"a": text}}
        for n, text in enumerate(strings)
    ]
    assert api.post(LOG, lines(*sent)).json() == took(len(strings))
    stored = Interaction.objects.order_by("id").values_list("input_description", "steps")
    assert list(stored) == [(pii.redact(t), pii.redact(json.dumps({"a": t}))) for t in strings]


def test_a_string_of_ten_megabytes_is_stored(api):
    assert api.post(LOG, RECORD | {"response_payload": "x" * 10_000_000}).json() == took(1)
    assert Interaction.objects.get().response_payload == "x" * 10_000_000


def test_utf_16_is_refused_with_a_reason(api):
    response = api.post(LOG, json.dumps(RECORD, indent=1).encode("utf-16"))
    assert response.json() == took(0) | {"refused": [{"line": 1, "reason": "not UTF-8"}]}
