"""When a schedule runs, in the reader's words: 'every day at 02:00', 'every 5 minutes'.

cron-descriptor, which comes with the scheduler, speaks no Indonesian, and names days and months in
the server's language whoever reads.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection
from typing import Any

from celery.schedules import crontab
from django.conf import settings
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

LISTED = 6
"""So many times of a day are told one by one; more are told as minutes and hours."""


FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")


def of(task: PeriodicTask) -> str:
    """When `task` runs; '–' where it has no time."""
    if task.interval:
        return interval(task.interval)
    if task.crontab:
        return cron(task.crontab)
    return str(task.solar or task.clocked or "–")


def interval(times: IntervalSchedule) -> str:
    words = {
        IntervalSchedule.DAYS: (_("every day"), _("every %d days")),
        IntervalSchedule.HOURS: (_("every hour"), _("every %d hours")),
        IntervalSchedule.MINUTES: (_("every minute"), _("every %d minutes")),
        IntervalSchedule.SECONDS: (_("every second"), _("every %d seconds")),
    }
    if times.period not in words:
        return f"{times.every} {times.get_period_display()}"
    one, many = words[times.period]
    return str(capfirst(one if times.every == 1 else many % times.every))


def cron(times: CrontabSchedule) -> str:
    """One line for five cron fields, with the time zone where it is not the hub's."""
    try:
        parsed = crontab(
            minute=times.minute,
            hour=times.hour,
            day_of_week=times.day_of_week,
            day_of_month=times.day_of_month,
            month_of_year=times.month_of_year,
        )
    except ValueError:
        return " ".join(str(getattr(times, field)) for field in FIELDS)
    text = ", ".join(part for part in (_days(parsed), _hours(parsed)) if part)
    zone = str(times.timezone)
    return str(capfirst(text if zone == settings.TIME_ZONE else f"{text} ({zone})"))


def _days(parsed: Any) -> str:
    """The days; empty where the times of the day say it all ('every 5 minutes')."""
    parts = []
    if len(parsed.day_of_week) < 7:
        # Cron's week begins on Sunday, the readers' on Monday.
        week = {(day - 1) % 7 for day in parsed.day_of_week}
        parts.append(_("on %s") % _spans(week, lambda day: str(WEEKDAYS[day])))
    if len(parsed.day_of_month) < 31:
        parts.append(_("on day %s of the month") % _spans(parsed.day_of_month))
    if len(parsed.month_of_year) < 12:
        parts.append(_spans(parsed.month_of_year, lambda month: str(MONTHS[month])))
    often = len(parsed.minute) * len(parsed.hour) > LISTED
    return ", ".join(parts) or ("" if often else _("every day"))


def _hours(parsed: Any) -> str:
    minutes, hours = sorted(parsed.minute), sorted(parsed.hour)
    if len(minutes) * len(hours) <= LISTED:
        clocks = [f"{hour:02}:{minute:02}" for hour in hours for minute in minutes]
        return _("at %s") % ", ".join(clocks)
    told = _minutes(minutes)
    return told if len(hours) == 24 else f"{told}, " + _("hours %s") % _spans(hours)


def _minutes(minutes: list[int]) -> str:
    step = 60 // len(minutes)
    if minutes == list(range(0, 60, step)) and len(minutes) > 1:
        return _("every minute") if step == 1 else _("every %d minutes") % step
    return _("every hour at minute %s") % _spans(minutes)


def _spans(numbers: Collection[int], name: Callable[[int], str] = str) -> str:
    """'1–5, 7': three or more in a row as a span."""
    rows: list[list[int]] = []
    for number in sorted(numbers):
        if rows and rows[-1][-1] == number - 1:
            rows[-1].append(number)
        else:
            rows.append([number])
    told = (
        [f"{name(row[0])}–{name(row[-1])}"] if len(row) > 2 else [name(number) for number in row]
        for row in rows
    )
    return ", ".join(itertools.chain(*told))
