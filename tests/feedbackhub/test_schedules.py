"""Periodic work is rows, made where absent and then the admin's (A7, H1)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import ModelEntry

from feedbackhub import clock, schedules

pytestmark = pytest.mark.django_db
EXPORT = "Ekspor data yang disetujui"


def _cron(row: CrontabSchedule) -> str:
    return " ".join(str(getattr(row, field)) for field in clock.FIELDS)


def rows() -> dict[str, tuple]:
    """Each row's task and time, by its name."""
    return {
        row.name: (
            row.task,
            row.interval.every if row.interval else _cron(row.crontab),
            row.enabled,
        )
        for row in PeriodicTask.objects.select_related("interval", "crontab")
    }


def test_what_is_scheduled():
    made = schedules.ensure()
    assert rows() == {
        EXPORT: ("tuning.export_nightly", "0 2 * * *", True),
        "Selesaikan ekspor yang tertunda": ("tuning.write_exports", 1, True),
        "Periksa pelatihan": ("tuning.reconcile_runs", 1, True),
        "Olah penilaian jadi konsep dan koreksi": ("reviews.link_feedback", 1, True),
        "Olah interaksi": ("reviews.process_interactions", 5, True),
        "Periksa teks pasangan": ("reviews.examine_pairs", 1, True),
        "Atur urutan antrean": ("reviews.tend_queue", 15, True),
        "Uji versi model tanpa pelatihan": ("tuning.evaluate_candidates", 1, True),
        "Periksa akhir model dasar": ("tuning.check_succession", "0 6 * * *", True),
        "Rekap trafik": ("tuning.roll_up_traffic", 5, True),
        "Lengkapi asisten baru": ("tuning.equip_assistants", 1, True),
        "Pelatihan ulang mingguan": (
            "tuning.retrain_weekly",
            "0 3 * * 0",
            True,
        ),
        "Hapus catatan login gagal": ("feedbackhub.prune_logins", "45 3 * * *", True),
        "Hapus data lewat masa simpan": (
            "tuning.purge",
            "30 3 * * *",
            True,
        ),
    }
    assert made == len(rows())


def test_every_scheduled_task_is_one_of_the_workers():
    current_app.loader.import_default_modules()
    assert {schedule.task for schedule in schedules.wanted()} - set(current_app.tasks) == set()


def test_again_nothing_is_made():
    schedules.ensure()
    before = rows()
    assert schedules.ensure() == 0
    assert rows() == before


def test_what_the_admin_changed_stays():
    schedules.ensure()
    early, _created = CrontabSchedule.objects.get_or_create(
        minute="15", hour="4", timezone="Asia/Makassar"
    )
    PeriodicTask.objects.filter(name=EXPORT).update(crontab=early)
    PeriodicTask.objects.filter(name="Pelatihan ulang mingguan").update(enabled=False)
    hourly = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.HOURS)
    PeriodicTask.objects.filter(name="Rekap trafik").update(
        interval=hourly, kwargs=json.dumps({"a": 1}), description="jarang"
    )
    before = PeriodicTask.objects.order_by("id").values()
    known = list(before)
    assert schedules.ensure() == 0
    assert list(before.all()) == known


def test_a_row_that_the_admin_renamed_is_not_made_twice():
    schedules.ensure()
    PeriodicTask.objects.filter(name=EXPORT).update(name="Ekspor dini hari")
    assert schedules.ensure() == 0


def test_a_missing_row_comes_back_alone():
    schedules.ensure()
    PeriodicTask.objects.filter(name="Hapus data lewat masa simpan").delete()
    assert schedules.ensure() == 1
    assert rows()["Hapus data lewat masa simpan"][0] == "tuning.purge"


def test_times_that_the_admin_made_twice_do_not_hinder_the_start():
    schedules.ensure()
    for kind in (CrontabSchedule, IntervalSchedule):
        for row in kind.objects.all():
            row.pk = None
            row.save()
    PeriodicTask.objects.all().delete()
    assert schedules.ensure() == len(schedules.wanted())


def test_the_time_of_the_export_is_a_setting(settings):
    settings.FEEDBACK_EXPORT_SCHEDULE = "30 1 1,15 * 1-5"
    settings.TIME_ZONE = "Asia/Jayapura"
    schedules.ensure()
    when = PeriodicTask.objects.get(name=EXPORT).crontab
    assert (when.minute, when.hour, when.day_of_month, when.day_of_week) == (
        "30",
        "1",
        "1,15",
        "1-5",
    )
    assert str(when.timezone) == "Asia/Jayapura"


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 21, 18, 59, 58, tzinfo=UTC), False),
        (datetime(2026, 11, 21, 19, 0, 1, tzinfo=UTC), True),
    ],
)
def test_the_export_is_due_at_two_in_jakarta(now, due, time_machine):
    schedules.ensure()
    row = PeriodicTask.objects.get(name=EXPORT)
    row.last_run_at = now - timedelta(hours=20)
    row.date_changed = now - timedelta(days=2)
    time_machine.move_to(now, tick=False)
    assert ModelEntry(row, app=current_app).is_due().is_due is due
