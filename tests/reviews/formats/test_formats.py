"""Every codec writes what it reads, names the field that is wrong, and drops nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.formats import (
    NAMES,
    PREFERENCES,
    Example,
    FormatError,
    alpaca,
    by_name,
    gemini,
    gemini_preference,
    sharegpt,
)
from tests.reviews.formats import examples

ONE = Example('Apa "itu"\nPMA?', "<b> & é", "Sopan.", (("user", "Halo"), ("assistant", "Ya?")))
BETTER = replace(ONE, rejected="=x")
GOLDEN = {
    "gemini": '{"systemInstruction":{"role":"system","parts":[{"text":"Sopan."}]},"contents":['
    '{"role":"user","parts":[{"text":"Halo"}]},{"role":"model","parts":[{"text":"Ya?"}]},'
    '{"role":"user","parts":[{"text":"Apa \\"itu\\"\\nPMA?"}]},'
    '{"role":"model","parts":[{"text":"<b> & é"}]}]}\n',
    "alpaca": '{"instruction":"Sopan.","input":"Apa \\"itu\\"\\nPMA?","output":"<b> & é",'
    '"history":[["Halo","Ya?"]]}\n',
    "sharegpt": '{"conversations":[{"from":"system","value":"Sopan."},'
    '{"from":"human","value":"Halo"},{"from":"gpt","value":"Ya?"},'
    '{"from":"human","value":"Apa \\"itu\\"\\nPMA?"},{"from":"gpt","value":"<b> & é"}]}\n',
    "chat": '{"messages":[{"role":"system","content":"Sopan."},{"role":"user","content":"Halo"},'
    '{"role":"assistant","content":"Ya?"},{"role":"user","content":"Apa \\"itu\\"\\nPMA?"},'
    '{"role":"assistant","content":"<b> & é"}]}\n',
    "prompt_completion": '{"prompt":[{"role":"system","content":"Sopan."},'
    '{"role":"user","content":"Halo"},{"role":"assistant","content":"Ya?"},'
    '{"role":"user","content":"Apa \\"itu\\"\\nPMA?"}],'
    '"completion":[{"role":"assistant","content":"<b> & é"}]}\n',
    "prompt_completion_plain": '{"prompt":"Apa \\"itu\\"\\nPMA?","completion":"<b> & é"}\n',
    "preference": '{"prompt":[{"role":"system","content":"Sopan."},'
    '{"role":"user","content":"Halo"},{"role":"assistant","content":"Ya?"},'
    '{"role":"user","content":"Apa \\"itu\\"\\nPMA?"}],'
    '"chosen":[{"role":"assistant","content":"<b> & é"}],'
    '"rejected":[{"role":"assistant","content":"=x"}]}\n',
    "gemini_preference": '{"system_instruction":{"role":"system","parts":[{"text":"Sopan."}]},'
    '"contents":[{"role":"user","parts":[{"text":"Halo"}]},'
    '{"role":"model","parts":[{"text":"Ya?"}]},'
    '{"role":"user","parts":[{"text":"Apa \\"itu\\"\\nPMA?"}]}],"completions":['
    '{"score":1,"completion":{"role":"model","parts":[{"text":"<b> & é"}]}},'
    '{"score":0,"completion":{"role":"model","parts":[{"text":"=x"}]}}]}\n',
    "t5": '{"prefix":"Sopan.","input":"Apa \\"itu\\"\\nPMA?","target":"<b> & é"}\n',
    "csv": '"Sopan.","[[""user"",""Halo""],[""assistant"",""Ya?""]]","Apa ""itu""\nPMA?",'
    '"<b> & é","\'=x"\r\n',
}


def held(name: str, example: Example) -> Example:
    """The example without what the format has no place for."""
    holds = by_name(name).HOLDS
    empty = {"system": "", "history": (), "rejected": "", "steps": (), "tools": ""}
    return replace(example, **{key: none for key, none in empty.items() if key not in holds})


@pytest.mark.parametrize(("name", "made"), examples.EVERY)
@given(data=st.data())
def test_what_is_written_is_read_back(name, made, data):
    example = data.draw(made)
    codec = by_name(name)
    line = codec.dumps(example)
    assert codec.loads(line) == example
    assert line.endswith(b"\n")
    if name != "csv":
        assert line.count(b"\n") == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_text_of_50_000_characters_is_read_back(name):
    rejected = "c" if name in PREFERENCES else ""
    example = Example("💥 kata " * 7_143, "=" * 50_000, rejected=rejected)
    codec = by_name(name)
    assert codec.loads(codec.dumps(example)) == example


@pytest.mark.parametrize("name", NAMES)
def test_the_exact_bytes(name):
    example = BETTER if name in (*PREFERENCES, "csv") else ONE
    assert by_name(name).dumps(held(name, example)) == GOLDEN[name].encode()


def test_alpaca_without_a_system_text_asks_in_the_instruction():
    assert alpaca.dumps(Example("a?", "b")) == b'{"instruction":"a?","input":"","output":"b"}\n'


def test_a_sharegpt_preference_stands_beside_the_conversation():
    assert sharegpt.dumps(Example("a?", "b", rejected="c")) == (
        b'{"conversations":[{"from":"human","value":"a?"}],'
        b'"chosen":{"from":"gpt","value":"b"},"rejected":{"from":"gpt","value":"c"}}\n'
    )


def test_every_format_is_found_by_its_name():
    assert [by_name(name).NAME for name in NAMES] == list(NAMES)
    with pytest.raises(FormatError) as refused:
        by_name("os")
    assert refused.value.field == "format"


# --- what can't be written, and the field that it is refused for ---------------------------------
def refused_field(call, *arguments) -> str:
    with pytest.raises(FormatError) as refused:
        call(*arguments)
    return refused.value.field


PLACES = {
    "system": "Sopan.",
    "history": (("user", "a"), ("assistant", "b")),
    "rejected": "c",
    "steps": (("call", '{"name": "x", "arguments": {}}'), ("result", "1")),
    "tools": '[{"name": "x"}]',
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("field", PLACES)
def test_what_has_no_place_is_refused_and_what_has_one_is_kept(name, field):
    codec = by_name(name)
    needed = {"rejected": "c"} if name in PREFERENCES else {}
    example = Example("a", "b", **(needed | {field: PLACES[field]}))
    if field in codec.HOLDS:
        assert codec.loads(codec.dumps(example)) == example
    else:
        assert refused_field(codec.dumps, example) == field


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("words", ["", " \n\u2003", "a\x00", "a\ud800"])
@pytest.mark.parametrize("field", ["input", "output", "system", "history", "rejected"])
def test_a_text_that_no_file_may_hold_is_refused_where_it_stands(name, words, field):
    codec = by_name(name)
    fields = {"input": "a", "output": "b"} | ({"rejected": "c"} if name in PREFERENCES else {})
    if field in ("input", "output"):
        assert refused_field(codec.dumps, Example(**(fields | {field: words}))) == field
    elif field == "history" and field in codec.HOLDS:
        turns = (("user", "x"), ("assistant", words))
        assert refused_field(codec.dumps, Example(**fields, history=turns)) == "history[1]"
    elif field in codec.HOLDS and words:
        assert refused_field(codec.dumps, Example(**(fields | {field: words}))) == field


@pytest.mark.parametrize("name", [name for name in NAMES if "history" in by_name(name).HOLDS])
@pytest.mark.parametrize("role", ["system", "tool", "model", ""])
def test_a_turn_of_a_role_that_is_not_known_is_refused(name, role):
    rejected = "c" if name in PREFERENCES else ""
    example = Example("a", "b", history=(("user", "x"), (role, "y")), rejected=rejected)
    assert refused_field(by_name(name).dumps, example) == "history[1]"


@pytest.mark.parametrize("name", PREFERENCES)
def test_a_preference_without_a_worse_answer_is_refused(name):
    assert refused_field(by_name(name).dumps, Example("a", "b")) == "rejected"


@pytest.mark.parametrize("codec", [gemini, gemini_preference])
def test_gemini_is_not_taught_what_the_assistant_begins(codec):
    """The service would drop it without a word."""
    begun = (("assistant", "Halo, ada yang bisa dibantu?"),)
    example = Example("a", "b", history=begun, rejected="c" if codec.NAME in PREFERENCES else "")
    with pytest.raises(FormatError) as refused:
        codec.dumps(example)
    assert str(refused.value) == (
        "history[0]: Gemini is only taught what begins with a user's turn"
    )
    asked = replace(example, history=(("user", "Halo"), *begun))
    assert codec.loads(codec.dumps(asked)) == asked


@pytest.mark.parametrize("turns", [(("user", "x"),), (("assistant", "x"),)])
@pytest.mark.parametrize("codec", [alpaca, sharegpt])
def test_sides_that_take_no_turns_are_refused_where_a_reader_would_drop_them(codec, turns):
    assert refused_field(codec.dumps, Example("a", "b", history=turns)) == "history"
