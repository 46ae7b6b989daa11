"""How far reviewers agree with each other and with what was settled: figures, no models.

Every figure comes with its 95 % interval; it is None where nothing can be said: too little to
compare, or labels that never vary, where agreement by chance cannot be told from real agreement.
"""

import random
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

Label = Hashable
_Labels = tuple[Label, ...]

# The standard normal's 97.5th percentile.
_Z = 1.959963984540054
_RESAMPLES = 1000
_SEED = 4


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval over `count` observations; all None where undefined."""

    value: float | None
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Bias:
    """How a reviewer departs from settled answers.

    `leniency` is the share of yes among what should be no, `strictness` that of no among what
    should be yes; both 0 for a perfect reviewer. `count` is over both.
    """

    leniency: Estimate
    strictness: Estimate
    count: int


def cohen_kappa(pairs: Iterable[tuple[Label, Label]]) -> Estimate:
    """Return Cohen's kappa of two raters' labels of the same units, in -1..1.

    The interval is the large-sample one of Fleiss, Cohen & Everitt (Psychological Bulletin 72,
    1969): too narrow for a few dozen pairs, and without width where all agree. None under two
    pairs, or where both raters used one label only.
    """
    cells = Counter(pairs)
    count = cells.total()
    shares = {cell: number / count for cell, number in cells.items()}
    mine = _sums((one, share) for (one, _), share in shares.items())
    theirs = _sums((other, share) for (_, other), share in shares.items())
    if count < 2 or len(mine.keys() | theirs.keys()) < 2:
        return Estimate(None, None, None, count)
    chance = sum(share * theirs.get(label, 0.0) for label, share in mine.items())
    agreed = sum(share for (one, other), share in shares.items() if one == other)
    kappa = (agreed - chance) / (1 - chance)
    left = 1 - kappa
    spread = -((kappa - chance * left) ** 2)
    for (one, other), share in shares.items():
        # The published formula's marginals cross: the row's label among the second rater's.
        weight = left * (theirs.get(one, 0.0) + mine.get(other, 0.0))
        spread += share * ((1 - weight) ** 2 if one == other else weight**2)
    error = sqrt(max(spread, 0.0) / count) / (1 - chance)
    return _within(kappa, kappa - _Z * error, kappa + _Z * error, -1.0, count)


def krippendorff_alpha(units: Iterable[Sequence[Label | None]]) -> Estimate:
    """Return Krippendorff's alpha for nominal labels, at most 1; a unit's None is a missing label.

    Any number of raters, who need not be the same for each unit (Krippendorff, "Computing
    Krippendorff's alpha-reliability", 2011); `count` is of the units with two labels or more, as
    others say nothing of agreement. The interval is from a bootstrap over units, as Hayes &
    Krippendorff (2007) ask, in Rubin's Bayesian form (1981): 1,000 draws of Dirichlet weights,
    which lets equal units count as one row. The seed is fixed: the same labels give the same
    figures. None under two units, or where all labels are the same.
    """
    labelled = (_labels(unit) for unit in units)
    units_alike = Counter(labels for labels in labelled if len(labels) > 1)
    count = units_alike.total()
    names = sorted({label for labels in units_alike for label in labels}, key=repr)
    if count < 2 or len(names) < 2:
        return Estimate(None, None, None, count)
    # Sorted, since the draws go to the rows by their order.
    rows = [_Row.of(labels, names) for labels in sorted(units_alike, key=repr)]
    numbers = [float(units_alike[row.labels]) for row in rows]
    draws = sorted(_alpha(rows, weights) for weights in _weights(numbers, random.Random(_SEED)))
    low, high = draws[_RESAMPLES // 40], draws[-_RESAMPLES // 40]
    return _within(_alpha(rows, numbers), low, high, -1.0, count)


def wilson(successes: int, count: int) -> Estimate:
    """Return a share with its Wilson score interval (JASA 22, 1927), which holds for few as well.

    None of 0.
    """
    if count == 0:
        return Estimate(None, None, None, 0)
    share, weight = successes / count, _Z**2 / count
    middle = (share + weight / 2) / (1 + weight)
    half = _Z / (1 + weight) * sqrt(share * (1 - share) / count + weight / (4 * count))
    return _within(share, middle - half, middle + half, 0.0, count)


def share_bias(answers: Iterable[tuple[bool, bool]]) -> Bias:
    """Return the bias of (expected, given) answers to items of known outcome."""
    cells = Counter(answers)
    leniency = wilson(cells[False, True], cells[False, True] + cells[False, False])
    strictness = wilson(cells[True, False], cells[True, False] + cells[True, True])
    return Bias(leniency, strictness, cells.total())


@dataclass(frozen=True, slots=True)
class _Row:
    """Units of equal labels: how many of each name, and the disagreement that one unit brings.

    That is the number of ordered pairs of unlike labels over the labels less one.
    """

    labels: _Labels
    numbers: tuple[int, ...]
    unlike: float

    @classmethod
    def of(cls, labels: _Labels, names: Sequence[Label]) -> "_Row":
        numbers = tuple(labels.count(name) for name in names)
        size = len(labels)
        unlike = (size**2 - sum(number**2 for number in numbers)) / (size - 1)
        return cls(labels, numbers, unlike)


def _labels(unit: Sequence[Label | None]) -> _Labels:
    return tuple(sorted((label for label in unit if label is not None), key=repr))


def _weights(numbers: list[float], chance: random.Random) -> Iterator[list[float]]:
    """Draw Dirichlet weights that sum to the sum of `numbers`.

    A row of n equal units takes the sum of n exponential weights, which is one gamma variate.
    """
    for _ in range(_RESAMPLES):
        drawn = [chance.gammavariate(number, 1.0) for number in numbers]
        scale = sum(numbers) / sum(drawn)
        yield [weight * scale for weight in drawn]


def _alpha(rows: list[_Row], weights: list[float]) -> float:
    weighted = list(zip(rows, weights, strict=True))
    totals = [
        sum(weight * row.numbers[place] for row, weight in weighted)
        for place in range(len(rows[0].numbers))
    ]
    size = sum(totals)
    observed = sum(weight * row.unlike for row, weight in weighted)
    return 1 - (size - 1) * observed / (size**2 - sum(total**2 for total in totals))


def _sums(shares: Iterable[tuple[Label, float]]) -> dict[Label, float]:
    sums: dict[Label, float] = {}
    for label, share in shares:
        sums[label] = sums.get(label, 0.0) + share
    return sums


def _within(value: float, low: float, high: float, least: float, count: int) -> Estimate:
    """An estimate whose interval ends at the figure's own bounds, `least` and 1."""
    return Estimate(value, max(low, least), min(high, 1.0), count)
