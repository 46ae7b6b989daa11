"""trl's prompt and completion as lists of messages. Its plain form, two texts, is read too and
written by `prompt_completion_plain`: a file holds one of the two."""

from __future__ import annotations

from typing import Any

from reviews.formats import Example, check, ended, messages, only, read_object, text, write

NAME = "prompt_completion"
KEYS = frozenset({"prompt", "completion"})
HOLDS = frozenset({"system", "history"})


def dumps(example: Example) -> bytes:
    check(example, HOLDS)
    return write(
        {
            "prompt": messages.write((*example.history, ("user", example.input)), example.system),
            "completion": messages.write([("assistant", example.output)]),
        }
    )


def parse(value: dict[str, Any]) -> Example:
    if isinstance(value.get("prompt"), str):
        return Example(text(value, "prompt"), text(value, "completion"))
    system, turns = messages.read(value.get("prompt"), "prompt")
    completion = messages.answer(value.get("completion"), "completion")
    return ended([*turns, ("assistant", completion)], "prompt", system=system)


def loads(line: bytes) -> Example:
    return parse(only(read_object(line), KEYS))
