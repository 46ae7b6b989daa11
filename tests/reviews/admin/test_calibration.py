"""Gold items' pages, and what each may see of calibration."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reviews.domain import calibration, checklists
from reviews.enums import Purpose
from reviews.models import GoldItem, Verdict
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def text(assistant, checklist):
    return factories.pair(assistant).current_revision


@pytest.fixture
def gold(text, assistant, curator) -> GoldItem:
    return calibration.make_gold(
        text,
        decision="reject",
        wrong_items=[checklists.items(assistant)[3]],
        why="Angkanya lama",
        by=curator,
    )


def url(name, *args):
    return reverse(f"admin:reviews_golditem_{name}", args=args)


def add(text):
    return f"{url('add')}?revision={text.pk}"


def answer(gold, by, decision):
    return Verdict.objects.create(
        revision=gold.revision,
        reviewer=by,
        round=1,
        decision=decision,
        purpose=Purpose.GOLD,
        at=timezone.now(),
    )


def test_a_curator_makes_one(client, text, assistant, curator):
    client.force_login(curator)
    wrong = checklists.items(assistant)[3]
    sent = {"decision": "reject", "wrong_items": [wrong.pk], "why": "Angkanya lama"}
    answer = client.post(add(text), sent)
    made = GoldItem.objects.get()
    assert answer.url == url("change", made.pk)
    assert (made.revision, made.decision, made.why) == (text, "reject", "Angkanya lama")
    assert (made.author, made.active, list(made.wrong_items.all())) == (curator, True, [wrong])


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"decision": "second", "why": "x"}, "decision"),
        ({"decision": "reject", "why": " "}, "why"),
        ({"decision": "approve", "why": "x", "wrong_items": True}, "wrong_items"),
        ({"decision": "reject", "why": "x", "wrong_items": "999999"}, "wrong_items"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(client, text, assistant, curator, sent, field):
    client.force_login(curator)
    if sent.get("wrong_items") is True:
        sent = sent | {"wrong_items": checklists.items(assistant)[0].pk}
    page = client.post(add(text), sent)
    assert list(page.context["form"].errors) == [field]
    assert GoldItem.objects.count() == 0


def test_what_is_said_of_one_can_be_changed(client, gold, text, curator):
    """Also where a newer checklist asks other items: the old answer is still among them."""
    (before,) = gold.wrong_items.all()
    checklists.publish(None, [{"part": "tone", "text_id": "Sopan?"}])
    client.force_login(curator)
    page = client.get(add(text))
    offered = [str(tick.choice_label) for tick in page.context["form"]["wrong_items"]]
    assert offered == ["Sopan?", before.text]
    assert page.context["form"].initial["why"] == "Angkanya lama"
    client.post(add(text), {"decision": "needs_work", "why": "Nadanya kaku"})
    gold.refresh_from_db()
    assert (gold.decision, gold.why, gold.wrong_items.count()) == ("needs_work", "Nadanya kaku", 0)


@pytest.mark.parametrize("query", ["", "?revision=x", "?revision=99999999999999999999"])
def test_without_a_text_one_is_told_where_to_find_one(client, text, curator, query):
    client.force_login(curator)
    assert client.get(url("add") + query).url == reverse("admin:reviews_pair_changelist")
    assert client.get(f"{url('add')}?revision=999999").status_code == 404


def test_retired_and_used_again(client, gold, curator):
    client.force_login(curator)
    client.get(url("retire", gold.pk))
    gold.refresh_from_db()
    assert gold.active
    client.post(url("retire", gold.pk))
    gold.refresh_from_db()
    assert not gold.active
    client.post(url("activate", gold.pk))
    gold.refresh_from_db()
    assert (gold.active, gold.decision, gold.wrong_items.count()) == (True, "reject", 1)


def test_its_page_tells_who_said_what(client, gold, reviewer, curator):
    verdict = answer(gold, reviewer, "approve")
    client.force_login(curator)
    page = client.get(url("change", gold.pk))
    assert list(page.context["verdicts"]) == [verdict]


def test_the_list_counts_answers_and_asks_the_same_for_one_and_three(
    client, gold, assistant, reviewer, second_reviewer, curator
):
    client.force_login(curator)
    client.get(url("changelist"))
    counts = []
    for more in (0, 2):
        for _number in range(more):
            made = calibration.make_gold(
                factories.pair(assistant).current_revision,
                decision="approve",
                wrong_items=[],
                why="baik",
                by=curator,
            )
            answer(made, reviewer, "approve")
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url("changelist"))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert [row.answered_by for row in page.context["cl"].result_list] == [1, 1, 0]


def test_the_figures_of_all_and_of_one(client, gold, reviewer, second_reviewer, curator):
    answer(gold, reviewer, "approve")
    answer(gold, second_reviewer, "reject")
    client.force_login(curator)
    page = client.get(url("calibration"))
    assert [row.name for row in page.context["report"].reviewers] == ["peninjau1", "peninjau2"]
    page = client.get(url("calibration"), {"reviewer": reviewer.pk, "period": "all"})
    assert [row.name for row in page.context["report"].reviewers] == ["peninjau1"]
    assert client.get(url("calibration"), {"reviewer": 999999}).status_code == 404


def test_a_reviewer_reads_why_and_nothing_of_others(
    client, gold, assistant, reviewer, second_reviewer, curator
):
    """What they have not met yet stays unknown to them, or it would measure nothing."""
    secret = factories.pair(assistant, question="Rahasia?").current_revision
    calibration.make_gold(secret, decision="approve", wrong_items=[], why="baik", by=curator)
    answer(gold, reviewer, "approve")
    answer(gold, second_reviewer, "reject")
    client.force_login(reviewer)
    page = client.get(url("mine"), headers={"accept-language": "en"}).content.decode()
    assert "Angkanya lama" in page
    assert "peninjau2" not in page
    assert "Rahasia?" not in page
    client.force_login(second_reviewer)
    assert "Angkanya lama" not in client.get(url("mine")).content.decode()


def test_who_may_see_what(client, gold, text, reviewer, senior, operator):
    """Whoever sees gold items can't be measured by them: no senior does."""
    for user in (reviewer, senior, operator):
        client.force_login(user)
        for page in (
            url("changelist"),
            url("change", gold.pk),
            url("calibration"),
            add(text),
            url("retire", gold.pk),
            url("activate", gold.pk),
        ):
            assert client.get(page).status_code == 403, (user, page)
            assert client.post(page, {}).status_code == 403, (user, page)
    client.force_login(operator)
    assert client.get(url("mine")).status_code == 403
    gold.refresh_from_db()
    assert gold.active
