"""Figures against published worked examples and against an independent implementation."""

import random
from itertools import product

import krippendorff
import numpy as np
import pytest

from reviews.checks import agreement
from reviews.checks.agreement import Estimate

# Rows are the first rater's labels, columns the second's.
# Fleiss, Levin & Paik, "Statistical Methods for Rates and Proportions", 3rd ed., table 18.1.
DIAGNOSES = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
# Wikipedia, "Cohen's kappa": the grant proposals, and the two tables of equal raw agreement.
GRANTS = [[20, 5], [10, 15]]
SIXTY = [[45, 15], [25, 15]]
SIXTY_SKEWED = [[25, 35], [5, 35]]

# Krippendorff 2011, sections A to C: one string a rater, "." where the label is missing.
BINARY = ["0100000010", "1110010000"]
NOMINAL = ["aabbdcccedda", "babbbccceddd"]
MISSING = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]


def _pairs(table):
    cells = [(row, column) for row, column in product(range(len(table)), repeat=2)]
    return [cell for cell in cells for _ in range(table[cell[0]][cell[1]])]


def _units(raters):
    labels = zip(*raters, strict=True)
    return [[None if label == "." else label for label in unit] for unit in labels]


def _random_units(seed):
    chance = random.Random(seed)
    truth = [chance.randrange(3) for _ in range(chance.randrange(20, 60))]
    noise = chance.random()
    draw = lambda true: chance.randrange(3) if chance.random() < noise else true  # noqa: E731
    return [[None if chance.random() < 0.3 else draw(true) for _ in range(4)] for true in truth]


@pytest.mark.parametrize(
    ("table", "kappa"),
    [(DIAGNOSES, 0.676), (GRANTS, 0.4), (SIXTY, 0.1304), (SIXTY_SKEWED, 0.2593)],
)
def test_kappa_of_published_tables(table, kappa):
    assert agreement.cohen_kappa(_pairs(table)).value == pytest.approx(kappa, abs=5e-4)


def test_kappas_published_standard_error():
    """Fleiss, Levin & Paik give 0.087, and 0.68 +- 1.96 * 0.087 as the interval."""
    estimate = agreement.cohen_kappa(_pairs(DIAGNOSES))
    assert (estimate.high - estimate.low) / 2 / 1.96 == pytest.approx(0.087, abs=1e-3)
    assert estimate.count == 100


def test_kappas_interval_of_two_by_two():
    """By the delta method on the multinomial, differentiated numerically."""
    table = [[17, 4], [9, 30]]

    def kappa(p):
        p = np.asarray(p).reshape(2, 2)
        chance = p.sum(1) @ p.sum(0)
        return (np.trace(p) - chance) / (1 - chance)

    p = np.asarray(table, float).ravel() / 60
    slope = np.array([(kappa(p + e) - kappa(p - e)) / 2e-6 for e in np.eye(4) * 1e-6])
    error = np.sqrt((slope**2 @ p - (slope @ p) ** 2) / 60)
    estimate = agreement.cohen_kappa(_pairs(table))
    assert (estimate.high - estimate.low) / 2 / 1.959964 == pytest.approx(error, rel=1e-5)


def test_kappa_of_perfect_agreement_and_of_its_opposite():
    assert agreement.cohen_kappa([(True, True), (False, False)]) == Estimate(1.0, 1.0, 1.0, 2)
    assert agreement.cohen_kappa([(True, False), (False, True)]).value == -1.0


@pytest.mark.parametrize("pairs", [[], [(True, False)], [(True, True)] * 9])
def test_kappa_is_undefined(pairs):
    assert agreement.cohen_kappa(pairs) == Estimate(None, None, None, len(pairs))


def test_kappa_where_raters_never_share_a_label():
    assert agreement.cohen_kappa([(True, False)] * 9).value == 0.0


@pytest.mark.parametrize(
    ("raters", "alpha", "count"),
    [(BINARY, 0.095, 10), (NOMINAL, 0.692, 12), (MISSING, 0.743, 11)],
)
def test_alpha_of_published_examples(raters, alpha, count):
    estimate = agreement.krippendorff_alpha(_units(raters))
    assert estimate.value == pytest.approx(alpha, abs=5e-4)
    assert estimate.count == count
    assert estimate.low < estimate.value < estimate.high


@pytest.mark.parametrize("seed", range(20))
def test_alpha_as_the_krippendorff_package_has_it(seed):
    units = _random_units(seed)
    data = np.array([[np.nan if x is None else x for x in unit] for unit in units], float).T
    expected = krippendorff.alpha(reliability_data=data, level_of_measurement="nominal")
    assert agreement.krippendorff_alpha(units).value == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_alphas_interval_as_units_drawn_again_give_it(seed):
    """Within the noise of 1,000 draws of the plain bootstrap by multinomial numbers."""
    units = _random_units(seed) * 5
    rng = np.random.RandomState(seed)
    alphas = sorted(
        agreement._alpha(rows, numbers) for rows, numbers in _resampled(units, rng, 1000)
    )
    estimate = agreement.krippendorff_alpha(units)
    width = alphas[974] - alphas[25]
    assert estimate.low == pytest.approx(alphas[25], abs=0.2 * width)
    assert estimate.high == pytest.approx(alphas[974], abs=0.2 * width)


def _resampled(units, rng, times):
    labelled = [labels for unit in units if len(labels := agreement._labels(unit)) > 1]
    rows = [agreement._Row.of(labels, [0, 1, 2]) for labels in labelled]
    for _ in range(times):
        numbers = rng.multinomial(len(rows), [1 / len(rows)] * len(rows))
        yield rows, [float(number) for number in numbers]


def test_alpha_does_not_look_at_the_order_of_units_or_labels():
    units = _units(MISSING)
    turned = [unit[::-1] for unit in reversed(units)]
    assert agreement.krippendorff_alpha(turned) == agreement.krippendorff_alpha(units)


def test_alpha_of_perfect_agreement():
    units = [["yes", "yes"], ["no", "no", None]]
    assert agreement.krippendorff_alpha(units) == Estimate(1.0, 1.0, 1.0, 2)


@pytest.mark.parametrize(
    ("units", "count"),
    [
        ([], 0),
        ([["yes", None], ["no"], []], 0),
        ([["yes", "no"]], 1),
        ([["yes", "yes"]] * 9, 9),
    ],
)
def test_alpha_is_undefined(units, count):
    assert agreement.krippendorff_alpha(units) == Estimate(None, None, None, count)


@pytest.mark.parametrize(
    ("successes", "count", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_of_published_examples(successes, count, low, high):
    estimate = agreement.wilson(successes, count)
    assert (estimate.value, estimate.count) == (successes / count, count)
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_all_and_of_none():
    assert agreement.wilson(20, 20).high == 1.0
    assert agreement.wilson(0, 0) == Estimate(None, None, None, 0)


def test_bias_of_a_lenient_reviewer():
    answers = [(False, True)] * 3 + [(False, False)] * 5 + [(True, True)] * 9 + [(True, False)]
    bias = agreement.share_bias(answers)
    assert bias == agreement.Bias(agreement.wilson(3, 8), agreement.wilson(1, 10), 18)


def test_bias_where_nothing_should_be_no():
    bias = agreement.share_bias([(True, True), (True, False)])
    assert bias.leniency == Estimate(None, None, None, 0)
    assert bias.strictness.value == 0.5
