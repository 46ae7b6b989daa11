"""What docs/checks.md claims, by the code that printed its tables."""

import pytest

from benchmarks import checks_measure
from reviews.checks import (
    addressing,
    facts,
    language,
    length,
    numerals,
    placeholders,
    register,
    structure,
)


@pytest.mark.parametrize("part", ["train", "dev"])
def test_casual_from_formal(shared_data, part: str) -> None:
    score = checks_measure.register_score(shared_data, part)
    assert score.f1 >= 0.88
    assert score.precision >= 0.9


def test_the_measure_hides_what_ends_a_line() -> None:
    assert checks_measure.unpunctuated("sudah saya kirim , kak . . ?") == "sudah saya kirim , kak"


def test_indonesian_from_its_neighbours(shared_data) -> None:
    found = checks_measure.languages(shared_data)
    score = checks_measure.indonesian_score(found, ("english", "javanese", "balinese"))
    assert score.recall >= 0.95
    assert score.precision >= 0.85
    assert found["indonesian"][language.OTHER] == 0
    assert found["english"][language.EN] >= 95


def test_blanks_of_a_public_data_set(shared_data) -> None:
    score = checks_measure.placeholder_score(shared_data)
    assert (score.found, score.positives, score.false) == (85, 85, 0)


# Remarks in a thousand sentences. Reviews of restaurants are casual, so `register` has no bound.
BOUNDS = {"address": 6, "structure": 3, "language": 7, "placeholders": 4, "numerals": 1}


def test_false_alarms_in_clean_text(shared_data) -> None:
    measured = [a for a in checks_measure.alarms(shared_data) if a.source != "alpaca"]
    too_many = [
        (a.source, name)
        for a in measured
        for name, bound in BOUNDS.items()
        if a.remarks[name] > a.sentences * bound / 1000
    ]
    assert len(measured) == 6
    assert too_many == []


UNITS = (
    *(
        "a",
        "1",
        "(",
        "Rp",
        " ",
        "[",
        "{",
        "<",
        "_",
        ".",
        '"',
        "“",
        "`",
        "a.",
        "a-",
        "a@",
        "1.",
        "1,",
    ),
    *(
        "1/",
        "jam 1.",
        "{{a",
        "[nama",
        "<nama ",
        "ya ",
        "di ",
        "wk",
        "ha",
        "Anda kamu ",
        "```",
        "www.",
    ),
    *("31 ", "Rp1a", ", yang mana ", "adalah ", "nge", "\n", "\u00a0", "1.000,", "XXX ", "in"),
)


@pytest.mark.parametrize("unit", UNITS)
def test_no_text_makes_a_search_go_back_and_forth(unit: str) -> None:
    """Would not end in a lifetime if one did; seconds are not counted here."""
    text = (unit * 50_000)[:50_000]
    found = [
        register.mismatch(text, text, "formal"),
        addressing.mixing(text),
        structure.remarks(text),
        language.mismatch(text, "id"),
        placeholders.remarks(text),
        numerals.remarks(text),
        length.remarks(text, text),
    ]
    assert [r for remarks in found for r in remarks if not 0 <= r.start <= r.end <= 50_000] == []
    assert max(len(remarks) for remarks in found) <= 11
    assert isinstance(facts.find(unit), list)
