"""Whole files: what people and other tools saved, line by line, and what is written."""

from __future__ import annotations

import csv
import io
from collections import Counter

import pytest

from reviews.formats import NAMES, PREFERENCES, Example, FormatError, by_name, files
from reviews.sources import Refusal

A, B = Example("a", "b"), Example("=1+1", "-5", "'s", (("user", "x"), ("assistant", "y")), "@z")
LINE_A, LINE_B = (b'{"instruction": "%s", "output": "b"}' % name for name in (b"a", b"c"))


def read(name, raw, **options):
    return list(files.read(name, raw, **options))


# --- lines and arrays ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "raw",
    [
        LINE_A + b"\n" + LINE_B,
        b"\xef\xbb\xbf" + LINE_A + b"\r\n" + LINE_B + b"\r\n",
        b"[" + LINE_A + b",\n" + LINE_B + b"]",
    ],
)
def test_lines_and_an_array_are_read_alike(raw):
    assert read("alpaca", raw) == [(1, A), (2, Example("c", "b"))]


def test_a_file_that_is_one_object_is_one_row():
    assert read("alpaca", LINE_A.replace(b",", b",\n")) == [(1, A)]


def test_a_refused_row_is_told_with_its_line_and_field_and_the_others_are_read():
    raw = LINE_A + b'\n{"instruction": "a"}\n\nx\n' + LINE_B
    assert read("alpaca", raw) == [
        (1, A),
        (2, Refusal(2, "output: a text is needed")),
        (
            4,
            Refusal(
                4,
                "line: not JSON: unexpected character, expected a JSON value: "
                "line 1 column 1 (char 0)",
            ),
        ),
        (5, Example("c", "b")),
    ]


def test_a_key_is_left_unread_only_where_the_caller_says_so():
    raw = LINE_A.replace(b"}", b', "source": "x"}')
    known = "history, input, instruction, output, system"
    reason = f"source: this key can't be kept, only {known}"
    assert read("alpaca", raw) == [(1, Refusal(1, reason))]
    assert read("alpaca", raw, without={"source"}) == [(1, A)]


def test_an_unknown_format_is_refused():
    with pytest.raises(FormatError) as refused:
        next(files.lines("xml", [A]))
    assert refused.value.field == "format"


@pytest.mark.parametrize("name", NAMES)
def test_a_file_has_a_piece_for_each_example_and_is_read_back(name):
    examples = [Example(str(n), "b", rejected="c" * (name in PREFERENCES)) for n in range(3)]
    pieces = list(files.lines(name, examples))
    assert len(pieces) == 3
    assert [found for _line, found in files.read(name, b"".join(pieces))] == examples
    assert list(files.lines(name, [])) == []


# --- the table for people ------------------------------------------------------------------------
def test_a_table_has_one_header_and_no_cell_that_a_spreadsheet_would_run():
    raw = b"".join(files.lines("csv", [A, B]))
    assert raw.decode("utf-8-sig").startswith('"system","history","input","output","rejected"\r\n')
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    # comma.guard puts one apostrophe in front of what would run, or looks guarded already.
    history = '[["user","x"],["assistant","y"]]'
    assert rows[1:] == [["", "", "a", "b", ""], ["'s", history, "'=1+1", "'-5", "'@z"]]
    assert read("csv", raw) == [(2, A), (3, B)]
    assert files.suffix("csv") == ".csv"
    assert files.suffix("chat") == ".jsonl"


def test_a_table_that_a_spreadsheet_saved_is_read_with_its_columns_in_any_order():
    raw = b'output;input\r\nb;a\r\n;\r\n\'-5;"x;\ny"\r\n'
    assert read("csv", raw) == [(2, A), (4, Example("x;\ny", "-5"))]


KNOWN = "history, input, output, rejected, system"


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"", []),
        (b"input,jawaban\na,b\n", [(1, f"header: 'jawaban' is none of {KNOWN}")]),
        (b"input,input\na,b\n", [(1, "header: a column is there twice")]),
        (b"input,output\na,b\na\n", [(2, A), (3, "output: is empty")]),
        (b"input,output,rejected\na,b\n", [(2, A)]),
        (b"input,output\na,b,c\n", [(2, "row: 3 cells under 2 columns")]),
        (b"input,output\na,\n", [(2, "output: is empty")]),
        (b"input\na\n", [(2, "output: a text is needed")]),
    ],
)
def test_a_table_that_is_wrong_is_refused_by_row(raw, found):
    told = [(row, r.reason if isinstance(r, Refusal) else r) for row, r in files.read("csv", raw)]
    assert told == found


def test_a_column_is_left_unread_only_where_the_caller_says_so():
    raw = b"input,output,catatan\na,b,x\n"
    assert read("csv", raw, without={"catatan"}) == [(2, A)]


def test_a_table_that_breaks_off_is_refused_from_there_on():
    rows = read("csv", b'input,output\na,b\n"a,b\n')
    assert rows[0] == (2, A)
    assert [(row, found.line) for row, found in rows[1:]] == [(3, 3)]


# --- files that other tools wrote ----------------------------------------------------------------
SHARED = {
    "chat_formats/alpaca_en_demo_300.json": ("alpaca", 300),
    "chat_formats/axolotl_alpaca.json": ("alpaca", 2),
    "chat_formats/identity_placeholders.json": ("alpaca", 91),
    "chat_formats/axolotl_conversation.json": ("sharegpt", 1),
    "chat_formats/fastchat_dummy_conversation.json": ("sharegpt", 100),
    "chat_formats/sharegpt_toolcall.json": ("sharegpt", 100),
    "chat_formats/gemini_contents_support.jsonl": ("gemini", 10),
    "preference/dpo_en_pairs.json": ("sharegpt", 120),
}
"""Whole files that are read without one refusal: format and rows."""
# Of the above, how many a format can hold; the others are refused.
HELD = {
    "chat_formats/alpaca_en_demo_300.json": {"prompt_completion_plain": 179},
    "chat_formats/axolotl_alpaca.json": {"prompt_completion_plain": 0},
    "chat_formats/axolotl_conversation.json": {"prompt_completion_plain": 0, "t5": 0},
    "chat_formats/fastchat_dummy_conversation.json": {"prompt_completion_plain": 33, "t5": 33},
    "chat_formats/gemini_contents_support.jsonl": {"prompt_completion_plain": 0},
    "chat_formats/sharegpt_toolcall.json": {
        **dict.fromkeys(["gemini", "alpaca", "prompt_completion", "csv"], 41),
        **dict.fromkeys(["prompt_completion_plain", "t5"], 0),
    },
    "preference/dpo_en_pairs.json": {
        **dict.fromkeys(NAMES, 0),
        **dict.fromkeys(["sharegpt", "csv", *PREFERENCES], 120),
    },
}


def again(name: str, example: Example) -> Example | None:
    """The example written and read as `name`; None where it is refused."""
    codec = by_name(name)
    try:
        line = codec.dumps(example)
    except FormatError:
        return None
    return codec.loads(line)


@pytest.mark.parametrize("file", SHARED)
def test_a_file_of_another_tool_goes_through_every_format_that_can_hold_it(shared_data, file):
    source, rows = SHARED[file]
    found = [example for _line, example in read(source, (shared_data / file).read_bytes())]
    assert [type(example) for example in found] == [Example] * rows
    kept = {name: [e for e in found if again(name, e) == e] for name in NAMES}
    refused = {name: [e for e in found if again(name, e) is None] for name in NAMES}
    assert {name: len(kept[name]) + len(refused[name]) for name in NAMES} == dict.fromkeys(
        NAMES, rows
    ), "one came back changed"
    expected = dict.fromkeys(NAMES, rows) | dict.fromkeys(PREFERENCES, 0) | HELD.get(file, {})
    assert {name: len(kept[name]) for name in NAMES} == expected


def test_tool_turns_are_read_in_order(shared_data):
    file = shared_data / "chat_formats/sharegpt_toolcall.json"
    found = [example for _line, example in read("sharegpt", file.read_bytes())]
    roles = Counter(role for e in found for role, _words in (*e.history, *e.steps))
    assert (roles["call"], roles["result"]) == (73, 73)
    first = found[0]
    assert first.input == (
        "They both sound delicious, but I think I'll try the stir fry. "
        "Can you order the ingredients for me?"
    )
    assert first.history[3] == (
        "call",
        '{"name": "search_recipes", "arguments": '
        '{"ingredients": ["chicken", "bell peppers", "rice"]}}',
    )


@pytest.mark.parametrize(
    ("file", "refused"),
    [
        (
            "chat_formats/openai_toy_chat_dirty.jsonl",
            dict.fromkeys(
                [4, 9, 10], "messages: must end with a user's turn and the assistant's answer to it"
            ),
        ),
        (
            "chat_formats/reason_tool_use_50.jsonl",
            dict.fromkeys(range(1, 51), "messages[0].content: a text is needed"),
        ),
        (
            "preference/oasst_en_trees.jsonl",
            dict.fromkeys(
                range(1, 50), "message_tree_id: this key can't be kept, only messages, tools"
            ),
        ),
    ],
)
def test_a_dirty_file_is_refused_line_by_line(shared_data, file, refused):
    rows = read("chat", (shared_data / file).read_bytes())
    assert {line: r.reason for line, r in rows if isinstance(r, Refusal)} == refused
    good = [example for _line, example in rows if isinstance(example, Example)]
    assert [again("chat", example) for example in good] == good


def test_a_thumb_beside_a_conversation_is_not_lost_unsaid(shared_data):
    raw = (shared_data / "preference/kto_en_thumbs.json").read_bytes()
    reasons = {r.reason for _line, r in read("chat", raw)}
    assert reasons == {"label: this key can't be kept, only messages, tools"}
    rows = [example for _line, example in read("chat", raw, without={"label"})]
    assert len(rows) == 150
    assert [again("chat", example) for example in rows] == rows
