"""Tool use inside an example: calls and declarations as JSON texts of one spelling.

Values are kept, and the order of keys; the spaces between them are not, nor the spelling of a
number (1.10 and 1.1 are one). A number that needs more than 64 bits, a whole one or one with more
digits than a double tells apart, is refused: readers round it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any

from reviews.formats import Example, FormatError, Turns, each_once, only, sound, text

ROLES = ("call", "result")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    each_once(members)
    return dict(members)


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _refused(digits: str) -> ValueError:
    return ValueError(f"the number {digits:.30} needs more than 64 bits")


def _whole(digits: str) -> int:
    # By length first: Python takes the square of its digits' time for a long one.
    if len(digits) > _DIGITS or not -(2**63) <= int(digits) < 2**64:
        raise _refused(digits)
    return int(digits)


def _real(digits: str) -> float:
    """A large one may be a whole number that somebody's reader has rounded already."""
    value = float(digits)
    if abs(value) >= 2.0**63 or Decimal(digits) != Decimal(repr(value)):
        raise _refused(digits)
    return value


_DIGITS = 20
_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_constant=_constant,
    parse_int=_whole,
    parse_float=_real,
)


def decode(words: str, field: str) -> Any:
    """The value of a JSON text within a line."""
    try:
        return _DECODER.decode(words)
    except FormatError as error:
        raise FormatError(f"{field}.{error.field}", error.reason) from error
    except (ValueError, RecursionError) as error:
        raise FormatError(field, f"not JSON: {error}") from error


def encode(value: Any, field: str) -> str:
    try:
        words = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise FormatError(field, str(error)) from error
    sound(words, field)
    return words


def call(value: Any, field: str) -> str:
    """The text of a call: {"name": …, "arguments": {…}}."""
    if not isinstance(value, dict):
        raise FormatError(field, "an object with name and arguments is needed")
    only(value, {"name", "arguments"}, at=field)
    name = text(value, "name", at=field)
    if not isinstance(value.get("arguments"), dict):
        raise FormatError(f"{field}.arguments", "an object is needed")
    return encode({"name": name, "arguments": value["arguments"]}, field)


def function(words: str, field: str) -> dict[str, Any]:
    """`name` and `arguments` of a call's text."""
    value = decode(words, field)
    call(value, field)
    return {"name": value["name"], "arguments": value["arguments"]}


def _bare(tool: Any, field: str) -> dict[str, Any]:
    if isinstance(tool, dict) and tool.get("type") == "function":
        tool = only(tool, {"type", "function"}, at=field).get("function")
    if not isinstance(tool, dict):
        raise FormatError(field, "a function with a name is needed")
    text(tool, "name", at=field)
    return tool


def declared(found: Any, field: str = "tools") -> str:
    """The text of a list of declarations, bare or wrapped as OpenAI has them; '' for none."""
    if found is None:
        return ""
    if not isinstance(found, list):
        raise FormatError(field, "a list of tools is needed")
    bare = []
    for position, tool in enumerate(found):
        bare.append(_bare(tool, f"{field}[{position}]"))
    words = encode(bare, field) if bare else ""
    if words:
        decode(words, field)
    return words


def declarations(words: str, field: str = "tools") -> list[dict[str, Any]]:
    """The bare declarations in the text of `declared`."""
    bare: list[dict[str, Any]] = decode(declared(decode(words, field), field) or "[]", field)
    return bare


def used(example: Example) -> bool:
    turns = example.history + example.steps
    return bool(turns) and any(role in ROLES for role, _words in turns)


def _runs(turns: Turns) -> Iterable[tuple[str, int]]:
    for role, run in groupby(role for role, _words in turns):
        yield role, len(list(run))


def rounds(turns: Turns, field: str, *, joined: bool) -> None:
    """FormatError unless calls that stand together are followed by their results: one for all of
    them where `joined`, else one for each."""
    runs = [("", 0), *_runs(turns), ("", 0)]
    for (role, count), (after, results) in pairwise(runs):
        if (role == "call") != (after == "result"):
            raise FormatError(field, "a call and its result must follow one another")
        if role == "call" and results != (1 if joined else count):
            needed = "one result for calls made together" if joined else "one result for each call"
            raise FormatError(field, f"this format needs {needed}")
