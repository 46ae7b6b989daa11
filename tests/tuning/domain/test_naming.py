"""Names of versions: a table of D6's rule, without rows."""

from __future__ import annotations

import pytest

from tuning.domain import naming
from tuning.domain.naming import Made, Wanted

GEMINI, GEMMA = 1, 2


def made(name: str, base: int = GEMINI, method: str = "sft", samples: int = 120) -> Made:
    return Made(name, base, method, samples)


def name(wanted: Wanted, there: list[Made]) -> str:
    return naming.following([one.name for one in there], naming.line(wanted, there))


def wanted(base: int = GEMINI, method: str = "sft", samples: int = 130, **more) -> Wanted:
    return Wanted(base, method, samples, **more)


@pytest.mark.parametrize(
    ("there", "asked", "expected"),
    [
        pytest.param([], wanted(), "v1.0", id="the first"),
        pytest.param([made("v1.0")], wanted(), "v1.1", id="more data"),
        pytest.param([made("v1.0")], wanted(samples=499), "v1.1", id="before the milestone"),
        pytest.param([made("v1.0")], wanted(samples=500), "v2.0", id="on the milestone"),
        pytest.param([made("v1.0")], wanted(samples=6000), "v2.0", id="past several"),
        pytest.param([made("v1.0", samples=60)], wanted(samples=99), "v1.1", id="below the first"),
        pytest.param([made("v1.0", samples=510)], wanted(samples=120), "v1.1", id="fewer pairs"),
        pytest.param(
            [made("v1.0"), made("v1.1", samples=499)],
            wanted(samples=500),
            "v2.0",
            id="counted from the line's first",
        ),
        pytest.param(
            [made("v1.0"), made("v2.0", samples=500), made("v1.1", samples=450)],
            wanted(samples=600),
            "v2.1",
            id="the newest line",
        ),
        pytest.param([made("v1.0")], wanted(GEMMA), "v2.0", id="another base model"),
        pytest.param([made("v1.0")], wanted(method="preference"), "v2.0", id="another method"),
        pytest.param(
            [made("v1.3"), made("v2.0", GEMMA)], wanted(), "v1.4", id="back to the old base"
        ),
        pytest.param(
            [made("v1.0")], wanted(could_continue=True), "v2.0", id="anew where it could go on"
        ),
        pytest.param(
            [made("v1.0"), made("v2.0")],
            wanted(continues="v1.0", could_continue=True),
            "v1.1",
            id="goes on with an old line",
        ),
        pytest.param(
            [made("v1.0")],
            wanted(samples=5000, continues="v1.0"),
            "v1.1",
            id="going on crosses no milestone",
        ),
        pytest.param([made("v1.9")], wanted(), "v1.10", id="numbers, not texts"),
        pytest.param([made("v2.10"), made("v2.9")], wanted(), "v2.11", id="the greatest number"),
    ],
)
def test_the_next_name(there, asked, expected):
    assert name(asked, there) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("v1.0", (1, 0)),
        ("v12.34", (12, 34)),
        ("base", None),
        ("base-2", None),
        ("v0.1", None),
        ("v1", None),
        ("v1.0-x", None),
        ("v1.٣", None),
    ],
)
def test_what_is_a_name(text, number):
    assert naming.read(text) == number


@pytest.mark.parametrize(
    ("samples", "mark"),
    [
        (0, 0),
        (99, 0),
        (100, 100),
        (499, 100),
        (500, 500),
        (1000, 1000),
        (5000, 5000),
        (10**6, 5000),
    ],
)
def test_milestones(samples, mark):
    assert naming.milestone(samples) == mark
