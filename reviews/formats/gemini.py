"""Gemini's supervised tuning lines: `systemInstruction` and `contents` with roles user and model.

Source of the shape: the service's page on preparing supervised tuning data. It reads both spellings
of the key, as JSON of protocol buffers does.
"""

from __future__ import annotations

from typing import Any

from reviews.formats import Example, FormatError, check, ended, only, read_object, text, write

NAME = "gemini"
KEYS = frozenset({"contents", "systemInstruction", "system_instruction"})
HOLDS = frozenset({"system", "history"})
_TO = {"user": "user", "assistant": "model"}
_FROM = {role: ours for ours, role in _TO.items()}
# The service reads over it, and Google's own library writes user.
_OF_SYSTEM = (None, "", "system", "user")
_CONTENT, _PART = frozenset({"role", "parts"}), frozenset({"text"})


def content(role: str, words: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": words}]}


def contents(example: Example) -> list[dict[str, Any]]:
    """The turns up to the question. The service drops an example whose first is not a user's."""
    if example.history and example.history[0][0] != "user":
        raise FormatError("history[0]", "Gemini is only taught what begins with a user's turn")
    turns = [content(_TO[role], words) for role, words in example.history]
    turns.append(content("user", example.input))
    return turns


def dumps(example: Example) -> bytes:
    check(example, HOLDS)
    line: dict[str, Any] = {}
    if example.system:
        line["systemInstruction"] = content("system", example.system)
    line["contents"] = contents(example)
    line["contents"].append(content("model", example.output))
    return write(line)


def words(found: Any, field: str) -> str:
    """The text of a content; its parts are one text that was cut."""
    if not isinstance(found, dict) or not isinstance(found.get("parts"), list):
        raise FormatError(field, "an object with parts is needed")
    only(found, _CONTENT, at=field)
    if not found["parts"]:
        raise FormatError(f"{field}.parts", "is empty")
    pieces = []
    for position, part in enumerate(found["parts"]):
        where = f"{field}.parts[{position}]"
        if not isinstance(part, dict):
            raise FormatError(where, "an object with text is needed")
        pieces.append(text(only(part, _PART, at=where), "text", at=where))
    return "".join(pieces)


def system(value: dict[str, Any]) -> str:
    """The system text in either spelling of its key; '' where there is none."""
    both = ("systemInstruction", "system_instruction")
    spelled = [key for key in both if value.get(key) not in (None, {})]
    if len(spelled) > 1:
        raise FormatError(spelled[1], "is there twice, in two spellings")
    if not spelled:
        return ""
    found = words(value[spelled[0]], spelled[0])
    if value[spelled[0]].get("role") not in _OF_SYSTEM:
        raise FormatError(f"{spelled[0]}.role", "system is needed")
    return found


def turns(value: dict[str, Any]) -> list[tuple[str, str]]:
    found = value.get("contents")
    if not isinstance(found, list) or not found:
        raise FormatError("contents", "a list of turns is needed")
    read = []
    for position, item in enumerate(found):
        field = f"contents[{position}]"
        said = words(item, field)
        role = item.get("role")
        if not isinstance(role, str) or role not in _FROM:
            raise FormatError(f"{field}.role", "user or model is needed")
        read.append((_FROM[role], said))
    return read


def parse(value: dict[str, Any]) -> Example:
    return ended(turns(value), "contents", system=system(value))


def loads(line: bytes) -> Example:
    return parse(only(read_object(line), KEYS))
