from __future__ import annotations

import pytest
from django.urls import reverse

from reviews.domain import corrections
from reviews.enums import CorrectionStatus, PairStatus
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def correction(assistant):
    return corrections.open_task(assistant, "Berapa modal PT PMA?", "Rp2,5 miliar.")


def url(name: str, *args: object) -> str:
    return reverse(f"admin:reviews_correction_{name}", args=args)


def remedy(assistant, **changes):
    body = {
        "right_answer": "Lebih dari Rp10 miliar.",
        "why_wrong": "Angka lama",
        "lesson": "Periksa tahun aturannya.",
        "category": assistant.categories.get(slug="company").pk,
        "register": "formal",
    }
    return body | changes


def test_a_finished_correction_becomes_a_pair_that_others_approve(
    client, assistant, checklist, correction, reviewer, second_reviewer, senior
):
    client.force_login(reviewer)
    response = client.post(url("finish", correction.pk), remedy(assistant))
    correction.refresh_from_db()
    pair = correction.pair
    assert response.status_code == 302
    assert (correction.status, pair.status) == (CorrectionStatus.FINISHED, PairStatus.IN_REVIEW)
    assert pair.current_revision.author == reviewer
    for other in (second_reviewer, senior):
        factories.decide(pair, other)
    assert pair.status == PairStatus.APPROVED


@pytest.mark.parametrize("field", ["right_answer", "why_wrong", "lesson", "category"])
def test_each_missing_field_is_named_and_the_rest_is_kept(
    client, assistant, correction, reviewer, field
):
    client.force_login(reviewer)
    response = client.post(url("finish", correction.pk), remedy(assistant, **{field: ""}))
    correction.refresh_from_db()
    assert (response.status_code, correction.status) == (422, CorrectionStatus.OPEN)
    assert list(response.context["form"].errors) == [field]


def test_the_wrong_answer_is_not_taken_for_the_right_one(client, assistant, correction, reviewer):
    client.force_login(reviewer)
    body = remedy(assistant, right_answer="Rp2,5  miliar.")
    response = client.post(url("finish", correction.pk), body)
    assert list(response.context["form"].errors) == ["right_answer"]


def test_dismissed_with_a_reason_and_opened_again(client, correction, reviewer):
    client.force_login(reviewer)
    client.post(url("dismiss", correction.pk), {"note": "jawabannya sudah benar"})
    correction.refresh_from_db()
    assert correction.status == CorrectionStatus.DISMISSED
    client.post(url("reopen", correction.pk), {"note": "keliru"})
    correction.refresh_from_db()
    assert correction.status == CorrectionStatus.OPEN


def test_writing_asks_for_the_permission(client, correction, operator):
    client.force_login(operator)
    for name in ("finish", "dismiss", "reopen"):
        assert client.post(url(name, correction.pk)).status_code == 403
    assert client.get(url("change", correction.pk)).status_code == 200


def test_what_was_said_of_an_answer_is_hidden_from_who_still_judges_it(
    client, assistant, checklist, correction, reviewer, second_reviewer
):
    pair = factories.pair(assistant, "Berapa modal PT PMA?", "Rp2,5 miliar.")
    client.force_login(reviewer)
    client.post(url("finish", correction.pk), remedy(assistant))
    assert "Angka lama" in client.get(url("change", correction.pk)).content.decode()
    client.force_login(second_reviewer)
    assert "Angka lama" not in client.get(url("change", correction.pk)).content.decode()
    factories.decide(pair, reviewer, "reject", "salah")
    factories.decide(pair, second_reviewer, "reject", "salah")
    assert "Angka lama" in client.get(url("change", correction.pk)).content.decode()
