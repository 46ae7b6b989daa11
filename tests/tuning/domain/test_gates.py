"""Gates: measured against target, kept as they were, and never passed unmeasured (E3)."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from tests import factories
from tests.tuning import making
from tuning.domain import evaluations, gates
from tuning.enums import Measure, Requirement, Stage
from tuning.models import Evaluation, Gate, GateResult

NOW = factories.NOW
GOOD = {
    "accuracy": 0.9,
    "coverage": 0.7,
    "accuracy_of_all": 0.8,
    "fact_precision": 0.95,
    "consistency": 0.9,
    "unseen_declined": 0.8,
    "count": 10,
}
BASE = {"accuracy_of_all": 0.5, "count": 10}
HUMAN = [Measure.PREFERENCE, Measure.NATURALNESS, Measure.NO_CRITICAL_ERRORS]


@pytest.fixture
def evaluation(assistant) -> Evaluation:
    return evaluations.open_for(making.version_of(assistant, {}), NOW)


def judge(evaluation: Evaluation, base=BASE, **tuned) -> bool:
    evaluation.metrics = {"base": base, "tuned": {**GOOD, **tuned}}
    evaluation.save()
    return gates.judge(evaluation)


def result(evaluation: Evaluation, measure: str, stage: int = Stage.TEN) -> GateResult:
    return evaluation.gates.get(measure=measure, stage=stage)


def test_an_assistant_gets_the_default_gates_once(assistant):
    gates.ensure(assistant)
    gates.ensure(assistant)
    required = Gate.objects.filter(stage=Stage.TEN, requirement=Requirement.REQUIRED)
    assert {gate.measure: gate.target for gate in required} == {
        "accuracy": 0.8,
        "coverage": 0.5,
        "accuracy_gain": 0.2,
        "fact_precision": 0.9,
        "consistency": 0.85,
        "unseen_declined": 0.6,
    }
    assert Gate.objects.count() == len(Stage.values) * len(Measure.values)


def test_gates_that_an_operator_made_are_left_alone(assistant):
    gate = {"assistant": assistant, "stage": 10, "measure": "accuracy", "target": 0.99}
    Gate.objects.create(**gate, requirement=Requirement.REQUIRED)
    gates.ensure(assistant)
    assert Gate.objects.get().target == 0.99


def test_a_canary_needs_the_automatic_gates_and_a_wider_stage_people_too(evaluation):
    assert judge(evaluation)
    assert [gates.passed(evaluation, stage) for stage in Stage.values] == [True, False, False]
    for measure in HUMAN:
        assert result(evaluation, measure).requirement == Requirement.ADVISORY
        assert result(evaluation, measure, Stage.FIFTY).requirement == Requirement.REQUIRED


@pytest.mark.parametrize(
    "measure", ["accuracy", "coverage", "fact_precision", "consistency", "unseen_declined"]
)
@pytest.mark.parametrize("value", [0.1, None])
def test_one_required_gate_missed_or_unmeasured_bars(evaluation, measure, value):
    assert not judge(evaluation, **{measure: value})
    row = result(evaluation, measure)
    assert (row.measured, row.passed) == (value, False)


def test_a_value_at_its_target_passes(evaluation):
    assert judge(evaluation, consistency=0.85)


def test_a_better_model_than_needed_must_still_beat_the_base(evaluation):
    assert not judge(evaluation, base={"accuracy_of_all": 0.75, "count": 10})
    assert result(evaluation, "accuracy_gain").measured == pytest.approx(0.05 / 0.75)


@pytest.mark.parametrize("requirement", [Requirement.ADVISORY, Requirement.NOT_APPLICABLE])
def test_a_gate_that_is_not_required_does_not_bar(evaluation, assistant, requirement):
    gates.ensure(assistant)
    Gate.objects.filter(measure="consistency").update(requirement=requirement)
    assert judge(evaluation, consistency=None)
    assert not result(evaluation, "consistency").passed


def test_with_no_required_gate_at_all_nothing_passes(evaluation, assistant):
    gates.ensure(assistant)
    Gate.objects.update(requirement=Requirement.ADVISORY)
    assert not judge(evaluation)


def test_an_unjudged_evaluation_passes_nothing(evaluation):
    assert not gates.passed(evaluation, Stage.TEN)


def test_results_keep_the_target_that_they_were_held_against(evaluation):
    judge(evaluation)
    Gate.objects.update(target=0.99, requirement=Requirement.NOT_APPLICABLE)
    row = result(evaluation, "accuracy")
    assert (row.target, row.requirement, row.passed) == (0.8, "required", True)
    assert gates.passed(evaluation, Stage.TEN)


def test_judged_twice_each_gate_speaks_once(evaluation):
    judge(evaluation)
    judge(evaluation)
    assert evaluation.gates.count() == Gate.objects.count()


@pytest.mark.parametrize(
    ("tuned", "base", "count", "expected"),
    [
        (0.6, 0.5, 10, 0.2),
        (0.5, 0.5, 10, 0.0),
        (0.4, 0.5, 10, -0.2),
        (0.8, 0.0, 10, 8.0),  # a base without a right answer counts as one of ten
        (0.0, 0.0, 10, 0.0),
        (None, 0.5, 10, None),
        (0.5, None, 10, None),
        (0.5, 0.5, 0, None),
    ],
)
def test_gain_is_relative_to_the_base(tuned, base, count, expected):
    assert gates.gain(tuned, base, count) == (
        expected if expected is None else pytest.approx(expected)
    )


@pytest.mark.django_db(transaction=True)
def test_the_database_itself_refuses_a_pass_that_was_not_measured(evaluation):
    with pytest.raises(IntegrityError):
        GateResult.objects.create(
            evaluation=evaluation,
            stage=Stage.TEN,
            measure="accuracy",
            target=0.8,
            requirement="required",
            measured=None,
            passed=True,
        )
