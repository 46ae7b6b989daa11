from __future__ import annotations

import pytest
from django.urls import reverse

from reviews.domain import keys
from reviews.models import ClientKey

pytestmark = pytest.mark.django_db
ADD = "admin:reviews_clientkey_add"


def test_a_new_key_is_shown_once_and_works(client, assistant, operator):
    client.force_login(operator)
    body = {
        "assistant": assistant.pk,
        "name": "web",
        "scopes": ["feedback", "read"],
        "origins": "https://app.example.com\n",
    }
    response = client.post(reverse(ADD), body)
    secret = response.context["secret"]
    row = ClientKey.objects.get()
    assert keys.verify(secret) == row
    assert (row.scopes, row.origins) == (["feedback", "read"], ["https://app.example.com"])
    assert "no-store" in response["Cache-Control"]
    page = client.get(reverse("admin:reviews_clientkey_change", args=[row.pk]))
    assert secret.encode() not in page.content


@pytest.mark.parametrize("origin", ["app.example.com", "https://app.example.com/path", "ftp://x"])
def test_what_is_no_web_origin_is_refused(client, assistant, operator, origin):
    client.force_login(operator)
    body = {"assistant": assistant.pk, "name": "web", "scopes": ["feedback"], "origins": origin}
    response = client.post(reverse(ADD), body)
    assert list(response.context["form"].errors) == ["origins"]
    assert ClientKey.objects.count() == 0


def test_revoked_from_the_list(client, key, operator):
    row, secret = key
    client.force_login(operator)
    body = {"action": "revoke", "_selected_action": [row.pk]}
    client.post(reverse("admin:reviews_clientkey_changelist"), body)
    assert keys.verify(secret) is None


def test_a_reviewer_makes_no_keys(client, assistant, reviewer):
    client.force_login(reviewer)
    assert client.post(reverse(ADD)).status_code == 403
