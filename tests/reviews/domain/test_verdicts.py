"""Who may say what of a pair, and what the pair becomes."""

from __future__ import annotations

import pytest

from reviews.domain import checklists, pairs, queue, transitions, verdicts
from reviews.domain.errors import Conflict, Invalid, Refused
from reviews.domain.transitions import StaleMove
from reviews.domain.verdicts import OwnText, Ruling
from reviews.enums import Decision, PairStatus
from reviews.models import Category, ChecklistItem, Pair, StatusChange, Verdict
from tests import factories
from tests.factories import decide

NOW = factories.NOW


@pytest.fixture
def pair(assistant, checklist) -> Pair:
    """In review, and one reviewer is enough."""
    return _waiting(assistant, needed=1)


def _waiting(assistant, needed, **fields):
    pair = factories.pair(assistant, **fields)
    Pair.objects.filter(pk=pair.pk).update(reviewers_needed=needed, slots=needed)
    pair.refresh_from_db()
    transitions.move(pair, PairStatus.IN_REVIEW, now=NOW)
    return pair


def _rule(pair, by, decision="approve", answers=None, note="", seen=None):
    answers = factories.all_yes(pair.assistant) if answers is None else answers
    ruling = Ruling(decision, answers, note, facts=factories.all_right(pair))
    return verdicts.decide(
        pair, ruling, by=by, seen=pair.current_revision_id if seen is None else seen, now=NOW
    )


def _status(pair):
    return Pair.objects.get(pk=pair.pk).status


def _refused(pair, *args, **kwargs):
    """The fields that a refused ruling names; nothing is stored of it."""
    before = _status(pair), Verdict.objects.count(), StatusChange.objects.count()
    with pytest.raises(Invalid) as refused:
        _rule(pair, *args, **kwargs)
    assert (_status(pair), Verdict.objects.count(), StatusChange.objects.count()) == before
    return refused.value.fields


# --- the life of a pair, decision by decision ----------------------------------------------------
# Reviewers needed; who decided what, in order ("s" is the senior); what the pair is then.
COURSES = [
    (1, "1 approve", "approved"),
    (1, "1 reject", "rejected"),
    (1, "1 needs_work", "needs_work"),
    (1, "1 second", "in_review"),
    (2, "1 approve", "in_review"),
    (2, "1 approve, 2 approve", "approved"),
    (2, "1 approve, 1 approve", "in_review"),
    # All who are asked answer, none knowing of the others; work to be done is said at once.
    (2, "1 reject", "in_review"),
    (2, "1 reject, 2 reject", "rejected"),
    (2, "1 reject, 2 approve", "disputed"),
    (2, "1 approve, 2 reject", "disputed"),
    (2, "1 needs_work", "needs_work"),
    (2, "1 approve, 2 needs_work", "needs_work"),
    (2, "1 approve, 1 reject", "in_review"),
    (3, "1 approve, 2 approve", "in_review"),
    (3, "1 approve, 2 approve, s approve", "approved"),
    (3, "1 approve, 2 reject", "in_review"),
    (3, "1 approve, 2 reject, s approve", "disputed"),
    (3, "1 reject, 2 reject, s reject", "rejected"),
    (1, "1 second, 1 approve", "in_review"),
    (1, "1 second, 2 approve", "approved"),
    (1, "1 second, 1 approve, 2 approve", "approved"),
    (1, "1 second, 2 second, 1 approve", "in_review"),
    (1, "1 second, 2 second, 1 approve, 2 approve", "approved"),
    (1, "1 second, 2 reject", "rejected"),
    (2, "1 second, 2 approve", "in_review"),
    (2, "1 second, 2 approve, 1 approve", "approved"),
    (2, "1 approve, 1 second, 2 approve", "in_review"),
    (2, "1 approve, 2 reject, s approve", "approved"),
    (2, "1 approve, 2 reject, s reject", "rejected"),
]


@pytest.mark.parametrize(("needed", "course", "expected"), COURSES)
def test_what_the_verdicts_lead_to(
    assistant, checklist, reviewer, second_reviewer, senior, needed, course, expected
):
    people = {"1": reviewer, "2": second_reviewer, "s": senior}
    pair = _waiting(assistant, needed)
    for step in course.split(", "):
        who, decision = step.split()
        decide(pair, people[who], decision, note="alasannya")
    assert _status(pair) == expected


@pytest.mark.parametrize(
    ("needed", "course", "expected"),
    [
        (3, "1 approve, 2 reject, s approve", "approved"),
        (3, "1 approve, 2 reject, s reject", "rejected"),
        (3, "1 approve, 2 approve", "in_review"),
        (2, "1 approve, 2 reject", "disputed"),
    ],
)
def test_where_most_must_agree(
    assistant, checklist, reviewer, second_reviewer, senior, needed, course, expected
):
    pair = _waiting(assistant, needed)
    Category.objects.filter(pk=pair.category_id).update(agreement="majority")
    people = {"1": reviewer, "2": second_reviewer, "s": senior}
    for step in course.split(", "):
        who, decision = step.split()
        decide(Pair.objects.get(pk=pair.pk), people[who], decision, note="alasannya")
    assert _status(pair) == expected


def test_a_draft_goes_through_review(assistant, checklist, reviewer):
    pair = factories.pair(assistant)
    Pair.objects.update(reviewers_needed=1)
    decide(pair, reviewer)
    changes = transitions.history(pair)
    assert [(c.from_status, c.to_status, c.by) for c in changes] == [
        ("draft", "in_review", reviewer),
        ("in_review", "approved", reviewer),
    ]


def test_a_verdict_is_stored_with_its_answers(pair, reviewer, checklist):
    answers = factories.all_yes(pair.assistant)
    last = max(answers)
    answers[last] = False
    _rule(pair, reviewer, answers={**answers, 0: True}, note=" kurang ramah ")
    verdict = Verdict.objects.get()
    assert (verdict.reviewer, verdict.decision, verdict.at) == (reviewer, "approve", NOW)
    assert (verdict.revision, verdict.round) == (pair.current_revision, 1)
    assert (verdict.checklist, verdict.note, verdict.settles) == (checklist, "kurang ramah", False)
    assert dict(verdict.answers.values_list("item_id", "yes")) == answers


def test_a_settling_verdict_says_so(assistant, checklist, reviewer, second_reviewer, senior):
    pair = _waiting(assistant, 2)
    decide(pair, reviewer)
    decide(pair, second_reviewer, Decision.REJECT, "salah")
    decide(pair, senior, note="benar menurut pasal 75")
    assert list(Verdict.objects.order_by("id").values_list("settles", flat=True)) == [
        False,
        False,
        True,
    ]
    assert transitions.history(pair).last().note == "benar menurut pasal 75"


# --- refusals ------------------------------------------------------------------------------------
def test_nobody_approves_their_own_text(assistant, checklist, reviewer, second_reviewer):
    pair = _waiting(assistant, 1, author=reviewer)
    with pytest.raises(OwnText):
        _rule(pair, reviewer)
    assert (_status(pair), Verdict.objects.count()) == ("in_review", 0)
    decide(pair, second_reviewer)
    assert _status(pair) == "approved"


def test_who_edits_a_pair_does_not_approve_it(pair, reviewer, second_reviewer):
    pairs.revise(pair, answer="Yang benar: tiga tahun.", by=reviewer, why="salah", now=NOW)
    with pytest.raises(OwnText):
        _rule(pair, reviewer)
    decide(pair, second_reviewer)
    assert _status(pair) == "approved"


def test_a_senior_does_not_settle_for_their_own_text(
    assistant, checklist, reviewer, second_reviewer, senior
):
    pair = _waiting(assistant, 2, author=senior)
    decide(pair, reviewer)
    decide(pair, second_reviewer, Decision.REJECT, "salah")
    with pytest.raises(OwnText):
        _rule(pair, senior)
    assert _status(pair) == "disputed"


def test_ones_own_text_may_be_rejected(assistant, checklist, reviewer):
    pair = _waiting(assistant, 1, author=reviewer)
    decide(pair, reviewer, Decision.REJECT, "saya keliru")
    assert _status(pair) == "rejected"


def test_approval_needs_every_required_item(pair, reviewer):
    answers = factories.all_yes(pair.assistant)
    left_out = list(answers)[:2]
    for item in left_out:
        del answers[item]
    assert _refused(pair, reviewer, answers=answers) == {
        f"item_{item}": "needs an answer" for item in left_out
    }


def test_an_item_that_is_not_required_may_be_left_out(pair, reviewer):
    answers = factories.all_yes(pair.assistant)
    item = next(iter(answers))
    ChecklistItem.objects.filter(pk=item).update(required=False)
    checklists.in_force.forget()
    del answers[item]
    _rule(pair, reviewer, answers=answers)
    assert _status(pair) == "approved"


def test_other_decisions_need_no_checklist(pair, reviewer):
    _rule(pair, reviewer, Decision.REJECT, answers={}, note="bukan urusan kita")
    assert _status(pair) == "rejected"


@pytest.mark.parametrize("note", ["", "tapi bagus"])
def test_wrong_information_is_never_approved(pair, reviewer, note):
    answers = factories.all_yes(pair.assistant)
    wrong = checklists.items(pair.assistant)[3]
    assert wrong.part == "accuracy"
    answers[wrong.pk] = False
    fields = _refused(pair, reviewer, answers=answers, note=note)
    assert fields == {f"item_{wrong.pk}": "a pair with wrong information can't be approved"}


def test_a_no_elsewhere_needs_a_note(pair, reviewer):
    answers = factories.all_yes(pair.assistant)
    answers[checklists.items(pair.assistant)[0].pk] = False
    assert _refused(pair, reviewer, answers=answers, note=" ") == {"note": "say why"}
    _rule(pair, reviewer, answers=answers, note="agak kaku, tapi boleh")
    assert _status(pair) == "approved"


@pytest.mark.parametrize("decision", ["reject", "needs_work", "second"])
def test_every_decision_but_approval_needs_a_note(pair, reviewer, decision):
    assert _refused(pair, reviewer, decision) == {"note": "say why"}


def test_an_unknown_decision_is_refused(pair, reviewer):
    assert _refused(pair, reviewer, "maybe") == {"decision": "unknown"}


@pytest.mark.parametrize("status", ["approved", "rejected", "needs_work", "retired"])
def test_a_pair_that_does_not_wait_takes_no_verdict(pair, reviewer, status):
    Pair.objects.update(status=status)
    pair.refresh_from_db()
    with pytest.raises(Conflict):
        _rule(pair, reviewer)
    assert (_status(pair), Verdict.objects.count()) == (status, 0)


def _dispute(assistant, reviewer, second_reviewer):
    pair = _waiting(assistant, 2)
    decide(pair, reviewer)
    decide(pair, second_reviewer, Decision.REJECT, "salah")
    return pair


def test_only_a_senior_settles_a_dispute(assistant, checklist, reviewer, second_reviewer, curator):
    pair = _dispute(assistant, reviewer, second_reviewer)
    for person in (reviewer, second_reviewer):
        with pytest.raises(Refused):
            _rule(pair, person)
    assert (_status(pair), Verdict.objects.count()) == ("disputed", 2)
    decide(pair, curator)
    assert _status(pair) == "approved"


@pytest.mark.parametrize("decision", ["needs_work", "second"])
def test_a_dispute_ends_in_approval_or_rejection(
    assistant, checklist, reviewer, second_reviewer, senior, decision
):
    pair = _dispute(assistant, reviewer, second_reviewer)
    assert list(_refused(pair, senior, decision, note="hm")) == ["decision"]


def test_an_edit_of_a_disputed_pair_starts_anew(assistant, checklist, reviewer, second_reviewer):
    pair = _dispute(assistant, reviewer, second_reviewer)
    pairs.revise(pair, answer="Rumusan baru.", by=None, why="jalan tengah", now=NOW)
    decide(pair, reviewer)
    assert _status(pair) == "in_review"
    decide(pair, second_reviewer)
    assert _status(pair) == "approved"


# --- which verdicts count ------------------------------------------------------------------------
def test_a_later_verdict_of_a_reviewer_supersedes_the_earlier(
    assistant, checklist, reviewer, second_reviewer
):
    pair = _waiting(assistant, 3)
    decide(pair, reviewer)
    decide(pair, second_reviewer)
    decide(pair, reviewer, Decision.SECOND, "ragu")
    pair.refresh_from_db()
    assert {v.reviewer: v.decision for v in verdicts.standing(pair)} == {
        reviewer: "second",
        second_reviewer: "approve",
    }
    assert Verdict.objects.count() == 3


def test_verdicts_on_an_earlier_text_do_not_count(assistant, checklist, reviewer, second_reviewer):
    pair = _waiting(assistant, 2)
    decide(pair, reviewer)
    pairs.revise(pair, answer="Teks yang lain.", by=None, why="rapikan", now=NOW)
    assert verdicts.standing(pair) == []
    decide(pair, second_reviewer)
    assert _status(pair) == "in_review"


def test_verdicts_of_an_earlier_round_do_not_count(assistant, checklist, reviewer, second_reviewer):
    pair = _waiting(assistant, 2)
    decide(pair, reviewer)
    decide(pair, second_reviewer)
    pairs.reopen(pair, by=reviewer, why="undang-undangnya berubah", now=NOW)
    assert verdicts.standing(pair) == []
    decide(pair, reviewer)
    assert _status(pair) == "in_review"


def test_a_rejected_pair_reopened_is_approved_without_dispute(pair, reviewer, second_reviewer):
    decide(pair, reviewer, Decision.REJECT, "salah")
    pairs.reopen(pair, by=second_reviewer, why="ternyata benar", now=NOW)
    decide(pair, second_reviewer)
    assert _status(pair) == "approved"


def test_needs_work_then_submitted_unchanged_is_approved_by_another(
    pair, reviewer, second_reviewer
):
    decide(pair, reviewer, Decision.NEEDS_WORK, "cek lagi")
    pairs.submit(pair, by=second_reviewer, now=NOW, note="sudah dicek")
    decide(pair, second_reviewer)
    assert _status(pair) == "approved"


# --- what the reviewer saw -----------------------------------------------------------------------
def test_nobody_approves_a_text_that_they_did_not_see(pair, reviewer, second_reviewer):
    seen = pair.current_revision_id
    pairs.revise(pair, answer="Teks yang lain.", by=second_reviewer, why="", now=NOW)
    fresh = Pair.objects.get(pk=pair.pk)
    with pytest.raises(StaleMove):
        _rule(fresh, reviewer, seen=seen)
    assert (_status(pair), Verdict.objects.count()) == ("in_review", 0)


def test_a_row_read_before_the_edit_approves_nothing(pair, reviewer, second_reviewer):
    stale = Pair.objects.get(pk=pair.pk)
    pairs.revise(pair, answer="Teks yang lain.", by=second_reviewer, why="", now=NOW)
    with pytest.raises(StaleMove):
        _rule(stale, reviewer)
    assert (_status(pair), Verdict.objects.count()) == ("in_review", 0)


def test_a_row_read_before_anothers_decision_decides_nothing(pair, reviewer, second_reviewer):
    stale = Pair.objects.get(pk=pair.pk)
    decide(pair, reviewer)
    with pytest.raises(StaleMove):
        _rule(stale, second_reviewer, Decision.REJECT, note="salah")
    assert (_status(pair), Verdict.objects.count()) == ("approved", 1)


@pytest.mark.parametrize("came_in", ["draft", "in_review"])
@pytest.mark.parametrize(
    ("decision", "status"), [("approve", "approved"), ("needs_work", "needs_work")]
)
def test_who_did_not_see_the_first_verdict_counts_it(
    assistant, checklist, reviewer, second_reviewer, came_in, decision, status
):
    pair = _waiting(assistant, 2)
    Pair.objects.filter(pk=pair.pk).update(status=came_in)
    first, stale = (Pair.objects.get(pk=pair.pk) for _copy in range(2))
    _rule(first, reviewer)
    _rule(stale, second_reviewer, decision, note="lama")
    row = Pair.objects.get(pk=pair.pk)
    assert (row.status, row.given, row.last_hand) == (status, 2, second_reviewer)


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_approve(assistant, checklist, reviewer, second_reviewer, together):
    pair = _waiting(assistant, 2)
    copies = {person: Pair.objects.get(pk=pair.pk) for person in (reviewer, second_reviewer)}
    results = together(
        *[lambda by=by, row=row: _rule(row, by) for by, row in copies.items()],
    )
    assert [type(result) for result in results] == [Verdict, Verdict]
    assert _status(pair) == "approved"


# --- what waits for whom -------------------------------------------------------------------------
def test_what_waits_for_a_reviewer(assistant, checklist, reviewer, second_reviewer, senior):
    draft, judged = factories.pair(assistant), _waiting(assistant, 2)
    decide(judged, reviewer)
    own = _waiting(assistant, 2, author=reviewer)
    factories.approved(assistant)
    disputed = _waiting(assistant, 2)
    Pair.objects.filter(pk=disputed.pk).update(status="disputed")
    assert list(queue.waiting_for(reviewer, NOW)) == [draft]
    # One verdict more decides the judged one: it goes first.
    assert list(queue.waiting_for(second_reviewer, NOW)) == [judged, draft, own]
    assert list(queue.disputes_for(senior, NOW)) == [disputed]


def test_a_reopened_pair_waits_again_for_who_judged_it(pair, reviewer):
    decide(pair, reviewer)
    pairs.reopen(pair, by=reviewer, why="khilaf", now=NOW)
    assert list(queue.waiting_for(reviewer, NOW)) == [pair]


def test_the_demo_categories_need_two_reviewers(assistant):
    assert set(Category.objects.values_list("reviewers_needed", flat=True)) == {2}


def test_a_verdict_on_an_earlier_round_is_refused(assistant, checklist, reviewer):
    pair = factories.pair(assistant)
    Pair.objects.filter(pk=pair.pk).update(round=2)
    facts = factories.all_right(pair)
    ruling = Ruling(Decision.APPROVE, factories.all_yes(assistant), facts=facts)
    with pytest.raises(StaleMove):
        verdicts.decide(pair, ruling, by=reviewer, seen=pair.current_revision_id, now=factories.NOW)
    assert Verdict.objects.count() == 0
