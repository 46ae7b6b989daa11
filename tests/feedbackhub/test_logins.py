"""Failed log-ins: what locks, whom, for how long, and what is kept of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from feedbackhub import logins, tasks

pytestmark = pytest.mark.django_db
PASSWORD = "sandi-uji-123"
LOGIN = "/admin/login/"


def attempt(client, name, password="salah-sandi", **headers):
    form = {"username": name, "password": password, "next": "/admin/"}
    return client.post(LOGIN, form, **headers)


def fail(client, name, times, **headers):
    return [attempt(client, name, **headers).status_code for _time in range(times)]


def test_the_fifth_failure_locks_and_the_right_password_no_longer_helps(client, reviewer):
    assert fail(client, "peninjau1", 5) == [200, 200, 200, 200, 429]
    assert attempt(client, "peninjau1", PASSWORD).status_code == 429
    assert "_auth_user_id" not in client.session


def test_after_a_quarter_of_an_hour_it_is_open_again(client, reviewer, now):
    with time_machine.travel(now, tick=False) as clock:
        fail(client, "peninjau1", 5)
        clock.shift(timedelta(minutes=14, seconds=59))
        assert attempt(client, "peninjau1", PASSWORD).status_code == 429
        clock.shift(timedelta(seconds=2))
        assert attempt(client, "peninjau1", PASSWORD).status_code == 302


def test_trying_while_locked_does_not_make_it_longer(client, reviewer, now):
    with time_machine.travel(now, tick=False) as clock:
        fail(client, "peninjau1", 5)
        clock.shift(timedelta(minutes=10))
        assert fail(client, "peninjau1", 3) == [429, 429, 429]
        clock.shift(timedelta(minutes=5, seconds=1))
        assert attempt(client, "peninjau1", PASSWORD).status_code == 302


def test_a_colleague_elsewhere_and_a_colleague_here_are_not_locked(client, reviewer, senior):
    fail(client, "peninjau1", 5)
    assert attempt(client, "peninjau1", PASSWORD, REMOTE_ADDR="192.0.2.7").status_code == 302
    assert attempt(client, "penengah", PASSWORD).status_code == 302


def test_another_browser_does_not_begin_anew(client, reviewer):
    fail(client, "peninjau1", 4)
    assert attempt(client, "peninjau1", headers={"user-agent": "other"}).status_code == 429


def test_a_success_forgets_the_failures(client, reviewer):
    fail(client, "peninjau1", 4)
    assert attempt(client, "peninjau1", PASSWORD).status_code == 302
    assert AccessAttempt.objects.count() == 0
    assert fail(Client(), "peninjau1", 4) == [200, 200, 200, 200]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("id", "Coba lagi dalam 15 menit, pukul 17.15 WIB."),
        ("en", "Try again in 15 minutes, at 5:15 p.m. WIB."),
        ("it", "Riprova tra 15 minuti, alle 17:15 WIB."),
    ],
)
def test_the_page_says_when_to_try_again(client, reviewer, now, language, told):
    with time_machine.travel(now, tick=False):
        for _time in range(5):
            page = attempt(client, "peninjau1", headers={"accept-language": language})
    assert (page.status_code, page.headers["Retry-After"]) == (429, "900")
    assert "admin/locked.html" in [template.name for template in page.templates]
    text = " ".join(page.content.decode().split())
    assert f'lang="{language}"' in text
    assert told in text


# --- what is kept ---------------------------------------------------------------------------------
def test_no_password_is_stored_or_logged(client, reviewer, caplog):
    """Not the one that was typed, and not the one that was typed as a name."""
    with caplog.at_level("DEBUG"):
        attempt(client, "peninjau1", "rahasia-besar-1")
        attempt(client, "rahasia-besar-2", "")
        attempt(client, "rahasia-besar-2", "rahasia-besar-3")
        attempt(client, "peninjau1", PASSWORD)
        attempt(client, "peninjau1", "rahasia-besar-1")
        attempt(client, "rahasia-besar-2", "rahasia-besar-3")
    kept = [*AccessAttempt.objects.values_list(), *AccessLog.objects.values_list()]
    assert len(kept) == 2
    assert "rahasia" not in str(kept)
    assert "rahasia" not in caplog.text
    assert PASSWORD not in caplog.text


def test_a_name_that_nobody_has_is_locked_all_the_same(client, db):
    assert fail(client, "tidak-ada", 5)[-1] == 429
    (kept,) = set(AccessAttempt.objects.values_list("username", flat=True))
    assert kept.startswith(logins.UNKNOWN)
    assert attempt(client, "juga-tidak-ada").status_code == 200


def test_old_attempts_are_pruned(client, reviewer, now):
    with time_machine.travel(now, tick=False):
        fail(client, "peninjau1", 2)
    assert logins.prune(now + timedelta(minutes=15)) == 0
    assert logins.prune(now + timedelta(minutes=15, seconds=1)) == 1
    assert AccessAttempt.objects.count() == 0


def test_the_nightly_task_prunes(client, reviewer, now):
    with time_machine.travel(now, tick=False) as clock:
        fail(client, "peninjau1", 1)
        clock.shift(timedelta(days=1))
        tasks.prune_logins()
    assert AccessAttempt.objects.count() == 0


# --- where a request comes from -------------------------------------------------------------------
@pytest.mark.parametrize(
    ("proxied", "forwarded", "found"),
    [
        (False, "203.0.113.9", "192.0.2.1"),
        (True, "203.0.113.9", "203.0.113.9"),
        (True, "10.9.9.9, 203.0.113.9", "203.0.113.9"),
        (True, "", "192.0.2.1"),
        (True, "none of it", None),
        (True, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (True, "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_address_is_the_proxys_word_and_only_behind_one(settings, proxied, forwarded, found):
    settings.SECURE_PROXY = proxied
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert logins.address(request) == found


def test_a_made_up_address_does_not_open_a_lock(client, reviewer):
    answers = [
        attempt(client, "peninjau1", HTTP_X_FORWARDED_FOR=f"203.0.113.{number}").status_code
        for number in range(5)
    ]
    assert answers[-1] == 429


# --- the rest of the hub --------------------------------------------------------------------------
def test_a_call_of_the_api_asks_nothing_about_log_ins(api, recently_used):
    ticket = api.answered()
    with CaptureQueriesContext(connection) as queries:
        api.vote(ticket["request_id"], {"is_positive": True})
    assert [query["sql"] for query in queries if "axes" in query["sql"]] == []


def test_a_page_asks_nothing_about_log_ins(client, reviewer):
    client.force_login(reviewer)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse("admin:reviews_category_changelist")).status_code == 200
    assert [query["sql"] for query in queries if "axes" in query["sql"]] == []


def test_a_user_made_by_hand_can_log_in(client, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", username="bos", email="", verbosity=0)
    assert attempt(client, "bos", PASSWORD).status_code == 302


# --- in the admin ---------------------------------------------------------------------------------
@pytest.fixture
def boss(db):
    return User.objects.create_superuser("boss", password=PASSWORD)


def test_deleting_a_row_lifts_the_lock(client, reviewer, boss):
    fail(client, "peninjau1", 2, headers={"user-agent": "one"})
    fail(client, "peninjau1", 3, headers={"user-agent": "two"})
    row = AccessAttempt.objects.first()
    desk = Client()
    desk.force_login(boss)
    page = desk.post(reverse("admin:axes_accessattempt_delete", args=[row.pk]), {"post": "yes"})
    assert page.status_code == 302
    assert AccessAttempt.objects.count() == 0
    assert attempt(client, "peninjau1", PASSWORD).status_code == 302


def test_rows_can_be_seen_and_deleted_and_nothing_else(client, reviewer, operator):
    fail(client, "peninjau1", 1)
    fail(client, "tidak-ada", 1)
    client.force_login(reviewer)
    assert client.get(reverse("admin:axes_accessattempt_changelist")).status_code == 403
    client.force_login(operator)
    page = client.get(
        reverse("admin:axes_accessattempt_changelist"), headers={"accept-language": "en"}
    )
    names = [page.context["cl"].model_admin.who(row) for row in page.context["cl"].result_list]
    assert sorted(names) == ["a name that nobody has", "peninjau1"]
    for row in AccessAttempt.objects.all():
        page = client.get(reverse("admin:axes_accessattempt_change", args=[row.pk]))
        assert page.status_code == 200
        assert "salah-sandi" not in page.content.decode()
    assert client.get(reverse("admin:axes_accessattempt_add")).status_code == 403
    assert timezone.now() > row.attempt_time
