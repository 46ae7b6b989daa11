"""Lines as the SDKs of those who read them take them; `datasets` and trl are in tests/lora."""

from __future__ import annotations

import orjson
import pytest
from google.genai import types
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionFunctionToolParam, ChatCompletionMessageParam
from pydantic import TypeAdapter, ValidationError

from reviews.formats import Example, chat, gemini, gemini_preference
from tests.reviews.formats import examples

MESSAGE = TypeAdapter(ChatCompletionMessageParam)
TOOL = TypeAdapter(ChatCompletionFunctionToolParam)


def _texts(contents: list[types.Content]) -> list[tuple[str, str]]:
    return [(content.role, part.text) for content in contents for part in content.parts]


def _turns(example: Example) -> list[tuple[str, str]]:
    names = {"user": "user", "assistant": "model"}
    return [(names[role], words) for role, words in (*example.history, ("user", example.input))]


@given(data=st.data())
def test_google_genai_takes_every_gemini_line(data):
    example = data.draw(examples.of("gemini"))
    line = orjson.loads(gemini.dumps(example))
    contents = [types.Content.model_validate(item) for item in line.pop("contents")]
    assert _texts(contents) == [*_turns(example), ("model", example.output)]
    system = line.pop("systemInstruction", None)
    told = types.Content.model_validate(system).parts[0].text if system else ""
    assert (told, line) == (example.system, {})


@given(data=st.data())
def test_google_genai_takes_every_gemini_preference(data):
    example = data.draw(examples.of("gemini_preference"))
    line = orjson.loads(gemini_preference.dumps(example))
    system = line.pop("system_instruction", None)
    told = types.Content.model_validate(system).parts[0].text if system else ""
    assert told == example.system
    # Its type has no system instruction, and forbids what it does not know.
    read = types.GeminiPreferenceExample.model_validate(line)
    assert _texts(read.contents) == _turns(example)
    assert [(c.score, *_texts([c.completion])) for c in read.completions] == [
        (1.0, ("model", example.output)),
        (0.0, ("model", example.rejected)),
    ]


@given(data=st.data())
def test_openai_takes_every_message_and_tool(data):
    line = orjson.loads(chat.dumps(data.draw(examples.of("chat"))))
    for message in line["messages"]:
        read = dict(MESSAGE.validate_python(message))
        if "tool_calls" in read:
            read["tool_calls"] = list(read["tool_calls"])
        # The types pass over what they do not know: the same comes back only if it is known.
        assert read == message
    for tool in line.get("tools", []):
        assert TOOL.validate_python(tool) == tool


def test_the_types_refuse_what_is_none():
    with pytest.raises(ValidationError):
        types.Content.model_validate({"role": "user", "text": "a"})
    with pytest.raises(ValidationError):
        MESSAGE.validate_python({"role": "human", "content": "a"})
