"""Alive, ready, and measured."""

from __future__ import annotations

import pytest

from tests.feedbackhub.conftest import Caller

pytestmark = pytest.mark.django_db


def test_alive_says_the_process_answers_whatever_is_away(nobody, no_cache, database_away):
    no_cache()
    with database_away():
        response = nobody.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"ok": True})


def test_ready_with_each_part(nobody):
    response = nobody.get("/readyz")
    parts = {"database": "ok", "cache": "ok"}
    assert (response.status_code, response.json()) == (200, {"ok": True, "parts": parts})


def test_not_ready_with_the_cache_away(nobody, no_cache):
    no_cache()
    response = nobody.get("/readyz")
    parts = {"database": "ok", "cache": "ConnectionError"}
    assert (response.status_code, response.json()) == (503, {"ok": False, "parts": parts})


def test_not_ready_with_the_database_away(nobody, database_away):
    with database_away():
        response = nobody.get("/readyz")
    parts = {"database": "OperationalError", "cache": "ok"}
    assert (response.status_code, response.json()) == (503, {"ok": False, "parts": parts})


def test_not_ready_with_a_cache_that_forgets(nobody, settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert nobody.get("/readyz").json()["parts"]["cache"] == "RuntimeError"


@pytest.mark.parametrize(
    ("key", "address", "sent", "status"),
    [
        ("", "127.0.0.1", None, 200),
        ("", "::1", None, 200),
        ("", "10.0.0.7", None, 403),
        ("", "10.0.0.7", "Bearer ", 403),
        ("kunci", "127.0.0.1", None, 403),
        ("kunci", "10.0.0.7", "Bearer kunci", 200),
        ("kunci", "10.0.0.7", "Bearer salah", 403),
        ("kunci", "10.0.0.7", "Bearer é", 403),
        ("kunci", "10.0.0.7", "Bearer ", 403),
    ],
)
def test_who_may_read_the_metrics(client, settings, key, address, sent, status):
    settings.METRICS_KEY = key
    headers = {"authorization": sent} if sent else {}
    response = client.get("/metrics", REMOTE_ADDR=address, headers=headers)
    assert response.status_code == status
    assert (b"hub_requests_total" in response.content) is (status == 200)


def test_a_forwarded_address_opens_nothing(client):
    headers = {"x-forwarded-for": "127.0.0.1"}
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.7", headers=headers).status_code == 403


def test_the_first_page_leads_to_the_admin():
    response = Caller().get("/")
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")
