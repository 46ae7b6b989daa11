"""Gemini's supervised tuning lines: `systemInstruction` and `contents` with roles user and model.

Source of the shape: the service's page on preparing supervised tuning data.
"""

from __future__ import annotations

from typing import Any

from reviews.formats import Example, FormatError, read_object, text, write

NAME = "gemini"
_TO = {"user": "user", "assistant": "model"}
_FROM = {role: ours for ours, role in _TO.items()}


def _content(role: str, words: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": words}]}


def dumps(example: Example) -> bytes:
    turns = [*example.history, ("user", example.input), ("assistant", example.output)]
    line: dict[str, Any] = {}
    if example.system:
        line["systemInstruction"] = _content("system", example.system)
    line["contents"] = [_content(_TO[role], words) for role, words in turns]
    return write(line)


def _words(content: Any, field: str) -> str:
    if not isinstance(content, dict) or not isinstance(content.get("parts"), list):
        raise FormatError(field, "an object with parts is needed")
    words = []
    for part in content["parts"]:
        if not isinstance(part, dict) or set(part) != {"text"}:
            raise FormatError(f"{field}.parts", "only text parts can be read")
        words.append(text(part, "text"))
    if not words:
        raise FormatError(f"{field}.parts", "is empty")
    return "".join(words)


def loads(line: bytes) -> Example:
    value = read_object(line)
    contents = value.get("contents")
    if not isinstance(contents, list) or not contents:
        raise FormatError("contents", "a list of turns is needed")
    turns = []
    for position, content in enumerate(contents):
        field = f"contents[{position}]"
        words = _words(content, field)
        if content.get("role") not in _FROM:
            raise FormatError(f"{field}.role", "user or model is needed")
        turns.append((_FROM[content["role"]], words))
    if len(turns) < 2 or turns[-1][0] != "assistant" or turns[-2][0] != "user":
        raise FormatError("contents", "must end with a user turn and a model turn")
    instruction = value.get("systemInstruction") or value.get("system_instruction")
    system = _words(instruction, "systemInstruction") if instruction else ""
    return Example(turns[-2][1], turns[-1][1], system, tuple(turns[:-2]))
