"""The first page: the desk for reviewers, tiles and the queue for those who look after more."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db
DESK = "admin:reviews_pair_desk"


@pytest.mark.parametrize("who", ["reviewer", "senior"])
def test_reviewers_begin_at_the_desk(client, request, who):
    client.force_login(request.getfixturevalue(who))
    answer = client.get(reverse("admin:index"))
    assert (answer.status_code, answer.url) == (302, reverse(DESK))


def test_a_curator_sees_the_queue(client, assistant, curator):
    factories.pair(assistant)
    client.force_login(curator)
    page = client.get(reverse("admin:index"))
    assert page.context["tiles"][0]["link"] == reverse(DESK)
    assert sum(lane.total for lane in page.context["state"].lanes) == 1


def test_an_operator_sees_the_models_and_no_queue(client, operator):
    client.force_login(operator)
    page = client.get(reverse("admin:index"))
    links = [tile["link"] for tile in page.context["tiles"]]
    assert reverse("admin:tuning_modelversion_changelist") in links
    assert reverse(DESK) not in links
    assert "state" not in page.context


def test_the_administrator_sees_all(client, db):
    client.force_login(User.objects.create_superuser("boss", password="x"))
    page = client.get(reverse("admin:index"))
    assert (page.status_code, "state" in page.context) == (200, True)


def test_whoever_is_not_logged_in_is_asked_to(client, db):
    assert client.get("/admin/").url == f"{reverse('admin:login')}?next=/admin/"


def test_someone_without_a_role_is_told_so(client, db):
    client.force_login(User.objects.create_user("baru", is_staff=True))
    page = client.get(reverse("admin:index"))
    assert (page.status_code, page.context["tiles"]) == (200, [])


def test_who_is_not_staff_is_not_sent_to_a_desk(client, reviewer):
    User.objects.filter(pk=reviewer.pk).update(is_staff=False)
    client.force_login(reviewer)
    assert client.get("/admin/").url == f"{reverse('admin:login')}?next=/admin/"


def _links(page):
    groups = page.context["sidebar_navigation"]
    return [item["link"] for group in groups for item in group["items"] if item["has_permission"]]


def test_the_sidebar_offers_what_the_role_may_open(client, request, assistant):
    ours = {
        "desk": reverse(DESK),
        "mine": reverse("admin:reviews_golditem_mine"),
        "state": reverse("admin:reviews_claim_state"),
        "agreement": reverse("admin:reviews_verdict_agreement"),
        "calibration": reverse("admin:reviews_golditem_calibration"),
        "gold": reverse("admin:reviews_golditem_changelist"),
        "reviewers": reverse("admin:reviews_reviewer_changelist"),
    }
    offered = {}
    for who in ("reviewer", "senior", "curator", "operator"):
        client.force_login(request.getfixturevalue(who))
        page = client.get(reverse("admin:reviews_pair_changelist"))
        links = _links(page)
        offered[who] = {name for name, link in ours.items() if link in links}
        assert all(client.get(ours[name]).status_code == 200 for name in offered[who])
    assert offered == {
        "reviewer": {"desk", "mine"},
        "senior": {"desk", "mine", "agreement"},
        "curator": set(ours),
        "operator": set(),
    }


def test_the_queries_are_the_same_however_many_wait(client, assistant, curator):
    client.force_login(curator)
    client.get(reverse("admin:index"))
    counts = []
    for more in (1, 10):
        for _number in range(more):
            factories.pair(assistant)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("admin:index"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("page", "marked"),
    [
        ("reviews_golditem_calibration", ["reviews_golditem_calibration"]),
        ("reviews_golditem_changelist", ["reviews_golditem_changelist"]),
        ("reviews_verdict_agreement", ["reviews_verdict_agreement"]),
        ("reviews_pair_add", ["reviews_pair_changelist"]),
    ],
)
def test_the_sidebar_marks_where_one_is(client, assistant, curator, page, marked):
    client.force_login(curator)
    shown = client.get(reverse(f"admin:{page}"))
    groups = shown.context["sidebar_navigation"]
    links = [i["link"] for group in groups for i in group["items"] if i["active"]]
    assert links == [reverse(f"admin:{name}") for name in marked]
