"""Preferences in trl's conversational form: prompt, chosen, rejected as lists of messages."""

from __future__ import annotations

from typing import Any

from reviews.formats import Example, FormatError, read_object, text, write

NAME = "preference"


def _message(role: str, words: str) -> dict[str, str]:
    return {"role": role, "content": words}


def dumps(example: Example) -> bytes:
    if not example.rejected:
        raise FormatError("rejected", "a preference needs a worse answer")
    prompt = [_message(role, words) for role, words in (*example.history, ("user", example.input))]
    if example.system:
        prompt.insert(0, _message("system", example.system))
    return write(
        {
            "prompt": prompt,
            "chosen": [_message("assistant", example.output)],
            "rejected": [_message("assistant", example.rejected)],
        }
    )


def _messages(value: dict[str, Any], field: str) -> list[tuple[str, str]]:
    found = value.get(field)
    if not isinstance(found, list) or not found:
        raise FormatError(field, "a list of messages is needed")
    turns = []
    for position, message in enumerate(found):
        if not isinstance(message, dict) or message.get("role") not in (
            "system",
            "user",
            "assistant",
        ):
            raise FormatError(f"{field}[{position}]", "a message with a known role is needed")
        turns.append((str(message["role"]), text(message, "content")))
    return turns


def _answer(value: dict[str, Any], field: str) -> str:
    turns = _messages(value, field)
    if len(turns) != 1 or turns[0][0] != "assistant":
        raise FormatError(field, "one assistant message is needed")
    return turns[0][1]


def loads(line: bytes) -> Example:
    value = read_object(line)
    turns = _messages(value, "prompt")
    system = turns.pop(0)[1] if turns[0][0] == "system" else ""
    if not turns or turns[-1][0] != "user":
        raise FormatError("prompt", "must end with a user message")
    chosen, rejected = _answer(value, "chosen"), _answer(value, "rejected")
    return Example(turns[-1][1], chosen, system, tuple(turns[:-1]), rejected)
