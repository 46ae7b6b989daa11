"""Contradictions are told by the words of both texts, so every case names them in full."""

import pytest

from benchmarks import contradictions_measure
from benchmarks.duplicates_measure import sources
from reviews.checks import contradictions
from tests.reviews.checks.contradiction_cases import AGREEING, CONTRADICTING, LATER, MISTAKEN

CASES = [
    *CONTRADICTING,
    *AGREEING,
    *LATER,
    *(pytest.param(*case, marks=pytest.mark.xfail(strict=True)) for case in MISTAKEN),
]


def _told(mine, theirs):
    return [
        (mine[told.mine.start : told.mine.end], theirs[told.theirs.start : told.theirs.end])
        for told in contradictions.between(mine, theirs)
    ]


@pytest.mark.parametrize(("mine", "theirs", "expected"), CASES)
def test_contradictions(mine, theirs, expected):
    assert _told(mine, theirs) == expected


@pytest.mark.parametrize(("mine", "theirs", "expected"), CASES)
def test_contradictions_the_other_way_round(mine, theirs, expected):
    turned = [(other, one) for one, other in expected]
    assert sorted(_told(theirs, mine)) == sorted(turned)


@pytest.mark.parametrize("text", [case[0] for case in CONTRADICTING + AGREEING + LATER])
def test_no_answer_contradicts_itself(text):
    assert contradictions.between(text, text) == []


def test_the_kind_and_both_places_are_told():
    (told,) = contradictions.between("Modal Rp10 miliar.", "Cukup modal Rp5 miliar.")
    assert told.kind == "amount"
    assert (told.mine.value, told.mine.start, told.mine.end) == ("IDR 10000000000", 6, 17)
    assert (told.theirs.value, told.theirs.start, told.theirs.end) == ("IDR 5000000000", 12, 22)


def test_of_a_wall_of_values_the_first_are_compared():
    wall = ", ".join(f"{number} hari" for number in range(2000, 2500))
    assert contradictions.between(wall, f"{wall}.") == []
    assert len(contradictions.between(wall, "1 hari")) <= 1


def test_figures_of_our_cases():
    to_find, found, wrong = contradictions_measure.own()
    assert (to_find, found, wrong) == (98, 98, 2)


def test_changed_and_respelt_values_of_public_answers(shared_data):
    pairs = sources(shared_data)
    figures = contradictions_measure.public({name: pairs[name] for name in ("seeds", "law")})
    assert {kind: (row["changed"], row["respelt"]) for kind, row in figures.items()} == {
        "amount": (74, 73),
        "duration": (100, 76),
        "percentage": (20, 67),
        "citation": (58, 0),
    }
    for row in figures.values():
        assert row["found"] / row["changed"] >= 0.9
        assert (row["elsewhere"], row["wrong"]) == (0, 0)
