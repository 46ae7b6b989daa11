"""What is tied goes to one part, and who is tied to two is left out (J6)."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.checks import duplicates
from reviews.checks.duplicates import Text
from reviews.formats import Example
from tuning.domain import nearness
from tuning.domain.binding import bind
from tuning.domain.ties import Node
from tuning.enums import Part

TEST, TRAIN, VALIDATION = Part.TEST, Part.TRAIN, Part.VALIDATION


def node(number: int, family: str, band: int = 0, **fields: str) -> Node:
    """A text of its own; those of one band share it, and are the same but for it."""
    words = f"kata {band}" if band else f"unik {number}"
    example = Example(f"Apa arti {words}?", f"Artinya {words}.")
    empty = {"conversation": "", "person": "", "register": "formal", "language": "id"}
    values = {**empty, "source": "import", "wording": f"w{number}", **fields}
    return Node(
        revision=number,
        pair=number,
        number=1,
        identity=f"{number:03}",
        family=family,
        assistant="bisnis",
        category=1,
        example=example,
        bands=[band or 1000 + number],
        **values,
    )


def left(found) -> dict[int, tuple[str, int | None]]:
    return {
        revision: (kind, against.revision if against else None)
        for revision, (kind, against) in found.left.items()
    }


def test_families_without_ties_stand_alone():
    found = bind([node(1, "a"), node(2, "b")], [], {}, {})
    assert (found.groups, found.homes, found.left) == ({"a": "a", "b": "b"}, {}, {})


def test_the_very_question_binds_two_families():
    """A family without a name is called by its question."""
    nodes = [node(1, "a"), node(2, "b", wording="a"), node(3, "c", wording="b")]
    assert bind(nodes, [], {}, {}).groups == {"a": "a", "b": "a", "c": "a"}


def test_a_text_that_stood_somewhere_stays_before_a_new_one_of_a_tested_family():
    """Or the next version would leave out what this one took."""
    nodes = [node(1, "a"), node(2, "b", 7), node(3, "a", 7)]
    found = bind(nodes, [], {1: TEST, 2: TRAIN}, {"a": TEST, "b": TRAIN})
    assert left(found) == {3: ("near", 2)}


@pytest.mark.parametrize("ties", [{"conversation": "c"}, {"person": "p"}, {"band": 7}], ids=min)
def test_a_tie_binds_two_families(ties):
    nodes = [node(1, "b", **ties), node(2, "a", **ties), node(3, "c")]
    assert bind(nodes, [], {}, {}).groups == {"a": "a", "b": "a", "c": "c"}


def test_ties_reach_over_others():
    nodes = [node(1, "a", person="p"), node(2, "b", person="p", band=7), node(3, "c", band=7)]
    assert bind(nodes, [], {}, {}).groups == {"a": "a", "b": "a", "c": "a"}


def test_a_text_tied_to_a_test_goes_there():
    nodes = [node(1, "a", person="p"), node(2, "b", person="p")]
    found = bind(nodes, [], {1: TEST}, {"a": TEST})
    assert (found.homes, found.left) == ({"a": TEST, "b": TEST}, {})


def test_a_near_duplicate_of_a_test_in_a_taught_family_is_left_out():
    nodes = [node(1, "a", 7), node(2, "b"), node(3, "b", 7)]
    found = bind(nodes, [], {1: TEST, 2: TRAIN}, {"a": TEST, "b": TRAIN})
    assert left(found) == {3: ("near", 1)}
    assert found.homes == {"a": TEST, "b": TRAIN}


@pytest.mark.parametrize(
    ("kind", "tie"), [("person", {"person": "p"}), ("conversation", {"conversation": "c"})]
)
def test_a_text_between_two_fixed_parts_is_left_out(kind, tie):
    nodes = [node(1, "a", **tie), node(2, "b"), node(3, "b", **tie)]
    found = bind(nodes, [], {1: VALIDATION, 2: TRAIN}, {"a": VALIDATION, "b": TRAIN})
    assert left(found) == {3: (kind, 1)}


def test_of_two_fixed_ones_the_test_stays():
    nodes = [node(1, "a", 7), node(2, "b", 7)]
    found = bind(nodes, [], {1: TRAIN, 2: TEST}, {"a": TRAIN, "b": TEST})
    assert left(found) == {1: ("near", 2)}


def test_a_new_family_between_two_parts_loses_only_the_one_that_bridges():
    nodes = [node(1, "a", 7), node(2, "b", 8), node(3, "new", 7), node(4, "new", 8)]
    found = bind(nodes, [], {1: TEST, 2: TRAIN}, {"a": TEST, "b": TRAIN})
    assert left(found) == {4: ("near", 2)}
    assert found.homes["new"] == TEST


def test_a_test_that_is_not_chosen_any_more_is_still_protected():
    nodes = [node(2, "b"), node(3, "b", 7), node(4, "new", 7)]
    found = bind(nodes, [node(1, "a", 7)], {1: TEST, 2: TRAIN}, {"a": TEST, "b": TRAIN})
    assert left(found) == {3: ("near", 1)}
    assert found.homes["new"] == TEST


def test_what_was_taught_and_is_not_chosen_keeps_new_texts_out_of_the_test():
    found = bind([node(2, "new", 7)], [node(1, "a", 7)], {1: TRAIN}, {"a": TRAIN})
    assert (found.homes, found.left) == ({"new": TRAIN}, {})


def test_a_new_text_in_a_test_family_that_was_taught_elsewhere_is_left_out():
    nodes = [node(2, "b"), node(3, "b", 7)]
    found = bind(nodes, [node(1, "a", 7)], {1: TRAIN, 2: TEST}, {"a": TRAIN, "b": TEST})
    assert left(found) == {3: ("near", 1)}


def test_a_member_whose_family_became_a_test_is_left_out():
    nodes = [node(1, "a"), node(2, "a")]
    found = bind(nodes, [], {1: TEST, 2: TRAIN}, {"a": TEST})
    assert left(found) == {2: ("family", 1)}


@st.composite
def cases(draw):
    """Texts with few families, people and bands, some of which stood somewhere before."""
    count = draw(st.integers(1, 14))
    small = st.integers(0, 3)
    nodes = [
        node(n, f"f{draw(st.integers(0, 5))}", draw(small), person=draw(st.sampled_from("  pq")))
        for n in range(1, count + 1)
    ]
    nodes = [replace(n, person=n.person.strip()) for n in nodes]
    parts = st.sampled_from([TEST, TRAIN, VALIDATION])
    stood = draw(st.dictionaries(st.integers(1, count), parts))
    chosen = draw(st.sets(st.integers(1, count)))
    earlier = [n for n in nodes if n.revision not in chosen and n.revision in stood]
    families: dict[str, Part] = {}
    for n in nodes:
        part = stood.get(n.revision)
        if part and families.get(n.family) != TEST:
            families[n.family] = part
    return [n for n in nodes if n.revision in chosen], earlier, stood, families


@given(cases(), st.randoms())
def test_nothing_kept_is_tied_across_groups_and_no_test_is_tied_to_another_home(case, chance):
    chosen, earlier, stood, families = case
    found = bind(chosen, earlier, stood, families)
    kept = [n for n in chosen if n.revision not in found.left]
    tests = [n for n in earlier if stood[n.revision] == TEST]
    for one in kept:
        for other in kept:
            if _tied(one, other):
                assert found.groups[one.family] == found.groups[other.family]
                assert found.homes.get(one.family) == found.homes.get(other.family)
        for test in tests:
            if _tied(one, test):
                assert found.homes[one.family] == TEST
        if one.revision in stood:
            assert found.homes[one.family] == stood[one.revision]


def _tied(one: Node, other: Node) -> bool:
    same_band = one.bands == other.bands
    return (
        one.family == other.family or same_band or bool(one.person and one.person == other.person)
    )


# --- nearness ------------------------------------------------------------------------------------
WORDS = st.sampled_from("izin PT kitas C1 C2 12 dua tahun biaya Rp5 Anda".split())
PHRASES = st.lists(WORDS, max_size=14).map(" ".join)
TEXTS = st.builds(Text, st.sampled_from(["", "Halo", "Halo juga"]), PHRASES, PHRASES)


@st.composite
def two_texts(draw):
    """Two texts, the second often the first with a word changed."""
    one = draw(TEXTS)
    if draw(st.booleans()):
        return one, draw(TEXTS)
    words = one.question.split()
    chance = draw(st.integers(0, len(words)))
    changed = " ".join([*words[:chance], *words[chance + 1 :]])
    return one, Text(one.history, changed, one.answer)


@given(two_texts())
def test_near_says_what_the_checks_say(case):
    one, other = case
    said = duplicates.likeness(one, other) >= duplicates.NEAR
    assert nearness.near(nearness.prepare(one), nearness.prepare(other)) == said


def test_long_texts_are_compared_as_the_checks_do():
    words = [f"kata{number}" for number in range(900)]
    one = Text("", "Apa?", " ".join(words))
    for other, expected in ((words[:850], True), (words[:400], False)):
        theirs = Text("", "Apa?", " ".join(other))
        assert nearness.near(nearness.prepare(one), nearness.prepare(theirs)) is expected
        assert (duplicates.likeness(one, theirs) >= duplicates.NEAR) is expected


def _pairs(texts: list[Text]) -> set[tuple[int, int]]:
    bands = [duplicates.bands(text) for text in texts]
    return set(nearness.pairs(nearness.Texts(texts), bands, lambda _one, _other: True))


def test_near_duplicates_are_found_in_a_crowd_of_one_pattern():
    """Numbers differ, so none is another's; but for two of each."""
    answer = "Izin itu diurus di kantor pelayanan terpadu dengan membawa paspor dan akta."
    texts = [Text("", f"Bagaimana mengurus izin nomor {n // 2}?", answer) for n in range(300)]
    assert _pairs(texts) == {(n, n + 1) for n in range(0, 300, 2)}


def test_the_order_of_the_bands_does_not_matter():
    texts = [Text("", f"Apa syarat izin {n % 7} itu?", "Paspor dan akta.") for n in range(40)]
    bands = [duplicates.bands(text) for text in texts]
    mixed = [random.Random(n).sample(values, len(values)) for n, values in enumerate(bands)]
    every = [
        list(nearness.pairs(nearness.Texts(texts), each, lambda _one, _other: True))
        for each in (bands, mixed)
    ]
    assert every[0] == every[1] != []
