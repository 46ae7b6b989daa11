"""Every codec writes what it reads, names the field that is wrong, and drops nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.formats import NAMES, Example, FormatError, alpaca, by_name, chat, gemini, preference

# Any text but NUL and surrogates, which no file may hold; the odd ones are tried often.
ODD = st.sampled_from(["baris\nbaru", 'kata "kutip"', "a\u2028b\u2029c", "💥é", "<&>", "\\n", "\t"])
TEXTS = st.one_of(
    ODD, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)
).filter(str.strip)
TURNS = st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(
    lambda rounds: tuple(
        turn for asked, said in rounds for turn in (("user", asked), ("assistant", said))
    )
)
EXAMPLES = st.builds(
    Example,
    input=TEXTS,
    output=TEXTS,
    system=st.one_of(st.just(""), TEXTS),
    history=TURNS,
)
ONE = Example('Apa "itu"\nPMA?', "<b> & é", "Sopan.", (("user", "Halo"), ("assistant", "Ya?")))
GOLDEN = {
    "gemini": '{"systemInstruction":{"role":"system","parts":[{"text":"Sopan."}]},"contents":['
    '{"role":"user","parts":[{"text":"Halo"}]},{"role":"model","parts":[{"text":"Ya?"}]},'
    '{"role":"user","parts":[{"text":"Apa \\"itu\\"\\nPMA?"}]},'
    '{"role":"model","parts":[{"text":"<b> & é"}]}]}\n',
    "alpaca": '{"instruction":"Sopan.","input":"Apa \\"itu\\"\\nPMA?","output":"<b> & é",'
    '"history":[["Halo","Ya?"]]}\n',
    "chat": '{"messages":[{"role":"system","content":"Sopan."},{"role":"user","content":"Halo"},'
    '{"role":"assistant","content":"Ya?"},{"role":"user","content":"Apa \\"itu\\"\\nPMA?"},'
    '{"role":"assistant","content":"<b> & é"}]}\n',
}


@pytest.mark.parametrize("name", ["gemini", "alpaca", "chat"])
@given(example=EXAMPLES)
def test_what_is_written_is_read_back(name, example):
    codec = by_name(name)
    line = codec.dumps(example)
    assert codec.loads(line) == example
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


@given(example=EXAMPLES, rejected=TEXTS)
def test_a_preference_is_read_back(example, rejected):
    whole = Example(example.input, example.output, example.system, example.history, rejected)
    assert preference.loads(preference.dumps(whole)) == whole


@pytest.mark.parametrize("name", GOLDEN)
def test_the_exact_bytes(name):
    assert by_name(name).dumps(ONE) == GOLDEN[name].encode()


def test_the_exact_bytes_of_a_preference():
    assert preference.dumps(Example("a?", "b", "s", rejected="c")) == (
        b'{"prompt":[{"role":"system","content":"s"},{"role":"user","content":"a?"}],'
        b'"chosen":[{"role":"assistant","content":"b"}],'
        b'"rejected":[{"role":"assistant","content":"c"}]}\n'
    )


def test_alpaca_without_a_system_text_asks_in_the_instruction():
    assert alpaca.dumps(Example("a?", "b")) == b'{"instruction":"a?","input":"","output":"b"}\n'


def test_what_a_format_cannot_hold_is_refused():
    with pytest.raises(FormatError) as refused:
        alpaca.dumps(Example("a", "b", history=(("user", "x"), ("user", "y"))))
    assert refused.value.field == "history"
    with pytest.raises(FormatError) as refused:
        preference.dumps(Example("a", "b"))
    assert refused.value.field == "rejected"


def test_every_format_is_found_by_its_name():
    assert [by_name(name).NAME for name in NAMES] == list(NAMES)
    with pytest.raises(FormatError) as refused:
        by_name("os")
    assert refused.value.field == "format"


# --- wrong lines, and the field that each is refused for -----------------------------------------
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


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("line", NOT_OBJECTS)
def test_what_is_no_json_object(name, line):
    with pytest.raises(FormatError) as refused:
        by_name(name).loads(line)
    assert refused.value.field == "line"


ALPACA = [
    (b"{}", "instruction"),
    (b'{"instruction": "", "output": "b"}', "instruction"),
    (b'{"instruction": 7, "output": "b"}', "instruction"),
    (b'{"instruction": "a"}', "output"),
    (b'{"instruction": "a", "output": " "}', "output"),
    (b'{"instruction": "a", "output": null}', "output"),
    (b'{"instruction": "a", "output": "b\\u0000"}', "output"),
    (b'{"instruction": "a", "input": ["x"], "output": "b"}', "input"),
    (b'{"instruction": "a", "output": "b", "history": "x"}', "history"),
    (b'{"instruction": "a", "output": "b", "history": [["x", "y"], ["z"]]}', "history[1]"),
    (b'{"instruction": "a", "output": "b", "history": [["x", null]]}', "history[0]"),
    (b'{"instruction": "a", "output": "b", "history": [["x", "\\u0000"]]}', "history[0]"),
]
GEMINI = [
    (b"{}", "contents"),
    (b'{"contents": []}', "contents"),
    (b'{"contents": ["x"]}', "contents[0]"),
    (b'{"contents": [{"role": "user", "parts": []}]}', "contents[0].parts"),
    (b'{"contents": [{"role": "user", "parts": [{"inlineData": {}}]}]}', "contents[0].parts"),
    (b'{"contents": [{"role": "assistant", "parts": [{"text": "a"}]}]}', "contents[0].role"),
    (b'{"contents": [{"role": "user", "parts": [{"text": "a"}]}]}', "contents"),
    (b'{"contents": [{"role": "user", "parts": [{"text": ""}]}]}', "text"),
    (
        b'{"contents": [{"role": "user", "parts": [{"text": "a"}]},'
        b'{"role": "model", "parts": [{"text": "b"}]}], "systemInstruction": "x"}',
        "systemInstruction",
    ),
]
CHAT = [
    (b"{}", "messages"),
    (b'{"messages": {}}', "messages"),
    (b'{"messages": ["x"]}', "messages[0]"),
    (b'{"messages": [{"role": "user", "content": "a", "name": "b"}]}', "messages[0]"),
    (b'{"messages": [{"role": "tool", "content": "a"}]}', "messages[0].role"),
    (
        b'{"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]}',
        "messages[1].role",
    ),
    (b'{"messages": [{"role": "user", "content": [{"text": "a"}]}]}', "content"),
    (b'{"messages": [{"role": "user", "content": "a"}]}', "messages"),
    (b'{"messages": [{"role": "system", "content": "a"}]}', "messages"),
]
SAID = b'[{"role": "assistant", "content": "b"}]'
ASKED = b'[{"role": "user", "content": "a"}]'
PREFERENCE = [
    (b'{"prompt": "a"}', "prompt"),
    (b'{"prompt": ["a"]}', "prompt[0]"),
    (b'{"prompt": [{"role": "system", "content": "a"}]}', "prompt"),
    (b'{"prompt": ' + SAID + b"}", "prompt"),
    (b'{"prompt": ' + ASKED + b"}", "chosen"),
    (b'{"prompt": ' + ASKED + b', "chosen": ' + ASKED + b"}", "chosen"),
    (b'{"prompt": ' + ASKED + b', "chosen": ' + SAID + b', "rejected": []}', "rejected"),
]


@pytest.mark.parametrize(
    ("codec", "line", "field"),
    [(alpaca, *case) for case in ALPACA]
    + [(gemini, *case) for case in GEMINI]
    + [(chat, *case) for case in CHAT]
    + [(preference, *case) for case in PREFERENCE],
)
def test_a_wrong_line_names_its_field(codec, line, field):
    with pytest.raises(FormatError) as refused:
        codec.loads(line)
    assert refused.value.field == field


def test_gemini_is_read_in_both_spellings_and_in_parts():
    line = (
        b'{"system_instruction": {"parts": [{"text": "s"}]}, "contents": ['
        b'{"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},'
        b'{"role": "model", "parts": [{"text": "c"}]}]}'
    )
    assert gemini.loads(line) == Example("ab", "c", "s")


def test_alpacas_instruction_is_the_system_text_beside_an_input():
    line = b'{"instruction": "Sopan.", "input": "a?", "output": "b", "system": "x"}'
    assert alpaca.loads(line) == Example("a?", "b", "Sopan.")
    line = b'{"instruction": "a?", "input": " ", "output": "b", "system": "x"}'
    assert alpaca.loads(line) == Example("a?", "b", "x")


# --- files that other tools wrote ----------------------------------------------------------------
def _read(codec, file):
    """How many lines are read, and for which fields the others are refused."""
    read, fields = [], []
    for line in file.read_bytes().splitlines():
        try:
            read.append(codec.loads(line))
        except FormatError as error:
            fields.append(error.field)
    return read, fields


def test_geminis_own_samples_are_read(shared_data):
    read, fields = _read(gemini, shared_data / "chat_formats/gemini_contents_support.jsonl")
    assert (len(read), fields) == (10, [])
    assert read[0].input == "How long does the warranty last on a new smartphone?"
    assert [gemini.loads(gemini.dumps(example)) for example in read] == read


def test_openais_dirty_samples_are_refused_where_they_are_dirty(shared_data):
    read, fields = _read(chat, shared_data / "chat_formats/openai_toy_chat_dirty.jsonl")
    assert (len(read), fields) == (7, ["messages"] * 3)
    assert [chat.loads(chat.dumps(example)) for example in read] == read


def test_tool_use_is_refused(shared_data):
    read, fields = _read(chat, shared_data / "chat_formats/reason_tool_use_50.jsonl")
    assert (len(read), len(fields)) == (0, 50)
