"""The queue's state: who sees it, and giving an item back."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reviews.domain import claims
from reviews.enums import ClaimEnd
from tests import factories

pytestmark = pytest.mark.django_db
STATE = "admin:reviews_claim_state"


def back(claim):
    return reverse("admin:reviews_claim_back", args=[claim.pk])


@pytest.fixture
def claim(assistant, reviewer):
    return claims.take(factories.pair(assistant), reviewer, timezone.now())


def test_a_curator_gives_an_item_back(client, claim, curator):
    client.force_login(curator)
    page = client.get(reverse(STATE))
    assert page.context["state"].in_hands == [claim]
    assert back(claim) in page.content.decode()
    assert client.post(back(claim)).url == reverse(STATE)
    claim.refresh_from_db()
    assert claim.end == ClaimEnd.RELEASED
    # Once more is told, and changes nothing.
    client.post(back(claim))
    claim.refresh_from_db()
    assert claim.end == ClaimEnd.RELEASED


def test_looking_gives_nothing_back(client, claim, curator):
    client.force_login(curator)
    client.get(back(claim))
    claim.refresh_from_db()
    assert claim.end == ""


def test_it_is_for_curators(client, claim, reviewer, senior, operator):
    for user in (reviewer, senior, operator):
        client.force_login(user)
        assert client.get(reverse(STATE)).status_code == 403
        assert client.post(back(claim)).status_code == 403
    claim.refresh_from_db()
    assert claim.end == ""


def test_the_queries_are_the_same_for_one_and_three(
    client, claim, assistant, second_reviewer, senior, curator
):
    client.force_login(curator)
    client.get(reverse(STATE))
    counts = []
    for people in ((), (second_reviewer, senior)):
        for user in people:
            claims.take(factories.pair(assistant), user, timezone.now())
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(STATE))
        counts.append(len(queries))
    assert counts[0] == counts[1]
