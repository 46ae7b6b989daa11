"""Periodic work as rows of the database scheduler: made where absent, then the admin's to edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

EVERY_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Schedule:
    """`when` is seconds between two runs, or five cron fields in TIME_ZONE."""

    name: str
    task: str
    when: int | str


def wanted() -> tuple[Schedule, ...]:
    return (
        Schedule(
            "Export approved data", "tuning.export_nightly", settings.FEEDBACK_EXPORT_SCHEDULE
        ),
        Schedule("Finish open exports", "tuning.write_exports", EVERY_MINUTE),
        Schedule("Look at tuning runs", "tuning.reconcile_runs", EVERY_MINUTE),
        Schedule("Link votes to drafts and corrections", "reviews.link_feedback", EVERY_MINUTE),
        Schedule("Process interactions", "reviews.process_interactions", 5 * EVERY_MINUTE),
        Schedule("Roll up traffic", "tuning.roll_up_traffic", 5 * EVERY_MINUTE),
        Schedule("Weekly retrain", "tuning.retrain_weekly", "0 3 * * 0"),
        Schedule("Purge", "tuning.purge", "30 3 * * *"),
    )


def _time(kind: Any, **fields: Any) -> Any:
    """The time that there is, or a new one. The admin may have made the same one twice."""
    return kind.objects.filter(**fields).first() or kind.objects.create(**fields)


def _clock(when: int | str) -> dict[str, object]:
    if isinstance(when, int):
        return {"interval": _time(IntervalSchedule, every=when, period=IntervalSchedule.SECONDS)}
    fields = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    clock = dict(zip(fields, when.split(), strict=True))
    return {"crontab": _time(CrontabSchedule, **clock, timezone=settings.TIME_ZONE)}


def ensure() -> int:
    """Make the rows that are missing; returns how many. One that is there is not touched."""
    made = 0
    for schedule in wanted():
        if not PeriodicTask.objects.filter(name=schedule.name).exists():
            PeriodicTask.objects.create(
                name=schedule.name, task=schedule.task, **_clock(schedule.when)
            )
            made += 1
    return made
