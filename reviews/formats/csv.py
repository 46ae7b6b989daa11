"""CSV for people: a row an example, under a header; earlier turns are a JSON list in one cell.

The rules of `reviews.sheets.comma` hold: each cell quoted, UTF-8 with a byte-order mark, and a cell
that a spreadsheet would run has an apostrophe in front, which reading takes off again.
"""

from __future__ import annotations

import csv
import io
from typing import Any

import orjson

from reviews.formats import Example, FormatError, Turns, check, sound, spare, text
from reviews.sheets import comma

NAME = "csv"
COLUMNS = ("system", "history", "input", "output", "rejected")
KEYS = frozenset(COLUMNS)
HOLDS = frozenset({"system", "history", "rejected"})


def _record(cells: tuple[str, ...]) -> bytes:
    quoted = (comma.guard(cell).replace('"', '""') for cell in cells)
    return ('"' + '","'.join(quoted) + '"\r\n').encode()


HEADER = b"\xef\xbb\xbf" + _record(COLUMNS)


def dumps(example: Example) -> bytes:
    check(example, HOLDS)
    history = orjson.dumps(example.history).decode() if example.history else ""
    return _record((example.system, history, example.input, example.output, example.rejected))


def _history(cell: str) -> Turns:
    if not cell:
        return ()
    try:
        turns = orjson.loads(cell)
    except orjson.JSONDecodeError as error:
        raise FormatError("history", f"not JSON: {error}") from error
    if not isinstance(turns, list):
        raise FormatError("history", "a list of [role, text] is needed")
    for position, turn in enumerate(turns):
        where = f"history[{position}]"
        if not isinstance(turn, list) or len(turn) != 2 or not isinstance(turn[1], str):
            raise FormatError(where, "[role, text] is needed")
        if turn[0] not in ("user", "assistant"):
            raise FormatError(where, "the role user or assistant is needed")
        sound(turn[1], where)
    return tuple((role, words) for role, words in turns)


def parse(value: dict[str, Any]) -> Example:
    """The example of a row's cells by their columns' names."""
    question, answer = text(value, "input"), text(value, "output")
    history = _history(spare(value, "history"))
    return Example(question, answer, spare(value, "system"), history, spare(value, "rejected"))


def loads(line: bytes) -> Example:
    """The example of one row as `dumps` wrote it; `files.read` reads what people saved."""
    try:
        rows = list(csv.reader(io.StringIO(line.decode(), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError("line", f"not CSV: {error}") from error
    if len(rows) != 1 or len(rows[0]) != len(COLUMNS):
        raise FormatError("line", f"one row of {len(COLUMNS)} cells is needed")
    return parse(dict(zip(COLUMNS, map(comma.unguard, rows[0]), strict=True)))
