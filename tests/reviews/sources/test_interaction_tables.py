"""An agent's SQLite file: each row a record, or refused by its number."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from datetime import UTC, datetime

import pytest

from reviews.sources import Refusal, interaction_tables
from reviews.sources.interactions import NewInteraction

ID = "0190163d-8694-7e4f-9a3b-1f6d5a2c7e10"
ROW = {"id": ID, "timestamp": "2026-11-21T10:00:00Z", "endpoint": "/a", "status": "success"}
WHOLE = (
    "id TEXT PRIMARY KEY, timestamp TEXT, endpoint TEXT, request_payload TEXT,"
    "response_payload TEXT, app_name TEXT, app_path TEXT, test_results_json TEXT,"
    "analysis_results_json TEXT, feedback_json TEXT, status TEXT,"
    "processed_for_finetuning INTEGER DEFAULT 0, notes TEXT"
)
BARE = "id, timestamp, endpoint, status, processed_for_finetuning, request_payload"


@pytest.fixture
def made(tmp_path):
    """The bytes of a database with a table of these columns and rows."""

    def make(*rows, columns=WHOLE, table="interactions_log", mode="delete"):
        path = tmp_path / f"{uuid.uuid4()}.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA journal_mode={mode}")
            connection.execute(f"CREATE TABLE {table} ({columns})")
            for row in rows:
                names, marks = ", ".join(row), ", ".join("?" * len(row))
                sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"
                connection.execute(sql, list(row.values()))
            connection.commit()
        return path.read_bytes()

    return make


def _read(raw):
    return list(interaction_tables.read(raw))


def test_a_row_becomes_a_record(made):
    more = {
        "request_payload": "text",
        "response_payload": '{"a" : 1.0}',
        "app_name": "kasir",
        "app_path": "apps/kasir",
        "test_results_json": '{"failed_tests":3}',
        "analysis_results_json": "{}",
        "feedback_json": '{"rating":2}',
        "processed_for_finetuning": 1,
        "notes": "ignored",
    }
    assert _read(made(ROW | more)) == [
        NewInteraction(
            id=uuid.UUID(ID),
            timestamp=datetime(2026, 11, 21, 10, tzinfo=UTC),
            endpoint="/a",
            status="success",
            request_payload="text",
            response_payload='{"a" : 1.0}',
            app_name="kasir",
            app_path="apps/kasir",
            test_results='{"failed_tests":3}',
            analysis_results="{}",
            explicit_feedback='{"rating":2}',
            processing_status="processed",
            line=1,
        )
    ]


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_an_agents_own_file_is_read(made, mode):
    [row] = _read(made(ROW, columns=BARE, mode=mode))
    assert (row.processing_status, row.request_payload, row.line) == ("pending", "", 1)


def test_the_public_files(shared_data):
    logs = shared_data / "agent_logs"
    assert _read((logs / "finetuning.db").read_bytes()) == []
    raw = (logs / "interactions_log_from_openhands.db").read_bytes()
    rows = _read(raw)
    first = rows[0]
    assert [row.line for row in rows] == [1, 2, 3]
    assert first.id == uuid.UUID("106beb8f-1cae-5ddd-80a4-5b6ab1ce5d3f")
    assert first.timestamp == datetime(2025, 6, 26, 8, 40, 40, tzinfo=UTC)
    # Three of its six tests failed: what the agent called it stays.
    assert ('"failed_tests":3' in first.test_results, first.status) == (True, "success")
    assert first.request_payload == "generated_apps/generated-application"
    with closing(sqlite3.connect(":memory:")) as own:
        own.deserialize(raw)
        payloads = own.execute("SELECT response_payload FROM interactions_log").fetchall()
    assert [(row.response_payload,) for row in rows] == payloads


def test_names_that_are_no_uuid_become_one_for_ever(made):
    rows = [{"id": name} for name in (17, "17", "app-1")]
    found = _read(made(*[ROW | row for row in rows], columns=BARE))
    assert found == _read(made(*[ROW | row for row in rows], columns=BARE))
    assert found[0].id == found[1].id == uuid.UUID("6718ae0f-a7cc-5744-b524-616fe81815a1")
    assert found[2].id not in (found[0].id, uuid.UUID(ID))
    [later] = _read(made(ROW | {"id": 17, "timestamp": "2026-11-22T10:00:00Z"}, columns=BARE))
    assert later.id != found[0].id


def test_bad_rows_are_refused_by_number_and_the_good_kept(made):
    changes = [
        {"status": "great"},
        {"id": None},
        {"timestamp": "2025-06-26 04:40:40 -0400 EDT"},
        {"request_payload": b"\xff"},
        {"request_payload": "a\x00"},
        {"endpoint": ""},
        {},
    ]
    *refused, good = _read(made(*[ROW | change for change in changes], columns=BARE))
    assert refused == [
        Refusal(1, "status: one of success, failure, error"),
        Refusal(2, "id: is empty"),
        Refusal(3, "timestamp: an ISO 8601 time is needed"),
        Refusal(4, "request_payload: not UTF-8"),
        Refusal(5, "request_payload: holds a NUL character"),
        Refusal(6, "endpoint: is empty"),
    ]
    assert (good.line, good.id) == (7, uuid.UUID(ID))


def test_a_file_that_is_none_says_what_is_missing(made):
    assert _read(made(columns="a", table="other")) == [
        Refusal(1, "file: has no table interactions_log")
    ]
    assert _read(made(columns="id, endpoint")) == [
        Refusal(1, "file: the table interactions_log has no column timestamp, status")
    ]


@pytest.mark.parametrize("raw", [b"x" * 5000, b"SQLite format 3\x00" + b"\x00" * 200, b'{"a": 1}'])
def test_what_is_no_database_is_refused(raw):
    [refusal] = _read(raw)
    assert (refusal.line, refusal.reason[:27]) == (1, "file: SQLite can't read it:")
