"""The page of agreement: for whoever may see verdicts, rewording for whoever may write the list."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reviews.domain import checklists
from reviews.enums import PairStatus
from reviews.models import ChecklistAnswer, Pair, Verdict
from tests import factories

pytestmark = pytest.mark.django_db
PAGE = "admin:reviews_verdict_agreement"


@pytest.fixture
def differing(assistant, checklist, reviewer, second_reviewer):
    """Twenty texts on whose second item the two never agree."""
    for number in range(20):
        _judge(assistant, reviewer, second_reviewer, number % 2 == 0)


def _judge(assistant, reviewer, second_reviewer, yes):
    item = checklists.items(assistant)[1]
    pair = factories.pair(assistant)
    for user, said in ((reviewer, yes), (second_reviewer, not yes)):
        verdict = Verdict.objects.create(
            revision=pair.current_revision,
            reviewer=user,
            round=1,
            decision="approve",
            at=timezone.now(),
        )
        ChecklistAnswer.objects.create(verdict=verdict, item=item, yes=said, reason="kaku")
    Pair.objects.filter(pk=pair.pk).update(status=PairStatus.APPROVED)


def test_a_curator_goes_from_an_item_to_its_rewording(client, differing, curator):
    client.force_login(curator)
    page = client.get(reverse(PAGE))
    assert [about.place for about in page.context["report"].to_reword] == [2]
    assert f"{reverse('admin:reviews_checklist_add')}?item=2#item-2" in page.content.decode()


def test_a_senior_sees_it_and_is_offered_no_rewording(client, differing, senior):
    client.force_login(senior)
    page = client.get(reverse(PAGE)).content.decode()
    assert "kaku" in page
    assert reverse("admin:reviews_checklist_add") not in page


def test_it_is_not_for_reviewers_nor_operators(client, reviewer, operator):
    for user in (reviewer, operator):
        client.force_login(user)
        assert client.get(reverse(PAGE)).status_code == 403


@pytest.mark.parametrize(
    ("asked", "chosen", "verdicts"),
    [("", "30", 0), ("30", "30", 0), ("90", "90", 40), ("all", "all", 40), ("7", "30", 0)],
)
def test_the_period(client, differing, curator, asked, chosen, verdicts):
    Verdict.objects.update(at=timezone.now() - timedelta(days=45))
    client.force_login(curator)
    page = client.get(reverse(PAGE), {"period": asked})
    current = [query for _title, query, current in page.context["period"].choices if current]
    assert current == [f"?period={chosen}"]
    assert page.context["report"].verdicts == verdicts


def test_the_queries_are_the_same_for_few_and_many(
    client, differing, assistant, reviewer, second_reviewer, curator
):
    client.force_login(curator)
    client.get(reverse(PAGE))
    counts = []
    for more in (1, 30):
        for _number in range(more):
            _judge(assistant, reviewer, second_reviewer, yes=True)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(PAGE))
        counts.append(len(queries))
    assert counts[0] == counts[1]
