"""Tool turns in the two formats that hold them, and where each refuses them."""

from __future__ import annotations

import orjson
import pytest

from reviews.formats import Example, FormatError, chat, sharegpt

TOOLS = '[{"name": "cari", "parameters": {"type": "object"}}]'
CALL, SECOND = (
    '{"name": "cari", "arguments": {"apa": "KITAS", "n": 12345678901234567}}',
    '{"name": "jam", "arguments": {}}',
)
ONE = Example(
    "Berapa?",
    "Dua juta.",
    "Sopan.",
    (("user", "Halo"), ("call", SECOND), ("result", "09:00"), ("assistant", "Pagi!")),
    steps=(("call", CALL), ("result", '{"harga":2000000}')),
    tools=TOOLS,
)


def test_the_exact_messages_of_a_chat():
    function = {"name": "cari", "arguments": '{"apa": "KITAS", "n": 12345678901234567}'}
    clock = {"name": "jam", "arguments": "{}"}
    assert orjson.loads(chat.dumps(ONE)) == {
        "messages": [
            {"role": "system", "content": "Sopan."},
            {"role": "user", "content": "Halo"},
            {
                "role": "assistant",
                "tool_calls": [{"id": "call_1", "type": "function", "function": clock}],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "09:00"},
            {"role": "assistant", "content": "Pagi!"},
            {"role": "user", "content": "Berapa?"},
            {
                "role": "assistant",
                "tool_calls": [{"id": "call_2", "type": "function", "function": function}],
            },
            {"role": "tool", "tool_call_id": "call_2", "content": '{"harga":2000000}'},
            {"role": "assistant", "content": "Dua juta."},
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "cari", "parameters": {"type": "object"}},
            }
        ],
    }
    assert chat.loads(chat.dumps(ONE)) == ONE


def test_the_exact_conversation_of_sharegpt():
    assert orjson.loads(sharegpt.dumps(ONE)) == {
        "conversations": [
            {"from": "system", "value": "Sopan."},
            {"from": "human", "value": "Halo"},
            {"from": "function_call", "value": SECOND},
            {"from": "observation", "value": "09:00"},
            {"from": "gpt", "value": "Pagi!"},
            {"from": "human", "value": "Berapa?"},
            {"from": "function_call", "value": CALL},
            {"from": "observation", "value": '{"harga":2000000}'},
            {"from": "gpt", "value": "Dua juta."},
        ],
        "tools": TOOLS,
    }
    assert sharegpt.loads(sharegpt.dumps(ONE)) == ONE


def test_calls_made_together_have_one_result_in_sharegpt_and_one_each_in_a_chat():
    calls = (("call", CALL), ("call", SECOND))
    joined = Example("a", "b", steps=(*calls, ("result", "1")))
    each = Example("a", "b", steps=(*calls, ("result", "1"), ("result", "2")))
    assert sharegpt.loads(sharegpt.dumps(joined)) == joined
    assert chat.loads(chat.dumps(each)) == each
    value = orjson.loads(sharegpt.dumps(joined))["conversations"][1]["value"]
    assert value == f"[{CALL}, {SECOND}]"
    for codec, example in ((sharegpt, each), (chat, joined)):
        with pytest.raises(FormatError) as refused:
            codec.dumps(example)
        assert refused.value.field == "steps"


@pytest.mark.parametrize("codec", [chat, sharegpt])
@pytest.mark.parametrize(
    "turns",
    [
        [("call", CALL)],
        [("result", "1")],
        [("call", CALL), ("result", "1"), ("call", CALL)],
        [("user", "a"), ("call", CALL), ("assistant", "b")],
    ],
)
def test_a_call_without_its_result_is_refused(codec, turns):
    with pytest.raises(FormatError) as refused:
        codec.dumps(Example("a", "b", history=(("user", "x"), *turns)))
    assert refused.value.field == "history"


@pytest.mark.parametrize("codec", [chat, sharegpt])
@pytest.mark.parametrize(
    "number",
    [
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "9007199254740993",
        "0.1",
        "-0.0",
        "1e-05",
        "5e-324",
        "0.30000000000000004",
        "9007199254740992.0",
        '"9223372036854775807"',
    ],
)
def test_a_number_of_64_bits_comes_back_exactly(codec, number):
    words = f'{{"name": "x", "arguments": {{"n": {number}}}}}'
    example = Example("a", "b", steps=(("call", words), ("result", number)))
    assert codec.loads(codec.dumps(example)) == example


@pytest.mark.parametrize("codec", [chat, sharegpt])
@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("cari", "call"),
        ("[]", "call"),
        ('{"name": "x"}', "call.arguments"),
        ('{"name": "x", "arguments": "{}"}', "call.arguments"),
        ('{"name": "x", "arguments": {}, "id": 1}', "call.id"),
        ('{"name": "", "arguments": {}}', "call.name"),
        ('{"name": "x", "name": "y", "arguments": {}}', "call.name"),
        ('{"name": "x", "arguments": {"n": NaN}}', "call"),
        ('{"name": "x", "arguments": {"n": 1e400}}', "call"),
        ('{"name": "x", "arguments": {"n": 123456789012345678901234567890}}', "call"),
        ('{"name": "x", "arguments": {"n": 18446744073709551616}}', "call"),
        ('{"name": "x", "arguments": {"n": -9223372036854775809}}', "call"),
        ('{"name": "x", "arguments": {"n": 0.12345678901234567891}}', "call"),
        ('{"name": "x", "arguments": {"n": 9007199254740993.0}}', "call"),
        ('{"name": "x", "arguments": {"n": 1e-400}}', "call"),
        ('{"name": "x", "arguments": {"n": %s}}' % ("9" * 100_000), "call"),
    ],
)
def test_a_call_that_is_none_is_not_written(codec, words, field):
    with pytest.raises(FormatError) as refused:
        codec.dumps(Example("a", "b", steps=(("call", words), ("result", "1"))))
    assert refused.value.field == field


def _chat(*messages: dict) -> bytes:
    asked, said = {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}
    return orjson.dumps({"messages": [asked, *messages, said]})


def _made(key: str, arguments: object = "{}", **more) -> dict:
    function = {"name": "x", "arguments": arguments}
    return {"role": "assistant", "tool_calls": [{"id": key, "function": function}], **more}


def _result(key: str, **more) -> dict:
    return {"role": "tool", "tool_call_id": key, "content": "1", **more}


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([_made("k")], "messages[2].role"),
        ([_result("k")], "messages[1].tool_call_id"),
        ([_made("k"), _result("other")], "messages[2].tool_call_id"),
        ([_made("k"), _result("k"), _result("k")], "messages[3].tool_call_id"),
        ([_made("k"), _result("k", content=[{"text": "1"}])], "messages[2].content"),
        ([_made("k"), _result("k", name="x")], "messages[2].name"),
        ([_made("k", content="Sebentar.")], "messages[1].content"),
        ([_made("k", content=0)], "messages[1].content"),
        ([_made("k", refusal="x")], "messages[1].refusal"),
        ([_made("k", weight=0)], "messages[1].weight"),
        (
            [{"role": "assistant", "tool_calls": [{"id": "k", "type": "custom", "function": {}}]}],
            "messages[1].tool_calls[0].type",
        ),
        ([_made("k", arguments={})], "messages[1].tool_calls[0].function.arguments"),
        ([_made("k", arguments="x")], "messages[1].tool_calls[0].function.arguments"),
        ([_made("k", arguments="[]")], "messages[1].tool_calls[0].arguments"),
        ([_made("")], "messages[1].tool_calls[0].id"),
        ([{"role": "assistant", "tool_calls": []}], "messages[1].tool_calls"),
        ([{"role": "assistant", "tool_calls": [{"id": "k"}]}], "messages[1].tool_calls[0]"),
        ([{"role": "assistant", "function_call": {}}], "messages[1].function_call"),
    ],
)
def test_tool_messages_that_do_not_fit_are_refused(messages, field):
    with pytest.raises(FormatError) as refused:
        chat.loads(_chat(*messages))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("tools", "field"),
    [
        ({}, "tools"),
        (["x"], "tools[0]"),
        ([{"type": "function"}], "tools[0]"),
        ([{"type": "function", "function": {"name": "x"}, "strict": True}], "tools[0].strict"),
        ([{"type": "code_interpreter"}], "tools[0].name"),
        ([{"name": "x", "parameters": {"n": 1e30}}], "tools"),
    ],
)
def test_declarations_that_are_none_are_refused(tools, field):
    line = orjson.loads(chat.dumps(Example("a", "b"))) | {"tools": tools}
    with pytest.raises(FormatError) as refused:
        chat.loads(orjson.dumps(line))
    assert refused.value.field == field


def test_declarations_are_read_bare_or_wrapped_as_text_or_list():
    bare = {"name": "x", "parameters": {"a": 1}}
    line = orjson.loads(sharegpt.dumps(Example("a", "b")))
    expected = Example("a", "b", tools='[{"name": "x", "parameters": {"a": 1}}]')
    for told in ([bare], [{"type": "function", "function": bare}], orjson.dumps([bare]).decode()):
        assert sharegpt.loads(orjson.dumps(line | {"tools": told})) == expected
