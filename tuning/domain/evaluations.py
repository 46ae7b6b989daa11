"""Evaluations: the version and its base asked the same held-out questions (E1).

Asked in small portions, each stored at once, so that a killed worker goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from reviews.models import PromptVersion
from tuning.domain import answerers, gates, versions
from tuning.enums import Part, Slice
from tuning.evaluators import critical, overlap, reword
from tuning.models import (
    DatasetMember,
    DatasetVersion,
    Evaluation,
    EvaluationAnswer,
    ModelVersion,
)
from tuning.providers.base import Completion, CompletionRequest, ModelProvider

PORTION = 50
"""Questions asked in one look."""
PATIENCE = 60
"""Seconds after which a look asks no more: it must end within its lease, slow as a model may be."""
ENOUGH = 30
"""Held-out wordings from which on none are made by rule."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One question of an evaluation."""

    slice: str
    member: DatasetMember
    question: str


def open_for(version: ModelVersion, now: datetime) -> Evaluation:
    """The version's evaluation, opened where there is none."""
    assert version.dataset_version is not None
    evaluation, _created = Evaluation.objects.get_or_create(
        version=version,
        defaults={
            "baseline": versions.ensure_base(version.assistant),
            "dataset_version": version.dataset_version,
            "created_at": now,
        },
    )
    return evaluation


def _members(version: DatasetVersion, part: str) -> Iterable[DatasetMember]:
    rows = version.members.filter(part=part).order_by("position")
    return rows.select_related("revision__pair")


def plan(version: DatasetVersion) -> list[Asking]:
    """Every question to ask of a model that was taught this version, in a fixed order.

    Taught facts in held-out words; where those are fewer than ENOUGH, taught questions reworded by
    rule make up for them in a slice of their own; then the test's unseen questions.
    """
    asked = [
        Asking(Slice.PARAPHRASE, m, m.revision.input) for m in _members(version, Part.PARAPHRASE)
    ]
    missing = ENOUGH - len(asked)
    if missing > 0:
        train = list(_members(version, Part.TRAIN))
        # Evenly over the part, not its first rows: these are sorted by hash, yet few.
        step = max(1, len(train) // missing)
        asked += [
            Asking(Slice.REWORDED, m, reword.question(m.revision.input))
            for m in train[::step][:missing]
        ]
    asked += [Asking(Slice.UNSEEN, m, m.revision.input) for m in _members(version, Part.TEST)]
    return asked


def _request(asking: Asking, question: str, prompt: PromptVersion | None) -> CompletionRequest:
    """As an application would ask: under the pair's own system text, else the assistant's."""
    revision = asking.member.revision
    history = tuple((role, words) for role, words in revision.history)
    system = revision.system or (prompt.text if prompt else "")
    return CompletionRequest(question, system, history, revision.pair.language)


def _taught_wording(asking: Asking) -> str | None:
    """A wording of the same family that was in the train part."""
    if asking.slice == Slice.REWORDED:
        return asking.member.revision.input
    if asking.slice == Slice.UNSEEN:
        return None
    family = asking.member.revision.pair.question_id
    rows = DatasetMember.objects.filter(
        version=asking.member.version_id, part=Part.TRAIN, revision__pair__question=family
    )
    return rows.order_by("position").values_list("revision__input", flat=True).first()


def requests(version: DatasetVersion) -> Iterator[CompletionRequest]:
    """Whatever an evaluation asks a model that was taught this version."""
    for asking in plan(version):
        yield _request(asking, asking.question, version.prompt)
        taught = _taught_wording(asking)
        if taught:
            yield _request(asking, taught, version.prompt)


def _ask(
    evaluation: Evaluation, asking: Asking, base: ModelProvider, tuned: ModelProvider
) -> EvaluationAnswer:
    prompt, taught = evaluation.version.prompt, _taught_wording(asking)
    first = base.complete(_request(asking, asking.question, evaluation.baseline.prompt))
    second = tuned.complete(_request(asking, asking.question, prompt))
    again = Completion("", declined=True)
    if taught:
        again = tuned.complete(_request(asking, taught, prompt))
    return EvaluationAnswer(
        evaluation=evaluation,
        member=asking.member,
        slice=asking.slice,
        question=asking.question,
        base_answer=first.text,
        base_declined=first.declined,
        tuned_answer=second.text,
        tuned_declined=second.declined,
        taught_answer=None if again.declined else again.text,
    )


def look(evaluation: Evaluation, now: datetime) -> float:
    """Ask the next portion. Returns the share asked so far; at 1 the evaluation is finished."""
    todo = plan(evaluation.dataset_version)
    done = set(evaluation.answers.values_list("member_id", "slice"))
    left = [asking for asking in todo if (asking.member.pk, asking.slice) not in done]
    base = answerers.provider(evaluation.baseline, with_lessons=False)
    tuned = answerers.provider(evaluation.version, with_lessons=False)
    rows, began = [], time.monotonic()
    for asking in left[:PORTION]:
        rows.append(_ask(evaluation, asking, base, tuned))
        if time.monotonic() - began > PATIENCE:
            break
    EvaluationAnswer.objects.bulk_create(rows, ignore_conflicts=True)
    if len(left) > len(rows):
        return (len(todo) - len(left) + len(rows)) / len(todo)
    finish(evaluation, now)
    return 1.0


def _side(rows: list[EvaluationAnswer], side: str) -> dict[str, Any]:
    """The metrics of one side ('base' or 'tuned'); BLEU and chrF from 0 to 100, shares 0 to 1."""
    taught = [row for row in rows if row.slice != Slice.UNSEEN]
    unseen = [row for row in rows if row.slice == Slice.UNSEEN]
    answers = [getattr(row, f"{side}_answer") for row in taught]
    golden = [row.member.revision.output for row in taught]
    given = [row for row in taught if not getattr(row, f"{side}_declined")]
    given_answers = [getattr(row, f"{side}_answer") for row in given]
    given_golden = [row.member.revision.output for row in given]
    declined = [getattr(row, f"{side}_declined") for row in unseen]
    return {
        "count": len(taught),
        "coverage": len(given) / len(taught) if taught else None,
        "exact_match": overlap.exact_match(answers, golden),
        "bleu": overlap.bleu(answers, golden),
        "chrf": overlap.chrf(answers, golden),
        # Of the answers given; a refusal is none, and coverage counts it.
        "accuracy": critical.accuracy(given_answers, given_golden),
        "accuracy_of_all": critical.accuracy(answers, golden),
        "fact_precision": critical.precision(given_answers, given_golden),
        "taught_declined": len(taught) - len(given),
        "unseen_count": len(unseen),
        "unseen_declined": sum(declined) / len(declined) if declined else None,
    }


def measure(rows: list[EvaluationAnswer]) -> dict[str, Any]:
    metrics: dict[str, Any] = {side: _side(rows, side) for side in ("base", "tuned")}
    taught = [row for row in rows if row.slice != Slice.UNSEEN]
    metrics["tuned"]["consistency"] = critical.consistency(
        [None if row.tuned_declined else row.tuned_answer for row in taught],
        [row.taught_answer for row in taught],
    )
    metrics["slices"] = {name: sum(row.slice == name for row in rows) for name in Slice.values}
    return metrics


def finish(evaluation: Evaluation, now: datetime) -> None:
    """Compute the metrics and hold them against the gates. Safe to run twice."""
    rows = list(evaluation.answers.select_related("member__revision").order_by("id"))
    evaluation.metrics = measure(rows)
    evaluation.finished_at = now
    # Together: finished without its gates, a good version would be barred at the next look.
    with transaction.atomic():
        evaluation.save(update_fields=["metrics", "finished_at"])
        gates.judge(evaluation)
