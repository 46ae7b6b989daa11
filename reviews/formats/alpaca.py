"""Alpaca: instruction, input, output. Without `input` the instruction is the question; with it,
the instruction is the system text and `input` the question (REQUIREMENTS D2)."""

from __future__ import annotations

from typing import Any

from reviews.formats import Example, FormatError, read_object, text, write

NAME = "alpaca"


def dumps(example: Example) -> bytes:
    line: dict[str, Any] = {"instruction": example.input, "input": "", "output": example.output}
    if example.system:
        line = {"instruction": example.system, "input": example.input, "output": example.output}
    if example.history:
        turns = [words for _role, words in example.history]
        roles = [role for role, _words in example.history]
        if roles != ["user", "assistant"] * (len(roles) // 2):
            raise FormatError(
                "history", "Alpaca can only hold pairs of a user and an assistant turn"
            )
        # LLaMA-Factory's spelling of earlier turns: [[question, answer], …].
        line["history"] = [turns[at : at + 2] for at in range(0, len(turns), 2)]
    return write(line)


def _history(value: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    rounds = value.get("history") or []
    turns: list[tuple[str, str]] = []
    if not isinstance(rounds, list):
        raise FormatError("history", "a list of [question, answer] is needed")
    for position, pair in enumerate(rounds):
        if not (
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(t, str) for t in pair)
        ):
            raise FormatError(f"history[{position}]", "[question, answer] is needed")
        if "\x00" in pair[0] + pair[1]:
            raise FormatError(f"history[{position}]", "holds a NUL character")
        turns += [("user", pair[0]), ("assistant", pair[1])]
    return tuple(turns)


def parse(value: dict[str, Any]) -> Example:
    """The example of a decoded object (whole Alpaca files are one JSON array of these)."""
    instruction = text(value, "instruction")
    question = text(value, "input", needed=False)
    output = text(value, "output")
    history = _history(value)
    if not question.strip():
        return Example(instruction, output, text(value, "system", needed=False), history)
    return Example(question, output, instruction, history)


def loads(line: bytes) -> Example:
    return parse(read_object(line))
