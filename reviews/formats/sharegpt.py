"""ShareGPT conversations with from and value, as LLaMA-Factory reads them: roles human and gpt,
system first, function_call and observation, `tools` as a JSON text; a preference as `chosen` and
`rejected` beside the conversation.

LLaMA-Factory leaves out a conversation in which the sides do not take turns, and says so only in
its log: such a one is not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from reviews.formats import (
    Example,
    FormatError,
    check,
    ended,
    messages,
    only,
    read_object,
    spare,
    text,
    tools,
    write,
)

NAME = "sharegpt"
# `id` is the file's own name for the row and is no part of an example.
KEYS = frozenset({"id", "conversations", "system", "tools", "chosen", "rejected"})
HOLDS = frozenset({"system", "history", "rejected", "steps", "tools"})
_TO = {"user": "human", "assistant": "gpt", "call": "function_call", "result": "observation"}
_FROM = {role: ours for ours, role in _TO.items()} | {"system": "system"}
_TURN = frozenset({"from", "value"})
_SIDES = (("human", "observation"), ("gpt", "function_call"))


def _turn(role: str, words: str) -> dict[str, str]:
    return {"from": role, "value": words}


def _joined(calls: list[str]) -> str:
    """One call alone, several as a list."""
    made = [tools.function(words, "call") for words in calls]
    return tools.encode(made if len(made) > 1 else made[0], "call")


def _with_calls(turns: Iterable[tuple[str, str]]) -> Iterator[dict[str, str]]:
    for role, run in groupby(turns, itemgetter(0)):
        texts = [words for _role, words in run]
        for words in [_joined(texts)] if role == "call" else texts:
            yield _turn(_TO[role], words)


def _conversation(example: Example) -> list[dict[str, str]]:
    """The turns before the answer."""
    turns = (*example.history, ("user", example.input), *example.steps)
    if tools.used(example):
        tools.rounds(example.history, "history", joined=True)
        tools.rounds(example.steps, "steps", joined=True)
        said = list(_with_calls(turns))
    else:
        said = [_turn(_TO[role], words) for role, words in turns]
    if any(turn["from"] not in _SIDES[at % 2] for at, turn in enumerate(said)):
        raise FormatError("history", "ShareGPT can only hold sides that take turns, a person first")
    return said


def dumps(example: Example) -> bytes:
    check(example, HOLDS)
    said = _conversation(example)
    if example.system:
        said.insert(0, _turn("system", example.system))
    answer = _turn("gpt", example.output)
    line: dict[str, Any] = {"conversations": said}
    if example.rejected:
        line |= {"chosen": answer, "rejected": _turn("gpt", example.rejected)}
    else:
        said.append(answer)
    if example.tools:
        line["tools"] = tools.encode(tools.declarations(example.tools), "tools")
    return write(line)


def _read(found: Any, field: str) -> Iterator[tuple[str, str]]:
    if not isinstance(found, dict):
        raise FormatError(field, "an object with from and value is needed")
    only(found, _TURN, at=field)
    role, words = found.get("from"), text(found, "value", at=field)
    if not isinstance(role, str) or role not in _FROM:
        raise FormatError(f"{field}.from", f"{', '.join(_FROM)} can be read, not {role!r:.50}")
    if role == "system" and field != "conversations[0]":
        raise FormatError(f"{field}.from", "system can only be the first")
    if role != "function_call":
        yield _FROM[role], words
        return
    calls = tools.decode(words, f"{field}.value")
    if calls == []:
        raise FormatError(f"{field}.value", "a call is needed")
    for call in calls if isinstance(calls, list) else [calls]:
        yield "call", tools.call(call, f"{field}.value")


def _answer(value: dict[str, Any], field: str) -> str:
    turns = list(_read(value.get(field), field))
    if [role for role, _words in turns] != ["assistant"]:
        raise FormatError(f"{field}.from", "gpt is needed")
    return turns[0][1]


def _tools(value: dict[str, Any]) -> str:
    found = value.get("tools")
    if isinstance(found, str):
        found = tools.decode(found, "tools") if found.strip() else None
    return tools.declared(found)


def parse(value: dict[str, Any]) -> Example:
    if not isinstance(value.get("id"), str | int | float | None):
        raise FormatError("id", "a name or a number is needed")
    found = messages.listed(value.get("conversations"), "conversations")
    turns = [turn for at, item in enumerate(found) for turn in _read(item, f"conversations[{at}]")]
    first, turns = messages.apart(turns)
    system = spare(value, "system")
    if first and system:
        raise FormatError("system", "is there twice, in the conversation too")
    rejected = ""
    if value.get("chosen") is not None or value.get("rejected") is not None:
        turns.append(("assistant", _answer(value, "chosen")))
        rejected = _answer(value, "rejected")
    fields = {"system": first or system, "rejected": rejected, "tools": _tools(value)}
    return ended(turns, "conversations", **fields)


def loads(line: bytes) -> Example:
    return parse(only(read_object(line), KEYS))
