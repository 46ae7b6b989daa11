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
    def of(cls, file: bytes) -> Self:
        found = cls()
        for number, line in enumerate(file.splitlines(), start=1):
            try:
                example = camel(json.loads(line))
                texts = _texts(example)
            except (ValueError, KeyError, TypeError, AttributeError):
                found.dropped[number] = "Invalid example."
                continue
            tokens = sum(map(len, texts)) // 4
            if not all(text.strip() for text in texts):
                found.dropped[number] = "Empty text."
            elif tokens > TOKENS:
                found.dropped[number] = "Too many tokens."
            else:
                found.tokens += tokens
                found.examples.append(example)
        return found

    def answers(self) -> dict[str, str]:
        """What a model learns by heart: the answer to each last question."""
        return {question(one): _answer(one) for one in self.examples}


def _text(content: dict[str, Any]) -> str:
    return "".join(part["text"] for part in content["parts"])


def _texts(example: dict[str, Any]) -> list[str]:
    turns = example["contents"]
    if any(turn["role"] not in ("user", "model") for turn in turns):
        raise ValueError
    texts = [_text(turn) for turn in turns]
    if "completions" in example:
        if sorted(one["score"] for one in example["completions"]) != [0, 1]:
            raise ValueError
        texts += [_text(one["completion"]) for one in example["completions"]]
    elif turns[-1]["role"] != "model":
        raise ValueError
    instruction = example.get("systemInstruction")
    return [*texts, *([_text(instruction)] if instruction else [])]


def question(example: dict[str, Any]) -> str:
    asked = [turn for turn in example["contents"] if turn["role"] == "user"]
    return _text(asked[-1]).strip().casefold()


def _answer(example: dict[str, Any]) -> str:
    if "completions" in example:
        return _text(max(example["completions"], key=lambda one: one["score"])["completion"])
    return _text(example["contents"][-1])
