"""Critical facts (amounts, durations, percentages, legal citations) of answers against golden."""

from __future__ import annotations

from collections.abc import Sequence

from reviews.checks import facts


def accuracy(answers: Sequence[str], golden: Sequence[str]) -> float | None:
    """Share of answers that hold every fact of their golden answer and none beside.

    Over golden answers that hold facts at all; None where none does.
    """
    scored = [
        found == total and not extra
        for found, total, extra in map(facts.agreement, answers, golden)
        if total
    ]
    return sum(scored) / len(scored) if scored else None


def precision(answers: Sequence[str], golden: Sequence[str]) -> float | None:
    """Share of the facts stated in answers that the golden answer holds; None of no facts."""
    counts = [facts.agreement(mine, theirs) for mine, theirs in zip(answers, golden, strict=True)]
    found = sum(count[0] for count in counts)
    stated = found + sum(count[2] for count in counts)
    return found / stated if stated else None


def consistency(answers: Sequence[str], others: Sequence[str]) -> float | None:
    """Share of questions whose two answers, to two wordings, state the same facts."""
    pairs = list(zip(answers, others, strict=True))
    if not pairs:
        return None
    return sum(facts.values(mine) == facts.values(other) for mine, other in pairs) / len(pairs)
