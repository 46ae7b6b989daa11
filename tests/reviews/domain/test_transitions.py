"""The one move: legal or nothing, on what was seen or nothing, with its audit row."""

from __future__ import annotations

import pytest
from django.db import transaction

from reviews.domain import hints, pairs, transitions
from reviews.domain.transitions import IllegalMove, StaleMove
from reviews.enums import CorrectionStatus, PairStatus
from reviews.models import Correction, Pair, StatusChange
from tests import factories

NOW = factories.NOW
PAIR_LIFE = {
    "draft": {"in_review"},
    "in_review": {"approved", "rejected", "needs_work", "disputed"},
    "needs_work": {"in_review"},
    "disputed": {"approved", "rejected", "in_review"},
    "approved": {"in_review", "retired"},
    "rejected": {"in_review"},
    "retired": set(),
}
CORRECTION_LIFE = {
    "open": {"finished", "dismissed"},
    "dismissed": {"open"},
    "finished": set(),
}


def _table(life):
    return [(came, to) for came in life for to in life]


def _audit():
    return list(StatusChange.objects.order_by("id").values_list("from_status", "to_status"))


@pytest.mark.parametrize(("came", "to"), _table(PAIR_LIFE))
def test_a_pair_moves_as_its_life_says(assistant, came, to):
    pair = factories.pair(assistant)
    Pair.objects.update(status=came)
    pair.refresh_from_db()
    legal = to in PAIR_LIFE[came]
    if legal:
        transitions.move(pair, to, now=NOW)
    else:
        with pytest.raises(IllegalMove):
            transitions.move(pair, to, now=NOW)
    assert Pair.objects.get().status == pair.status == (to if legal else came)
    assert _audit() == ([(came, to)] if legal else [])


@pytest.mark.parametrize(("came", "to"), _table(CORRECTION_LIFE))
def test_a_correction_moves_as_its_life_says(assistant, came, to):
    row = Correction.objects.create(
        assistant=assistant, identity="1", question="a", wrong_answer="b", right_answer="c"
    )
    Correction.objects.update(status=came)
    row.refresh_from_db()
    legal = to in CORRECTION_LIFE[came]
    if legal:
        transitions.move(row, to, now=NOW)
    else:
        with pytest.raises(IllegalMove):
            transitions.move(row, to, now=NOW)
    assert Correction.objects.get().status == (to if legal else came)
    assert _audit() == ([(came, to)] if legal else [])


def test_the_tables_name_every_status():
    assert set(PAIR_LIFE) == set(PairStatus.values)
    assert set(CORRECTION_LIFE) == set(CorrectionStatus.values)


def test_a_move_writes_who_when_and_why(assistant, reviewer):
    pair = factories.pair(assistant)
    transitions.move(pair, PairStatus.IN_REVIEW, by=reviewer, note="siap", now=NOW)
    [change] = transitions.history(pair)
    assert (change.item, change.from_status, change.to_status) == (pair, "draft", "in_review")
    assert (change.by, change.note, change.at) == (reviewer, "siap", NOW)


def test_the_machines_own_move_has_no_author(assistant):
    pair = factories.pair(assistant)
    transitions.move(pair, PairStatus.IN_REVIEW, now=NOW)
    assert [change.by for change in transitions.history(pair)] == [None]


def test_the_history_is_the_items_own_oldest_first(assistant):
    pair, other = factories.approved(assistant), factories.pair(assistant)
    transitions.move(other, PairStatus.IN_REVIEW, now=NOW)
    moves = [change.to_status for change in transitions.history(pair)]
    assert moves == ["in_review", "approved"]


def test_fields_are_set_by_the_same_move(assistant):
    pair = factories.pair(assistant)
    transitions.move(pair, PairStatus.IN_REVIEW, now=NOW, fields={"voices": 7})
    assert pair.voices == 7
    assert Pair.objects.values_list("status", "voices").get() == ("in_review", 7)


def test_an_illegal_move_sets_no_field(assistant):
    pair = factories.pair(assistant)
    with pytest.raises(IllegalMove):
        transitions.move(pair, PairStatus.APPROVED, now=NOW, fields={"voices": 7})
    assert (pair.status, pair.priority) == ("draft", 0)
    assert Pair.objects.values_list("status", "voices").get() == ("draft", 0)


def test_a_status_that_changed_meanwhile_stops_the_move(assistant):
    pair = factories.approved(assistant)
    stale = Pair.objects.get()
    transitions.move(pair, PairStatus.RETIRED, now=NOW)
    before = _audit()
    with pytest.raises(StaleMove):
        transitions.move(stale, PairStatus.IN_REVIEW, now=NOW, fields={"voices": 7})
    assert stale.status == "approved"
    assert Pair.objects.values_list("status", "voices").get() == ("retired", 0)
    assert _audit() == before


def test_a_text_that_changed_meanwhile_stops_the_move(assistant, reviewer):
    pair = factories.pair(assistant)
    transitions.move(pair, PairStatus.IN_REVIEW, now=NOW)
    stale = Pair.objects.get()
    pairs.revise(pair, answer="Lain sama sekali.", by=reviewer, why="salah", now=NOW)
    with pytest.raises(StaleMove):
        transitions.move(stale, PairStatus.APPROVED, now=NOW)
    assert Pair.objects.get().status == "in_review"
    assert _audit() == [("draft", "in_review")]


def test_a_move_that_is_rolled_back_leaves_no_audit_row(assistant):
    pair = factories.pair(assistant)
    with transaction.atomic():
        transitions.move(pair, PairStatus.IN_REVIEW, now=NOW)
        transaction.set_rollback(True)
    assert Pair.objects.get().status == "draft"
    assert _audit() == []


@pytest.mark.django_db(transaction=True)
def test_of_two_moves_at_once_one_is_told_to_look_again(assistant, together):
    factories.approved(assistant)
    copies = [Pair.objects.get(), Pair.objects.get()]
    results = together(
        *[lambda pair=pair: transitions.move(pair, PairStatus.RETIRED, now=NOW) for pair in copies]
    )
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "StaleMove"]
    assert _audit()[2:] == [("approved", "retired")]


class _Broker:
    """Stands for Celery with the broker away."""

    def send_task(self, *_args, **_kwargs):
        raise ConnectionError("no broker")


@pytest.mark.django_db(transaction=True)
def test_a_hint_that_no_broker_takes_stops_nobody(assistant, monkeypatch):
    monkeypatch.undo()  # the suite's own catcher of hints
    monkeypatch.setattr(hints, "current_app", _Broker())
    pair = factories.pair(assistant)
    with transaction.atomic():
        transitions.move(pair, PairStatus.IN_REVIEW, now=NOW)
        hints.hint("reviews.link_feedback")
    assert Pair.objects.get().status == "in_review"


@pytest.mark.django_db(transaction=True)
def test_a_hint_is_sent_once_the_rows_are_there(sent_hints):
    with transaction.atomic():
        hints.hint("reviews.link_feedback")
        assert sent_hints == []
    assert sent_hints == ["reviews.link_feedback"]


@pytest.mark.django_db(transaction=True)
def test_a_hint_of_a_transaction_that_failed_is_not_sent(sent_hints):
    with transaction.atomic():
        hints.hint("reviews.link_feedback")
        transaction.set_rollback(True)
    assert sent_hints == []


def test_a_move_through_another_status_writes_each_step(assistant, reviewer):
    pair = factories.pair(assistant)
    way = {"through": [PairStatus.IN_REVIEW], "fields": {"given": 1}}
    transitions.move(pair, PairStatus.APPROVED, by=reviewer, note="benar", now=NOW, **way)
    assert _audit() == [("draft", "in_review"), ("in_review", "approved")]
    told = StatusChange.objects.order_by("id").values_list("by", "note", "at")
    assert list(told) == [(reviewer.pk, "", NOW), (reviewer.pk, "benar", NOW)]
    assert list(Pair.objects.values_list("status", "given")) == [("approved", 1)]
    assert (pair.status, pair.given) == ("approved", 1)


def test_each_step_of_a_way_must_be_legal(assistant):
    pair = factories.pair(assistant)
    with pytest.raises(IllegalMove):
        transitions.move(pair, PairStatus.RETIRED, through=[PairStatus.IN_REVIEW], now=NOW)
    assert (Pair.objects.get().status, _audit()) == ("draft", [])


def test_a_move_may_ask_that_more_is_as_it_was_seen(assistant):
    pair = factories.pair(assistant)
    Pair.objects.update(given=1)
    with pytest.raises(StaleMove):
        transitions.move(pair, PairStatus.IN_REVIEW, now=NOW, unchanged=["given"])
    assert (Pair.objects.get().status, pair.status, _audit()) == ("draft", "draft", [])
    transitions.move(pair, PairStatus.IN_REVIEW, now=NOW)
    assert _audit() == [("draft", "in_review")]
