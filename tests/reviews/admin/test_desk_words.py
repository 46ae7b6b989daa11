"""The desk page's words: whatever the page asks for is there, and nothing is there in vain."""

from __future__ import annotations

import re
from pathlib import Path

import reviews
from reviews.admin import desk_words

PAGE = Path(reviews.__file__).parent / "static" / "reviews" / "desk"
TEMPLATE = Path(reviews.__file__).parent.parent / "templates" / "admin" / "reviews" / "desk.html"
# Names that the page puts together from a code of the server's or of its own.
MADE = re.compile(r"(bar|count|fact|kind|role|status|vote|why)_\w+")


def _scripts() -> str:
    return "".join(path.read_text(encoding="utf-8") for path in sorted(PAGE.glob("*.js")))


def test_every_word_that_the_page_asks_for_is_there():
    asked = set(re.findall(r'\bt\(\s*"(\w+)"', _scripts()))
    asked |= set(re.findall(r"words\.(\w+)", TEMPLATE.read_text(encoding="utf-8")))

    assert len(asked) > 100
    assert sorted(asked - set(desk_words.words())) == []


def test_no_word_is_there_in_vain():
    named = set(re.findall(r'"(\w+)"', _scripts()))
    named |= set(re.findall(r"words\.(\w+)", TEMPLATE.read_text(encoding="utf-8")))

    idle = [name for name in desk_words.words() if name not in named and not MADE.fullmatch(name)]
    assert idle == []


def test_what_the_server_names_has_a_word():
    words = desk_words.words()

    for kind in ("amount", "duration", "percentage", "citation"):
        assert f"kind_{kind}" in words
    for decision in ("reject", "needs_work", "second"):
        assert f"why_{decision}" in words
    for status in ("draft", "disputed"):
        assert f"status_{status}" in words


def test_the_page_holds_no_markup_as_text():
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", _scripts()
    )
