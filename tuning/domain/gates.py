"""Quality gates: measured value against target, kept as rows (E3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from reviews.models import Assistant
from tuning.enums import Measure, Requirement, Stage
from tuning.models import Evaluation, Gate, GateResult

AUTOMATIC = {
    Measure.ACCURACY: 0.80,
    # Not of E3: accuracy is a share of answers, and a model that declines everything gives none.
    Measure.COVERAGE: 0.50,
    Measure.ACCURACY_GAIN: 0.20,
    Measure.FACT_PRECISION: 0.90,
    Measure.CONSISTENCY: 0.85,
    Measure.UNSEEN_DECLINED: 0.60,
}
BY_PEOPLE = {
    Measure.PREFERENCE: 0.70,
    Measure.NATURALNESS: 8.0,
    Measure.NO_CRITICAL_ERRORS: 1.0,
}


def ensure(assistant: Assistant) -> None:
    """The default gates of E3 where the assistant has none: a canary needs the automatic ones,
    a wider stage the human ones too."""
    if assistant.gates.exists():
        return
    rows = []
    for stage in Stage.values:
        human = Requirement.ADVISORY if stage == Stage.TEN else Requirement.REQUIRED
        targets = [(m, t, Requirement.REQUIRED) for m, t in AUTOMATIC.items()]
        targets += [(m, t, human) for m, t in BY_PEOPLE.items()]
        rows += [
            Gate(assistant=assistant, stage=stage, measure=m, target=t, requirement=r)
            for m, t, r in targets
        ]
    Gate.objects.bulk_create(rows, ignore_conflicts=True)


def gain(tuned: float | None, base: float | None, count: int) -> float | None:
    """Relative gain over the base. A base without a right answer counts as one right answer."""
    if tuned is None or base is None or not count:
        return None
    return (tuned - base) / max(base, 1 / count)


def _measured(metrics: Mapping[str, Any]) -> dict[str, float | None]:
    base, tuned = metrics["base"], metrics["tuned"]
    return {
        Measure.ACCURACY: tuned["accuracy"],
        Measure.COVERAGE: tuned["coverage"],
        Measure.ACCURACY_GAIN: gain(
            tuned["accuracy_of_all"], base["accuracy_of_all"], tuned["count"]
        ),
        Measure.FACT_PRECISION: tuned["fact_precision"],
        Measure.CONSISTENCY: tuned["consistency"],
        Measure.UNSEEN_DECLINED: tuned["unseen_declined"],
    }


def judge(evaluation: Evaluation) -> bool:
    """Hold the evaluation against each gate of its assistant, once, and store what each says.

    Returns whether every gate required before the first stage is passed. A required gate that is
    not measured does not pass.
    """
    assistant = evaluation.version.assistant
    ensure(assistant)
    measured = _measured(evaluation.metrics)
    with transaction.atomic():
        for gate in Gate.objects.filter(assistant=assistant):
            value = measured.get(gate.measure)
            GateResult.objects.update_or_create(
                evaluation=evaluation,
                stage=gate.stage,
                measure=gate.measure,
                defaults={
                    "target": gate.target,
                    "requirement": gate.requirement,
                    "measured": value,
                    "passed": value is not None and value >= gate.target,
                },
            )
    return passed(evaluation, Stage.TEN)


def passed(evaluation: Evaluation, stage: int) -> bool:
    results = GateResult.objects.filter(
        evaluation=evaluation, stage=stage, requirement=Requirement.REQUIRED
    )
    return results.exists() and not results.filter(passed=False).exists()
