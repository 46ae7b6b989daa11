"""Preferences in trl's form with an explicit prompt: `prompt`, `chosen`, `rejected`, lists of
messages. Its plain form, three texts, is read too."""

from __future__ import annotations

from typing import Any

from reviews.formats import (
    Example,
    FormatError,
    check,
    ended,
    messages,
    only,
    read_object,
    text,
    write,
)

NAME = "preference"
KEYS = frozenset({"prompt", "chosen", "rejected"})
HOLDS = frozenset({"system", "history", "rejected"})


def dumps(example: Example) -> bytes:
    check(example, HOLDS)
    if not example.rejected:
        raise FormatError("rejected", "a preference needs a worse answer")
    return write(
        {
            "prompt": messages.write((*example.history, ("user", example.input)), example.system),
            "chosen": messages.write([("assistant", example.output)]),
            "rejected": messages.write([("assistant", example.rejected)]),
        }
    )


def parse(value: dict[str, Any]) -> Example:
    if isinstance(value.get("prompt"), str):
        prompt, chosen, rejected = (text(value, key) for key in ("prompt", "chosen", "rejected"))
        return Example(prompt, chosen, rejected=rejected)
    system, turns = messages.read(value.get("prompt"), "prompt")
    chosen, rejected = (messages.answer(value.get(key), key) for key in ("chosen", "rejected"))
    return ended([*turns, ("assistant", chosen)], "prompt", system=system, rejected=rejected)


def loads(line: bytes) -> Example:
    return parse(only(read_object(line), KEYS))
