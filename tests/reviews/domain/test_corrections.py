"""Corrections: one task a wrong answer, finished into a pair that another reviewer approves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviews.domain import assistants, corrections, transitions, verdicts
from reviews.domain.corrections import Remedy
from reviews.domain.errors import Invalid
from reviews.domain.transitions import IllegalMove, StaleMove
from reviews.domain.verdicts import OwnText, Ruling
from reviews.enums import Decision
from reviews.models import Category, Correction, Pair
from tests import factories
from tests.factories import decide

NOW = factories.NOW
QUESTION, WRONG, RIGHT = "Berapa modal PT PMA?", "Rp2,5 miliar.", "Lebih dari Rp10 miliar."
HISTORY = [["user", "Halo"], ["assistant", "Ya?"]]


@pytest.fixture
def task(assistant) -> Correction:
    return corrections.open_task(assistant, QUESTION, WRONG, history=HISTORY, language="en")


@pytest.fixture
def remedy(assistant) -> Remedy:
    Category.objects.filter(slug="company").update(reviewers_needed=1)
    company = Category.objects.get(assistant=assistant, slug="company")
    return Remedy(RIGHT, "angkanya lama", "Modal PMA lebih dari Rp10 miliar.", company, "formal")


def test_the_same_wrong_answer_is_one_task(assistant, task):
    again = corrections.open_task(assistant, f" {QUESTION} ", WRONG, history=HISTORY)
    assert again == task
    assert Correction.objects.count() == 1


@pytest.mark.parametrize(
    ("question", "wrong", "history"),
    [(QUESTION, WRONG, []), (QUESTION, "Rp5 miliar.", HISTORY), ("Modal PMA?", WRONG, HISTORY)],
)
def test_anything_else_is_another_task(assistant, task, question, wrong, history):
    assert corrections.open_task(assistant, question, wrong, history=history) != task
    assert Correction.objects.count() == 2


def test_finished_it_is_a_pair_in_review_by_its_writer(task, remedy, reviewer):
    corrections.finish(task, remedy, by=reviewer, now=NOW)
    task = Correction.objects.get()
    assert (task.status, task.author, task.category) == ("finished", reviewer, remedy.category)
    assert (task.right_answer, task.why_wrong, task.lesson, task.register) == (
        RIGHT,
        "angkanya lama",
        "Modal PMA lebih dari Rp10 miliar.",
        "formal",
    )
    pair = Pair.objects.get()
    text = pair.current_revision
    assert (task.pair, pair.status, pair.source) == (pair, "in_review", "correction")
    assert (pair.category, pair.register, pair.language) == (remedy.category, "formal", "en")
    assert (text.input, text.output, text.history) == (QUESTION, RIGHT, HISTORY)
    assert (text.author, text.why) == (reviewer, "angkanya lama")
    assert [(c.to_status, c.by) for c in transitions.history(task)] == [("finished", reviewer)]


def test_another_reviewer_approves_it(task, remedy, checklist, reviewer, second_reviewer):
    corrections.finish(task, remedy, by=reviewer, now=NOW)
    pair = Pair.objects.get()
    ruling = Ruling(Decision.APPROVE, factories.all_yes(pair.assistant))
    with pytest.raises(OwnText):
        verdicts.decide(pair, ruling, by=reviewer, seen=pair.current_revision_id, now=NOW)
    assert not Correction.objects.in_force().exists()
    decide(pair, second_reviewer)
    assert list(Correction.objects.in_force()) == [task]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"right_answer": " "}, "right_answer"),
        ({"right_answer": f" {WRONG}\n"}, "right_answer"),
        ({"why_wrong": ""}, "why_wrong"),
        ({"lesson": "\n"}, "lesson"),
        ({"category": None}, "category"),
    ],
)
def test_a_remedy_with_a_wrong_field_is_refused(task, remedy, reviewer, change, field):
    with pytest.raises(Invalid) as refused:
        corrections.finish(task, replace(remedy, **change), by=reviewer, now=NOW)
    assert list(refused.value.fields) == [field]
    assert (Correction.objects.get().status, Pair.objects.count()) == ("open", 0)


def test_every_wrong_field_is_named_at_once(task, reviewer):
    with pytest.raises(Invalid) as refused:
        corrections.finish(task, Remedy("", "", "", None, "formal"), by=reviewer, now=NOW)
    assert sorted(refused.value.fields) == ["category", "lesson", "right_answer", "why_wrong"]


def test_another_assistants_category_is_refused(task, remedy, reviewer):
    other = Category.objects.filter(assistant=assistants.ensure("lain", "Lain")).first()
    with pytest.raises(Invalid) as refused:
        corrections.finish(task, replace(remedy, category=other), by=reviewer, now=NOW)
    assert refused.value.fields == {"category": "belongs to another assistant"}


def test_a_finished_correction_is_not_finished_again(task, remedy, reviewer):
    corrections.finish(task, remedy, by=reviewer, now=NOW)
    with pytest.raises(IllegalMove):
        corrections.finish(task, replace(remedy, right_answer="Lain."), by=reviewer, now=NOW)
    assert Pair.objects.count() == 1


def test_of_two_writers_the_later_leaves_no_pair(task, remedy, reviewer, second_reviewer):
    stale = Correction.objects.get()
    corrections.finish(task, remedy, by=reviewer, now=NOW)
    other = replace(remedy, right_answer="Rp11 miliar.")
    with pytest.raises(StaleMove):
        corrections.finish(stale, other, by=second_reviewer, now=NOW)
    assert Correction.objects.get().author == reviewer
    assert Pair.objects.count() == 1


def test_a_named_family_is_kept(assistant, task, remedy, reviewer):
    other = factories.pair(assistant, family="modal-pma")
    corrections.finish(task, replace(remedy, family="modal-pma"), by=reviewer, now=NOW)
    assert task.pair.question == other.question


def _there(assistant, status):
    pair = factories.pair(assistant, QUESTION, RIGHT, history=HISTORY)
    Pair.objects.update(status=status)
    pair.refresh_from_db()
    return pair


@pytest.mark.parametrize(
    ("status", "after", "round_"),
    [
        ("draft", "in_review", 1),
        ("in_review", "in_review", 1),
        ("disputed", "disputed", 1),
        ("approved", "approved", 1),
        ("needs_work", "in_review", 2),
        ("rejected", "in_review", 2),
    ],
)
def test_a_pair_that_is_there_goes_where_it_can_be_approved(
    assistant, task, remedy, reviewer, status, after, round_
):
    pair = _there(assistant, status)
    corrections.finish(task, remedy, by=reviewer, now=NOW)
    assert Correction.objects.get().pair == pair
    assert Pair.objects.values_list("status", "round").get() == (after, round_)


def test_the_text_of_a_retired_pair_is_refused(assistant, task, remedy, reviewer):
    _there(assistant, "retired")
    with pytest.raises(Invalid) as refused:
        corrections.finish(task, remedy, by=reviewer, now=NOW)
    assert list(refused.value.fields) == ["right_answer"]
    assert Correction.objects.get().status == "open"


# --- dismiss and reopen --------------------------------------------------------------------------
def test_dismissed_and_reopened(task, reviewer):
    corrections.dismiss(task, by=reviewer, why="jawabannya benar", now=NOW)
    assert Correction.objects.get().status == "dismissed"
    corrections.reopen(task, by=reviewer, why="ternyata salah", now=NOW)
    assert Correction.objects.get().status == "open"
    assert [(c.to_status, c.note) for c in transitions.history(task)] == [
        ("dismissed", "jawabannya benar"),
        ("open", "ternyata salah"),
    ]


def test_dismissing_needs_a_reason(task, reviewer):
    with pytest.raises(Invalid) as refused:
        corrections.dismiss(task, by=reviewer, why=" ", now=NOW)
    assert list(refused.value.fields) == ["note"]
    assert Correction.objects.get().status == "open"
