"""JSON objects of a file, one array or one object a line, each with the line it begins on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reviews.formats import FormatError, read_object
from reviews.sources import Refusal

_BOM = b"\xef\xbb\xbf"


# Finds where an element of an array ends; what it holds is judged by read_object alone.
_DECODER = json.JSONDecoder()

Row = tuple[int, dict[str, Any] | Refusal]


def _row(line: int, raw: bytes) -> Row:
    try:
        return line, read_object(raw)
    except FormatError as error:
        return line, Refusal(line, str(error))


def _lines(raw: bytes) -> Iterator[Row]:
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if line.strip():
            yield _row(number, line)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _array(text: str) -> Iterator[Row]:
    """Elements of a JSON array, decoded one at a time so that each is known by its line."""
    at, line, counted = _skip(text, text.index("[") + 1), 1, 0
    while at < len(text) and text[at] != "]":
        line, counted = line + text.count("\n", counted, at), at
        try:
            _value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            # Past a syntax error there is no telling where the next row begins.
            yield line, Refusal(line, f"not JSON from here on: {error}")
            return
        yield _row(line, text[at:end].encode())
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "]":
            line += text.count("\n", counted, at)
            yield line, Refusal(line, "not JSON from here on: ',' or ']' expected")
            return
    if at >= len(text):
        yield line, Refusal(line, "the array is not closed: the file is cut short")
    elif (rest := _skip(text, at + 1)) < len(text):
        line += text.count("\n", counted, rest)
        yield line, Refusal(line, "nothing may follow the array")


def read(raw: bytes) -> Iterator[Row]:
    """(line, object or refusal) of each row. A byte-order mark and CRLF are accepted."""
    raw = raw.removeprefix(_BOM)
    if raw.lstrip()[:1] != b"[":
        yield from _lines(raw)
        return
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        yield line, Refusal(line, "not UTF-8")
        return
    yield from _array(text)
