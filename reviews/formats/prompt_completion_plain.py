"""trl's prompt and completion as two texts, which a base model goes on with: no roles, so no
system text and no earlier turns."""

from __future__ import annotations

from reviews.formats import Example, check, prompt_completion, write

NAME = "prompt_completion_plain"
KEYS = prompt_completion.KEYS
HOLDS: frozenset[str] = frozenset()
parse, loads = prompt_completion.parse, prompt_completion.loads


def dumps(example: Example) -> bytes:
    check(example, HOLDS)
    return write({"prompt": example.input, "completion": example.output})
