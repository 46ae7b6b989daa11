"""Schedules in the reader's words."""

from __future__ import annotations

import pytest
from django.utils import translation
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from feedbackhub import clock

CRON = [
    ("0 2 * * *", "Setiap hari, pukul 02:00", "Ogni giorno, alle 02:00"),
    ("30 3 * * 0", "Hari Minggu, pukul 03:30", "domenica, alle 03:30"),
    ("0 8,14 * * 1-5", "Hari Senin–Jumat, pukul 08:00, 14:00", "lunedì–venerdì, alle 08:00, 14:00"),
    ("*/5 * * * *", "Setiap 5 menit", "Ogni 5 minuti"),
    ("* * * * *", "Setiap menit", "Ogni minuto"),
    ("15 * * * *", "Setiap jam pada menit 15", "Ogni ora al minuto 15"),
    ("*/10 8-17 * * *", "Setiap 10 menit, jam 8–17", "Ogni 10 minuti, ore 8–17"),
    ("0 6 1,15 * *", "Tanggal 1, 15, pukul 06:00", "Il giorno 1, 15 del mese, alle 06:00"),
    ("0 6 1 1,7 *", "Tanggal 1, Januari, Juli, pukul 06:00", None),
    ("1,2,3,20 * * * *", "Setiap jam pada menit 1–3, 20", None),
]


def crontab(text, zone="Asia/Jakarta"):
    minute, hour, day, month, week = text.split()
    return CrontabSchedule(
        minute=minute,
        hour=hour,
        day_of_month=day,
        month_of_year=month,
        day_of_week=week,
        timezone=zone,
    )


@pytest.mark.parametrize(("text", "indonesian", "italian"), CRON)
def test_five_fields_become_a_line(text, indonesian, italian):
    with translation.override("id"):
        assert clock.cron(crontab(text)) == indonesian
    with translation.override("it"):
        if italian:
            assert clock.cron(crontab(text)).casefold() == italian.casefold()


def test_another_time_zone_is_told():
    with translation.override("en"):
        assert clock.cron(crontab("0 2 * * *", "Europe/Rome")) == (
            "Every day, at 02:00 (Europe/Rome)"
        )


def test_what_can_not_be_read_is_told_as_it_stands():
    assert clock.cron(crontab("99 2 * * *")) == "99 2 * * *"


@pytest.mark.parametrize(
    ("every", "period", "told"),
    [
        (1, "minutes", "Setiap menit"),
        (5, "minutes", "Setiap 5 menit"),
        (1, "days", "Setiap hari"),
        (2, "hours", "Setiap 2 jam"),
        (30, "seconds", "Setiap 30 detik"),
    ],
)
def test_intervals(every, period, told):
    with translation.override("id"):
        assert clock.interval(IntervalSchedule(every=every, period=period)) == told


def test_a_task_without_a_time():
    assert clock.of(PeriodicTask(name="x")) == "–"
