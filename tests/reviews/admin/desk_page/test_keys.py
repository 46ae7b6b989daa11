"""What a key press means: letters by what they write, digits by their place, nothing twice."""

from __future__ import annotations

import pytest

from tests.reviews.admin.desk_page.conftest import Module

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def keys(page):
    return Module(page, "keys.js")


def action(keys, **event):
    found = keys.run("return m.actionOf(new KeyboardEvent('keydown', given))", event)
    return found and (found["name"], found["number"])


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"key": "y", "code": "KeyY"}, "right"),
        # Caps Lock, and a hand that holds Shift.
        ({"key": "Y", "code": "KeyY"}, "right"),
        ({"key": "A", "code": "KeyA", "shiftKey": True}, "approve"),
        # A German keyboard has Z where an American one has Y: what it writes counts.
        ({"key": "z", "code": "KeyY"}, "undo"),
        # A keyboard that writes no Latin letters: the place counts.
        ({"key": "ф", "code": "KeyA"}, "approve"),
        ({"key": "ن", "code": "KeyK"}, "up"),
        ({"key": "?", "code": "Slash", "shiftKey": True}, "help"),
        ({"key": "ArrowDown", "code": "ArrowDown"}, "down"),
        ({"key": "Backspace", "code": "Backspace"}, "fact_back"),
    ],
)
def test_letters(keys, event, expected):
    assert action(keys, **event) == (expected, 0)


@pytest.mark.parametrize(
    ("event", "number"),
    [
        ({"key": "4", "code": "Digit4"}, 4),
        ({"key": "0", "code": "Digit0"}, 10),
        ({"key": "!", "code": "Digit1", "shiftKey": True}, 11),
        ({"key": "#", "code": "Digit3", "shiftKey": True}, 13),
        # A French keyboard writes digits only with Shift.
        ({"key": "&", "code": "Digit1"}, 1),
        ({"key": "1", "code": "Digit1", "shiftKey": True}, 11),
        ({"key": "7", "code": "Numpad7"}, 7),
    ],
)
def test_digits_name_items(keys, event, number):
    assert action(keys, **event) == ("toggle", number)


@pytest.mark.parametrize(
    "event",
    [
        {"key": "a", "code": "KeyA", "repeat": True},
        {"key": "y", "code": "KeyY", "repeat": True},
        {"key": "4", "code": "Digit4", "repeat": True},
        {"key": "a", "code": "KeyA", "ctrlKey": True},
        {"key": "r", "code": "KeyR", "metaKey": True},
        {"key": "n", "code": "KeyN", "altKey": True},
        {"key": "a", "code": "KeyA", "isComposing": True},
        {"key": "Process", "code": "KeyA", "keyCode": 229},
        {"key": "/", "code": "Slash"},
        {"key": "Enter", "code": "Enter"},
        {"key": "é", "code": "Digit2x"},
        {"key": "Dead", "code": "KeyE"},
    ],
)
def test_what_decides_nothing(keys, event):
    assert action(keys, **event) is None


def test_scrolling_goes_on_while_a_key_is_held(keys):
    assert action(keys, key="j", code="KeyJ", repeat=True) == ("down", 0)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("input", True),
        ("textarea", True),
        ("select", True),
        ("button", False),
        ("div", False),
    ],
)
def test_where_letters_are_somebodys_writing(keys, element, expected):
    assert keys.run("return m.isWriting(document.createElement(given))", element) is expected


def test_a_check_box_is_no_writing(keys):
    made = "const box = document.createElement('input'); box.type = 'checkbox';"
    assert keys.run(f"{made} return m.isWriting(box)") is False
