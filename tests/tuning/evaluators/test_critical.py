"""Critical facts of answers against golden, by hand-computed tables."""

from __future__ import annotations

import pytest

from tuning.evaluators import critical

RP5, RP6, LAMA = "Biayanya Rp5 juta.", "Biayanya Rp6 juta.", "Berlaku 2 tahun."
BOTH, NONE = "Rp5 juta untuk 2 tahun.", "Silakan hubungi kami."


@pytest.mark.parametrize(
    ("answers", "golden", "expected"),
    [
        ([], [], None),
        ([RP5], [NONE], None),  # nothing to agree with
        ([RP5], [RP5], 1.0),
        (["Cukup bayar Rp5.000.000."], [RP5], 1.0),
        ([RP6], [RP5], 0.0),
        ([NONE], [RP5], 0.0),
        ([BOTH], [RP5], 0.0),  # one fact too many
        ([RP5], [BOTH], 0.0),  # one fact missing
        ([RP5, RP6, LAMA, NONE], [RP5, RP5, LAMA, NONE], 2 / 3),
    ],
)
def test_accuracy(answers, golden, expected):
    assert critical.accuracy(answers, golden) == expected


@pytest.mark.parametrize(
    ("answers", "golden", "expected"),
    [
        ([], [], None),
        ([NONE], [RP5], None),  # it states nothing
        ([RP5], [RP5], 1.0),
        ([RP6], [RP5], 0.0),
        ([RP5], [NONE], 0.0),
        ([BOTH], [RP5], 0.5),
        ([BOTH, RP5, NONE], [RP5, RP5, LAMA], 2 / 3),
    ],
)
def test_precision(answers, golden, expected):
    assert critical.precision(answers, golden) == expected


@pytest.mark.parametrize(
    ("answers", "others", "expected"),
    [
        ([], [], None),
        ([None], [RP5], None),
        ([RP5], [None], None),
        ([RP5], [RP6], 0.0),
        (["Cukup Rp5.000.000."], [RP5], 1.0),
        ([NONE], ["Halo."], 1.0),
        ([RP5, BOTH, None, RP5], [RP5, RP5, RP5, RP6], 1 / 3),
    ],
)
def test_consistency(answers, others, expected):
    assert critical.consistency(answers, others) == expected


@pytest.mark.parametrize("scorer", [critical.precision, critical.consistency])
def test_lists_of_different_length_are_an_error(scorer):
    with pytest.raises(ValueError, match="zip"):
        scorer([RP5], [RP5, RP5])
