from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews.domain import keys
from reviews.models import ClientKey
from tests.factories import NOW

pytestmark = pytest.mark.django_db
ADD = "admin:reviews_clientkey_add"


def test_a_new_key_is_shown_once_and_works(client, assistant, operator):
    client.force_login(operator)
    body = {
        "assistant": assistant.pk,
        "name": "web",
        "scopes": ["feedback", "read"],
        "origins": "https://app.example.com\n",
        "requests_per_minute": "600",
    }
    response = client.post(reverse(ADD), body)
    secret = response.context["secret"]
    row = ClientKey.objects.get()
    assert keys.verify(secret, NOW) == row
    assert (row.scopes, row.origins) == (["feedback", "read"], ["https://app.example.com"])
    assert row.requests_per_minute == 600
    assert "no-store" in response["Cache-Control"]
    page = client.get(reverse("admin:reviews_clientkey_change", args=[row.pk]))
    assert secret.encode() not in page.content


@pytest.mark.parametrize("origin", ["app.example.com", "https://app.example.com/path", "ftp://x"])
def test_what_is_no_web_origin_is_refused(client, assistant, operator, origin):
    client.force_login(operator)
    body = {"assistant": assistant.pk, "name": "web", "scopes": ["feedback"]}
    body |= {"origins": origin, "requests_per_minute": "600"}
    response = client.post(reverse(ADD), body)
    assert list(response.context["form"].errors) == ["origins"]
    assert ClientKey.objects.count() == 0


def test_revoked_from_the_list(client, key, operator):
    row, secret = key
    client.force_login(operator)
    body = {"action": "revoke", "_selected_action": [row.pk]}
    client.post(reverse("admin:reviews_clientkey_changelist"), body)
    assert keys.verify(secret, NOW) is None


def test_a_reviewer_makes_no_keys(client, assistant, reviewer):
    client.force_login(reviewer)
    assert client.post(reverse(ADD)).status_code == 403


def test_rotated_the_new_secret_is_shown_once(client, key, operator):
    row, old = key
    client.force_login(operator)
    address = reverse("admin:reviews_clientkey_rotate", args=[row.pk])
    assert client.get(address).status_code == 200
    response = client.post(address, {"hours": "24"})
    now = timezone.now()
    assert keys.verify(response.context["secret"], now) == keys.verify(old, now) == row
    assert "no-store" in response["Cache-Control"]


def test_origins_and_limit_change_on_its_page(client, key, operator):
    row, _secret = key
    client.force_login(operator)
    address = reverse("admin:reviews_clientkey_change", args=[row.pk])
    client.post(address, {"origins": "https://a.id\nhttps://b.id", "requests_per_minute": "9"})
    row.refresh_from_db()
    assert (row.origins, row.requests_per_minute) == (["https://a.id", "https://b.id"], 9)


@pytest.mark.parametrize("limit", ["0", "-1", "99999999999", "viele"])
def test_a_limit_is_a_number_that_a_column_holds(client, key, operator, limit):
    row, _secret = key
    client.force_login(operator)
    address = reverse("admin:reviews_clientkey_change", args=[row.pk])
    response = client.post(address, {"origins": "", "requests_per_minute": limit})
    assert list(response.context["form"].errors) == ["requests_per_minute"]


def test_revoked_on_its_page(client, key, operator):
    row, secret = key
    client.force_login(operator)
    address = reverse("admin:reviews_clientkey_revoke", args=[row.pk])
    assert client.get(address).status_code == 200
    assert keys.verify(secret, NOW) == row
    client.post(address)
    assert keys.verify(secret, NOW) is None


@pytest.mark.parametrize("page", ["change", "rotate", "revoke"])
def test_who_may_not_change_keys_changes_none(client, key, reviewer, page):
    row, secret = key
    client.force_login(reviewer)
    client.post(reverse(f"admin:reviews_clientkey_{page}", args=[row.pk]), {"hours": "0"})
    assert keys.verify(secret, NOW) == row
    assert ClientKey.objects.get().requests_per_minute == 6000
