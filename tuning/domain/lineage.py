"""Where a dataset version's pairs come from, and what people said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from reviews.enums import Decision, PairSource
from reviews.models import Verdict
from reviews.models.verdicts import VerdictQuerySet
from tuning.enums import Part
from tuning.models import DatasetVersion, TuningRun


@dataclass(frozen=True, slots=True)
class Lineage:
    """Counts: pairs by part and by source, question families, verdicts on exactly these texts by
    decision, and the reviewers who gave them. Labels are in the reader's language."""

    parts: Mapping[str, int]
    sources: Mapping[str, int]
    families: int
    verdicts: Mapping[str, int]
    reviewers: int


def _sources(version: DatasetVersion) -> dict[str, int]:
    """Members by source, the most first."""
    rows = version.members.order_by().values_list("revision__pair__source")
    return dict(rows.annotate(n=Count("pk")).order_by("-n", "revision__pair__source"))


def _verdicts(version: DatasetVersion) -> VerdictQuerySet:
    """Those that count on exactly these texts."""
    return Verdict.objects.counting().filter(revision__memberships__version=version).order_by()


def _decisions(version: DatasetVersion) -> dict[str, int]:
    """Verdicts by decision, the most first."""
    rows = _verdicts(version).values_list("decision").annotate(n=Count("pk"))
    return dict(rows.order_by("-n", "decision"))


def of(version: DatasetVersion) -> Lineage:
    members, verdicts = version.members.order_by(), _verdicts(version)
    return Lineage(
        parts={str(Part(part).label): count for part, count in version.split.items() if count},
        sources={str(PairSource(name).label): n for name, n in _sources(version).items()},
        families=members.aggregate(n=Count("revision__pair__question", distinct=True))["n"],
        verdicts={str(Decision(name).label): n for name, n in _decisions(version).items()},
        reviewers=verdicts.aggregate(n=Count("reviewer", distinct=True))["n"],
    )


def document(run: TuningRun) -> dict[str, Any]:
    """What is written beside a model: what it was tuned from and how, the dataset version, its
    pairs, their sources, and the verdicts."""
    version = run.dataset_version
    pairs = version.members.order_by("position").values_list("revision__pair__identity", "part")
    return {
        "base_model": run.base,
        "method": run.method,
        "options": run.options,
        "dataset": version.reference,
        "content_hash": version.content_hash,
        "frozen_at": version.frozen_at.isoformat(),
        "prompt": version.prompt.number if version.prompt else None,
        "split": version.split,
        "sources": _sources(version),
        "verdicts": _decisions(version),
        "pairs": [{"pair": identity, "part": part} for identity, part in pairs],
    }
