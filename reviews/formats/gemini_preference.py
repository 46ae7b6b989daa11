"""Gemini's preference tuning lines: `contents` up to the question, and two `completions`, the
better with the score 1 and the worse with 0.

Source of the shape: the service's page on preparing preference tuning data, which spells
`system_instruction` so.
"""

from __future__ import annotations

from typing import Any

from reviews.formats import Example, FormatError, check, ended, gemini, only, read_object, write

NAME = "gemini_preference"
KEYS = gemini.KEYS | {"completions"}
HOLDS = gemini.HOLDS | {"rejected"}
_COMPLETION = frozenset({"score", "completion"})


def _completion(score: int, words: str) -> dict[str, Any]:
    return {"score": score, "completion": gemini.content("model", words)}


def dumps(example: Example) -> bytes:
    check(example, HOLDS)
    if not example.rejected:
        raise FormatError("rejected", "a preference needs a worse answer")
    line: dict[str, Any] = {}
    if example.system:
        line["system_instruction"] = gemini.content("system", example.system)
    line["contents"] = gemini.contents(example)
    line["completions"] = [_completion(1, example.output), _completion(0, example.rejected)]
    return write(line)


def _scored(found: Any, field: str) -> tuple[float, str]:
    if not isinstance(found, dict) or not isinstance(found.get("completion"), dict):
        raise FormatError(field, "an object with score and completion is needed")
    only(found, _COMPLETION, at=field)
    score = found.get("score")
    if isinstance(score, bool) or score not in (0, 1):
        raise FormatError(f"{field}.score", "1 or 0 is needed")
    words = gemini.words(found["completion"], f"{field}.completion")
    if found["completion"].get("role") != "model":
        raise FormatError(f"{field}.completion.role", "model is needed")
    return score, words


def parse(value: dict[str, Any]) -> Example:
    found = value.get("completions")
    if not isinstance(found, list) or len(found) != 2:
        raise FormatError("completions", "a list of two is needed")
    scored = dict(_scored(item, f"completions[{at}]") for at, item in enumerate(found))
    if len(scored) != 2:
        raise FormatError("completions", "one with the score 1 and one with 0 are needed")
    turns = [*gemini.turns(value), ("assistant", scored[1])]
    return ended(turns, "contents", system=gemini.system(value), rejected=scored[0])


def loads(line: bytes) -> Example:
    return parse(only(read_object(line), KEYS))
