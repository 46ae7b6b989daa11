"""The checklist's editor: always a new version, and what is wrong stands at its row."""

from __future__ import annotations

import pytest
from django.urls import reverse

from reviews.domain import checklists
from reviews.models import Checklist, ChecklistItem
from tests import factories

pytestmark = pytest.mark.django_db
ROWS = [
    {"part": "accuracy", "text_id": "Benar?", "text_en": "Right?", "text_it": ""},
    {"part": "tone", "text_id": "Sopan?", "text_en": "", "text_it": ""},
]
ADD = "admin:reviews_checklist_add"
BACK = ("change", "shared")


@pytest.fixture
def shared(db) -> Checklist:
    return checklists.publish(None, ROWS)


def body(*rows, **more):
    """A form of these rows; the first two are those that were there."""
    sent = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": min(len(rows), 2)}
    for number, row in enumerate(rows):
        fields = {"place": 10 * (number + 1), "required": "on", **row}
        sent |= {f"form-{number}-{name}": value for name, value in fields.items() if value}
    return sent | more


def texts(checklist):
    return list(checklist.items.values_list("position", "part", "text_id", "required"))


def test_a_change_is_a_new_version_and_the_old_is_kept(client, shared, assistant, curator):
    client.force_login(curator)
    sent = body(ROWS[0] | {"text_id": "Tepat?", "required": ""}, ROWS[1])
    answer = client.post(reverse(ADD), sent)
    new = Checklist.objects.get(version=2)
    assert answer.url == reverse("admin:reviews_checklist_change", args=[new.pk])
    assert texts(new) == [(1, "accuracy", "Tepat?", False), (2, "tone", "Sopan?", True)]
    assert texts(shared) == [(1, "accuracy", "Benar?", True), (2, "tone", "Sopan?", True)]
    assert checklists.current(assistant) == new


def test_items_are_moved_added_and_left_out(client, shared, curator):
    client.force_login(curator)
    third = {"part": "brand", "text_id": "Sesuai gaya?", "place": 5}
    client.post(reverse(ADD), body(ROWS[0] | {"remove": "on"}, ROWS[1], third))
    new = Checklist.objects.get(version=2)
    assert texts(new) == [(1, "brand", "Sesuai gaya?", True), (2, "tone", "Sopan?", True)]


def test_the_editor_begins_with_what_is_in_force(client, shared, curator):
    client.force_login(curator)
    page = client.get(reverse(ADD), {"item": "2"})
    assert [form.initial["text_id"] for form in page.context["rows"]] == ["Benar?", "Sopan?"]
    assert page.context["looked_at"] == 2


def test_one_more_row_keeps_what_was_written(client, shared, curator):
    client.force_login(curator)
    page = client.post(reverse(ADD), body(ROWS[0] | {"text_id": "Tepat?"}, ROWS[1], more="1"))
    rows = page.context["rows"]
    assert [row["text_id"].value() for row in rows] == ["Tepat?", "Sopan?", None]
    assert (rows[2]["place"].value(), rows[2]["part"].value()) == ("30", "tone")
    assert Checklist.objects.count() == 1


def test_a_row_that_was_added_and_left_empty_is_none(client, shared, curator):
    client.force_login(curator)
    client.post(reverse(ADD), body(ROWS[0], ROWS[1] | {"part": "brand"}, {"part": "tone"}))
    assert texts(Checklist.objects.get(version=2)) == [
        (1, "accuracy", "Benar?", True),
        (2, "brand", "Sopan?", True),
    ]


def test_what_is_wrong_stands_at_its_row(client, shared, curator):
    """Also where the rows are not in the order in which they go into the list."""
    client.force_login(curator)
    sent = body(ROWS[0] | {"place": 30, "text_id": " "}, ROWS[1])
    page = client.post(reverse(ADD), sent)
    assert page.status_code == 422
    assert [list(form.errors) for form in page.context["rows"]] == [["text_id"], []]
    assert Checklist.objects.count() == 1


@pytest.mark.parametrize(
    ("row", "field"),
    [({"part": "gaya"}, "part"), ({"place": "x"}, "place"), ({"text_en": "x" * 301}, "text_en")],
)
def test_what_is_no_item_at_all_as_well(client, shared, curator, row, field):
    client.force_login(curator)
    page = client.post(reverse(ADD), body(ROWS[0] | row, ROWS[1]))
    assert page.status_code == 422
    assert list(page.context["rows"][0].errors) == [field]


def test_a_list_without_items_is_refused(client, shared, curator):
    client.force_login(curator)
    page = client.post(reverse(ADD), body(*[row | {"remove": "on"} for row in ROWS]))
    assert (page.status_code, len(page.context["errors"])) == (422, 1)
    assert Checklist.objects.count() == 1


def test_nothing_changed_is_no_new_version(client, shared, curator):
    client.force_login(curator)
    client.post(reverse(ADD), body(*ROWS))
    assert Checklist.objects.count() == 1


def test_an_assistant_gets_a_list_of_its_own(client, shared, assistant, curator):
    """Even one with the same words as the shared list: from then on it goes its own way."""
    client.force_login(curator)
    client.post(f"{reverse(ADD)}?assistant={assistant.pk}", body(*ROWS))
    own = Checklist.objects.get(assistant=assistant)
    assert (own.version, texts(own)) == (1, texts(shared))
    assert checklists.current(assistant) == own
    page = client.get(reverse(ADD), {"assistant": assistant.pk})
    assert page.context["whose"] == str(assistant)


def test_an_assistant_goes_back_to_the_shared_list(client, shared, assistant, curator):
    own = checklists.publish(assistant, ROWS[:1])
    client.force_login(curator)
    change, give_up = (reverse(f"admin:reviews_checklist_{name}", args=[own.pk]) for name in BACK)
    assert give_up in client.get(change).content.decode()
    assert client.get(give_up).context["item"] == own
    assert checklists.current(assistant) == own
    assert client.post(give_up).url == change
    assert checklists.current(assistant) == shared
    page = client.get(change)
    assert give_up not in page.content.decode()
    assert [row.version for row in page.context["versions"]] == [2, 1]
    begun = client.get(reverse(ADD), {"assistant": assistant.pk}).context["rows"]
    assert [form.initial["text_id"] for form in begun] == ["Benar?", "Sopan?"]


def test_a_page_left_open_gives_nothing_newer_up(client, shared, assistant, curator):
    own = checklists.publish(assistant, ROWS[:1])
    newer = checklists.publish(assistant, ROWS)
    client.force_login(curator)
    for old in (own, shared):
        answer = client.post(reverse("admin:reviews_checklist_shared", args=[old.pk]), follow=True)
        [told] = answer.context["messages"]
        assert told.level_tag == "error"
    assert (checklists.current(assistant), Checklist.objects.count()) == (newer, 3)


@pytest.mark.parametrize("total", ["", "x", "-1", "100000000"])
def test_a_form_that_no_page_sends(client, shared, curator, total):
    client.force_login(curator)
    for more in ({}, {"more": "1"}):
        sent = body(*ROWS, **more) | {"form-TOTAL_FORMS": total}
        assert client.post(reverse(ADD), sent).status_code in (200, 422)
    assert Checklist.objects.count() == 1


def test_each_version_can_be_read(client, assistant, checklist, reviewer, curator):
    factories.decide(factories.pair(assistant), reviewer)
    newer = checklists.publish(None, ROWS)
    client.force_login(reviewer)
    page = client.get(reverse("admin:reviews_checklist_change", args=[checklist.pk]))
    assert list(page.context["items"]) == list(ChecklistItem.objects.filter(checklist=checklist))
    assert list(page.context["versions"]) == [newer, checklist]
    assert (page.context["used"], page.context["may_edit"]) == (True, False)
    client.force_login(curator)
    page = client.get(reverse("admin:reviews_checklist_change", args=[newer.pk]))
    assert (page.context["used"], page.context["may_edit"]) == (False, True)


def test_who_may_write_one(client, shared, assistant, reviewer, senior, operator):
    own = checklists.publish(assistant, ROWS)
    change, give_up = (reverse(f"admin:reviews_checklist_{name}", args=[own.pk]) for name in BACK)
    for user in (reviewer, senior, operator):
        client.force_login(user)
        assert give_up not in client.get(change).content.decode()
        assert [client.get(give_up).status_code, client.post(give_up).status_code] == [403, 403]
        assert client.get(reverse(ADD)).status_code == 403
        assert client.post(reverse(ADD), body(ROWS[0])).status_code == 403
    assert Checklist.objects.count() == 2
