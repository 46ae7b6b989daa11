"""An agent's SQLite file with a table `interactions_log`, from its rows to records or refusals."""

from __future__ import annotations

import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import quote

from reviews.enums import Processing
from reviews.formats import FormatError
from reviews.sources import Refusal
from reviews.sources.interactions import NewInteraction, parse

TABLE = "interactions_log"
NEEDED = ("id", "timestamp", "endpoint", "status")
FIELDS = {
    "input_description": "input_description",
    "request_payload": "request_payload",
    "response_payload": "response_payload",
    "app_name": "app_name",
    "app_path": "app_path",
    "test_results_json": "test_results",
    "analysis_results_json": "analysis_results",
    "feedback_json": "explicit_feedback",
    "model_version": "model_version",
}
"""Columns that may be there, and the fields that they become."""
PROCESSED = "processed_for_finetuning"
# Of names such as '17' in this table; made once, so that the same row has the same id for ever.
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:feedbackhub:interactions_log")

Found = NewInteraction | Refusal


@contextmanager
def _opened(raw: bytes) -> Iterator[sqlite3.Connection]:
    with tempfile.NamedTemporaryFile(suffix=".db") as file:
        file.write(raw)
        file.flush()
        # Immutable: SQLite writes nothing, not even where the file says that a log belongs to it.
        address = f"file:{quote(file.name)}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            # Decoded here: one row that is no UTF-8 must not end the reading.
            connection.text_factory = bytes
            yield connection


def _columns(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(f"PRAGMA table_info({TABLE})")
    columns = [row[1].decode() for row in rows]
    if not columns:
        raise FormatError("file", f"has no table {TABLE}")
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise FormatError("file", f"the table {TABLE} has no column {', '.join(missing)}")
    return [name for name in columns if name in (*NEEDED, *FIELDS, PROCESSED)]


def _text(column: str, cell: Any) -> str:
    if cell is None:
        return ""
    try:
        return cell.decode() if isinstance(cell, bytes) else str(cell)
    except UnicodeDecodeError as error:
        raise FormatError(column, "not UTF-8") from error


def _id(name: str, timestamp: str) -> str:
    """The id itself where it is a UUID, else one made of it and the row's time, which is the same
    whenever the row is imported: plain numbers alone would repeat from file to file."""
    try:
        return str(uuid.UUID(name))
    except ValueError:
        return str(uuid.uuid5(_NAMESPACE, f"{name} {timestamp}"))


def _record(columns: list[str], cells: tuple[Any, ...], number: int) -> NewInteraction:
    row = {name: _text(name, cell) for name, cell in zip(columns, cells, strict=True)}
    if not row["id"]:
        raise FormatError("id", "is empty")
    fields = {field: row[column] for column, field in FIELDS.items() if column in row}
    own = {name: row[name] for name in NEEDED}
    record = parse(own | fields | {"id": _id(row["id"], row["timestamp"])}, {}, number)
    if row.get(PROCESSED, "0") not in ("", "0"):
        return record._replace(processing_status=Processing.PROCESSED.value)
    return record


def _rows(connection: sqlite3.Connection) -> Iterator[Found]:
    columns = _columns(connection)
    rows = connection.execute(f"SELECT {', '.join(columns)} FROM {TABLE}")  # noqa: S608
    for number, cells in enumerate(rows, start=1):
        try:
            yield _record(columns, cells, number)
        except FormatError as error:
            yield Refusal(number, str(error))


def read(raw: bytes) -> Iterator[Found]:
    """Each row of the file's table as a record or a refusal, its number counted from 1.

    A file that is none of SQLite's, is damaged or lacks the table is one refusal, which says so.
    """
    with _opened(raw) as connection:
        try:
            yield from _rows(connection)
        except FormatError as error:
            yield Refusal(1, str(error))
        except sqlite3.DatabaseError as error:
            yield Refusal(1, f"file: SQLite can't read it: {error}")
