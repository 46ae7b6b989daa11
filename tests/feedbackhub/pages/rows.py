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


if __name__ == "__main__":
    main(globals())
