"""Which item a reviewer gets next, and that nobody gets what another holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.domain import calibration, claims, pairs, queue, reviewers
from reviews.domain.claims import LEASE, SKIP_REST
from reviews.enums import ClaimEnd, Decision, PairStatus
from reviews.models import Claim, Pair, Reviewer
from tests import factories
from tests.factories import NOW, decide

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_calibration(monkeypatch):
    """Chance says that no item is one for calibration."""
    monkeypatch.setattr(calibration, "_draw", lambda: 100.0)


def _next(reviewer, now=NOW) -> Pair | None:
    claim = queue.next_for(reviewer, now)
    return claim.pair if claim else None


def _one(assistant, **changes) -> Pair:
    """A pair that one reviewer decides on."""
    pair = factories.pair(assistant)
    Pair.objects.filter(pk=pair.pk).update(**{"reviewers_needed": 1, "slots": 1, **changes})
    pair.refresh_from_db()
    return pair


# --- the order -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("columns", "points"),
    [
        ({}, 0),
        ({"voices": 3}, 3),
        ({"voices": 90}, 20),
        ({"complaints": 2}, 40),
        ({"complaints": 9}, 100),
        ({"stale": True}, 50),
        ({"given": 1}, 200),
        ({"status": "disputed", "given": 2}, 600),
        ({"complaints": 1, "voices": 1, "stale": True}, 71),
    ],
)
def test_the_database_keeps_the_priority(assistant, columns, points):
    assert _one(assistant, **columns).priority == points


def test_the_most_urgent_comes_first_then_the_oldest(assistant, reviewer):
    old, older_vote = _one(assistant), _one(assistant, voices=1)
    young, angry = _one(assistant), _one(assistant, complaints=1)
    found = [_next(reviewer) for _number in range(5)]
    assert found == [angry, older_vote, old, young, None]


def test_a_category_short_of_its_target_goes_first(assistant, reviewer):
    tax, visa = (assistant.categories.get(slug=slug) for slug in ("tax", "immigration"))
    first, second = _one(assistant, category=tax), _one(assistant, category=visa)
    visa.target = 10
    visa.save()
    queue.weigh_targets()
    assert [c.boost for c in (tax.__class__.objects.get(pk=p) for p in (tax.pk, visa.pk))] == [
        0,
        100,
    ]
    assert [_next(reviewer), _next(reviewer)] == [second, first]


def test_a_reached_target_moves_nothing(assistant):
    visa = assistant.categories.get(slug="immigration")
    type(visa).objects.filter(pk=visa.pk).update(target=4, boost=100)
    for _number in range(3):
        factories.approved(assistant, category=visa)
    queue.weigh_targets()
    visa.refresh_from_db()
    assert visa.boost == 25
    factories.approved(assistant, category=visa)
    queue.weigh_targets()
    visa.refresh_from_db()
    assert visa.boost == 0


def test_what_waits_for_a_week_is_moved_up_once(assistant):
    old, young = _one(assistant), _one(assistant)
    Pair.objects.filter(pk=old.pk).update(created_at=NOW - timedelta(days=8))
    Pair.objects.filter(pk=young.pk).update(created_at=NOW - timedelta(days=6))
    assert (queue.mark_stale(NOW, portion=1), queue.mark_stale(NOW)) == (1, 0)
    assert list(Pair.objects.by_priority().values_list("pk", "priority")) == [
        (old.pk, 50),
        (young.pk, 0),
    ]


# --- for whom ------------------------------------------------------------------------------------
def test_languages_and_skills_decide_what_is_offered(assistant, reviewer):
    tax = assistant.categories.get(slug="tax")
    italian = _one(assistant, language="it", category=tax)
    _one(assistant, category=assistant.categories.get(slug="property"))
    indonesian = _one(assistant, category=tax)
    row = Reviewer.objects.create(user=reviewer, languages=["id"])
    row.skills.set([tax])
    reviewers.known.forget()
    assert [_next(reviewer), _next(reviewer)] == [indonesian, None]
    Reviewer.objects.filter(pk=row.pk).update(languages=["it"])
    reviewers.known.forget()
    assert _next(reviewer) == italian


def test_nobody_gets_their_own_text(assistant, reviewer, second_reviewer):
    written = factories.pair(assistant, author=reviewer)
    edited = _one(assistant)
    edited = Pair.objects.select_related("current_revision").get(pk=edited.pk)
    pairs.revise(edited, answer="Dua tahun.", by=reviewer, why="salah", now=NOW)
    # The cheap test is not the one that counts.
    Pair.objects.update(last_hand=None)
    assert _next(reviewer) is None
    assert {_next(second_reviewer), _next(second_reviewer)} == {written, edited}


def test_a_pair_for_one_is_in_one_hand(assistant, reviewer, second_reviewer):
    pair = _one(assistant)
    assert (_next(reviewer), _next(second_reviewer)) == (pair, None)


def test_a_pair_for_two_is_in_two_hands_and_no_third(assistant, reviewer, second_reviewer, senior):
    pair = factories.pair(assistant)
    assert [_next(who) for who in (reviewer, second_reviewer, senior)] == [pair, pair, None]


def test_a_verdict_uses_up_its_place(assistant, checklist, reviewer, second_reviewer, senior):
    pair = factories.pair(assistant)
    decide(pair, reviewer)
    assert (_next(reviewer), _next(second_reviewer), _next(senior)) == (None, pair, None)


def test_who_asks_for_a_second_reviewer_makes_a_place(assistant, checklist, reviewer, senior):
    pair = _one(assistant)
    decide(pair, reviewer, Decision.SECOND, "kurang yakin")
    assert (_next(reviewer), _next(senior)) == (None, pair)


def test_a_dispute_goes_to_a_senior_who_took_no_side(
    assistant, checklist, reviewer, second_reviewer, senior, curator
):
    pair = factories.pair(assistant)
    decide(pair, reviewer)
    decide(pair, curator, Decision.REJECT, "salah")
    assert pair.status == PairStatus.DISPUTED
    assert [_next(who) for who in (second_reviewer, curator)] == [None, None]
    assert _next(senior) == pair
    assert _next(senior) is None


# --- leases --------------------------------------------------------------------------------------
def test_a_lease_that_ran_out_frees_the_item(assistant, reviewer, second_reviewer):
    pair = _one(assistant)
    mine = queue.next_for(reviewer, NOW)
    assert _next(second_reviewer, NOW + LEASE - timedelta(seconds=1)) is None
    theirs = queue.next_for(second_reviewer, NOW + LEASE)
    assert theirs.pair == pair
    assert Claim.objects.get(pk=mine.pk).end == ClaimEnd.EXPIRED
    with pytest.raises(claims.Lost):
        claims.use(pair, reviewer, NOW + LEASE, mine)


def test_activity_renews_a_lease(assistant, reviewer, second_reviewer):
    _one(assistant)
    claim = queue.next_for(reviewer, NOW)
    later = NOW + timedelta(minutes=9)
    assert claims.renew([claim.pk, 10**9], reviewer, later) == {claim.pk: 600, 10**9: None}
    assert _next(second_reviewer, NOW + timedelta(minutes=15)) is None


def test_nobody_renews_anothers_claim(assistant, reviewer, second_reviewer):
    _one(assistant)
    claim = queue.next_for(reviewer, NOW)
    assert claims.renew([claim.pk], second_reviewer, NOW) == {claim.pk: None}


def test_a_late_reviewer_goes_on_where_nobody_else_came(assistant, reviewer):
    pair = _one(assistant)
    claim = queue.next_for(reviewer, NOW)
    late = NOW + timedelta(hours=2)
    assert claims.use(pair, reviewer, late, claim) == claim
    assert Claim.objects.get(pk=claim.pk).expires_at == late + LEASE


def test_a_skipped_item_goes_to_others_and_comes_back_tomorrow(
    assistant, reviewer, second_reviewer
):
    pair = _one(assistant)
    claims.skip(queue.next_for(reviewer, NOW), "bukan bidang saya", NOW)
    assert _next(reviewer) is None
    other = queue.next_for(second_reviewer, NOW)
    assert other.pair == pair
    claims.release([other.pk], second_reviewer, NOW)
    assert _next(reviewer, NOW + SKIP_REST) == pair


def test_the_database_refuses_a_place_twice(assistant, reviewer, second_reviewer, monkeypatch):
    """What a look missed, because both looked at once, the unique index does not."""
    pair = _one(assistant)
    assert claims.take(pair, reviewer, NOW)
    monkeypatch.setattr(claims, "_free_slot", lambda *_args: 1)
    assert claims.take(pair, second_reviewer, NOW) is None
    assert Claim.objects.count() == 1


def _take_first(pair, who):
    return claims.take_first(pair.pk, pair.current_revision_id, pair.round, who, NOW)


def test_who_was_slower_goes_without(assistant, reviewer, second_reviewer):
    pair = factories.pair(assistant)
    assert _take_first(pair, reviewer).pair == pair
    assert _take_first(pair, second_reviewer) is None
    assert list(Claim.objects.values_list("reviewer", "slot", "end")) == [(reviewer.pk, 1, "")]


def test_a_pair_that_moved_on_since_the_look_is_given_back(assistant, reviewer):
    pair = _one(assistant)
    Pair.objects.filter(pk=pair.pk).update(status=PairStatus.RETIRED)
    assert _take_first(pair, reviewer) is None
    assert list(Claim.objects.values_list("end", flat=True)) == [ClaimEnd.RELEASED]


# --- how much it costs ---------------------------------------------------------------------------
def _queries_for_next(who) -> int:
    # What a process knows for a moment is known.
    claims.release([queue.next_for(who, NOW).pk], who, NOW)
    with CaptureQueriesContext(connection) as queries:
        assert queue.next_for(who, NOW)
    return len(queries)


def test_as_many_queries_for_3_as_for_60(assistant, reviewer, second_reviewer):
    """An item that nobody has in hand, and one that another reviewer has in hand, too."""
    counts = []
    for more in (3, 57):
        for _number in range(more):
            factories.pair(assistant)
        counts.append([_queries_for_next(who) for who in (reviewer, second_reviewer)])
        Claim.objects.all().delete()
    assert counts == [[3, 4], [3, 4]]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL: its plans")
def test_the_queue_is_read_out_of_its_index(assistant, reviewer):
    with CaptureQueriesContext(connection) as queries:
        queue._lanes(reviewer, NOW, 0)
    [lanes] = [q["sql"] for q in queries if "reviews_category" in q["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {lanes}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    # Each lane's top comes in the order of the index; only the few tops are sorted.
    assert "Index Scan using pair_queue" in plan
    assert plan.count("Sort Key") == 1
