"""A reviewer's day in the admin: each step through the forms that the pages show."""

from __future__ import annotations

import pytest
from django.urls import reverse

from reviews.domain import verdicts
from reviews.enums import Decision, PairStatus
from reviews.models import ChecklistAnswer, PairRevision, Question, StatusChange, Verdict
from tests import factories

pytestmark = pytest.mark.django_db


def url(name: str, *args: object) -> str:
    return reverse(f"admin:reviews_pair_{name}", args=args)


def post_verdict(client, pair, decision, note="", answer="yes", **wrong):
    """Press a decision's button with every item answered, but for the items in `wrong`."""
    given = {f"item_{pk}": answer for pk in factories.all_yes(pair.assistant)}
    pair.refresh_from_db()
    body = {"seen": pair.current_revision_id, "decision": decision, "note": note}
    return client.post(url("verdict", pair.pk), {**body, **given, **wrong})


def item(assistant, part: str) -> str:
    from reviews.domain import checklists

    return next(f"item_{row.pk}" for row in checklists.items(assistant) if row.part == part)


def test_two_reviewers_approve_a_pair_of_a_legal_category(
    client, assistant, checklist, reviewer, second_reviewer
):
    category = assistant.categories.get(slug="tax")
    pair = factories.pair(assistant, category=category)
    client.force_login(reviewer)
    response = post_verdict(client, pair, "approve")
    pair.refresh_from_db()
    assert (response.status_code, pair.status) == (302, PairStatus.IN_REVIEW)
    client.force_login(second_reviewer)
    post_verdict(client, pair, "approve")
    pair.refresh_from_db()
    assert pair.status == PairStatus.APPROVED
    assert Verdict.objects.count() == 2
    assert ChecklistAnswer.objects.filter(yes=True).count() == 26


def test_after_a_verdict_the_next_pair_is_shown(client, assistant, checklist, reviewer):
    first, second = factories.pair(assistant), factories.pair(assistant)
    client.force_login(reviewer)
    response = post_verdict(client, first, "needs_work", note="Terlalu panjang")
    assert response.url == url("next")
    assert client.get(url("next")).url == url("change", second.pk)


def test_nothing_left_is_said_and_not_a_dead_end(client, assistant, checklist, reviewer):
    client.force_login(reviewer)
    response = client.get(url("next"))
    assert response.url == f"{url('changelist')}?queue=open"


def test_one_who_asked_for_a_second_opinion_is_not_shown_the_pair_again(
    client, assistant, checklist, reviewer
):
    pair = factories.pair(assistant)
    client.force_login(reviewer)
    post_verdict(client, pair, "second", note="Saya kurang yakin soal tarifnya")
    assert list(verdicts.waiting_for(reviewer)) == []


@pytest.mark.parametrize(
    ("decision", "wrong_part", "note"),
    [
        ("approve", "accuracy", "Angkanya salah"),
        ("approve", "tone", ""),
        ("reject", "", ""),
        ("needs_work", "", ""),
        ("second", "", ""),
        ("promote", "", "x"),
    ],
)
def test_a_refused_verdict_stores_nothing_and_keeps_what_was_filled_in(
    client, assistant, checklist, reviewer, decision, wrong_part, note
):
    pair = factories.pair(assistant)
    client.force_login(reviewer)
    wrong = {item(assistant, wrong_part): "no"} if wrong_part else {}
    response = post_verdict(client, pair, decision, note=note, **wrong)
    pair.refresh_from_db()
    assert (response.status_code, pair.status) == (422, PairStatus.DRAFT)
    assert Verdict.objects.count() == 0
    form = response.context["verdict_form"]
    assert form.errors
    assert form["note"].value() == note


def test_a_required_item_without_an_answer_is_marked(client, assistant, checklist, reviewer):
    pair = factories.pair(assistant)
    client.force_login(reviewer)
    name = item(assistant, "brand")
    response = post_verdict(client, pair, "approve", **{name: ""})
    assert list(response.context["verdict_form"].errors) == [name]


def test_a_text_that_changed_meanwhile_is_not_approved(client, assistant, checklist, reviewer):
    pair = factories.pair(assistant)
    stale = pair.current_revision_id
    client.force_login(reviewer)
    client.post(
        url("text", pair.pk), {"seen": stale, "question": "Baru?", "answer": "Baru.", "why": "x"}
    )
    response = client.post(
        url("verdict", pair.pk), {"seen": stale, "decision": "reject", "note": "salah"}
    )
    pair.refresh_from_db()
    assert response.status_code == 302
    assert (pair.status, Verdict.objects.count()) == (PairStatus.IN_REVIEW, 0)


def test_an_edit_makes_a_revision_that_its_author_cannot_approve(
    client, assistant, checklist, reviewer
):
    pair = factories.pair(assistant, "Berapa lama?", "30 hari.")
    client.force_login(reviewer)
    body = {"seen": pair.current_revision_id, "question": "Berapa lama?", "answer": "60\r\nhari."}
    client.post(url("text", pair.pk), {**body, "why": "aturan baru"})
    texts = PairRevision.objects.order_by("number").values_list("number", "output", "author", "why")
    assert list(texts) == [
        (1, "30 hari.", None, ""),
        (2, "60\nhari.", reviewer.pk, "aturan baru"),
    ]
    post_verdict(client, pair, "approve")
    assert Verdict.objects.count() == 0


def test_verdicts_of_others_are_hidden_until_one_has_decided(
    client, assistant, checklist, reviewer, second_reviewer
):
    category = assistant.categories.get(slug="tax")
    pair = factories.pair(assistant, category=category)
    factories.decide(pair, reviewer, note="catatan rahasia")
    client.force_login(second_reviewer)
    page = client.get(url("change", pair.pk))
    assert (page.context["shown_verdicts"], page.context["hidden_verdicts"]) == ([], 1)
    assert "catatan rahasia" not in page.content.decode()


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        ("reopen", PairStatus.APPROVED, PairStatus.IN_REVIEW),
        ("retire", PairStatus.APPROVED, PairStatus.RETIRED),
    ],
)
def test_reopen_and_retire_ask_why_and_record_it(client, assistant, senior, step, before, after):
    pair = factories.approved(assistant)
    assert pair.status == before
    client.force_login(senior)
    assert client.get(url(step, pair.pk)).status_code == 200
    client.post(url(step, pair.pk), {"note": ""})
    pair.refresh_from_db()
    assert pair.status == before
    client.post(url(step, pair.pk), {"note": "PP baru"})
    pair.refresh_from_db()
    last = StatusChange.objects.latest("id")
    assert (pair.status, last.note, last.by) == (after, "PP baru", senior)


def test_needs_work_goes_back_to_review(client, assistant, checklist, reviewer):
    pair = factories.pair(assistant)
    factories.decide(pair, reviewer, Decision.NEEDS_WORK, note="kurang lengkap")
    client.force_login(reviewer)
    client.post(url("submit", pair.pk))
    pair.refresh_from_db()
    assert pair.status == PairStatus.IN_REVIEW


def test_sorting_sets_category_register_and_the_number_of_reviewers(client, assistant, reviewer):
    pair = factories.pair(assistant)
    category = assistant.categories.get(slug="tax")
    client.force_login(reviewer)
    client.post(url("sort", pair.pk), {"category": category.pk, "register": "formal"})
    pair.refresh_from_db()
    assert (pair.category, pair.register, pair.reviewers_needed) == (category, "formal", 2)


def test_a_question_of_the_bank_gets_a_golden_answer(client, assistant, checklist, reviewer):
    category = assistant.categories.get(slug="tax")
    question = Question.objects.create(
        assistant=assistant, category=category, text="Berapa tarif PPN?", identity="x" * 64
    )
    client.force_login(reviewer)
    page = client.get(f"{url('add')}?question={question.pk}")
    assert page.context["form"].initial["question"] == "Berapa tarif PPN?"
    body = {
        "question": "Berapa tarif PPN?",
        "answer": "11 %.",
        "category": category.pk,
        "register": "formal",
    }
    client.post(f"{url('add')}?question={question.pk}", body)
    pair = question.pairs.get()
    assert (pair.source, pair.current_revision.author) == ("golden", reviewer)


def test_hostile_text_is_shown_harmlessly(client, assistant, checklist, reviewer):
    nasty = "<script>alert(1)</script>{{ 7*7 }}"
    pair = factories.pair(assistant, nasty, nasty)
    client.force_login(reviewer)
    for page in (url("change", pair.pk), url("changelist")):
        text = client.get(page).content.decode()
        assert "<script>alert(1)" not in text
        assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize("name", ["verdict", "text", "sort", "submit", "reopen", "retire"])
def test_each_act_asks_for_the_permission_to_review(client, assistant, operator, name):
    pair = factories.pair(assistant)
    client.force_login(operator)
    assert client.post(url(name, pair.pk)).status_code == 403


def test_pages_of_a_pair_that_does_not_exist_are_404(client, reviewer):
    client.force_login(reviewer)
    for page in (url("change", 999), url("verdict", 999), url("reopen", 999)):
        assert client.post(page).status_code == 404


def test_the_list_makes_the_same_queries_for_one_row_and_for_three(
    client, assistant, reviewer, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(reviewer)
    counts = []
    for more in (1, 2):
        for _number in range(more):
            factories.pair(assistant)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url("changelist")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_review_page_makes_the_same_queries_however_many_wait(
    client, assistant, checklist, reviewer
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(reviewer)
    pair = factories.pair(assistant)
    counts = []
    for more in (0, 20):
        for _number in range(more):
            factories.pair(assistant)
        with CaptureQueriesContext(connection) as queries:
            client.get(url("change", pair.pk))
        counts.append(len(queries))
    assert counts[0] == counts[1]
