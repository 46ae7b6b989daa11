"""Codecs of training-data files, both directions: pure functions between lines and examples.

One file a format. Each has `NAME`, `KEYS` (what a line may hold), `HOLDS` (the fields of an example
that it has a place for besides input and output), `dumps(example) -> bytes` (one line with its
newline), `loads(line) -> Example` and `parse(value)` for a decoded line; what can't be represented
raises FormatError, nothing is dropped. Whole files are in `files`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import orjson

NAMES = (
    "gemini",
    "alpaca",
    "sharegpt",
    "chat",
    "prompt_completion",
    "prompt_completion_plain",
    "preference",
    "gemini_preference",
    "t5",
    "csv",
)
PREFERENCES = ("preference", "gemini_preference")
"""The formats that hold nothing but pairs of a better and a worse answer."""
Turns = tuple[tuple[str, str], ...]


class FormatError(ValueError):
    """The line is not of the format, or the example can't be written in it. `field` says where."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


@dataclass(frozen=True, slots=True)
class Example:
    """One training example: `output` answers `input`, asked after the turns of `history`.

    A turn is (role, text) with the role 'user' or 'assistant', or, where the assistant used a tool,
    'call' (the JSON text of `tools.call`) or 'result' (what came back, as it came). `steps` are the
    calls and results between the question and its answer, `tools` the JSON text of
    `tools.declared`. A preference holds the better answer in `output`, the worse in `rejected`.
    """

    input: str
    output: str
    system: str = ""
    history: Turns = ()
    rejected: str = ""
    steps: Turns = ()
    tools: str = ""


_TALK, _TOOLS = ("user", "assistant"), ("call", "result")


def sound(words: str, field: str) -> None:
    """FormatError where no file may hold this text: empty, NUL, half of a surrogate pair."""
    if not words or words.isspace():
        raise FormatError(field, "is empty")
    if "\x00" in words:
        raise FormatError(field, "holds a NUL character")
    if not words.isascii():
        try:
            words.encode()
        except UnicodeEncodeError as error:
            raise FormatError(field, "holds half of a surrogate pair") from error


def _check_turns(turns: Turns, field: str, roles: tuple[str, ...]) -> None:
    for position, (role, words) in enumerate(turns):
        if role not in roles:
            raise FormatError(
                f"{field}[{position}]", f"{role!r} can't be held here, only {', '.join(roles)}"
            )
        sound(words, f"{field}[{position}]")


def check(example: Example, holds: AbstractSet[str]) -> None:
    """FormatError for the first field that has no place in `holds` or that no file can hold."""
    sound(example.input, "input")
    sound(example.output, "output")
    for field, value in (
        ("system", example.system),
        ("history", example.history),
        ("rejected", example.rejected),
        ("steps", example.steps),
        ("tools", example.tools),
    ):
        if not value:
            continue
        if field not in holds:
            raise FormatError(field, "this format has no place for it")
        if isinstance(value, str):
            sound(value, field)
        elif field == "steps":
            _check_turns(value, field, _TOOLS)
        else:
            _check_turns(value, field, _TALK + _TOOLS if "steps" in holds else _TALK)


def ended(turns: Sequence[tuple[str, str]], field: str, **fields: str) -> Example:
    """The example whose answer is the last turn, and whose question the last turn of a user."""
    asked = max((at for at, turn in enumerate(turns) if turn[0] == "user"), default=-1)
    steps = tuple(turns[asked + 1 : -1])
    if asked < 0 or turns[-1][0] != "assistant" or any(role not in _TOOLS for role, _w in steps):
        raise FormatError(field, "must end with a user's turn and the assistant's answer to it")
    return Example(
        turns[asked][1], turns[-1][1], history=tuple(turns[:asked]), steps=steps, **fields
    )


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


def only(value: dict[str, Any], keys: AbstractSet[str], at: str = "") -> dict[str, Any]:
    """The object itself; FormatError names a key in it that is none of `keys` and says something:
    who writes a table as JSON has a null wherever another row has a value."""
    strange = {} if value.keys() <= keys else value.keys() - keys
    if told := [name for name in strange if value[name] is not None]:
        name = min(told)[:100]
        reason = f"this key can't be kept, only {', '.join(sorted(keys))}"
        raise FormatError(f"{at}.{name}" if at else name, reason)
    return value


def text(value: dict[str, Any], field: str, *, needed: bool = True, at: str = "") -> str:
    """The text in `field`; FormatError where it is missing, empty, no text or holds NUL.

    `at` is where the object stands, for the error.
    """
    found = value.get(field)
    if found is None and not needed:
        return ""
    where = f"{at}.{field}" if at else field
    if not isinstance(found, str):
        raise FormatError(where, "a text is needed")
    if "\x00" in found:
        raise FormatError(where, "holds a NUL character")
    if needed and not found.strip():
        raise FormatError(where, "is empty")
    return found


def spare(value: dict[str, Any], field: str) -> str:
    """The text in a field that may be missing, null or blank, all of which say nothing: ''."""
    found = text(value, field, needed=False)
    return "" if found.isspace() else found


def write(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def by_name(name: str) -> ModuleType:
    """The codec called `name`; FormatError names the known ones."""
    if name not in NAMES:
        raise FormatError("format", f"{name!r} is not one of {', '.join(NAMES)}")
    return import_module(f"reviews.formats.{name}")
