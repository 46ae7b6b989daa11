"""Ways round the desk's rules, each of which was open once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reviews.domain import (
    calibration,
    checklists,
    claims,
    corrections,
    desk,
    pairs,
    similar,
    verdicts,
)
from reviews.domain.errors import Conflict, Refused
from reviews.domain.transitions import StaleMove
from reviews.domain.verdicts import Ruling
from reviews.enums import Decision, PairStatus
from reviews.models import Claim, FactAnswer, Pair, PairRevision, Suggestion, Verdict
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _no_calibration(monkeypatch):
    monkeypatch.setattr(calibration, "_draw", lambda: 100.0)


def _pair(assistant, needed, *texts) -> Pair:
    made = factories.pair(assistant, *texts)
    Pair.objects.filter(pk=made.pk).update(reviewers_needed=needed, slots=needed)
    return Pair.objects.get(pk=made.pk)


def _decide(claim, by, decision=Decision.APPROVE, now=NOW) -> Claim:
    pair = Pair.objects.get(pk=claim.pair_id)
    facts = factories.all_right(pair)
    ruling = Ruling(decision, factories.all_yes(pair.assistant), "alasannya", facts=facts)
    return desk.decide(claim.pk, claim.revision_id, ruling, by=by, now=now)


def _state(pair) -> tuple:
    return Pair.objects.values_list("status", "given", "slots").get(pk=pair.pk)


def _fresh(pair) -> Pair:
    return Pair.objects.select_related("current_revision", "category").get(pk=pair.pk)


def test_after_an_undone_edit_the_pair_can_be_edited(assistant, checklist, reviewer):
    pair = _pair(assistant, 1)
    claim = desk.fill(reviewer, NOW)
    desk.edit(claim.pk, claim.revision_id, desk.Text("A?", "Satu."), by=reviewer, now=NOW)
    again = desk.undo(claim.pk, by=reviewer, now=NOW)
    desk.edit(again.pk, again.revision_id, desk.Text("A?", "Dua."), by=reviewer, now=NOW)
    texts = PairRevision.objects.filter(pair=pair).order_by("number")
    assert list(texts.values_list("number", flat=True)) == [1, 2]
    assert texts.last().output == "Dua."


def test_who_comes_back_after_an_hour_finds_their_item(assistant, checklist, reviewer):
    pair = _pair(assistant, 1)
    claim = desk.fill(reviewer, NOW)
    back = desk.fill(reviewer, NOW + HOUR)
    assert (back.pk, back.pair, back.expires_at) == (claim.pk, pair, NOW + HOUR + claims.LEASE)


def test_an_old_claim_keeps_nobody_from_the_new_text(
    assistant, checklist, reviewer, second_reviewer
):
    pair = _pair(assistant, 1)
    desk.fill(reviewer, NOW)
    pairs.revise(_fresh(pair), answer="Lain.", by=second_reviewer, why="", now=NOW + HOUR)
    assert desk.fill(reviewer, NOW + 2 * HOUR).revision == _fresh(pair).current_revision


def test_a_verdict_of_an_earlier_round_is_refused(
    assistant, checklist, reviewer, second_reviewer, senior
):
    pair = _pair(assistant, 2)
    mine, theirs = desk.fill(reviewer, NOW), desk.fill(second_reviewer, NOW)
    _decide(theirs, second_reviewer, Decision.NEEDS_WORK)
    pairs.submit(_fresh(pair), by=senior, now=NOW)
    with pytest.raises(Conflict):
        _decide(mine, reviewer)
    assert (_state(pair), Verdict.objects.count()) == (("in_review", 0, 2), 1)


def _dispute(assistant, reviewer, second_reviewer) -> tuple[Pair, Claim]:
    pair = _pair(assistant, 2)
    first, second = desk.fill(reviewer, NOW), desk.fill(second_reviewer, NOW)
    _decide(first, reviewer)
    _decide(second, second_reviewer, Decision.REJECT)
    return pair, second


def test_only_who_may_settle_a_dispute_takes_it(
    assistant, checklist, reviewer, second_reviewer, senior, curator
):
    pair, _second = _dispute(assistant, reviewer, second_reviewer)
    for person in (reviewer, second_reviewer):
        with pytest.raises(Refused):
            desk.pick(pair.pk, person, NOW)
    assert desk.fill(senior, NOW).pair == pair


def test_an_adjudicators_claim_ends_with_the_dispute(
    assistant, checklist, reviewer, second_reviewer, senior
):
    pair, second = _dispute(assistant, reviewer, second_reviewer)
    settling = desk.fill(senior, NOW)
    desk.undo(second.pk, by=second_reviewer, now=NOW)
    with pytest.raises(Conflict):
        _decide(settling, senior)
    assert _state(pair) == ("in_review", 1, 2)


@pytest.mark.parametrize(
    ("needed", "first", "then", "status"),
    [
        (2, Decision.APPROVE, Decision.NEEDS_WORK, PairStatus.NEEDS_WORK),
        (1, Decision.SECOND, Decision.APPROVE, PairStatus.APPROVED),
    ],
)
def test_nobody_undoes_what_others_decided_since(
    assistant, checklist, reviewer, second_reviewer, needed, first, then, status
):
    pair = _pair(assistant, needed)
    claim = desk.fill(reviewer, NOW)
    _decide(claim, reviewer, first)
    _decide(desk.fill(second_reviewer, NOW), second_reviewer, then)
    with pytest.raises(Conflict):
        desk.undo(claim.pk, by=reviewer, now=NOW)
    assert _state(pair)[0] == status


def test_sorting_leaves_no_pair_without_an_end(assistant, checklist, reviewer, second_reviewer):
    unsorted = pairs.unsorted(assistant)
    loose = assistant.categories.create(slug="umum", name="Umum", reviewers_needed=1)
    pair = factories.pair(assistant, category=unsorted)
    factories.decide(pair, reviewer)
    pairs.sort(_fresh(pair), loose, "formal")
    claim = desk.fill(second_reviewer, NOW)
    assert claim.pair == pair
    _decide(claim, second_reviewer)
    assert _state(pair)[0] == PairStatus.APPROVED


def _correct(claim, by, right) -> Claim:
    category = Pair.objects.get(pk=claim.pair_id).category
    remedy = corrections.Remedy(right, "aturan lama", "Cek PP.", category, "formal")
    return desk.correct(claim.pk, claim.revision_id, remedy, by=by, now=NOW, seconds=None)


def test_both_reviewers_of_a_pair_may_correct_it(assistant, checklist, reviewer, second_reviewer):
    pair = _pair(assistant, 2)
    first, second = desk.fill(reviewer, NOW), desk.fill(second_reviewer, NOW)
    _correct(first, reviewer, "Tiga tahun.")
    _correct(second, second_reviewer, "Tiga tahun penuh.")
    assert _state(pair)[0] == PairStatus.REJECTED
    corrected = assistant.corrections.get().pair
    assert Suggestion.objects.get().revision == corrected.current_revision


def test_a_correction_of_what_one_approved_is_not_thrown_away(assistant, checklist, reviewer):
    _pair(assistant, 1)
    claim = desk.fill(reviewer, NOW)
    _decide(claim, reviewer)
    with pytest.raises(claims.Gone):
        _correct(claim, reviewer, "Tiga tahun.")


def test_a_lesson_of_the_very_answer_is_not_shown_to_who_still_judges_it(
    assistant, checklist, reviewer, second_reviewer, senior
):
    pair = _pair(assistant, 2)
    _correct(desk.fill(reviewer, NOW), reviewer, "Tiga tahun.")
    corrected = _fresh(assistant.corrections.get().pair)
    for person in (second_reviewer, senior):
        factories.decide(corrected, person)
    assert corrected.status == PairStatus.APPROVED
    assert list(similar.beside(pair.pk).lessons) == []


def test_only_facts_of_the_text_are_stored(assistant, checklist, reviewer):
    pair = _pair(assistant, 1, "Berapa?", "Rp10 juta.")
    claim = desk.fill(reviewer, NOW)
    facts = factories.all_right(_fresh(pair)) | {("x" * 50, "y"): True}
    ruling = Ruling(Decision.APPROVE, factories.all_yes(assistant), facts=facts)
    desk.decide(claim.pk, claim.revision_id, ruling, by=reviewer, now=NOW)
    assert list(FactAnswer.objects.values_list("value", flat=True)) == ["IDR 10000000"]


def test_a_long_s_does_not_stop_the_desk(assistant, checklist, reviewer):
    pair = _pair(assistant, 1, "Berapa lama?", "Selesai dalam ſatu hari kerja.")
    assert desk.fill(reviewer, NOW).pair == pair
    assert [fact.value for fact in verdicts.to_confirm(_fresh(pair), "ſatu hari")] == ["1 day"]


def test_a_decided_item_looked_at_again_keeps_its_place(
    assistant, checklist, reviewer, second_reviewer, senior
):
    pair = _pair(assistant, 2)
    _decide(desk.fill(reviewer, NOW), reviewer)
    again = desk.pick(pair.pk, reviewer, NOW)
    desk.skip(again.pk, "lain kali", by=reviewer, now=NOW)
    assert desk.fill(second_reviewer, NOW).pair == pair
    assert desk.fill(senior, NOW) is None


def test_a_mended_gold_item_sent_twice_answers_the_same(
    assistant, checklist, reviewer, curator, monkeypatch
):
    made = factories.approved(assistant)
    calibration.make_gold(
        made.current_revision, decision="reject", wrong_items=[], why="lama", by=curator
    )
    monkeypatch.setattr(calibration, "_draw", lambda: 0.0)
    claim = desk.fill(reviewer, NOW)
    with pytest.raises(StaleMove):
        desk.edit(claim.pk, claim.revision_id + 1, desk.Text("A?", "B."), by=reviewer, now=NOW)
    assert list(Verdict.objects.all()) == []
    for _twice in range(2):
        desk.edit(claim.pk, claim.revision_id, desk.Text("A?", "B."), by=reviewer, now=NOW)
    assert Verdict.objects.get().purpose == "gold"


def test_answers_to_an_earlier_checklist_bring_the_new_one(assistant, checklist, reviewer):
    pair = _pair(assistant, 1)
    claim = desk.fill(reviewer, NOW)
    old = factories.all_yes(assistant)
    rows = [{"part": "tone", "text_id": "Nadanya pas"}]
    checklists.publish(None, rows)
    ruling = Ruling(Decision.APPROVE, old, facts=factories.all_right(_fresh(pair)))
    with pytest.raises(StaleMove):
        desk.decide(claim.pk, claim.revision_id, ruling, by=reviewer, now=NOW)
    again = desk.look_again(claim.pk, by=reviewer, now=NOW)
    _decide(again, reviewer)
    assert _state(pair)[0] == PairStatus.APPROVED
