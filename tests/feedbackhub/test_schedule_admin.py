"""The pages of schedules, roles and people, which come with Django and the scheduler."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse
from django.utils import translation
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from feedbackhub import roles, schedules

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client) -> User:
    user = User.objects.create_superuser("boss", password="x")
    client.force_login(user)
    return user


@pytest.fixture
def purge(db) -> PeriodicTask:
    schedules.ensure()
    return PeriodicTask.objects.get(task="tuning.purge")


def sent(task, **changes):
    """The form of `task` as a browser sends it."""
    form = {
        "name": task.name,
        "task": task.task,
        "enabled": "on",
        "crontab": task.crontab_id or "",
        "interval": task.interval_id or "",
        "args": "[]",
        "kwargs": "{}",
    }
    return {**form, **changes}


def change(client, task, **changes):
    address = reverse("admin:django_celery_beat_periodictask_change", args=[task.pk])
    return client.post(address, sent(task, **changes), headers={"accept-language": "en"})


def test_a_schedule_gets_another_time(client, boss, purge):
    minutes = IntervalSchedule.objects.get(every=5)
    assert change(client, purge, crontab="", interval=minutes.pk).status_code == 302
    purge.refresh_from_db()
    assert (purge.interval, purge.crontab, purge.task) == (minutes, None, "tuning.purge")


@pytest.mark.parametrize("times", [("", ""), ("both", "both")])
def test_a_schedule_has_one_time(client, boss, purge, times):
    minutes = IntervalSchedule.objects.get(every=5)
    crontab, interval = times
    page = change(
        client,
        purge,
        crontab=purge.crontab_id if crontab else "",
        interval=minutes.pk if interval else "",
    )
    errors = page.context["adminform"].form.errors
    assert errors == {"__all__": ["Choose one time: an interval or a time of day."]}


def test_what_the_form_does_not_offer_stays(client, boss, purge):
    PeriodicTask.objects.filter(pk=purge.pk).update(queue="export", priority=3)
    assert change(client, purge, name="Hapus data lama").status_code == 302
    purge.refresh_from_db()
    assert (purge.name, purge.queue, purge.priority) == ("Hapus data lama", "export", 3)


def test_arguments_that_are_no_json_are_refused(client, boss, purge):
    page = change(client, purge, args="satu")
    assert page.context["adminform"].form.errors == {"args": ["This is not JSON."]}


def test_an_operator_may_change_a_schedule(client, operator, purge):
    client.force_login(operator)
    assert change(client, purge, name="Hapus data lama").status_code == 302
    assert PeriodicTask.objects.get(pk=purge.pk).name == "Hapus data lama"


def test_a_wrong_cron_field_is_refused_in_the_readers_words(client, boss):
    form = {"minute": "99", "hour": "2", "day_of_month": "*", "month_of_year": "*"}
    page = client.post(
        reverse("admin:django_celery_beat_crontabschedule_add"),
        {**form, "day_of_week": "*", "timezone": "Asia/Jakarta"},
        headers={"accept-language": "en"},
    )
    told = {"minute": ['Numbers such as "0,30", spans such as "1-5", "*" or "*/5".']}
    assert page.context["adminform"].form.errors == told
    assert CrontabSchedule.objects.count() == 0


def test_the_list_says_when(client, boss, purge):
    page = client.get(reverse("admin:django_celery_beat_periodictask_changelist"))
    rows = page.context["cl"]
    with translation.override("en"):
        told = {task.task: rows.model_admin.when(task) for task in rows.result_list}
    assert len(told) == len(schedules.wanted())
    assert told["tuning.purge"] == "Every day, at 03:30"
    assert told["tuning.reconcile_runs"] == "Every minute"


# --- people ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("language", "kind", "names"),
    [
        ("id", "pasangan tanya-jawab", ["Boleh melihat", "Boleh menilai pasangan tanya-jawab"]),
        ("it", "coppia domanda-risposta", ["Può vedere", "Può dare un giudizio su una coppia"]),
    ],
)
def test_permissions_are_named_in_the_readers_language(client, boss, language, kind, names):
    roles.ensure()
    group = Group.objects.get(name="Peninjau")
    page = client.get(
        reverse("admin:auth_group_change", args=[group.pk]), headers={"accept-language": language}
    )
    text = page.content.decode()
    assert f"{kind}</label>" in text
    for name in names:
        assert name in text
    assert "Can view" not in text


def test_a_group_keeps_its_permissions_when_it_is_saved(client, boss):
    roles.ensure()
    group = Group.objects.get(name="Peninjau")
    before = set(group.permissions.values_list("pk", flat=True))
    form = {"name": "Peninjau", "permissions": sorted(before)}
    assert client.post(reverse("admin:auth_group_change", args=[group.pk]), form).status_code == 302
    assert set(group.permissions.values_list("pk", flat=True)) == before


def test_a_user_keeps_a_permission_that_was_given_by_hand(client, boss, reviewer):
    by_hand = Permission.objects.get(codename="delete_pair")
    reviewer.user_permissions.add(by_hand)
    senior = Group.objects.get(name="Peninjau senior")
    form = {"username": "peninjau1", "is_active": "on", "is_staff": "on", "groups": [senior.pk]}
    address = reverse("admin:auth_user_change", args=[reviewer.pk])
    assert client.post(address, form).status_code == 302
    assert list(reviewer.groups.all()) == [senior]
    assert list(reviewer.user_permissions.all()) == [by_hand]


def test_deleting_a_role_tells_of_nothing_but_the_role(client, boss, reviewer):
    group = Group.objects.get(name="Peninjau")
    page = client.get(reverse("admin:auth_group_delete", args=[group.pk]))
    there = reverse("admin:auth_group_change", args=[group.pk])
    assert page.context["deleted_objects"] == [f'Grup: <a href="{there}">Peninjau</a>']
    assert dict(page.context["model_count"]) == {"grup": 1}
