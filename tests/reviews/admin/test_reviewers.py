"""Reviewers' languages and skills, and how categories are reviewed: edited by curators, in force
at once."""

from __future__ import annotations

import pytest
from django.urls import reverse

from reviews.domain import queue, reviewers
from reviews.models import Category, Reviewer
from tests import factories

pytestmark = pytest.mark.django_db
LIST = "admin:reviews_reviewer_changelist"


def test_a_curator_says_what_somebody_reviews(
    client, assistant, reviewer, curator, django_capture_on_commit_callbacks
):
    tax = Category.objects.get(slug="tax")
    factories.pair(assistant, language="en")
    assert reviewers.profile(reviewer).skills == ()
    client.force_login(curator)
    body = {"user": reviewer.pk, "languages": ["en", "it"], "skills": [tax.pk], "daily_target": 40}
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("admin:reviews_reviewer_add"), body)
    row = Reviewer.objects.get()
    assert answer.url == reverse(LIST)
    assert (row.user, row.languages, row.daily_target) == (reviewer, ["en", "it"], 40)
    assert list(row.skills.all()) == [tax]
    assert reviewers.profile(reviewer) == reviewers.Profile(
        ("en", "it"), (tax.pk,), 40, True, False
    )


def test_a_language_that_is_none_is_refused(client, reviewer, curator):
    client.force_login(curator)
    body = {"user": reviewer.pk, "languages": ["xx"]}
    page = client.post(reverse("admin:reviews_reviewer_add"), body)
    assert list(page.context["adminform"].form.errors) == ["languages"]
    assert Reviewer.objects.count() == 0


def test_who_may(client, reviewer, senior, operator):
    row = Reviewer.objects.create(user=reviewer)
    for user in (reviewer, senior, operator):
        client.force_login(user)
        assert client.get(reverse(LIST)).status_code == 403
        change = reverse("admin:reviews_reviewer_change", args=[row.pk])
        assert client.post(change, {"languages": ["en"]}).status_code == 403
    row.refresh_from_db()
    assert row.languages == ["id", "en", "it"]


def test_a_categorys_policy_and_target(client, assistant, curator):
    tax = Category.objects.get(slug="tax")
    client.force_login(curator)
    body = {
        "name": "Pajak",
        "aliases": "[]",
        "reviewers_needed": 3,
        "agreement": "majority",
        "confirm_facts": "on",
        "target": 200,
    }
    client.post(reverse("admin:reviews_category_change", args=[tax.pk]), body)
    tax.refresh_from_db()
    assert (tax.reviewers_needed, tax.agreement, tax.confirm_facts) == (3, "majority", True)
    assert (tax.target, tax.boost) == (200, queue.BOOST)
