"""Chat messages as OpenAI's fine-tuning takes them: one object with `messages` a line, and `tools`.

Tool calls are named by ids only to be found again by their results, which stand in the calls'
order: ids are made anew when a line is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, groupby
from operator import itemgetter
from typing import Any

from reviews.formats import (
    Example,
    FormatError,
    Turns,
    check,
    ended,
    messages,
    only,
    read_object,
    text,
    tools,
    write,
)

NAME = "chat"
KEYS = frozenset({"messages", "tools"})
HOLDS = frozenset({"system", "history", "steps", "tools"})


def _call(words: str, key: str) -> dict[str, Any]:
    function = tools.function(words, "call")
    # OpenAI has the arguments as a text within the JSON.
    function["arguments"] = tools.encode(function["arguments"], "call")
    return {"id": key, "type": "function", "function": function}


def _with_calls(turns: Turns) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    numbers, keys = count(1), []
    for role, run in groupby(turns, itemgetter(0)):
        texts = [words for _role, words in run]
        if role == "call":
            keys = [f"call_{next(numbers)}" for _words in texts]
            calls = [_call(words, key) for words, key in zip(texts, keys, strict=True)]
            made.append({"role": "assistant", "tool_calls": calls})
        elif role == "result":
            made += [
                {"role": "tool", "tool_call_id": key, "content": words}
                for words, key in zip(texts, keys, strict=True)
            ]
        else:
            made += messages.write((role, words) for words in texts)
    return made


def dumps(example: Example) -> bytes:
    check(example, HOLDS)
    asked, said = ("user", example.input), ("assistant", example.output)
    turns = (*example.history, asked, *example.steps, said)
    if not tools.used(example):
        line: dict[str, Any] = {"messages": messages.write(turns, example.system)}
    else:
        tools.rounds(example.history, "history", joined=False)
        tools.rounds(example.steps, "steps", joined=False)
        line = {"messages": messages.write((), example.system) + _with_calls(turns)}
    if example.tools:
        declared = tools.declarations(example.tools)
        line["tools"] = [{"type": "function", "function": tool} for tool in declared]
    return write(line)


def _calls(message: dict[str, Any], field: str) -> Iterator[tuple[str, str]]:
    """(id, the call's text) of each call of an assistant's message."""
    only(message, {"role", "content", "tool_calls"}, at=field)
    if message.get("content") not in (None, "", []):
        raise FormatError(f"{field}.content", "a text beside tool calls can't be kept")
    if not isinstance(message["tool_calls"], list) or not message["tool_calls"]:
        raise FormatError(f"{field}.tool_calls", "a list of calls is needed")
    for position, made in enumerate(message["tool_calls"]):
        where = f"{field}.tool_calls[{position}]"
        if not isinstance(made, dict) or not isinstance(made.get("function"), dict):
            raise FormatError(where, "a call of a function is needed")
        only(made, {"id", "type", "function"}, at=where)
        if made.get("type", "function") != "function":
            raise FormatError(f"{where}.type", "function is needed")
        function = only(made["function"], {"name", "arguments"}, at=f"{where}.function")
        words = text(function, "arguments", at=f"{where}.function")
        arguments = tools.decode(words, f"{where}.function.arguments")
        yield text(made, "id", at=where), tools.call({**function, "arguments": arguments}, where)


def _result(message: dict[str, Any], field: str, waiting: list[str]) -> str:
    only(message, {"role", "content", "tool_call_id"}, at=field)
    if not waiting or message.get("tool_call_id") != waiting[0]:
        reason = "the results must follow their calls, in the same order"
        raise FormatError(f"{field}.tool_call_id", reason)
    waiting.pop(0)
    return text(message, "content", at=field)


def _unweighted(message: Any, field: str) -> Any:
    """The message without a weight of 1, which is what no weight means."""
    if not isinstance(message, dict) or message.get("weight") is None:
        return message
    if message["weight"] != 1 or message["weight"] is True:
        raise FormatError(f"{field}.weight", "only 1 can be kept: every answer teaches")
    return {key: value for key, value in message.items() if key != "weight"}


def _turns(found: list[Any]) -> Iterator[tuple[str, str]]:
    waiting: list[str] = []
    for position, item in enumerate(found):
        field = f"messages[{position}]"
        message = _unweighted(item, field)
        role = message.get("role") if isinstance(message, dict) else None
        if role == "tool":
            yield "result", _result(message, field, waiting)
        elif waiting:
            raise FormatError(f"{field}.role", "a tool message for each call is needed first")
        elif role == "assistant" and message.get("tool_calls") is not None:
            for key, words in _calls(message, field):
                waiting.append(key)
                yield "call", words
        else:
            yield messages.turn(message, field, first=not position)


def parse(value: dict[str, Any]) -> Example:
    found = messages.listed(value.get("messages"), "messages")
    system, turns = messages.apart(list(_turns(found)))
    return ended(turns, "messages", system=system, tools=tools.declared(value.get("tools")))


def loads(line: bytes) -> Example:
    return parse(only(read_object(line), KEYS))
