"""Marks over a text: spans that overlap, offsets as JavaScript counts, unseen characters."""

from __future__ import annotations

import pytest

from tests.reviews.admin.desk_page.conftest import Module

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def marks(page):
    return Module(page, "marks.js")


def cut(marks, text, *spans):
    """[(text, names of the spans over it)…] for spans (name, start, end)."""
    given = [{"name": name, "start": start, "end": end} for name, start, end in spans]
    found = marks.call("segments", text, given)
    assert "".join(part["text"] for part in found) == text
    return [(part["text"], [span["name"] for span in part["spans"]]) for part in found]


def test_without_spans_the_text_is_one_piece(marks):
    assert cut(marks, "Rp10 miliar") == [("Rp10 miliar", [])]
    assert cut(marks, "") == []


def test_overlapping_and_nested_spans(marks):
    found = cut(marks, "abcdefgh", ("fact", 1, 5), ("flag", 3, 7), ("inner", 3, 4))

    assert found == [
        ("a", []),
        ("bc", ["fact"]),
        ("d", ["fact", "flag", "inner"]),
        ("e", ["fact", "flag"]),
        ("fg", ["flag"]),
        ("h", []),
    ]


def test_offsets_count_as_utf16(marks):
    # The smile takes two units, so the figure begins at 3.
    assert cut(marks, "🙂 30 hari", ("fact", 3, 10)) == [("🙂 ", []), ("30 hari", ["fact"])]


def test_no_pair_of_surrogates_is_torn(marks):
    assert cut(marks, "a🙂b", ("flag", 2, 2)) == [("a", []), ("🙂", ["flag"]), ("b", [])]
    assert cut(marks, "a🙂b", ("flag", 0, 2)) == [("a🙂", ["flag"]), ("b", [])]


def test_spans_beyond_the_text_end_with_it(marks):
    assert cut(marks, "abc", ("flag", 2, 99), ("none", 7, 9), ("odd", -4, 1)) == [
        ("a", ["odd"]),
        ("b", []),
        ("c", ["flag"]),
    ]


def test_a_flag_without_a_span_marks_nothing(marks):
    assert cut(marks, "abc", ("flag", 0, 0)) == [("abc", [])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("biasa\n\tsaja\r\n", ["biasa\n\tsaja\r\n"]),
        ("a\u202eb\u202c", ["a", {"code": "U+202E"}, "b", {"code": "U+202C"}]),
        ("nol\u200b", ["nol", {"code": "U+200B"}]),
        ("\ufeffawal", [{"code": "U+FEFF"}, "awal"]),
        ("\x00\x1b", [{"code": "U+0000"}, {"code": "U+001B"}]),
        ("\U000e0041", [{"code": "U+E0041"}]),
        # The joiner of a family is part of its picture; one between letters is not.
        ("👨‍👩‍👧", ["👨‍👩‍👧"]),
        ("a\u200db", ["a", {"code": "U+200D"}, "b"]),
    ],
)
def test_unseen_characters_get_labels(marks, text, expected):
    assert marks.call("pieces", text) == expected


def test_half_of_a_pair_gets_a_label(marks):
    assert marks.run("return m.pieces('a\\uD83Db')") == ["a", {"code": "U+D83D"}, "b"]


def test_painting_makes_text_and_never_elements_of_it(marks):
    attack = "<img src=x onerror=alert(1)>\u202e</div>"

    html, text = marks.run(
        "const box = document.createElement('div'); m.paint(box, given);"
        "return [box.querySelectorAll('img').length, box.textContent]",
        attack,
    )

    assert (html, text) == (0, "<img src=x onerror=alert(1)>⟨U+202E⟩</div>")
