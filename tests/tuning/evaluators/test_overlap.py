"""Exact match by hand, BLEU and chrF as sacrebleu itself says."""

from __future__ import annotations

import pytest
import sacrebleu

from tuning.evaluators import overlap

GOLDEN = ["KITAS investor berlaku selama dua tahun.", "Daftarkan PT PMA melalui sistem OSS."]
ANSWERS = ["KITAS investor berlaku selama lima tahun.", "Daftarkan perusahaan di OSS saja."]


@pytest.mark.parametrize(
    ("answers", "golden", "expected"),
    [
        ([], [], None),
        (["a"], ["a"], 1.0),
        (["a"], ["A"], 0.0),
        ([" a\n b "], ["a b"], 1.0),
        (["cafe\u0301"], ["caf\u00e9"], 1.0),
        (["a", "b", "", "d"], ["a", "x", "c", "d"], 0.5),
    ],
)
def test_exact_match(answers, golden, expected):
    assert overlap.exact_match(answers, golden) == expected


def test_bleu_and_chrf_are_those_of_sacrebleu():
    bleu, chrf = sacrebleu.BLEU(), sacrebleu.CHRF()
    assert overlap.bleu(ANSWERS, GOLDEN) == bleu.corpus_score(ANSWERS, [GOLDEN]).score
    assert overlap.chrf(ANSWERS, GOLDEN) == chrf.corpus_score(ANSWERS, [GOLDEN]).score


def test_bleu_of_one_wrong_word_by_hand():
    # 13a parts the full stop: 7 tokens; n-grams 6/7, 4/6, 2/5, 1/4, no brevity penalty.
    by_hand = 100 * (6 / 7 * 4 / 6 * 2 / 5 * 1 / 4) ** 0.25
    assert overlap.bleu(ANSWERS[:1], GOLDEN[:1]) == pytest.approx(by_hand)


@pytest.mark.parametrize("scorer", [overlap.bleu, overlap.chrf])
def test_the_same_is_100_and_nothing_in_common_is_0(scorer):
    assert scorer(GOLDEN, GOLDEN) == pytest.approx(100)
    assert scorer(["", ""], GOLDEN) == 0
    assert scorer([], []) is None
