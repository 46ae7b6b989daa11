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


def consistency(answers: Sequence[str | None], others: Sequence[str | None]) -> float | None:
    """Share of questions whose two answers, to two wordings, state the same facts.

    None in a list is a question that was declined: it states nothing to contradict, and coverage
    counts it already. None of no question answered both times.
    """
    pairs = zip(answers, others, strict=True)
    same = [
        facts.values(mine) == facts.values(other)
        for mine, other in pairs
        if mine is not None and other is not None
    ]
    return sum(same) / len(same) if same else None
