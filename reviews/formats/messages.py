"""Lists of {"role", "content"} as OpenAI, trl and others have them, without tools."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reviews.formats import FormatError, only, text

_ROLES = ("system", "user", "assistant")
_KEYS = frozenset({"role", "content"})
Turn = tuple[str, str]


def write(turns: Iterable[Turn], system: str = "") -> list[dict[str, Any]]:
    messages = [{"role": role, "content": words} for role, words in turns]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    return messages


def turn(message: Any, field: str, *, first: bool) -> Turn:
    """The (role, text) of a message, which may be the system's where it is the first."""
    if not isinstance(message, dict):
        raise FormatError(field, "an object with role and content is needed")
    only(message, _KEYS, at=field)
    role = message.get("role")
    if role not in _ROLES:
        raise FormatError(f"{field}.role", f"{', '.join(_ROLES)} can be read, not {role!r:.50}")
    if role == "system" and not first:
        raise FormatError(f"{field}.role", "a system message can only be the first")
    return role, text(message, "content", at=field)


def listed(found: Any, field: str) -> list[Any]:
    if not isinstance(found, list) or not found:
        raise FormatError(field, "a list of messages is needed")
    return found


def apart(turns: list[Turn]) -> tuple[str, list[Turn]]:
    """The system text of the first message, if it is one, and the other turns."""
    if turns and turns[0][0] == "system":
        return turns[0][1], turns[1:]
    return "", turns


def read(found: Any, field: str) -> tuple[str, list[Turn]]:
    """(system text, turns) of a list of messages."""
    listed(found, field)
    turns = [turn(message, f"{field}[{at}]", first=not at) for at, message in enumerate(found)]
    return apart(turns)


def answer(found: Any, field: str) -> str:
    """The text of a list that holds one message of the assistant."""
    system, turns = read(found, field)
    if system or [role for role, _words in turns] != ["assistant"]:
        raise FormatError(field, "one assistant message is needed")
    return turns[0][1]
