"""Lines that are wrong, or hold what an example can't: refused, each by its field."""

from __future__ import annotations

import orjson
import pytest

from reviews.formats import NAMES, Example, FormatError, by_name

NOT_OBJECTS = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"x"',
    b'{"a": NaN}',
    b'{"a": "\\ud800"}',
    b'{"a": "\xff"}',
]
JSON = [name for name in NAMES if name != "csv"]


def refused(name: str, line: bytes) -> str:
    with pytest.raises(FormatError) as error:
        by_name(name).loads(line)
    return error.value.field


@pytest.mark.parametrize("name", JSON)
@pytest.mark.parametrize("line", NOT_OBJECTS)
def test_what_is_no_json_object(name, line):
    assert refused(name, line) == "line"


@pytest.mark.parametrize("name", JSON)
def test_a_key_that_the_format_does_not_know_is_refused_by_its_name(name):
    codec = by_name(name)
    example = Example("a", "b", rejected="c" if "rejected" in codec.HOLDS else "")
    line = orjson.loads(codec.dumps(example))
    assert refused(name, orjson.dumps(line | {"label": True})) == "label"
    assert refused(name, codec.dumps(example).replace(b"{", b'{"x":1,"x":2,', 1)) == "x"


SAID = b'[{"role": "assistant", "content": "b"}]'
ASKED = b'[{"role": "user", "content": "a"}]'
U, M = b'{"role": "user", "parts": [{"text": "a"}]}', b'{"role": "model", "parts": [{"text": "b"}]}'
H, G = b'{"from": "human", "value": "a"}', b'{"from": "gpt", "value": "b"}'
BETTER = b'{"score": 1, "completion": ' + M + b"}"
WORSE = b'{"score": 0, "completion": ' + M + b"}"
WRONG = {
    "alpaca": [
        (b"{}", "instruction"),
        (b'{"instruction": "", "output": "b"}', "instruction"),
        (b'{"instruction": 7, "output": "b"}', "instruction"),
        (b'{"instruction": "a"}', "output"),
        (b'{"instruction": "a", "output": " "}', "output"),
        (b'{"instruction": "a", "output": null}', "output"),
        (b'{"instruction": "a", "output": "b\\u0000"}', "output"),
        (b'{"instruction": "a", "input": ["x"], "output": "b"}', "input"),
        (b'{"instruction": "a", "input": "x", "output": "b", "system": "s"}', "system"),
        (b'{"instruction": "a", "output": "b", "history": "x"}', "history"),
        (b'{"instruction": "a", "output": "b", "history": {}}', "history"),
        (b'{"instruction": "a", "output": "b", "history": [["x", "y"], ["z"]]}', "history[1]"),
        (b'{"instruction": "a", "output": "b", "history": [["x", null]]}', "history[0]"),
        (b'{"instruction": "a", "output": "b", "history": [["x", "\\u0000"]]}', "history[0][1]"),
        (b'{"instruction": "a", "output": "b", "history": [["x", ""]]}', "history[0][1]"),
    ],
    "gemini": [
        (b"{}", "contents"),
        (b'{"contents": []}', "contents"),
        (b'{"contents": ["x"]}', "contents[0]"),
        (b'{"contents": [{"role": "user", "parts": []}]}', "contents[0].parts"),
        (
            b'{"contents": [{"role": "user", "parts": [{"text": "a"}, {"inlineData": {}}]}]}',
            "contents[0].parts[1].inlineData",
        ),
        (
            b'{"contents": [{"role": "model", "parts": [{"functionCall": {"name": "x"}}]}]}',
            "contents[0].parts[0].functionCall",
        ),
        (
            b'{"contents": [{"role": "model", "parts": [{"text": "a", "thought": true}]}]}',
            "contents[0].parts[0].thought",
        ),
        (b'{"contents": [{"role": "user", "parts": ["a"]}]}', "contents[0].parts[0]"),
        (b'{"contents": [{"role": "assistant", "parts": [{"text": "a"}]}]}', "contents[0].role"),
        (b'{"contents": [{"role": ["user"], "parts": [{"text": "a"}]}]}', "contents[0].role"),
        (b'{"contents": [{"role": "user", "parts": [{"text": "a"}], "x": 1}]}', "contents[0].x"),
        (b'{"contents": [{"role": "user", "parts": [{"text": ""}]}]}', "contents[0].parts[0].text"),
        (b'{"contents": [' + U + b"]}", "contents"),
        (b'{"contents": [' + M + b"]}", "contents"),
        (b'{"contents": [' + U + b"," + M + b"," + M + b"]}", "contents"),
        (b'{"contents": [' + U + b"," + M + b'], "systemInstruction": "x"}', "systemInstruction"),
        (b'{"contents": [' + U + b"," + M + b'], "systemInstruction": 0}', "systemInstruction"),
        (
            b'{"contents": [' + U + b"," + M + b'], "systemInstruction": ' + M + b"}",
            "systemInstruction.role",
        ),
        (
            b'{"systemInstruction": ' + U + b', "system_instruction": ' + U + b', "contents": ['
            b"" + U + b"," + M + b"]}",
            "system_instruction",
        ),
        (b'{"contents": [' + U + b"," + M + b'], "tools": []}', "tools"),
    ],
    "gemini_preference": [
        (b'{"contents": [' + U + b"]}", "completions"),
        (b'{"contents": [' + U + b'], "completions": [' + BETTER + b"]}", "completions"),
        (
            b'{"contents": ['
            + U
            + b'], "completions": ['
            + b",".join([BETTER, WORSE, WORSE])
            + b"]}",
            "completions",
        ),
        (
            b'{"contents": [' + U + b'], "completions": [' + BETTER + b"," + BETTER + b"]}",
            "completions",
        ),
        (
            b'{"contents": [' + U + b'], "completions": [' + BETTER + b', {"score": 0.5, '
            b'"completion": ' + M + b"}]}",
            "completions[1].score",
        ),
        (
            b'{"contents": [' + U + b'], "completions": [{"score": true, "completion": ' + M + b"},"
            b"" + WORSE + b"]}",
            "completions[0].score",
        ),
        (
            b'{"contents": [' + U + b'], "completions": [{"score": 1, "completion": ' + U + b"},"
            b"" + WORSE + b"]}",
            "completions[0].completion.role",
        ),
        (
            b'{"contents": [' + M + b'], "completions": [' + BETTER + b"," + WORSE + b"]}",
            "contents",
        ),
    ],
    "chat": [
        (b"{}", "messages"),
        (b'{"messages": {}}', "messages"),
        (b'{"messages": ["x"]}', "messages[0]"),
        (b'{"messages": [{"role": "user", "content": "a", "name": "b"}]}', "messages[0].name"),
        (b'{"messages": [{"role": "user", "content": ""}]}', "messages[0].content"),
        (b'{"messages": [{"role": "developer", "content": "a"}]}', "messages[0].role"),
        (b'{"messages": [{"role": ["user"], "content": "a"}]}', "messages[0].role"),
        (
            b'{"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]}',
            "messages[1].role",
        ),
        (b'{"messages": [{"role": "user", "content": [{"text": "a"}]}]}', "messages[0].content"),
        (b'{"messages": ' + ASKED + b"}", "messages"),
        (b'{"messages": ' + SAID + b"}", "messages"),
        (b'{"messages": [{"role": "system", "content": "a"}]}', "messages"),
        (
            b'{"messages": [{"role": "user", "content": "a"},'
            b'{"role": "assistant", "content": "b", "weight": 0}]}',
            "messages[1].weight",
        ),
        (
            b'{"messages": [{"role": "user", "content": "a"},'
            b'{"role": "assistant", "content": "b", "refusal": "c"}]}',
            "messages[1].refusal",
        ),
    ],
    "sharegpt": [
        (b"{}", "conversations"),
        (b'{"conversations": ["x"]}', "conversations[0]"),
        (b'{"conversations": [' + H + b"]}", "conversations"),
        (b'{"id": {"a": 1}, "conversations": [' + H + b"," + G + b"]}", "id"),
        (
            b'{"conversations": [' + H + b', {"from": "function_call", "value": "[]"}, '
            b"" + G + b"]}",
            "conversations[1].value",
        ),
        (b'{"conversations": [' + G + b"]}", "conversations"),
        (b'{"conversations": [{"from": "human", "value": ""}]}', "conversations[0].value"),
        (b'{"conversations": [{"from": "bing", "value": "a"}]}', "conversations[0].from"),
        (b'{"conversations": [{"from": ["human"], "value": "a"}]}', "conversations[0].from"),
        (
            b'{"conversations": [{"from": "human", "value": "a", "weight": 0}]}',
            "conversations[0].weight",
        ),
        (
            b'{"conversations": [' + H + b', {"from": "system", "value": "s"}, ' + G + b"]}",
            "conversations[1].from",
        ),
        (
            b'{"conversations": [{"from": "system", "value": "s"}, ' + H + b"," + G + b"],"
            b'"system": "t"}',
            "system",
        ),
        (b'{"conversations": [' + H + b'], "chosen": ' + G + b"}", "rejected"),
        (b'{"conversations": [' + H + b'], "rejected": ' + G + b"}", "chosen"),
        (
            b'{"conversations": [' + H + b'], "chosen": ' + G + b', "rejected": ' + H + b"}",
            "rejected.from",
        ),
    ],
    "prompt_completion": [
        (b"{}", "prompt"),
        (b'{"prompt": "a"}', "completion"),
        (b'{"prompt": "a", "completion": ' + SAID + b"}", "completion"),
        (b'{"prompt": ' + ASKED + b', "completion": "b"}', "completion"),
        (b'{"prompt": ' + ASKED + b', "completion": ' + ASKED + b"}", "completion"),
        (b'{"prompt": ' + SAID + b', "completion": ' + SAID + b"}", "prompt"),
        (
            b'{"prompt": ' + ASKED + b', "completion": [{"role": "system", "content": "s"}, '
            b"" + SAID[1:] + b"}",
            "completion",
        ),
        (
            b'{"prompt": ' + ASKED + b', "completion": [{"role": "assistant", "tool_calls": []}]}',
            "completion[0].tool_calls",
        ),
    ],
    "preference": [
        (b"{}", "prompt"),
        (b'{"prompt": "a"}', "chosen"),
        (b'{"prompt": "a", "chosen": "b", "rejected": ""}', "rejected"),
        (b'{"prompt": ["a"]}', "prompt[0]"),
        (b'{"prompt": ' + ASKED + b"}", "chosen"),
        (
            b'{"prompt": ' + ASKED + b', "chosen": ' + SAID + b', "rejected": [{"role": "system", '
            b'"content": "s"}, ' + SAID[1:] + b"}",
            "rejected",
        ),
        (b'{"prompt": ' + ASKED + b', "chosen": ' + ASKED + b"}", "chosen"),
        (b'{"prompt": ' + ASKED + b', "chosen": ' + SAID + b', "rejected": []}', "rejected"),
        (
            b'{"prompt": [{"role": "system", "content": "a"}], "chosen": ' + SAID + b","
            b'"rejected": ' + SAID + b"}",
            "prompt",
        ),
        (
            b'{"prompt": ' + SAID + b', "chosen": ' + SAID + b', "rejected": ' + SAID + b"}",
            "prompt",
        ),
        (
            b'{"prompt": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]}',
            "prompt[1].role",
        ),
    ],
    "t5": [
        (b'{"target": "b"}', "input"),
        (b'{"input": "a", "target": ""}', "target"),
        (b'{"input": "a", "target": "b", "prefix": 7}', "prefix"),
    ],
    "csv": [
        (b"", "line"),
        (b'"","","a","b"\r\n', "line"),
        (b'"","","a","b","","c"\r\n', "line"),
        (b'"","","a","b","\r\n', "line"),
        (b'"","","a","\xff",""\r\n', "line"),
        (b'"","","a","b",""\r\n"","","c","d",""\r\n', "line"),
        (b'"","","","b",""\r\n', "input"),
        (b'"","","a"," ",""\r\n', "output"),
        (b'"","x","a","b",""\r\n', "history"),
        (b'"","{}","a","b",""\r\n', "history"),
        (b'"","[[""user""]]","a","b",""\r\n', "history[0]"),
        (b'"","[[""tool"",""x""]]","a","b",""\r\n', "history[0]"),
        (b'"","[[""user"",""""]]","a","b",""\r\n', "history[0]"),
    ],
}


@pytest.mark.parametrize(
    ("name", "line", "field"), [(name, *case) for name, cases in WRONG.items() for case in cases]
)
def test_a_wrong_line_names_its_field(name, line, field):
    assert refused(name, line) == field


# --- other spellings of what can be held ---------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "line", "example"),
    [
        (
            "gemini",
            b'{"system_instruction": {"parts": [{"text": "s"}]}, "contents": ['
            b'{"role": "user", "parts": [{"text": "a"}, {"text": "b"}]}, ' + M + b"]}",
            Example("ab", "b", "s"),
        ),
        (
            "gemini_preference",
            b'{"systemInstruction": {"parts": [{"text": "s"}]}, "contents": [' + U + b"],"
            b'"completions": [{"score": 0.0, "completion": ' + M.replace(b'"b"', b'"c"') + b"}, "
            b"" + BETTER + b"]}",
            Example("a", "b", "s", rejected="c"),
        ),
        (
            "alpaca",
            b'{"instruction": "a?", "input": " ", "output": "b", "system": "x", "history": null}',
            Example("a?", "b", "x"),
        ),
        (
            "chat",
            b'{"messages": [{"role": "user", "content": "a"},'
            b'{"role": "assistant", "content": "b", "weight": 1}]}',
            Example("a", "b"),
        ),
        (
            "chat",
            b'{"messages": [{"role": "user", "content": "a", "name": null, "tool_calls": null},'
            b'{"role": "assistant", "content": "b", "weight": null}], "tools": null, "id": null}',
            Example("a", "b"),
        ),
        (
            "gemini",
            b'{"systemInstruction": {}, "contents": [{"role": "user", "parts": [{"text": "a",'
            b'"thought": null}]}, ' + M + b"]}",
            Example("a", "b"),
        ),
        (
            "sharegpt",
            b'{"id": 7, "conversations": [' + H + b"," + G + b'], "system": "s", "tools": "[]"}',
            Example("a", "b", "s"),
        ),
        ("prompt_completion", b'{"prompt": "a", "completion": " b"}', Example("a", " b")),
        (
            "preference",
            b'{"prompt": "a", "chosen": "b", "rejected": "c"}',
            Example("a", "b", rejected="c"),
        ),
        ("t5", b'{"input": "a", "target": "b"}', Example("a", "b")),
    ],
)
def test_other_spellings_are_read(name, line, example):
    assert by_name(name).loads(line) == example
