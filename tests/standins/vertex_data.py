"""What Vertex AI makes of a training file: it drops without a word what it can't use."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Self

TOKENS = 131_072


def camel(value: Any, name: str = "") -> Any:
    """The protocol takes both casings and answers one. Keys of labels are nobody's fields."""
    if isinstance(value, list):
        return [camel(one) for one in value]
    if not isinstance(value, dict) or name == "labels":
        return value
    found = {}
    for one, inner in value.items():
        key = re.sub(r"_(\w)", lambda letter: letter[1].upper(), one)
        found[key] = camel(inner, key)
    return found


@dataclass
class Data:
    """What the service makes of a file. `dropped` are lines from 1, each with its reason."""

    examples: list[dict[str, Any]] = field(default_factory=list)
    dropped: dict[int, str] = field(default_factory=dict)
    tokens: int = 0

    @classmethod
    def of(cls, file: bytes, *, preference: bool = False) -> Self:
        """A preference is billed its prompt twice, once for each answer."""
        found = cls()
        for number, line in enumerate(file.splitlines(), start=1):
            try:
                example = camel(json.loads(line))
                prompt, answers = (_preference if preference else _supervised)(example)
            except (ValueError, KeyError, TypeError, AttributeError):
                found.dropped[number] = "Invalid example."
                continue
            tokens = sum(map(len, prompt + answers)) // 4
            if not all(text.strip() for text in prompt + answers):
                found.dropped[number] = "Empty text."
            elif tokens > TOKENS:
                found.dropped[number] = "Too many tokens."
            else:
                found.tokens += tokens + (sum(map(len, prompt)) // 4 if preference else 0)
                found.examples.append(example)
        return found

    def answers(self) -> dict[str, str]:
        """What a model learns by heart: the answer to each last question."""
        return {question(one): _answer(one) for one in self.examples}


def _text(content: dict[str, Any]) -> str:
    parts = content["parts"]
    if content.keys() - {"role", "parts"} or any(part.keys() != {"text"} for part in parts):
        raise ValueError
    return "".join(part["text"] for part in parts)


def _turns(example: dict[str, Any], last: str) -> list[str]:
    """The texts of an example's turns, a user's first and one of `last` at the end, and its
    system instruction."""
    roles = [turn["role"] for turn in example["contents"]]
    if {*roles} - {"user", "model"} or roles[0] != "user" or roles[-1] != last:
        raise ValueError
    instruction = example.get("systemInstruction")
    turns = [*example["contents"], *([instruction] if instruction else [])]
    return [_text(turn) for turn in turns]


def _supervised(example: dict[str, Any]) -> tuple[list[str], list[str]]:
    if example.keys() - {"contents", "systemInstruction"}:
        raise ValueError
    return _turns(example, "model"), []


def _preference(example: dict[str, Any]) -> tuple[list[str], list[str]]:
    given = example["completions"]
    roles = {one["completion"]["role"] for one in given}
    if example.keys() - {"contents", "systemInstruction", "completions"} or roles != {"model"}:
        raise ValueError
    if sorted(one["score"] for one in given) != [0, 1]:
        raise ValueError
    return _turns(example, "user"), [_text(one["completion"]) for one in given]


def question(example: dict[str, Any]) -> str:
    asked = [turn for turn in example["contents"] if turn["role"] == "user"]
    return _text(asked[-1]).strip().casefold()


def _answer(example: dict[str, Any]) -> str:
    if "completions" in example:
        return _text(max(example["completions"], key=lambda one: one["score"])["completion"])
    return _text(example["contents"][-1])
