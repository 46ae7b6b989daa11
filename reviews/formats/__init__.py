"""Codecs of training-data files, both directions: pure functions between lines and examples.

One file a format. Each has `NAME`, `dumps(example) -> bytes` (one line with its newline) and
`loads(line) -> Example`; what can't be represented raises FormatError, nothing is dropped.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import orjson

NAMES = ("gemini", "alpaca", "chat", "preference")


class FormatError(ValueError):
    """The line is not of the format, or the example can't be written in it. `field` says where."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


@dataclass(frozen=True, slots=True)
class Example:
    """One training example. `history` holds (role, text) turns, roles 'user' and 'assistant'.

    A preference example holds the better answer in `output` and the worse in `rejected`.
    """

    input: str
    output: str
    system: str = ""
    history: tuple[tuple[str, str], ...] = ()
    rejected: str = ""


def each_once(members: list[tuple[str, Any]]) -> None:
    """A decoder's hook for objects: FormatError naming a key that is there twice."""
    if len(dict(members)) == len(members):
        return
    seen = set()
    for name, _value in members:
        if name in seen:
            raise FormatError(name[:100], "this key is there twice")
        seen.add(name)


# Numbers stay text: Python takes the square of its digits' time for a long one, and refuses it.
_KEYS_ONLY = json.JSONDecoder(object_pairs_hook=each_once, parse_int=str, parse_float=str)


def reject_duplicate_keys(raw: bytes) -> None:
    """FormatError naming the key that an object has twice, in JSON that orjson has taken.

    orjson keeps the last and says nothing. Costs 1 µs for a vote and 7 µs a kilobyte: a count of
    quotes and colons that would spare it takes as long.
    """
    try:
        _KEYS_ONLY.decode(raw.decode())
    except RecursionError as error:
        raise FormatError("body", "is nested too deep") from error


def decode_object(line: bytes) -> dict[str, Any]:
    """The JSON object of a line: no NaN, no lone surrogates, UTF-8 only. Keys may repeat."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise FormatError("line", f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise FormatError("line", "not a JSON object")
    return value


def read_object(line: bytes) -> dict[str, Any]:
    """`decode_object`, and no object in it has a key twice."""
    value = decode_object(line)
    reject_duplicate_keys(line)
    return value


def text(value: dict[str, Any], field: str, *, needed: bool = True) -> str:
    """The text in `field`; FormatError where it is missing, empty, no text or holds NUL."""
    found = value.get(field)
    if found is None and not needed:
        return ""
    if not isinstance(found, str):
        raise FormatError(field, "a text is needed")
    if "\x00" in found:
        raise FormatError(field, "holds a NUL character")
    if needed and not found.strip():
        raise FormatError(field, "is empty")
    return found


def write(value: Any) -> bytes:
    return orjson.dumps(value) + b"\n"


def by_name(name: str) -> ModuleType:
    """The codec called `name`; FormatError names the known ones."""
    if name not in NAMES:
        raise FormatError("format", f"{name!r} is not one of {', '.join(NAMES)}")
    return import_module(f"reviews.formats.{name}")
