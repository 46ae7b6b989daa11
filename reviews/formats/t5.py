"""Pairs of an input and a target text for T5 and its like, with the task's text as `prefix`.

`prefix` is the column's name in Simple Transformers; a trainer puts it before the input.
"""

from __future__ import annotations

from typing import Any

from reviews.formats import Example, check, only, read_object, spare, text, write

NAME = "t5"
KEYS = frozenset({"prefix", "input", "target"})
HOLDS = frozenset({"system"})


def dumps(example: Example) -> bytes:
    check(example, HOLDS)
    # Always all three: `datasets` takes the columns of a file from its first 10 MiB.
    return write({"prefix": example.system, "input": example.input, "target": example.output})


def parse(value: dict[str, Any]) -> Example:
    return Example(text(value, "input"), text(value, "target"), spare(value, "prefix"))


def loads(line: bytes) -> Example:
    return parse(only(read_object(line), KEYS))
