"""Whatever stands in a line that is read stands in its example: lines broken at random are either
refused or lose no word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import count
from random import Random
from typing import Any

import orjson
import pytest

from reviews.formats import NAMES, PREFERENCES, Example, FormatError, by_name

JSON = [name for name in NAMES if name != "csv"]
LINES = 1500
KEYS = """role content from value parts text tool_calls function name arguments id type weight tools
messages conversations system chosen rejected prompt completion instruction input output history
prefix target contents systemInstruction system_instruction completions completion score label
thought strict tool_call_id""".split()
ROLES = "user assistant system tool human gpt model function_call observation".split()
WORD = re.compile(r"kata\d+z")
# Names of rows and calls are no part of an example (docs/formats.md).
NAME = re.compile(r'"(?:id|tool_call_id)":"kata\d+z"')


class Breaker:
    """Makes lines whose every text is a word of its own, and breaks them."""

    def __init__(self, seed: int) -> None:
        self.random, self.numbers = Random(seed), count()

    def word(self) -> str:
        return f"kata{next(self.numbers)}z"

    def maybe(self, made: Any, none: Any = "") -> Any:
        return made if self.random.random() < 0.5 else none

    def example(self, name: str) -> Example:
        holds, word = by_name(name).HOLDS, self.word
        rounds = ((("user", word()), ("assistant", word())) for _n in range(3))
        call = json.dumps({"name": word(), "arguments": {word(): word()}})
        tools = json.dumps([{"name": word(), "description": word()}])
        fields = {
            "system": self.maybe(word()),
            "history": tuple(turn for pair in rounds for turn in pair)[: self.maybe(4, 0)],
            "rejected": word() if name in PREFERENCES else self.maybe(word()),
            "steps": self.maybe((("call", call), ("result", word())), ()),
            "tools": self.maybe(tools),
        }
        kept = {field: value for field, value in fields.items() if field in holds}
        return Example(word(), word(), **kept)

    def leaf(self) -> Any:
        call = json.dumps({"name": self.word(), "arguments": {self.word(): 1}})
        others = ["", " ", None, [], {}, 0, 1, True, False, "[]", "{}", call, f"[{call}]", *ROLES]
        return self.random.choice([self.word(), self.random.choice(others)])

    def value(self, depth: int = 0) -> Any:
        kind = self.random.random()
        if depth > 2 or kind < 0.6:
            return self.leaf()
        if kind < 0.8:
            return [self.value(depth + 1) for _n in range(self.random.randint(0, 2))]
        return {self.random.choice(KEYS): self.value(depth + 1) for _n in range(2)}

    def _again(self, value: Any) -> Any:
        """A copy with words of its own."""
        return json.loads(WORD.sub(lambda _found: self.word(), json.dumps(value)))

    def hurt(self, line: dict[str, Any]) -> None:
        held, key = self.random.choice(list(places(line)))
        kind = self.random.random()
        if isinstance(held, list) and kind < 0.5:
            at = self.random.randint(0, len(held))
            held.insert(at, self._again(self.random.choice(held)) if held else self.value())
        elif isinstance(held, dict) and kind < 0.5:
            held[self.random.choice(KEYS)] = self.value()
        elif kind < 0.7:
            del held[key]
        else:
            held[key] = self.value()


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of everything inside."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


@pytest.mark.parametrize("name", JSON)
def test_a_broken_line_is_refused_or_loses_no_word(name):
    codec, breaker, taken = by_name(name), Breaker(JSON.index(name)), 0
    for _n in range(LINES):
        line = orjson.loads(codec.dumps(breaker.example(name)))
        for _time in range(breaker.random.randint(1, 3)):
            if line:
                breaker.hurt(line)
        written = orjson.dumps(line)
        try:
            read = codec.loads(written)
        except FormatError:
            continue
        taken += 1
        words = set(WORD.findall(NAME.sub("", written.decode())))
        assert words <= set(WORD.findall(repr(read))), written
    # Broken beyond reading, they would prove nothing.
    assert taken > LINES / 50
