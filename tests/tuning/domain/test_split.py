"""No variation leaks: families go whole, and stay where they were (D1, J6)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuning.domain.split import Candidate, assign
from tuning.enums import Part

HOMES = (Part.TRAIN, Part.VALIDATION, Part.TEST)


def family(name: str, *wordings: str) -> list[Candidate]:
    return [Candidate(f"{name}.{at}", name, words) for at, words in enumerate(wordings)]


def families(*sizes: int) -> list[Candidate]:
    """Families of these sizes, each member in words of its own."""
    return [
        member
        for number, size in enumerate(sizes)
        for member in family(f"f{number:03}", *(f"w{number}.{at}" for at in range(size)))
    ]


def homes(parts: dict[str, Part]) -> dict[str, set[Part]]:
    """The parts that each family stands in, paraphrases aside."""
    found: dict[str, set[Part]] = {}
    for identity, part in parts.items():
        found.setdefault(identity.split(".")[0], set())
        if part != Part.PARAPHRASE:
            found[identity.split(".")[0]].add(part)
    return found


def count(parts: dict[str, Part]) -> dict[str, int]:
    return {part.value: list(parts.values()).count(part) for part in Part}


@st.composite
def candidates(draw) -> list[Candidate]:
    groups = draw(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), max_size=25))
    return [
        member
        for number, wordings in enumerate(groups)
        for member in family(f"f{number}", *(f"w{word}" for word in wordings))
    ]


@st.composite
def with_history(draw):
    found = draw(candidates())
    names = sorted({member.family for member in found})
    earlier = draw(st.dictionaries(st.sampled_from(names), st.sampled_from(HOMES))) if names else {}
    held = draw(st.sets(st.sampled_from([c.identity for c in found]))) if found else set()
    return found, earlier, held


@given(with_history())
def test_every_candidate_gets_exactly_one_part(case):
    found, earlier, held = case
    assert assign(found, earlier, held).keys() == {c.identity for c in found}


@given(with_history())
def test_no_family_stands_in_two_parts(case):
    assert [stands for stands in homes(assign(*case)).values() if len(stands) > 1] == []


@given(with_history())
def test_a_paraphrase_is_held_out_of_a_taught_family_in_words_that_nobody_teaches(case):
    found, earlier, held = case
    parts = assign(found, earlier, held)
    for member in found:
        if parts[member.identity] == Part.PARAPHRASE:
            family = [c for c in found if c.family == member.family and c != member]
            taught = [c for c in family if parts[c.identity] == Part.TRAIN]
            assert taught
            assert member.wording not in {c.wording for c in family}


@given(with_history())
def test_a_family_stays_where_it_was(case):
    found, earlier, held = case
    stands = homes(assign(found, earlier, held))
    kept = {name: part for name, part in earlier.items() if name in stands}
    assert {name: stands[name] for name in kept} == {name: {part} for name, part in kept.items()}


@given(with_history(), st.randoms())
def test_the_order_of_the_input_does_not_matter(case, chance):
    found, earlier, held = case
    shuffled = random.Random(chance.random()).sample(found, len(found))
    assert assign(shuffled, earlier, held) == assign(found, earlier, held)


@given(st.lists(st.integers(1, 5), min_size=100, max_size=160))
def test_the_shares_hold_for_a_hundred_small_families(sizes):
    parts = count(assign(families(*sizes), {}))
    total, taught = sum(sizes), parts["train"] + parts["validation"]
    assert 0.10 * total <= parts["test"] <= 0.20 * total
    # To within the largest family, and rounding.
    assert abs(parts["validation"] - 0.15 * taught) <= 5
    assert parts["paraphrase"] <= 0.10 * total + 1


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, {"train": 0, "validation": 0, "test": 0, "paraphrase": 0}),
        (1, {"train": 1, "validation": 0, "test": 0, "paraphrase": 0}),
        (2, {"train": 2, "validation": 0, "test": 0, "paraphrase": 0}),
        (5, {"train": 3, "validation": 1, "test": 1, "paraphrase": 0}),
        (100, {"train": 72, "validation": 13, "test": 15, "paraphrase": 0}),
    ],
)
def test_sizes_of_single_families(number, expected):
    assert count(assign(families(*[1] * number), {})) == expected


def test_one_big_family_is_taught_but_for_held_out_wordings():
    assert count(assign(families(10), {})) == {
        "train": 9,
        "validation": 0,
        "test": 0,
        "paraphrase": 1,
    }


def test_a_held_out_wording_stays_held_out():
    found = families(4, 4, 4)
    assert assign(found, {}, {"f001.2"})["f001.2"] == Part.PARAPHRASE


def test_what_the_parent_taught_is_not_held_out_and_its_paraphrases_stay():
    found = families(4, 4, 4)
    kept = {c.identity: Part.TRAIN for c in found} | {
        f"f00{number}.0": Part.PARAPHRASE for number in (0, 1, 2)
    }
    earlier = dict.fromkeys(("f000", "f001", "f002"), Part.TRAIN)
    # Three are more than the share, and stay; of those held out elsewhere none comes back.
    assert assign(found, earlier, {"f001.2"}, kept=kept) == kept
    taught = {c.identity: Part.TRAIN for c in found}
    assert assign(found, earlier, {"f001.2"}, kept=taught) == taught


def test_a_wording_with_two_answers_is_not_held_out():
    found = family("f", "sama", "sama", "lain") + families(*[1] * 9)
    earlier = {"f": Part.TRAIN}
    parts = assign(found, earlier)
    assert (parts["f.0"], parts["f.1"], parts["f.2"]) == ("train", "train", "paraphrase")


def test_new_families_fill_the_test_but_taught_ones_never_become_one():
    first = families(*[1] * 40)
    earlier = {c.family: part for c in first for part in [assign(first, {})[c.identity]]}
    more = first + [Candidate(f"g{n}.0", f"g{n}", f"v{n}") for n in range(60)]
    parts = assign(more, earlier)
    assert {c.identity: parts[c.identity] for c in first} == assign(first, {})
    assert count(parts)["test"] == 15
