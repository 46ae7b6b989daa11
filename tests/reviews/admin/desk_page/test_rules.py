"""What keeps a fast hand from approving: facts, required items, accuracy, reasons, own text."""

from __future__ import annotations

import pytest

from tests.reviews.admin.desk_page.conftest import Module

pytestmark = pytest.mark.browser

ITEM = {
    "question": "Berapa lama?",
    "answer": "30 hari,\r\nRp500.000",
    "own_text": False,
    "may": {"approve": True},
    "facts": [{"key": "d", "label": "30 hari"}, {"key": "a", "label": "Rp500.000"}],
    "checklist": {
        "parts": [
            {"items": [{"id": 1, "number": 1, "required": True, "accuracy": True}]},
            {
                "items": [
                    {"id": 2, "number": 2, "required": True, "accuracy": False},
                    {"id": 3, "number": 3, "required": False, "accuracy": False},
                ]
            },
        ]
    },
}
ALL = {"facts": {"d": True, "a": True}, "answers": {"1": True, "2": True}}


@pytest.fixture(scope="module")
def rules(page):
    return Module(page, "rules.js")


def ask(rules, function, item=None, **work):
    given = {"item": ITEM | (item or {}), "work": work}
    body = f"return m.{function}(given.item, {{...m.blank(), ...given.work}})"
    return rules.run(body, given)


def test_steps_follow_one_another(rules):
    assert ask(rules, "stepOf") == "facts"
    assert ask(rules, "stepOf", facts={"d": True}) == "facts"
    assert ask(rules, "stepOf", facts=ALL["facts"]) == "checklist"
    # The third item is not required.
    assert ask(rules, "stepOf", **ALL) == "decide"


@pytest.mark.parametrize(
    ("item", "work", "expected"),
    [
        ({}, ALL, None),
        ({"own_text": True}, ALL, ["bar_own", {}]),
        ({"may": {"approve": False}}, ALL, ["bar_may", {}]),
        ({}, ALL | {"facts": {"d": True}}, ["bar_facts", {"n": 1}]),
        ({}, ALL | {"facts": {"d": True, "a": False}}, ["bar_fact_wrong", {"fact": "Rp500.000"}]),
        ({}, ALL | {"answers": {"1": True}}, ["bar_open", {"n": 1}]),
        (
            {},
            ALL | {"answers": {"1": False, "2": True}, "reasons": {"1": "salah"}},
            ["bar_accuracy", {"n": 1}],
        ),
        ({}, ALL | {"answers": {"1": True, "2": False}}, ["bar_reason", {"n": 2}]),
        (
            {},
            ALL | {"answers": {"1": True, "2": False}, "reasons": {"2": " "}},
            ["bar_reason", {"n": 2}],
        ),
        ({}, ALL | {"answers": {"1": True, "2": False}, "reasons": {"2": "kaku"}}, None),
        ({}, ALL | {"edit": {"question": "Berapa lama?", "answer": "lain"}}, ["bar_unsaved", {}]),
    ],
)
def test_why_a_pair_cant_be_approved(rules, item, work, expected):
    assert ask(rules, "barrier", item, **work) == expected


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        ({}, False),
        ({"note": "kurang lengkap"}, True),
        ({"note": "  "}, False),
        ({"answers": {"2": False}}, False),
        ({"answers": {"2": False}, "reasons": {"2": "kaku"}}, True),
        ({"answers": {"1": False, "2": False}, "reasons": {"2": "kaku"}}, False),
        # The reason of an item that is no longer wrong says nothing.
        ({"answers": {"2": True}, "reasons": {"2": "kaku"}}, False),
    ],
)
def test_whether_a_verdict_says_why(rules, work, expected):
    assert ask(rules, "saysWhy", **work) is expected


def test_a_field_that_changed_only_line_ends_changed_nothing(rules):
    edit = {"question": "Berapa lama?", "answer": "30 hari,\nRp500.000"}

    assert rules.call("isChanged", ITEM, edit) is False
    assert rules.call("isChanged", ITEM, edit | {"answer": "31 hari,\nRp500.000"}) is True
    assert rules.call("isChanged", ITEM, None) is False


@pytest.mark.parametrize(
    ("written", "given", "expected"),
    [
        ("a\nb", "a\r\nb", "a\r\nb"),
        ("a\nc", "a\r\nb", "a\r\nc"),
        ("a\nc", "a\nb", "a\nc"),
        ("a\nc", "a\r\nb\nd", "a\nc"),
        ("", "a\r\n", ""),
    ],
)
def test_texts_go_back_with_the_line_ends_that_came(rules, written, given, expected):
    assert rules.call("asGiven", written, given) == expected
