"""JSON objects of a file, one array or one object a line, each with the line it begins on."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any

from reviews.formats import FormatError, each_once, read_object
from reviews.sources import Refusal

BOM = b"\xef\xbb\xbf"


# These find where a value ends, the second with an eye on keys; what else it holds is judged by
# orjson alone. Numbers stay text: Python takes the square of its digits' time for a long one.
_ENDS = json.JSONDecoder(object_pairs_hook=len, parse_int=str, parse_float=str)
_STRICT_ENDS = json.JSONDecoder(object_pairs_hook=each_once, parse_int=str, parse_float=str)
_KEY = re.compile(r'[ \t\r\n]*[{,][ \t\r\n]*"((?:[^"\\]|\\.)*)"[ \t\r\n]*:[ \t\r\n]*')

Row = tuple[int, dict[str, Any] | Refusal]
Sent = tuple[int, bytes | Refusal]


def _row(line: int, sent: bytes | Refusal) -> Row:
    if isinstance(sent, Refusal):
        return line, sent
    try:
        return line, read_object(sent)
    except FormatError as error:
        return line, Refusal(line, str(error))


def _lines(raw: bytes) -> Iterator[Sent]:
    for number, line in enumerate(io.BytesIO(raw), start=1):
        if line.strip():
            yield number, line


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _array(text: str) -> Iterator[Sent]:
    """Elements of a JSON array, told apart one at a time so that each is known by its line."""
    at, line, counted = _skip(text, text.index("[") + 1), 1, 0
    while at < len(text) and text[at] != "]":
        line, counted = line + text.count("\n", counted, at), at
        try:
            _value, end = _ENDS.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            # Past a syntax error there is no telling where the next row begins.
            yield line, Refusal(line, f"not JSON from here on: {error}")
            return
        yield line, text[at:end].encode()
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


def rows(raw: bytes) -> Iterator[Sent]:
    """(line, bytes or refusal) of each row, not decoded yet. A byte-order mark and CRLF are
    accepted; UTF-16 and UTF-32 are told by a zero among the first bytes, and refused once."""
    raw = raw.removeprefix(BOM)
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in raw[:4]:
        yield 1, Refusal(1, "not UTF-8")
        return
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


def read(raw: bytes) -> Iterator[Row]:
    """(line, object or refusal) of each row."""
    for line, sent in rows(raw):
        yield _row(line, sent)


def members(sent: bytes) -> dict[str, str]:
    """The value of each key exactly as it is written, in an object that decode_object took.

    FormatError names a key that is there twice, in this object or inside it.
    """
    text, at = sent.decode(), 0
    found: list[tuple[str, str]] = []
    while key := _KEY.match(text, at):
        start, name = key.end(), key[1]
        try:
            _value, at = _STRICT_ENDS.raw_decode(text, start)
        except RecursionError as error:
            raise FormatError(name[:100], "is nested too deep") from error
        found.append((json.loads(f'"{name}"') if "\\" in name else name, text[start:at]))
    each_once(found)
    return dict(found)
