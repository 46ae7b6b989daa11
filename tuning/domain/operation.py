"""What is read of model versions: figures (A10), and what is active (A11)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F, FloatField, Sum
from django.db.models.functions import Cast, TruncDate

from reviews.domain.errors import Unknown
from reviews.models import Assistant, Correction
from tuning.domain import exemplars, routing, versions
from tuning.enums import VersionStatus
from tuning.models import ModelVersion

COUNTS = ("answered", "declined", "failed", "rejected", "cancelled", "positive", "negative")
MAX_ID = 2**63 - 1


def found(assistant: Assistant, pk: int) -> ModelVersion:
    """The assistant's version, or Unknown."""
    rows = ModelVersion.objects.filter(assistant=assistant).select_related(
        "base_model", "prompt__assistant", "dataset_version", "assistant"
    )
    version = rows.filter(pk=pk).first() if pk <= MAX_ID else None
    if version is None:
        raise Unknown("this assistant has no such model version")
    return version


def described(version: ModelVersion, base_weight: int) -> dict[str, Any]:
    return {
        "id": version.pk,
        "reference": version.reference,
        "name": version.name,
        "is_base": version.is_base,
        "status": version.status,
        "traffic_weight": _weight(version, base_weight),
        "provider": version.base_model.provider,
        "base_model": version.base_model.name,
        "prompt_version": str(version.prompt),
        "dataset_version": str(version.dataset_version) if version.dataset_version else None,
        "created_at": version.created_at.isoformat(timespec="seconds"),
    }


def _weight(version: ModelVersion, base_weight: int) -> int:
    """In percent; what the others leave, for the base that answers now."""
    answers = version.is_base and version.status == VersionStatus.LIVE
    return base_weight if answers else version.traffic_weight


def listed(assistant: Assistant) -> list[dict[str, Any]]:
    """Every version of the assistant, newest first."""
    versions.ensure_base(assistant)
    rows = ModelVersion.objects.filter(assistant=assistant).select_related(
        "base_model", "prompt__assistant", "dataset_version__dataset__assistant"
    )
    left = versions.base_weight(assistant)
    return [described(version, left) for version in rows.order_by("-id")]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    counts = {name: int(row[name] or 0) for name in COUNTS}
    whole = counts["answered"] + counts["declined"]
    return counts | {
        "mean_milliseconds": round(row["spent"] / whole, 1) if whole and row["spent"] else None,
        "satisfaction": _share(counts["positive"], counts["positive"] + counts["negative"]),
        "failure_rate": _share(counts["failed"], whole + counts["failed"]),
    }


def stats(version: ModelVersion, now: datetime, days: int = 30) -> dict[str, Any]:
    """Counts of answers and votes, whole and by day, as of the last roll-up (each five minutes).

    A failed answer of a candidate is one that the base gave in its place.
    """
    spent = Sum(Cast(F("answered") + F("declined"), FloatField()) * F("mean_milliseconds"))
    # First, while the names below still mean the columns.
    sums = {"spent": spent} | {name: Sum(name) for name in COUNTS}
    zone = ZoneInfo(settings.TIME_ZONE)
    recent = version.windows.filter(starts_at__gte=now - timedelta(days=days))
    grouped = recent.annotate(day=TruncDate("starts_at", tzinfo=zone)).values("day")
    days_found: Any = grouped.annotate(**sums).order_by("day")
    by_day = [{"day": row["day"].isoformat(), **_figures(row)} for row in days_found]
    return {"total": _figures(version.windows.aggregate(**sums)), "by_day": by_day}


# --- what an application that calls its model itself needs ---------------------------------------
def _lesson(row: Correction) -> dict[str, Any]:
    assert row.pair is not None
    revision = row.pair.current_revision
    assert revision is not None
    return {
        "id": row.pk,
        "question": revision.input,
        "answer": revision.output,
        "wrong_answer": row.wrong_answer,
        "why_wrong": row.why_wrong,
        "lesson": row.lesson,
    }


def _route(version: ModelVersion, base_weight: int, lessons: list[Correction]) -> dict[str, Any]:
    base = version.base_model
    return {
        "model_version": version.reference,
        "weight": _weight(version, base_weight),
        "is_base": version.is_base,
        "provider": base.provider,
        "model": str(version.settings.get("model") or base.provider_name),
        "endpoint": base.endpoint,
        "region": base.region,
        "prompt_version": str(version.prompt),
        "prompt": version.prompt.text,
        # Those that it was not trained on, by their ids below.
        "lessons": [row.pk for row in lessons],
    }


def active(assistant: Assistant) -> dict[str, Any]:
    """What is in force now: prompt, rules, routes with their weights in percent, lessons."""
    serving = routing.serving(assistant)
    left = versions.base_weight(assistant)
    lessons = {version.pk: exemplars.lessons(version) for version in serving}
    every = {row.pk: row for rows in lessons.values() for row in rows}
    base = next(version for version in serving if version.is_base)
    return {
        "assistant": assistant.slug,
        "languages": assistant.languages,
        "prompt": {"version": str(base.prompt), "text": base.prompt.text},
        # Accepted proposals will fill it; the key is there so that callers can read it today.
        "rules": [],
        "routes": [_route(version, left, lessons[version.pk]) for version in serving],
        "lessons": [_lesson(every[pk]) for pk in sorted(every)],
    }
