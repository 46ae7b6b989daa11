"""A reviewer's day in the admin: each step through the forms that the pages show."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reviews.domain import claims
from reviews.enums import Decision, PairStatus
from reviews.models import Pair, PairRevision, Question, StatusChange
from tests import factories

pytestmark = pytest.mark.django_db


def url(name: str, *args: object) -> str:
    return reverse(f"admin:reviews_pair_{name}", args=args)


def test_an_edit_makes_a_revision(client, assistant, checklist, reviewer):
    pair = factories.pair(assistant, "Berapa lama?", "30 hari.")
    client.force_login(reviewer)
    body = {"seen": pair.current_revision_id, "question": "Berapa lama?", "answer": "60\r\nhari."}
    client.post(url("text", pair.pk), {**body, "why": "aturan baru"})
    texts = PairRevision.objects.order_by("number").values_list("number", "output", "author", "why")
    assert list(texts) == [
        (1, "30 hari.", None, ""),
        (2, "60\nhari.", reviewer.pk, "aturan baru"),
    ]


def test_verdicts_are_hidden_until_all_have_answered(
    client, assistant, checklist, reviewer, second_reviewer, senior
):
    pair = factories.pair(assistant)
    factories.decide(pair, reviewer, note="catatan rahasia")
    for person in (reviewer, second_reviewer, senior):
        client.force_login(person)
        page = client.get(url("change", pair.pk))
        assert (page.context["shown_verdicts"], page.context["hidden_verdicts"]) == ([], 1)
        assert "catatan rahasia" not in page.content.decode()
    factories.decide(pair, second_reviewer)
    page = client.get(url("change", pair.pk))
    assert [v.reviewer for v in page.context["shown_verdicts"]] == [reviewer, second_reviewer]
    assert "catatan rahasia" in page.content.decode()


def test_who_works_on_a_pair_is_named_and_nobody_edits_it_meanwhile(
    client, assistant, checklist, reviewer, second_reviewer
):
    pair = factories.pair(assistant)
    claims.take(pair, second_reviewer, timezone.now())
    client.force_login(reviewer)
    page = client.get(url("change", pair.pk))
    assert (page.context["in_hands_of"], page.context["may_edit"]) == ([second_reviewer], False)
    client.force_login(second_reviewer)
    page = client.get(url("change", pair.pk))
    assert (page.context["in_hands_of"], page.context["may_edit"]) == ([], True)


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


@pytest.mark.parametrize("name", ["text", "sort", "submit", "reopen", "retire"])
def test_each_act_asks_for_the_permission_to_review(client, assistant, operator, name):
    pair = factories.pair(assistant)
    client.force_login(operator)
    assert client.post(url(name, pair.pk)).status_code == 403


def test_pages_of_a_pair_that_does_not_exist_are_404(client, reviewer):
    client.force_login(reviewer)
    for page in (url("change", 999), url("reopen", 999)):
        assert client.post(page).status_code == 404


def test_the_list_makes_the_same_queries_for_one_row_and_for_three(
    client, assistant, reviewer, django_assert_max_num_queries
):
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


def test_a_page_of_the_list_reads_past_keys_alone(client, assistant, reviewer, monkeypatch):
    """The rows before it are not joined to their texts, which are what is large."""
    made = [factories.pair(assistant) for _number in range(5)]
    monkeypatch.setattr(admin.site.get_model_admin(Pair), "list_per_page", 2)
    client.force_login(reviewer)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(url("changelist"), {"p": "2", "q": "Pertanyaan"})
    assert list(page.context["cl"].result_list) == made[2:4]
    passed = [query["sql"] for query in queries if "OFFSET 2" in query["sql"]]
    assert [sql.split(" FROM ")[0] for sql in passed] == ['SELECT "reviews_pair"."id" AS "pk"']


def test_no_number_of_rows_is_shown_that_nobody_counted(client, assistant, reviewer):
    factories.pair(assistant)
    client.force_login(reviewer)
    page = client.get(url("changelist"))
    assert f"{page.context['cl'].result_count} hasil" not in page.content.decode()


def test_a_page_beyond_the_last_is_empty(client, assistant, reviewer):
    factories.pair(assistant)
    client.force_login(reviewer)
    page = client.get(url("changelist"), {"p": "1000"})
    assert (page.status_code, list(page.context["cl"].result_list)) == (200, [])


def test_the_review_page_makes_the_same_queries_however_many_wait(
    client, assistant, checklist, reviewer
):
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
