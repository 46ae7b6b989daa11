"""Periodic work as rows of the database scheduler: made where absent, then the admin's to edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask


@dataclass(frozen=True, slots=True)
class Schedule:
    """`when` is minutes between two runs, or five cron fields in TIME_ZONE. The name is data, in
    the language of most who read it."""

    name: str
    task: str
    when: int | str


def wanted() -> tuple[Schedule, ...]:
    return (
        Schedule(
            "Ekspor data yang disetujui", "tuning.export_nightly", settings.FEEDBACK_EXPORT_SCHEDULE
        ),
        Schedule("Selesaikan ekspor yang tertunda", "tuning.write_exports", 1),
        Schedule("Periksa pelatihan", "tuning.reconcile_runs", 1),
        Schedule("Olah penilaian jadi konsep dan koreksi", "reviews.link_feedback", 1),
        Schedule("Olah interaksi", "reviews.process_interactions", 5),
        Schedule("Periksa teks pasangan", "reviews.examine_pairs", 1),
        Schedule("Atur urutan antrean", "reviews.tend_queue", 15),
        Schedule("Uji versi model tanpa pelatihan", "tuning.evaluate_candidates", 1),
        Schedule("Periksa akhir model dasar", "tuning.check_succession", "0 6 * * *"),
        Schedule("Rekap trafik", "tuning.roll_up_traffic", 5),
        Schedule("Lengkapi asisten baru", "tuning.equip_assistants", 1),
        Schedule("Pelatihan ulang mingguan", "tuning.retrain_weekly", "0 3 * * 0"),
        Schedule("Hapus catatan login gagal", "feedbackhub.prune_logins", "45 3 * * *"),
        Schedule("Hapus data lewat masa simpan", "tuning.purge", "30 3 * * *"),
    )


def _time(kind: Any, **fields: Any) -> Any:
    """The time that there is, or a new one. The admin may have made the same one twice."""
    return kind.objects.filter(**fields).first() or kind.objects.create(**fields)


def _clock(when: int | str) -> dict[str, object]:
    if isinstance(when, int):
        return {"interval": _time(IntervalSchedule, every=when, period=IntervalSchedule.MINUTES)}
    fields = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    clock = dict(zip(fields, when.split(), strict=True))
    return {"crontab": _time(CrontabSchedule, **clock, timezone=settings.TIME_ZONE)}


def _expires(when: int | str) -> int | None:
    """A tick that no worker took until the next one is not worth having: no queue of them grows."""
    return when * 60 if isinstance(when, int) else None


def ensure() -> int:
    """Make the rows that are missing; returns how many. One that is there is not touched.

    A row is known by its task: the admin may give it another name.
    """
    made = 0
    for schedule in wanted():
        if not PeriodicTask.objects.filter(task=schedule.task).exists():
            PeriodicTask.objects.create(
                name=schedule.name,
                task=schedule.task,
                expire_seconds=_expires(schedule.when),
                **_clock(schedule.when),
            )
            made += 1
    return made
