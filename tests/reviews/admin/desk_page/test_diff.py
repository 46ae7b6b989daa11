"""The word diff: both texts can be read back from it, and it says little where little changed."""

from __future__ import annotations

import itertools
import random

import pytest

from tests.reviews.admin.desk_page.conftest import Module

pytestmark = pytest.mark.browser

PIECES = [
    *"aku kamu\tRp10 miliar, PP 55/2022. 30 hari\n\n".split(" "),
    " ",
    "  ",
    "🙂",
    "שלום",
    "\u202e",
]


@pytest.fixture(scope="module")
def diff(page):
    return Module(page, "diff.js")


def before(parts):
    return "".join(part["text"] for part in parts if part["op"] != "ins")


def after(parts):
    return "".join(part["text"] for part in parts if part["op"] != "del")


def edited(pieces, chance):
    """The pieces with some taken away, changed or added."""
    kept = list(pieces)
    for _ in range(chance.randint(0, 6)):
        place = chance.randint(0, len(kept))
        kept[place : place + chance.randint(0, 3)] = chance.choices(PIECES, k=chance.randint(0, 3))
    return kept


def test_both_texts_can_be_read_back(diff):
    chance = random.Random(20)
    texts = []
    for _ in range(400):
        old = chance.choices(PIECES, k=chance.randint(0, 60))
        new = edited(old, chance) if chance.random() < 0.8 else chance.choices(PIECES, k=30)
        texts.append(["".join(old), "".join(new)])

    found = diff.run("return given.map(([one, other]) => m.diff(one, other))", texts)

    assert [[before(parts), after(parts)] for parts in found] == texts
    # Never two of a kind side by side, nothing empty.
    for parts in found:
        assert all(part["text"] for part in parts)
        assert all(one["op"] != other["op"] for one, other in itertools.pairwise(parts))


def test_a_changed_word_is_all_that_is_told(diff):
    parts = diff.call("diff", "Modal Rp10 miliar per bidang", "Modal Rp10 juta per bidang")

    assert parts == [
        {"op": "same", "text": "Modal Rp10 "},
        {"op": "del", "text": "miliar"},
        {"op": "ins", "text": "juta"},
        {"op": "same", "text": " per bidang"},
    ]


def test_a_changed_phrase_reads_as_one(diff):
    parts = diff.call("diff", "bisa di perpanjang lagi.", "dapat diperpanjang lagi.")

    assert parts == [
        {"op": "del", "text": "bisa di perpanjang"},
        {"op": "ins", "text": "dapat diperpanjang"},
        {"op": "same", "text": " lagi."},
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("sama", "sama", [("same", "sama")]),
        ("", "baru", [("ins", "baru")]),
        ("lama", "", [("del", "lama")]),
        ("a\r\nb", "a\nb", [("same", "a"), ("del", "\r\n"), ("ins", "\n"), ("same", "b")]),
        # A family is many code points: none of them is torn.
        ("👨‍👩‍👧 x", "👨‍👩‍👦 x", [("same", "👨‍👩‍"), ("del", "👧"), ("ins", "👦"), ("same", " x")]),
    ],
)
def test_edges(diff, old, new, expected):
    parts = diff.call("diff", old, new)

    assert [(part["op"], part["text"]) for part in parts] == expected


def test_where_nearly_all_changed_it_shows_one_block(diff):
    old = " ".join(f"lama{number}" for number in range(900))
    new = " ".join(f"baru{number}" for number in range(900))

    parts = diff.call("diff", f"Awal {old} akhir", f"Awal {new} akhir")

    assert [part["op"] for part in parts] == ["same", "del", "ins", "same"]
    assert (parts[0]["text"], parts[3]["text"]) == ("Awal ", " akhir")


def test_fifty_thousand_characters_with_changes_at_both_ends(diff):
    text = " ".join(f"kata{number % 700}" for number in range(6500))
    assert len(text) > 50_000

    parts = diff.call("diff", text, f"Awal {text} akhir")

    assert parts == [
        {"op": "ins", "text": "Awal "},
        {"op": "same", "text": text},
        {"op": "ins", "text": " akhir"},
    ]
