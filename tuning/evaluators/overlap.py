"""How close answers are to the golden ones, letter by letter and word by word."""

from __future__ import annotations

from collections.abc import Sequence

from reviews.domain import identity


def exact_match(answers: Sequence[str], golden: Sequence[str]) -> float | None:
    """Share of answers equal to the golden one but for white space; None of nothing."""
    if not golden:
        return None
    pairs = zip(answers, golden, strict=True)
    return sum(identity.tidy(mine) == identity.tidy(theirs) for mine, theirs in pairs) / len(golden)


def bleu(answers: Sequence[str], golden: Sequence[str]) -> float | None:
    """Corpus BLEU from 0 to 100 with sacrebleu's defaults (13a, exponential smoothing)."""
    if not golden:
        return None
    import sacrebleu  # heavy, and only an evaluation needs it

    return float(sacrebleu.corpus_bleu(list(answers), [list(golden)]).score)


def chrf(answers: Sequence[str], golden: Sequence[str]) -> float | None:
    """Corpus chrF2 from 0 to 100 with sacrebleu's defaults (character 6-grams)."""
    if not golden:
        return None
    import sacrebleu

    return float(sacrebleu.corpus_chrf(list(answers), [list(golden)]).score)
