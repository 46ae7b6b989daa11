"""The same question in other words by rule: other words, the same thing asked."""

from __future__ import annotations

import pytest

from reviews.checks import facts
from tuning.evaluators import reword


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Bagaimana cara membuat PT?", "Mau tanya dong, gimana cara bikin PT?"),
        ("Apakah saya tidak perlu visa?", "Mau tanya dong, aku nggak perlu visa?"),
        ("Gimana bikin PT dong?", "Mohon penjelasannya: bagaimana membuat PT?"),
        ("Berapa biaya KITAS?", "Mohon penjelasannya: berapa biaya KITAS?"),
    ],
)
def test_formal_becomes_casual_and_casual_formal(text, other):
    assert reword.question(text) == other


@pytest.mark.parametrize(
    "text", ["Apakah Rp5 juta cukup untuk 12 bulan?", "UU 25/2007 pasal 33 bilang apa sih?"]
)
def test_facts_of_the_question_stay(text):
    assert facts.values(reword.question(text)) == facts.values(text)
