"""Rows of the machine floor for tests, made through the domain where that is quick."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from reviews.domain import corrections, transitions
from reviews.enums import Decision, PairStatus
from reviews.models import Assistant, Correction, Pair
from tests import factories
from tuning.domain import datasets, looks, run_files, versions
from tuning.enums import EventKind, Part, RunStatus, VersionStatus
from tuning.models import DatasetMember, DatasetVersion, ModelVersion, TuningRun

NOW = factories.NOW
_numbers = itertools.count(1001)
_THINGS = (
    "paspor visa investor restoran gudang pabrik kapal hotel klinik sekolah apotek bengkel kebun "
    "tambang studio koperasi yayasan salon percetakan peternakan"
).split()


def approved_many(assistant: Assistant, count: int, start: int = 0, **fields: Any) -> list[Pair]:
    """Approved pairs of families of their own, each about another thing with a code of its own:
    no two are near-duplicates. Of 10 or more a version holds some out."""
    made = []
    for number in range(start, start + count):
        thing = f"{_THINGS[number % len(_THINGS)]} KBLI {56_101 + number}"
        question = f"Berapa biaya izin {thing} di Jakarta?"
        answer = f"Biaya izin {thing} adalah Rp{number + 1} juta."
        made.append(factories.approved(assistant, question, answer, **fields))
    return made


def frozen(assistant: Assistant, slug: str = datasets.EVERYTHING) -> DatasetVersion:
    version = datasets.freeze(datasets.ensure(assistant, slug), now=NOW)
    assert version is not None
    return version


def version_of(
    assistant: Assistant,
    parts: dict[str, list[Pair]],
    status: str = VersionStatus.CANDIDATE,
    **fields: Any,
) -> ModelVersion:
    """A model version whose dataset holds exactly these pairs in these parts."""
    number = next(_numbers)
    dataset = datasets.ensure(assistant, datasets.EVERYTHING)
    frozen = DatasetVersion.objects.create(
        dataset=dataset,
        number=number,
        reference=f"made@{number}",
        prompt=assistant.prompts.latest("number"),
        content_hash=str(number),
        frozen_at=NOW,
        **{f"{part}_count": len(parts.get(part, [])) for part in Part.values},
    )
    members = [(part, pair) for part, pairs in parts.items() for pair in pairs]
    for position, (part, pair) in enumerate(members):
        DatasetMember.objects.create(
            version=frozen, revision=pair.current_revision, part=part, position=position
        )
    model = fields.get("base_model") or versions.base_model()
    run = TuningRun.objects.create(
        assistant=assistant,
        dataset_version=frozen,
        base_model=model,
        base=run_files.kept(model),
        status=RunStatus.SUCCEEDED,
        label=f"made-{number}",
        next_look_at=NOW,
        deadline_at=NOW,
        created_at=NOW,
    )
    version = versions.create(run, {"threshold": 0.3})
    ModelVersion.objects.filter(pk=version.pk).update(status=status, **fields)
    version.refresh_from_db()
    versions.serving.forget()
    return version


def canary(assistant: Assistant, weight: int = 10, pairs: list[Pair] | None = None) -> ModelVersion:
    return version_of(
        assistant, {"train": pairs or []}, VersionStatus.CANARY, traffic_weight=weight
    )


def corrected(
    assistant: Assistant, question: str, wrong: str, right: str, *, by: Any, approver: Any
) -> Correction:
    """A finished correction whose pair another reviewer approved."""
    category = assistant.categories.first()
    category.reviewers_needed = 1
    category.save()
    task = corrections.open_task(assistant, question, wrong)
    remedy = corrections.Remedy(right, "angka salah", "Periksa angkanya.", category, "business")
    corrections.finish(task, remedy, by=by, now=NOW)
    factories.decide(task.pair, approver, Decision.APPROVE)
    assert task.pair.status == PairStatus.APPROVED
    return task


def corrected_many(assistant: Assistant, count: int, *, by: Any, approver: Any) -> None:
    """Finished corrections of questions of families of their own."""
    for number in range(count):
        wrong, right = f"Rp{number} juta.", f"Biayanya Rp{number + 50} juta."
        question = f"Berapa biaya lisensi {number}?"
        corrected(assistant, question, wrong, right, by=by, approver=approver)


def drive(run: TuningRun, times: int, now: datetime = NOW) -> TuningRun:
    """So many looks, a minute apart: longer than any poll's wait, shorter than a back-off's."""
    for number in range(times):
        looks.reconcile(now + timedelta(minutes=number))
    run.refresh_from_db()
    return run


def moves(item: Any) -> list[str]:
    return [change.to_status for change in transitions.history(item)]


def events(run: TuningRun, kind: str) -> list[str]:
    """Their texts; of steps, the step."""
    rows = run.events.filter(kind=kind).order_by("id")
    return [row.message if kind == EventKind.STEP else row.text for row in rows]


def points(run: TuningRun, kind: str = EventKind.LOSS) -> list[tuple[int, float]]:
    return list(run.events.filter(kind=kind).order_by("step").values_list("step", "value"))
