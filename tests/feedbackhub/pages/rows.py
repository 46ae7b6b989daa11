"""What the tests of a curator's pages put into the hub's database, in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tests.feedbackhub.desk.rows import main, user

__all__ = ["user"]


def dataset(slug: str, count: int = 12) -> dict[str, int]:
    """An assistant with approved pairs, frozen; returns the ids of dataset and version."""
    from reviews.domain import assistants
    from tests.tuning import making

    assistant = assistants.ensure(slug, "Asisten Uji")
    making.approved_many(assistant, count)
    version = making.frozen(assistant)
    return {"assistant": assistant.pk, "dataset": version.dataset_id, "version": version.pk}


def running(version: int, **fields: Any) -> int:
    """A run in training that the hub does not look at while a test lasts."""
    from django.utils import timezone

    from tuning.domain import versions
    from tuning.enums import RunStatus
    from tuning.models import DatasetVersion, TuningRun

    now, row = timezone.now(), DatasetVersion.objects.get(pk=version)
    wanted: dict[str, Any] = {
        "assistant": row.dataset.assistant,
        "dataset_version": row,
        "base_model": versions.base_model(),
        "status": RunStatus.TRAINING,
        "label": f"uji-{version}",
        "next_look_at": now + timedelta(minutes=30),
        "deadline_at": now + timedelta(hours=1),
        "created_at": now,
        "started_at": now,
    }
    return TuningRun.objects.create(**(wanted | fields)).pk


def goes_on(
    run: int, progress: float, losses: Sequence[Sequence[float]] = (), **fields: Any
) -> None:
    """The run as a look of the hub leaves it: further, with more points of its curve."""
    from django.utils import timezone

    from tuning.models import RunEvent, TuningRun

    TuningRun.objects.filter(pk=run).update(progress=progress, **fields)
    for step, value in losses:
        RunEvent.objects.create(
            run_id=run, at=timezone.now(), kind="loss", step=int(step), value=value
        )


def ends(run: int, status: str) -> None:
    from django.utils import timezone

    from reviews.domain import transitions
    from tuning.models import TuningRun

    transitions.move(TuningRun.objects.get(pk=run), status, now=timezone.now())


def runs(version: int) -> list[list[Any]]:
    """[base model, options] of each run of a dataset version."""
    from tuning.models import TuningRun

    rows = TuningRun.objects.filter(dataset_version=version).order_by("id")
    return [list(row) for row in rows.values_list("base_model__name", "options")]


def models() -> dict[str, int]:
    """Two base models whose options differ; their ids by name."""
    from tuning.models import BaseModel

    made = {}
    for name, backend in (("uji-lora", "lora"), ("uji-bawaan", "exemplar")):
        provider = "recorded" if backend == "lora" else "exemplar"
        row, _new = BaseModel.objects.get_or_create(
            name=name, defaults={"provider": provider, "backend": backend}
        )
        made[name] = row.pk
    return made


def all_kinds(slug: str) -> dict[str, str]:
    """An assistant with one row of each kind that a curator looks at; the pages' addresses."""
    from django.urls import reverse
    from django.utils import timezone

    from reviews.models import Assistant
    from tests.tuning import making
    from tuning.domain import versions
    from tuning.models import BaseModel, DatasetVersion, Evaluation, TuningRun

    made = dataset(slug)
    assistant = Assistant.objects.get(pk=made["assistant"])
    first = DatasetVersion.objects.get(pk=made["version"])
    making.approved_many(assistant, 3, start=12)
    second = making.frozen(assistant)
    members = [row.revision.pair for row in first.members.select_related("revision__pair")]
    model = making.version_of(assistant, {"train": members[:8], "test": members[8:]}, "canary")
    measured = {"exact_match": 0.5, "bleu": 43.01, "accuracy": 0.94}
    evaluation = Evaluation.objects.create(
        version=model,
        baseline=versions.ensure_base(assistant),
        dataset_version=first,
        created_at=timezone.now(),
        metrics={"base": {}, "tuned": measured},
    )
    for place, measure in enumerate(("accuracy", "coverage", "preference")):
        evaluation.gates.create(
            measure=measure,
            stage=10,
            requirement="required",
            target=0.8,
            measured=(0.94, 0.5, None)[place],
            passed=place == 0,
        )
    ending = timezone.now().date() + timedelta(days=20)
    BaseModel.objects.filter(pk=model.base_model_id).update(retires_date=ending)
    options = {"learning_rate": "0.001", "four_bit": True}
    train = running(first.pk, options=options, phase="loading the model")
    goes_on(train, 0.4, [(1, 6.25), (2, 3.5)], estimate={"tokens": 118161, "cost": 0.787755})
    wrong = running(second.pk, label="uji-gagal", status="failed", error="the disk is full")
    TuningRun.objects.filter(pk=wrong).update(finished_at=timezone.now())

    def address(name: str, *args: int) -> str:
        return reverse(f"admin:{name}", args=args)

    return {
        "dashboard": address("index"),
        "datasets": address("tuning_dataset_changelist"),
        "a dataset": address("tuning_dataset_change", made["dataset"]),
        "a new dataset": address("tuning_dataset_add"),
        "freezing": address("tuning_dataset_freeze_now", made["dataset"]),
        "a version": address("tuning_datasetversion_change", first.pk),
        "left out": address("tuning_datasetversion_left_out", first.pk),
        "differences": address("tuning_datasetversion_differences", second.pk)
        + f"?from={first.pk}",
        "starting": address("tuning_tuningrun_add") + f"?dataset_version={first.pk}",
        "runs": address("tuning_tuningrun_changelist"),
        "a run": address("tuning_tuningrun_change", train),
        "a failed run": address("tuning_tuningrun_change", wrong),
        "models": address("tuning_modelversion_changelist"),
        "a model": address("tuning_modelversion_change", model.pk),
        "registering": address("tuning_modelversion_add"),
        "an evaluation": address("tuning_evaluation_change", evaluation.pk),
        "retrain": address("tuning_modelversion_retrain"),
        "succession": address("tuning_basemodel_succession"),
        "base models": address("tuning_basemodel_changelist"),
        "traffic": address("tuning_trafficwindow_changelist"),
    }


if __name__ == "__main__":
    main(globals())
