"""Alpaca: instruction, input, output. Without `input` the instruction is the question; with it,
the instruction is the system text and `input` the question (REQUIREMENTS D2)."""

from __future__ import annotations

from typing import Any

from reviews.formats import (
    Example,
    FormatError,
    Turns,
    check,
    only,
    read_object,
    sound,
    spare,
    text,
    write,
)

NAME = "alpaca"
KEYS = frozenset({"instruction", "input", "output", "system", "history"})
HOLDS = frozenset({"system", "history"})


def dumps(example: Example) -> bytes:
    check(example, HOLDS)
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


def _history(rounds: Any) -> Turns:
    turns: list[tuple[str, str]] = []
    if not isinstance(rounds, list):
        raise FormatError("history", "a list of [question, answer] is needed")
    for position, pair in enumerate(rounds):
        if not (
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(t, str) for t in pair)
        ):
            raise FormatError(f"history[{position}]", "[question, answer] is needed")
        for at, words in enumerate(pair):
            sound(words, f"history[{position}][{at}]")
        turns += [("user", pair[0]), ("assistant", pair[1])]
    return tuple(turns)


def parse(value: dict[str, Any]) -> Example:
    """The example of a decoded object, which may hold other keys that the caller looks at."""
    instruction, question = text(value, "instruction"), spare(value, "input")
    output, system = text(value, "output"), spare(value, "system")
    history = _history([] if value.get("history") is None else value["history"])
    if not question:
        return Example(instruction, output, system, history)
    if system:
        raise FormatError("system", "the instruction beside an input is the system text already")
    return Example(question, output, instruction, history)


def loads(line: bytes) -> Example:
    return parse(only(read_object(line), KEYS))
