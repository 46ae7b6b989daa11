"""What gold items, repeats and time show of a reviewer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.checks.agreement import Estimate, share_bias, wilson
from reviews.domain import calibration, calibration_stats, checklists
from reviews.enums import Purpose
from reviews.models import ChecklistAnswer, Verdict
from tests import factories

NOW = factories.NOW
NONE = Estimate(None, None, None, 0)


@pytest.fixture
def items(assistant):
    rows = [{"part": "accuracy", "text_id": "Benar?"}, {"part": "tone", "text_id": "Sopan?"}]
    checklists.publish(None, rows)
    return checklists.items(assistant)


def gold(assistant, curator, decision="approve", wrong=()):
    text = factories.pair(assistant).current_revision
    return calibration.make_gold(
        text, decision=decision, wrong_items=list(wrong), why="Angkanya lama", by=curator
    )


def say(revision, by, decision, answers=None, purpose=Purpose.GOLD, at=NOW, **fields):
    verdict = Verdict.objects.create(
        revision=revision, reviewer=by, round=1, decision=decision, purpose=purpose, at=at, **fields
    )
    for item, yes in (answers or {}).items():
        ChecklistAnswer.objects.create(verdict=verdict, item=item, yes=yes)
    return verdict


def test_against_gold_the_side_counts_not_the_word(assistant, reviewer, curator):
    for right, said in [
        ("approve", "approve"),
        ("approve", "reject"),
        ("reject", "needs_work"),
        ("reject", "approve"),
        ("needs_work", "approve"),
        ("reject", "second"),
    ]:
        say(gold(assistant, curator, right).revision, reviewer, said)
    (row,) = calibration_stats.report(None).reviewers
    assert row.gold == wilson(2, 5)
    assert row.bias.leniency == wilson(2, 3)
    assert row.bias.strictness == wilson(1, 2)
    assert (row.name, row.seconds, row.repeats, row.hasty) == ("peninjau1", None, NONE, NONE)


def test_what_was_taken_back_is_nothing(assistant, reviewer, curator):
    say(gold(assistant, curator).revision, reviewer, "reject", withdrawn_at=NOW)
    assert calibration_stats.report(None) == calibration_stats.Report([], [])


def test_a_repeat_is_held_against_the_first_verdict(assistant, reviewer):
    for first, again in [("approve", "approve"), ("reject", "needs_work"), ("reject", "reject")]:
        text = factories.pair(assistant).current_revision
        say(text, reviewer, first, purpose=Purpose.REVIEW, at=NOW - timedelta(days=9))
        say(text, reviewer, again, purpose=Purpose.REPEAT)
    (row,) = calibration_stats.report(NOW - timedelta(days=1)).reviewers
    assert row.repeats == wilson(2, 3)


def test_approvals_faster_than_reading_are_counted(assistant, reviewer):
    """A text of 250 characters takes ten seconds."""
    for decision, seconds in [("approve", 9), ("approve", 10), ("approve", 50), ("reject", 1)]:
        text = factories.pair(assistant, answer="a" * 227 + str(seconds).zfill(2)).current_revision
        text.input = "q" * (250 - len(text.output))
        text.save()
        say(text, reviewer, decision, purpose=Purpose.REVIEW, seconds=seconds)
    (row,) = calibration_stats.report(None).reviewers
    assert row.hasty == wilson(1, 3)
    assert row.seconds == 9.5


def test_items_are_held_against_what_is_wrong_in_the_text(
    assistant, items, reviewer, second_reviewer, curator
):
    right, polite = items
    wrong = gold(assistant, curator, "reject", [right]).revision
    fine = gold(assistant, curator).revision
    # A rejected one of which nobody said what is wrong says nothing of the items.
    unsaid = gold(assistant, curator, "reject").revision
    say(wrong, reviewer, "reject", {right: False, polite: True})
    say(wrong, second_reviewer, "approve", {right: True, polite: True})
    say(fine, reviewer, "reject", {right: False, polite: True})
    say(unsaid, reviewer, "reject", {right: True, polite: True})
    found = {row.name: row.bias for row in calibration_stats.report(None).items}
    assert found == {
        "Benar?": share_bias([(False, False), (False, True), (True, False)]),
        "Sopan?": share_bias([(True, True)] * 3),
    }


def test_one_reviewer_alone(assistant, reviewer, second_reviewer, curator):
    text = gold(assistant, curator).revision
    say(text, reviewer, "approve")
    say(text, second_reviewer, "reject")
    everybody = calibration_stats.report(None)
    alone = calibration_stats.report(None, second_reviewer)
    assert [row.name for row in everybody.reviewers] == ["peninjau1", "peninjau2"]
    assert alone.reviewers == everybody.reviewers[1:]


def test_a_reviewer_sees_where_the_curator_differs_and_why(
    assistant, items, reviewer, second_reviewer, curator
):
    missed = gold(assistant, curator, "reject", [items[0]])
    agreed = gold(assistant, curator)
    unseen = gold(assistant, curator)
    verdict = say(missed.revision, reviewer, "approve")
    say(agreed.revision, reviewer, "approve")
    say(unseen.revision, second_reviewer, "reject")
    own = calibration_stats.own(reviewer)
    assert [(row.verdict, row.gold, row.wrong_items) for row in own.differed] == [
        (verdict, missed, [items[0]])
    ]
    assert (own.same, own.missed, own.held_back, own.again) == (1, 1, 0, 0)


def test_before_the_first_item_there_is_nothing(reviewer):
    own = calibration_stats.own(reviewer)
    assert (own.figures, own.differed, own.same) == (None, [], 0)


def test_the_queries_are_the_same_for_few_and_many(
    assistant, items, reviewer, second_reviewer, senior, curator
):
    counts = []
    for people in ([reviewer], [second_reviewer, senior]):
        for user in people:
            for _number in range(2):
                text = gold(assistant, curator, "reject", [items[0]]).revision
                say(text, user, "approve", {items[0]: True})
        with CaptureQueriesContext(connection) as queries:
            calibration_stats.report(None)
        with CaptureQueriesContext(connection) as own:
            calibration_stats.own(people[-1])
        counts.append((len(queries), len(own)))
    assert counts == [(7, 9), (7, 9)]
