"""A reviewer's acts at the desk: each stores what it should, once, and can be taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reviews.domain import calibration, checklists, claims, corrections, desk, queue, verdicts
from reviews.domain.errors import Conflict, Expired, Invalid, Unknown
from reviews.domain.transitions import StaleMove
from reviews.domain.verdicts import Ruling
from reviews.enums import ClaimEnd, Decision, PairStatus, Purpose
from reviews.models import (
    Claim,
    Correction,
    FactAnswer,
    Flag,
    Pair,
    PairRevision,
    Suggestion,
    Verdict,
)
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_calibration(monkeypatch):
    monkeypatch.setattr(calibration, "_draw", lambda: 100.0)


@pytest.fixture
def pair(assistant, checklist) -> Pair:
    """One reviewer is enough for it."""
    return _one(assistant)


def _one(assistant, *texts, **fields) -> Pair:
    made = factories.pair(assistant, *texts, **fields)
    Pair.objects.filter(pk=made.pk).update(reviewers_needed=1, slots=1)
    return Pair.objects.get(pk=made.pk)


def _ruling(pair, decision=Decision.APPROVE, note="", **fields) -> Ruling:
    facts = factories.all_right(pair)
    return Ruling(decision, factories.all_yes(pair.assistant), note, facts=facts, **fields)


def _decide(claim, by, decision=Decision.APPROVE, note="", now=NOW, **fields) -> Claim:
    ruling = _ruling(claim.pair, decision, note, **fields)
    return desk.decide(claim.pk, claim.revision_id, ruling, by=by, now=now)


def _status(pair) -> str:
    return Pair.objects.get(pk=pair.pk).status


# --- sitting down --------------------------------------------------------------------------------
def test_the_desk_starts_with_an_item_and_the_one_after_it(assistant, reviewer):
    pairs = [_one(assistant) for _number in range(3)]
    found = desk.sit_down(reviewer, NOW)
    assert [claim.pair for claim in found] == pairs[:2]
    assert desk.sit_down(reviewer, NOW) == found
    third = desk.fill(reviewer, NOW, [claim.pk for claim in found])
    assert third.pair == pairs[2]
    assert desk.fill(reviewer, NOW, [*(claim.pk for claim in found), third.pk]) is None


def test_nobody_hoards_items(assistant, reviewer, monkeypatch):
    monkeypatch.setattr(desk, "MOST_HELD", 3)
    for _number in range(4):
        _one(assistant)
    held: list[int] = []
    while (claim := desk.fill(reviewer, NOW, held)) is not None:
        held.append(claim.pk)
    assert len(held) == 3
    claims.release(held[:1], reviewer, NOW)
    assert desk.fill(reviewer, NOW, held) is not None


def test_an_item_that_was_settled_meanwhile_is_given_back(assistant, reviewer):
    first, second = _one(assistant), _one(assistant)
    old = desk.fill(reviewer, NOW)
    Pair.objects.filter(pk=first.pk).update(status=PairStatus.RETIRED)
    assert desk.fill(reviewer, NOW).pair == second
    assert Claim.objects.get(pk=old.pk).end == ClaimEnd.RELEASED


def test_a_text_that_nobody_checked_is_checked_at_once(assistant, reviewer):
    pair = _one(assistant, "Siapa kamu?", "Saya {{nama}}.")
    desk.fill(reviewer, NOW)
    assert list(Flag.objects.values_list("kind", "place", "start", "end")) == [
        ("placeholder", "answer", 5, 13)
    ]
    assert Pair.objects.get(pk=pair.pk).checks_due is False


def test_a_certain_pair_is_picked(assistant, reviewer, second_reviewer):
    _one(assistant)
    wanted = _one(assistant)
    assert desk.pick(wanted.pk, reviewer, NOW).pair == wanted
    with pytest.raises(claims.Lost):
        desk.pick(wanted.pk, second_reviewer, NOW)
    with pytest.raises(Unknown):
        desk.pick(10**9, reviewer, NOW)
    with pytest.raises(Conflict):
        desk.pick(factories.approved(assistant).pk, reviewer, NOW)


# --- deciding ------------------------------------------------------------------------------------
def test_a_decision_keeps_facts_reasons_and_the_time(pair, reviewer):
    claim = desk.fill(reviewer, NOW)
    items = checklists.items(pair.assistant)
    tone = next(item for item in items if item.part == "tone")
    ruling = Ruling(
        Decision.APPROVE,
        {item.pk: item != tone for item in items},
        facts=factories.all_right(pair),
        reasons={tone.pk: " agak kaku "},
        seconds=12.6,
    )
    done = desk.decide(
        claim.pk, claim.revision_id, ruling, by=reviewer, now=NOW + timedelta(seconds=40)
    )
    verdict = Verdict.objects.get()
    assert (_status(pair), verdict.seconds, verdict.purpose) == ("approved", 13, "review")
    assert verdict.answers.get(yes=False).reason == "agak kaku"
    [(kind, value)] = factories.all_right(pair)
    assert list(FactAnswer.objects.values_list("kind", "value", "right")) == [(kind, value, True)]
    stored = Claim.objects.get(pk=claim.pk)
    assert (stored.end, stored.verdict, done.pk) == ("decided", verdict, claim.pk)


def test_time_on_an_item_is_no_longer_than_it_was_in_hand(pair, reviewer):
    claim = desk.fill(reviewer, NOW)
    _decide(claim, reviewer, now=NOW + timedelta(seconds=5), seconds=9999)
    assert Verdict.objects.get().seconds == 5


@pytest.mark.parametrize("said", [{}, {"right": False}])
def test_facts_are_confirmed_before_an_approval(pair, reviewer, said):
    claim = desk.fill(reviewer, NOW)
    [(kind, value)] = factories.all_right(pair)
    facts = {(kind, value): said["right"]} if said else {}
    ruling = Ruling(Decision.APPROVE, factories.all_yes(pair.assistant), facts=facts)
    with pytest.raises(Invalid) as refused:
        desk.decide(claim.pk, claim.revision_id, ruling, by=reviewer, now=NOW)
    assert list(refused.value.fields) == [f"fact:{kind}:{value}"]
    assert (Verdict.objects.count(), Claim.objects.get().end) == (0, "")


def test_categories_that_ask_for_none_confirm_no_facts(pair, reviewer):
    type(pair.category).objects.update(confirm_facts=False)
    claim = desk.fill(reviewer, NOW)
    ruling = Ruling(Decision.APPROVE, factories.all_yes(pair.assistant))
    desk.decide(claim.pk, claim.revision_id, ruling, by=reviewer, now=NOW)
    assert _status(pair) == "approved"


def test_a_reason_for_each_wrong_item_is_enough(pair, reviewer):
    claim = desk.fill(reviewer, NOW)
    wrong = [item for item in checklists.items(pair.assistant) if item.part == "accuracy"]
    answers = {item.pk: False for item in wrong}
    some = Ruling(Decision.REJECT, answers, reasons={wrong[0].pk: "tarifnya salah"})
    with pytest.raises(Invalid):
        desk.decide(claim.pk, claim.revision_id, some, by=reviewer, now=NOW)
    every = Ruling(Decision.REJECT, answers, reasons={item.pk: "salah" for item in wrong})
    desk.decide(claim.pk, claim.revision_id, every, by=reviewer, now=NOW)
    assert _status(pair) == "rejected"


def test_the_same_decision_sent_twice_is_stored_once(pair, reviewer):
    claim = desk.fill(reviewer, NOW)
    first = _decide(claim, reviewer)
    again = _decide(claim, reviewer, now=NOW + timedelta(seconds=30))
    assert (again.verdict, Verdict.objects.count()) == (first.verdict, 1)
    with pytest.raises(claims.Gone):
        _decide(claim, reviewer, Decision.REJECT, "salah")


def test_nobody_decides_under_anothers_claim(pair, reviewer, second_reviewer):
    claim = desk.fill(reviewer, NOW)
    with pytest.raises(Unknown):
        _decide(claim, second_reviewer)


def test_a_lost_lease_decides_nothing(pair, reviewer, second_reviewer):
    mine = desk.fill(reviewer, NOW)
    desk.fill(second_reviewer, NOW + claims.LEASE)
    with pytest.raises(claims.Lost):
        _decide(mine, reviewer, now=NOW + claims.LEASE)
    assert Verdict.objects.count() == 0


def test_an_expired_lease_that_nobody_wanted_still_decides(pair, reviewer):
    claim = desk.fill(reviewer, NOW)
    _decide(claim, reviewer, now=NOW + timedelta(hours=3))
    assert _status(pair) == "approved"


# --- skipping, editing, correcting ---------------------------------------------------------------
def test_a_skip_needs_a_reason_and_is_kept_with_it(pair, reviewer):
    claim = desk.fill(reviewer, NOW)
    with pytest.raises(Invalid):
        desk.skip(claim.pk, " ", by=reviewer, now=NOW)
    for _twice in range(2):
        desk.skip(claim.pk, "bukan bidang saya", by=reviewer, now=NOW)
    assert list(Claim.objects.values_list("end", "note")) == [("skipped", "bukan bidang saya")]


def test_an_edit_goes_to_another_reviewer(pair, reviewer, second_reviewer):
    claim = desk.fill(reviewer, NOW)
    text = desk.Text("Berapa lama?", "Dua tahun.", "salah hitung")
    for _twice in range(2):
        desk.edit(claim.pk, claim.revision_id, text, by=reviewer, now=NOW)
    texts = PairRevision.objects.filter(number=2).values_list("output", "author", "why")
    assert list(texts) == [("Dua tahun.", reviewer.pk, "salah hitung")]
    assert (_status(pair), Claim.objects.get().end) == ("in_review", "edited")
    assert desk.fill(reviewer, NOW) is None
    assert desk.fill(second_reviewer, NOW).pair == pair


def test_an_edit_that_changes_nothing_is_said_to_be_one(pair, reviewer):
    claim = desk.fill(reviewer, NOW)
    same = desk.Text(claim.revision.input, claim.revision.output)
    with pytest.raises(Invalid):
        desk.edit(claim.pk, claim.revision_id, same, by=reviewer, now=NOW)
    assert Claim.objects.get().end == ""


def test_an_edit_of_a_text_that_changed_is_refused(pair, reviewer, second_reviewer):
    claim = desk.fill(reviewer, NOW)
    factories.pairs.revise(
        Pair.objects.select_related("current_revision").get(pk=pair.pk),
        answer="Lain.",
        by=second_reviewer,
        why="",
        now=NOW,
    )
    with pytest.raises(StaleMove):
        desk.edit(claim.pk, claim.revision_id, desk.Text("A?", "B."), by=reviewer, now=NOW)


def _remedy(pair, right="Tiga tahun.") -> corrections.Remedy:
    return corrections.Remedy(right, "aturan lama", "Cek PP terbaru.", pair.category, "formal")


def test_a_correction_rejects_the_text_and_opens_its_own_pair(pair, reviewer, second_reviewer):
    claim = desk.fill(reviewer, NOW)
    seen = claim.revision_id
    for _twice in range(2):
        desk.correct(claim.pk, seen, _remedy(pair), by=reviewer, now=NOW, seconds=3)
    row = Correction.objects.get()
    assert (row.question, row.wrong_answer) == (claim.revision.input, claim.revision.output)
    assert (row.right_answer, row.lesson, row.status) == (
        "Tiga tahun.",
        "Cek PP terbaru.",
        "finished",
    )
    assert (_status(pair), row.pair.status) == ("rejected", "in_review")
    assert row.pair.current_revision.author == reviewer
    assert Verdict.objects.get().note == "aturan lama"


def test_a_correction_without_a_lesson_stores_nothing(pair, reviewer):
    claim = desk.fill(reviewer, NOW)
    remedy = corrections.Remedy("Tiga tahun.", "salah", "", pair.category, "formal")
    with pytest.raises(Invalid) as refused:
        desk.correct(claim.pk, claim.revision_id, remedy, by=reviewer, now=NOW, seconds=None)
    assert list(refused.value.fields) == ["lesson"]
    assert (Correction.objects.count(), Verdict.objects.count()) == (0, 0)


def test_a_lost_text_is_kept_as_a_suggestion_once(pair, reviewer):
    text = desk.Text("Berapa lama?", "Dua tahun.", "lebih tepat")
    for _twice in range(2):
        desk.suggest(pair.pk, pair.current_revision_id, text, by=reviewer, now=NOW)
    assert list(Suggestion.objects.values_list("author", "input", "output", "why")) == [
        (reviewer.pk, "Berapa lama?", "Dua tahun.", "lebih tepat")
    ]
    with pytest.raises(Unknown):
        desk.suggest(pair.pk, 10**9, text, by=reviewer, now=NOW)


# --- taking back ---------------------------------------------------------------------------------
@pytest.mark.parametrize("decision", ["approve", "reject", "needs_work", "second"])
def test_a_decision_is_undone_within_a_minute(pair, reviewer, decision):
    claim = desk.fill(reviewer, NOW)
    _decide(claim, reviewer, decision, "alasannya")
    back = desk.undo(claim.pk, by=reviewer, now=NOW + timedelta(seconds=60))
    after = Pair.objects.get(pk=pair.pk)
    assert (after.status, after.given, after.slots, after.priority) == ("in_review", 0, 1, 0)
    assert verdicts.standing(after) == []
    assert (back.pair, back.reviewer, back.end) == (pair, reviewer, "")
    # And decided otherwise.
    _decide(back, reviewer, Decision.REJECT, "ternyata salah", now=NOW + timedelta(seconds=61))
    assert _status(pair) == "rejected"


def test_after_a_minute_it_is_too_late(pair, reviewer):
    claim = desk.fill(reviewer, NOW)
    _decide(claim, reviewer)
    with pytest.raises(Expired):
        desk.undo(claim.pk, by=reviewer, now=NOW + timedelta(seconds=61))
    assert _status(pair) == "approved"


def test_an_undo_leaves_the_others_verdict(assistant, checklist, reviewer, second_reviewer):
    pair = factories.pair(assistant)
    factories.decide(pair, second_reviewer)
    claim = desk.fill(reviewer, NOW)
    _decide(claim, reviewer)
    assert _status(pair) == "approved"
    desk.undo(claim.pk, by=reviewer, now=NOW)
    after = Pair.objects.get(pk=pair.pk)
    assert (after.status, after.given) == ("in_review", 1)
    assert [row.reviewer for row in verdicts.standing(after)] == [second_reviewer]


def test_a_settlement_undone_is_a_dispute_again(
    assistant, checklist, reviewer, second_reviewer, senior
):
    pair = factories.pair(assistant)
    factories.decide(pair, reviewer)
    factories.decide(pair, second_reviewer, Decision.REJECT, "salah")
    claim = desk.fill(senior, NOW)
    _decide(claim, senior, note="pasal 75")
    assert _status(pair) == "approved"
    assert desk.undo(claim.pk, by=senior, now=NOW).pair == pair
    assert _status(pair) == "disputed"


def test_a_skip_is_undone(pair, reviewer):
    claim = desk.fill(reviewer, NOW)
    desk.skip(claim.pk, "nanti", by=reviewer, now=NOW)
    assert desk.undo(claim.pk, by=reviewer, now=NOW).pair == pair


def test_an_edit_is_undone_while_nobody_has_seen_it(pair, reviewer):
    claim = desk.fill(reviewer, NOW)
    desk.edit(claim.pk, claim.revision_id, desk.Text("A?", "B."), by=reviewer, now=NOW)
    desk.undo(claim.pk, by=reviewer, now=NOW)
    assert Pair.objects.get(pk=pair.pk).current_revision == claim.revision


def test_an_edit_that_another_holds_stays(pair, reviewer, second_reviewer):
    claim = desk.fill(reviewer, NOW)
    desk.edit(claim.pk, claim.revision_id, desk.Text("A?", "B."), by=reviewer, now=NOW)
    desk.fill(second_reviewer, NOW)
    with pytest.raises(StaleMove):
        desk.undo(claim.pk, by=reviewer, now=NOW)
    assert Pair.objects.get(pk=pair.pk).current_revision.output == "B."


def test_nothing_is_undone_twice(pair, reviewer):
    claim = desk.fill(reviewer, NOW)
    _decide(claim, reviewer)
    desk.undo(claim.pk, by=reviewer, now=NOW)
    with pytest.raises(Conflict):
        desk.undo(claim.pk, by=reviewer, now=NOW)


# --- calibration ---------------------------------------------------------------------------------
@pytest.fixture
def gold(assistant, checklist, curator):
    made = factories.approved(assistant)
    return calibration.make_gold(
        made.current_revision,
        decision=Decision.REJECT,
        wrong_items=[checklists.items(assistant)[3]],
        why="Tarifnya sudah berubah.",
        by=curator,
    )


def test_a_gold_item_comes_at_its_rate_and_once(assistant, gold, reviewer, monkeypatch):
    _one(assistant)
    monkeypatch.setattr(calibration, "_draw", lambda: 3.9)
    claim = queue.next_for(reviewer, NOW)
    assert (claim.purpose, claim.slot, claim.revision) == (Purpose.GOLD, None, gold.revision)
    assert queue.next_for(reviewer, NOW).purpose == Purpose.REVIEW


def test_no_gold_item_comes_beyond_its_rate(assistant, gold, reviewer, monkeypatch):
    monkeypatch.setattr(calibration, "_draw", lambda: 4.0)
    assert queue.next_for(reviewer, NOW) is None


def test_a_verdict_on_a_gold_item_moves_nothing(assistant, gold, reviewer, monkeypatch):
    monkeypatch.setattr(calibration, "_draw", lambda: 0.0)
    claim = desk.fill(reviewer, NOW)
    _decide(claim, reviewer, Decision.REJECT, "tarif lama")
    verdict = Verdict.objects.get()
    assert (verdict.purpose, verdict.decision) == ("gold", "reject")
    assert _status(gold.revision.pair) == "approved"
    assert verdicts.standing(gold.revision.pair) == []
    desk.undo(claim.pk, by=reviewer, now=NOW)
    assert Verdict.objects.get().withdrawn_at == NOW


def test_who_mends_a_gold_item_has_found_it_wanting(assistant, gold, reviewer, monkeypatch):
    monkeypatch.setattr(calibration, "_draw", lambda: 0.0)
    claim = desk.fill(reviewer, NOW)
    desk.edit(claim.pk, claim.revision_id, desk.Text("A?", "B."), by=reviewer, now=NOW)
    assert (Verdict.objects.get().decision, PairRevision.objects.count()) == ("needs_work", 1)


def test_a_gold_item_is_not_its_authors(assistant, checklist, reviewer, curator, monkeypatch):
    made = factories.approved(assistant, author=reviewer)
    calibration.make_gold(
        made.current_revision, decision="approve", wrong_items=[], why="baik", by=curator
    )
    monkeypatch.setattr(calibration, "_draw", lambda: 0.0)
    assert desk.fill(reviewer, NOW) is None


def test_a_repeat_comes_after_a_week_and_once(pair, reviewer, monkeypatch):
    claim = desk.fill(reviewer, NOW)
    _decide(claim, reviewer)
    monkeypatch.setattr(calibration, "_draw", lambda: 0.0)
    assert desk.fill(reviewer, NOW + timedelta(days=6)) is None
    week = NOW + timedelta(days=8)
    again = desk.fill(reviewer, week)
    assert (again.purpose, again.pair) == (Purpose.REPEAT, pair)
    _decide(again, reviewer, Decision.REJECT, "berubah pikiran", now=week)
    assert _status(pair) == "approved"
    assert desk.fill(reviewer, week) is None


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"decision": "second"}, ["decision"]),
        ({"why": " "}, ["why"]),
        ({"decision": "approve"}, ["wrong_items"]),
    ],
)
def test_a_gold_item_that_makes_no_sense_is_refused(assistant, checklist, curator, fields, wrong):
    revision = factories.approved(assistant).current_revision
    whole = {
        "decision": "reject",
        "why": "tarif lama",
        "wrong_items": list(checklists.items(assistant)[:1]),
    }
    with pytest.raises(Invalid) as refused:
        calibration.make_gold(revision, by=curator, **(whole | fields))
    assert list(refused.value.fields) == wrong


# --- the day -------------------------------------------------------------------------------------
def test_the_days_progress(assistant, checklist, reviewer):
    pairs = [_one(assistant) for _number in range(3)]
    first, second = desk.sit_down(reviewer, NOW)
    _decide(first, reviewer, now=NOW - timedelta(days=1))
    desk.edit(second.pk, second.revision_id, desk.Text("A?", "B."), by=reviewer, now=NOW)
    assert desk.progress(reviewer, NOW) == desk.Progress(
        today=1, target=None, waiting=2, more=False
    )
    assert len(pairs) == 3
