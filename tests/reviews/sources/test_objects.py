"""JSON objects of a file, each with the line that it begins on."""

from __future__ import annotations

import pytest

from reviews.formats import FormatError
from reviews.sources import Refusal, objects


def _read(raw):
    """Lines with their object, or 'refused'."""
    rows = objects.read(raw)
    return [(line, "refused" if isinstance(row, Refusal) else row) for line, row in rows]


A, B, NO = {"a": 1}, {"b": 2}, "refused"


@pytest.mark.parametrize(
    ("raw", "rows"),
    [
        (b"", []),
        (b" \n\n", []),
        (b'{"a":1}', [(1, A)]),
        (b'{"a":1}\n{"b":2}\n', [(1, A), (2, B)]),
        (b'\xef\xbb\xbf{"a":1}\r\n\r\n{"b":2}\r\n', [(1, A), (3, B)]),
        (b'{"a":1}\nrusak\n{"b":2}', [(1, A), (2, NO), (3, B)]),
        (b'{"a":1}\n[1]\n"x"\n{"b":2}', [(1, A), (2, NO), (3, NO), (4, B)]),
        (b'{"a":1}\n{"a":NaN}\n{"a":"\\ud800"}\n{"b":2}', [(1, A), (2, NO), (3, NO), (4, B)]),
        (b'{"a":1}\n\x00\n{"b":2}', [(1, A), (2, NO), (3, B)]),
        (b'{"a":1}\n{"a":"\xff"}\n{"b":2}', [(1, A), (2, NO), (3, B)]),
        (b'{"a":1}\n{"b":', [(1, A), (2, NO)]),
        (b"[]", []),
        (b" [ ] \n", []),
        (b'[{"a":1},{"b":2}]', [(1, A), (1, B)]),
        (b'\xef\xbb\xbf[\r\n {"a":1},\r\n\r\n {"b":2}\r\n]\r\n', [(2, A), (4, B)]),
        (b'[\n{"a":\n1},\n{"b":2}]', [(2, A), (4, B)]),
        (b'[{"a":1},\n7,\n"x",\n{"b":2}]', [(1, A), (2, NO), (3, NO), (4, B)]),
        (b'[{"a":1},\n{"a":NaN},\n{"b":2}]', [(1, A), (2, NO), (3, B)]),
        (b'[{"a":1},\n{"a":"\\ud800"},\n{"b":2}]', [(1, A), (2, NO), (3, B)]),
        (b'[{"a":1},\n{"b":2},\n]', [(1, A), (2, B)]),
        (b'[{"a":1},\n{"b":2},\n{"c"', [(1, A), (2, B), (3, NO)]),
        (b'[{"a":1},\n{"b":2}', [(1, A), (2, B), (2, NO)]),
        (b'[{"a":1}\n{"b":2}]', [(1, A), (2, NO)]),
        (b'[{"a":1}]\n[{"b":2}]\n', [(1, A), (2, NO)]),
        (b'[{"a":1}]\n\nekor', [(1, A), (3, NO)]),
        (b'[{"a":1},\n{"a":"\xff"}]', [(2, NO)]),
        (b'{"a":1}\n{"a":1,"a":1}\n{"b":2}', [(1, A), (2, NO), (3, B)]),
        (b'[{"a":1},\n{"b":{"a":1,"\\u0061":2}},\n{"b":2}]', [(1, A), (2, NO), (3, B)]),
        ('{"a":1}\n{"b":2}'.encode("utf-16"), [(1, NO)]),
        ('{"a":1}\n{"b":2}'.encode("utf-16-be"), [(1, NO)]),
        ('{"a":1}\n{"b":2}'.encode("utf-32-le"), [(1, NO)]),
    ],
)
def test_rows_and_refusals_by_line(raw, rows):
    assert _read(raw) == rows


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'[{"a":1},', "the array is not closed: the file is cut short"),
        (b'[{"a":1}', "not JSON from here on: ',' or ']' expected"),
        (b'[{"a":1}] x', "nothing may follow the array"),
        (b'[{"a":1}, 7]', "line: not a JSON object"),
        (b'[{"a":1}, {"b":2, "b":2}]', "b: this key is there twice"),
    ],
)
def test_the_reason_of_a_refusal(raw, reason):
    [_row, (_line, refusal)] = objects.read(raw)
    assert refusal.reason == reason


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("i_structure_UTF-8_BOM_empty_object.json", [(1, {})]),
        ("y_object_duplicated_key.json", [(1, NO)]),
        ("y_object_duplicated_key_and_value.json", [(1, NO)]),
        ("y_structure_whitespace_array.json", []),
        ("n_single_space.json", []),
        ("n_structure_no_data.json", []),
        ("n_structure_double_array.json", [(1, NO)]),
        ("n_object_single_quote.json", [(1, NO)]),
        ("n_object_trailing_comma.json", [(1, NO)]),
        ("n_structure_unclosed_object.json", [(1, NO)]),
        ("n_structure_null-byte-outside-string.json", [(1, NO)]),
        ("n_string_unescaped_newline.json", [(1, NO)]),
        ("n_number_NaN.json", [(1, NO)]),
        ("i_string_1st_surrogate_but_2nd_missing.json", [(1, NO)]),
        ("i_string_UTF-8_invalid_sequence.json", [(1, NO)]),
        ("i_string_UTF-16LE_with_BOM.json", [(1, NO)]),
        ("i_structure_500_nested_arrays.json", [(1, NO)]),
        ("y_structure_lonely_null.json", [(1, NO)]),
    ],
)
def test_the_edges_of_json(shared_data, name, rows):
    assert _read((shared_data / "json_edge" / name).read_bytes()) == rows


@pytest.mark.parametrize(
    ("sent", "members"),
    [
        (b"{}", {}),
        (b' { "a" :\t1.0 , "b":[1,\n 2 ] } ', {"a": "1.0", "b": "[1,\n 2 ]"}),
        (
            b'{"a":-0,"b":1e400,"c":12345678901234567890}',
            {"a": "-0", "b": "1e400", "c": "12345678901234567890"},
        ),
        (b'{"a":{"}":"]","\\"":"{"}}', {"a": '{"}":"]","\\"":"{"}'}),
        (b'{"\\u0061\\"":"\\u00e9"}', {'a"': '"\\u00e9"'}),
        ('{"é":"日本"}'.encode(), {"é": '"日本"'}),
        (b'{"a":' + b"9" * 5000 + b"}", {"a": "9" * 5000}),
    ],
)
def test_members_are_told_exactly_as_they_are_written(sent, members):
    assert objects.members(sent) == members


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b'{"a":1,"b":2,"a":1}', "a: this key is there twice"),
        (b'{"a":1,"\\u0061":1}', "a: this key is there twice"),
        (b'{"b":[{"c":{"d":1,"d":1}}]}', "d: this key is there twice"),
        (b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", "a: is nested too deep"),
    ],
)
def test_members_that_can_not_be_told(sent, reason):
    with pytest.raises(FormatError) as refused:
        objects.members(sent)
    assert str(refused.value) == reason
