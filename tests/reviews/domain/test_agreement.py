"""Agreement: which verdicts count, what is put up for rewording, and with which examples."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.checks.agreement import Estimate, cohen_kappa, krippendorff_alpha, wilson
from reviews.domain import agreement, checklists, transitions
from reviews.enums import PairStatus, Purpose
from reviews.models import ChecklistAnswer, Pair, Verdict
from tests import factories

NOW = factories.NOW
ROWS = [
    {"part": "accuracy", "text_id": "Benar?", "text_en": "Right?"},
    {"part": "tone", "text_id": "Sopan?"},
]


@pytest.fixture
def items(assistant):
    checklists.publish(None, ROWS)
    return checklists.items(assistant)


def judged(assistant, said, items=(), status=PairStatus.APPROVED, at=NOW, **fields):
    """A pair on which each of `said` ({user: (decision, *answers to items)}) gave a verdict."""
    pair = factories.pair(assistant)
    for user, (decision, *answers) in said.items():
        verdict = Verdict.objects.create(
            revision=pair.current_revision,
            reviewer=user,
            round=1,
            decision=decision,
            at=at,
            checklist=items[0].checklist if items else None,
            **fields,
        )
        for item, yes in zip(items, answers, strict=False):
            ChecklistAnswer.objects.create(
                verdict=verdict, item=item, yes=yes, reason="" if yes else f"{user} keberatan"
            )
    Pair.objects.filter(pk=pair.pk).update(status=status)
    return pair


def test_kappa_of_two_is_of_the_texts_that_both_judged(
    assistant, reviewer, second_reviewer, senior
):
    decisions = [("approve", "approve"), ("approve", "reject"), ("needs_work", "reject")]
    for mine, theirs in decisions:
        judged(assistant, {reviewer: (mine,), second_reviewer: (theirs,)})
    judged(assistant, {reviewer: ("approve",), senior: ("second",)})
    judged(assistant, {reviewer: ("approve",)})
    found = agreement.report(None)
    labels = [(True, True), (True, False), (False, False)]
    assert found.between == [
        agreement.Between("peninjau1", "peninjau2", cohen_kappa(labels), wilson(2, 3))
    ]
    assert (found.verdicts, found.units, found.more) == (9, 4, False)


def test_a_category_has_the_alpha_of_its_decisions(assistant, reviewer, second_reviewer):
    judged(assistant, {reviewer: ("approve",), second_reviewer: ("approve",)})
    judged(assistant, {reviewer: ("reject",), second_reviewer: ("needs_work",)})
    name = Pair.objects.first().category.name
    labels = [["approve", "approve"], ["reject", "needs_work"]]
    assert agreement.report(None).categories == [
        agreement.About(name, krippendorff_alpha(labels), wilson(1, 2))
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"purpose": Purpose.GOLD},
        {"purpose": Purpose.REPEAT},
        {"withdrawn_at": NOW},
        {"settles": True},
        {"round": 2},
    ],
)
def test_what_is_no_review_of_theirs_does_not_count(assistant, reviewer, second_reviewer, fields):
    pair = judged(assistant, {reviewer: ("approve",), second_reviewer: ("approve",)})
    values = {"round": 1, "decision": "reject", "at": NOW}
    Verdict.objects.create(revision=pair.current_revision, reviewer=reviewer, **(values | fields))
    (between,) = agreement.report(None).between
    assert between.same == wilson(1, 1)


def test_the_latest_of_each_counts(assistant, reviewer, second_reviewer):
    pair = judged(assistant, {reviewer: ("reject",), second_reviewer: ("approve",)})
    Verdict.objects.create(
        revision=pair.current_revision, reviewer=reviewer, round=1, decision="approve", at=NOW
    )
    (between,) = agreement.report(None).between
    assert between.same == wilson(1, 1)
    assert between.kappa == Estimate(None, None, None, 1)


def test_the_period_leaves_out_what_is_older(assistant, reviewer, second_reviewer):
    both = {reviewer: ("approve",), second_reviewer: ("approve",)}
    judged(assistant, both, at=NOW - timedelta(days=40))
    judged(assistant, both)
    assert agreement.report(NOW - timedelta(days=30)).units == 1
    assert agreement.report(None).units == 2


def test_only_the_latest_verdicts_are_read_and_that_is_told(
    assistant, reviewer, second_reviewer, monkeypatch
):
    both = {reviewer: ("approve",), second_reviewer: ("approve",)}
    for _number in range(3):
        judged(assistant, both)
    monkeypatch.setattr(agreement, "MOST", 4)
    found = agreement.report(None)
    assert (found.verdicts, found.more, found.units) == (4, True, 2)


def test_a_wording_keeps_its_figures_in_the_next_version(
    assistant, items, reviewer, second_reviewer
):
    """The same words are the same question; other words begin anew."""
    judged(
        assistant,
        {reviewer: ("approve", True, True), second_reviewer: ("approve", True, False)},
        items,
    )
    checklists.publish(None, [{"part": "tone", "text_id": "Sopan?", "required": False}])
    judged(
        assistant,
        {reviewer: ("approve", True), second_reviewer: ("approve", True)},
        checklists.items(assistant),
    )
    found = {about.name: about for about in agreement.report(None).items}
    assert found["Sopan?"].alpha == krippendorff_alpha([[True, False], [True, True]])
    assert (found["Sopan?"].place, found["Benar?"].place) == (1, None)
    assert found["Benar?"].same == wilson(1, 1)


def lots(assistant, items, reviewer, second_reviewer, differing, same, **fields):
    """Texts of which `differing` split the second item; the first is agreed on, by both kinds."""
    for number in range(differing + same):
        yes = number % 2 == 0
        other = not yes if number < differing else yes
        judged(
            assistant,
            {reviewer: ("approve", yes, yes), second_reviewer: ("approve", yes, other)},
            items,
            **fields,
        )


def test_an_item_that_is_read_differently_is_put_up_for_rewording(
    assistant, items, reviewer, second_reviewer
):
    lots(assistant, items, reviewer, second_reviewer, differing=10, same=10)
    found = agreement.report(None)
    assert [(about.name, about.place) for about in found.to_reword] == [("Sopan?", 2)]
    examples = found.to_reword[0].examples
    assert len(examples) == agreement.EXAMPLES
    first = Pair.objects.get(pk=examples[0].pair)
    assert examples[0].question == first.current_revision.input
    assert sorted(examples[0].said, key=lambda said: said.who) in (
        [
            agreement.Said("peninjau1", True, ""),
            agreement.Said("peninjau2", False, "peninjau2 keberatan"),
        ],
        [
            agreement.Said("peninjau1", False, "peninjau1 keberatan"),
            agreement.Said("peninjau2", True, ""),
        ],
    )


@pytest.mark.parametrize(
    ("differing", "same", "why"), [(10, 9, "too few texts"), (5, 25, "agreed on well enough")]
)
def test_and_no_other(assistant, items, reviewer, second_reviewer, differing, same, why):
    lots(assistant, items, reviewer, second_reviewer, differing, same)
    assert agreement.report(None).to_reword == []


def test_items_of_a_list_that_was_given_up_are_no_longer_asked(
    assistant, items, reviewer, second_reviewer
):
    own = checklists.publish(assistant, ROWS)
    lots(assistant, checklists.items(assistant), reviewer, second_reviewer, differing=10, same=10)
    assert [about.name for about in agreement.report(None).to_reword] == ["Sopan?"]
    checklists.give_up(own)
    found = agreement.report(None)
    assert found.to_reword == []
    assert {(about.name, about.place) for about in found.items} == {
        ("Benar?", None),
        ("Sopan?", None),
    }


def test_what_still_waits_is_no_example(assistant, items, reviewer, second_reviewer):
    """Whoever decides next must not read here what others said."""
    fields = {"status": PairStatus.IN_REVIEW}
    lots(assistant, items, reviewer, second_reviewer, differing=10, same=10, **fields)
    (about,) = agreement.report(None).to_reword
    assert about.examples == []


def test_the_note_speaks_where_an_item_has_no_reason(assistant, items, reviewer, second_reviewer):
    lots(assistant, items, reviewer, second_reviewer, differing=10, same=10)
    ChecklistAnswer.objects.update(reason="")
    Verdict.objects.update(note="terasa kaku")
    (about,) = agreement.report(None).to_reword
    assert {said.reason for example in about.examples for said in example.said} == {
        "",
        "terasa kaku",
    }


def test_nothing_judged_is_no_figures(assistant, items):
    assert agreement.report(None) == agreement.Report(0, False, 0, [], [], [])


def test_the_queries_are_the_same_for_few_and_many(assistant, items, reviewer, second_reviewer):
    counts = []
    for more in (20, 40):
        lots(assistant, items, reviewer, second_reviewer, differing=more // 2, same=more // 2)
        with CaptureQueriesContext(connection) as queries:
            agreement.report(None)
        counts.append(len(queries))
    assert counts == [9, 9]


def test_the_way_of_people_counts(assistant, checklist, reviewer, second_reviewer):
    """Verdicts as the desk gives them, with two reviewers needed."""
    pair = factories.pair(assistant)
    Pair.objects.filter(pk=pair.pk).update(reviewers_needed=2, slots=2)
    pair.refresh_from_db()
    transitions.move(pair, PairStatus.IN_REVIEW, now=NOW)
    for user in (reviewer, second_reviewer):
        factories.decide(pair, user)
    found = agreement.report(None)
    assert (found.units, len(found.items), found.between[0].same) == (1, 13, wilson(1, 1))
