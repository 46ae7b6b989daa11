"""The queue's state: what waits, who holds what, what is skipped, and taking an item back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.domain import claims, curation, queue
from reviews.domain.curation import Pace, Skipped
from reviews.enums import ClaimEnd, PairStatus
from reviews.models import Category, Claim, Pair, Reviewer
from tests import factories

NOW = factories.NOW


def category(assistant, slug):
    return Category.objects.get(assistant=assistant, slug=slug)


def lane(assistant, slug):
    rows = {row.category.slug: row for row in curation.lanes()}
    return rows[slug]


def test_what_waits_is_told_by_category_and_language(assistant):
    tax, company = category(assistant, "tax"), category(assistant, "company")
    for language in ("id", "id", "en"):
        factories.pair(assistant, category=tax, language=language)
    factories.approved(assistant, category=tax)
    factories.pair(assistant, category=company)
    disputed = factories.pair(assistant, category=tax)
    Pair.objects.filter(pk=disputed.pk).update(status=PairStatus.DISPUTED)
    assert lane(assistant, "tax").waiting == {"id": 2, "en": 1, "it": 0}
    assert lane(assistant, "company").waiting == {"id": 1, "en": 0, "it": 0}
    assert [lane(assistant, slug).approved for slug in ("tax", "company")] == [1, 0]
    assert curation.state(NOW).disputed == 1


def test_targets_and_what_they_move(assistant):
    Category.objects.filter(slug="tax").update(target=4)
    factories.approved(assistant, category=category(assistant, "tax"))
    queue.weigh_targets()
    first = curation.lanes()[0]
    assert (first.category.slug, first.category.boost, first.percent) == ("tax", 75, 25)
    assert lane(assistant, "company").percent is None


def test_counting_stops(assistant, monkeypatch):
    monkeypatch.setattr(curation, "COUNTED", 2)
    for _number in range(4):
        factories.pair(assistant, category=category(assistant, "tax"))
    assert lane(assistant, "tax").waiting["id"] == 3


def test_what_waits_long_is_counted(assistant):
    factories.pair(assistant)
    old = factories.pair(assistant)
    Pair.objects.filter(pk=old.pk).update(created_at=NOW - timedelta(days=8))
    Pair.objects.exclude(pk=old.pk).update(created_at=NOW)
    queue.mark_stale(NOW)
    # Its points are what `stale` adds at the least: the count looks at no pair below them.
    old.refresh_from_db()
    assert old.priority == curation.STALE_POINTS
    assert curation.state(NOW).stale == 1


def test_who_holds_what_the_longest_first(assistant, reviewer, second_reviewer):
    late = claims.take(factories.pair(assistant), reviewer, NOW)
    early = claims.take(factories.pair(assistant), second_reviewer, NOW - timedelta(minutes=5))
    claims.take(factories.pair(assistant), reviewer, NOW - timedelta(minutes=11))
    assert curation.in_hands(NOW) == [early, late]


def skip(pair, by, why, at):
    claims.skip(claims.take(pair, by, at), why, at)


def test_what_several_skipped_comes_first(assistant, reviewer, second_reviewer):
    once, twice, old, decided = (factories.pair(assistant) for _number in range(4))
    skip(twice, reviewer, "bukan bidang saya", NOW - timedelta(hours=3))
    skip(twice, second_reviewer, "pasalnya kurang jelas", NOW - timedelta(hours=2))
    skip(once, reviewer, "ragu", NOW - timedelta(hours=1))
    skip(old, reviewer, "ragu", NOW - timedelta(days=8))
    skip(decided, reviewer, "ragu", NOW)
    Pair.objects.filter(pk=decided.pk).update(status=PairStatus.APPROVED)
    assert curation.skipped(NOW) == [
        Skipped(
            twice.pk,
            twice.current_revision.input,
            2,
            [("peninjau2", "pasalnya kurang jelas"), ("peninjau1", "bukan bidang saya")],
        ),
        Skipped(once.pk, once.current_revision.input, 1, [("peninjau1", "ragu")]),
    ]


def test_the_pace_of_each_reviewer(assistant, reviewer, second_reviewer):
    """Today begins at midnight in TIME_ZONE: 10:00 UTC is 17:00 in Jakarta."""
    Reviewer.objects.create(user=reviewer, daily_target=40)
    for hours, end in [
        (1, ClaimEnd.DECIDED),
        (16, ClaimEnd.EDITED),
        (18, ClaimEnd.DECIDED),
        (2, ClaimEnd.SKIPPED),
        (3, ClaimEnd.RELEASED),
        (24 * 8, ClaimEnd.DECIDED),
    ]:
        at = NOW - timedelta(hours=hours)
        claim = claims.take(factories.pair(assistant), reviewer, at)
        claims.finish(claim, end, at)
    claims.take(factories.pair(assistant), second_reviewer, NOW)
    assert curation.pace(NOW) == [
        Pace("peninjau1", 2, 3, 1, 40, NOW - timedelta(hours=1)),
    ]


def test_an_item_taken_back_is_offered_to_others(assistant, reviewer, second_reviewer, curator):
    claim = claims.take(factories.pair(assistant), reviewer, NOW)
    curation.take_back(claim, by=curator, now=NOW)
    claim.refresh_from_db()
    assert (claim.end, claim.ended_at) == (ClaimEnd.RELEASED, NOW)
    assert queue.next_for(second_reviewer, NOW).pair == claim.pair
    (entry,) = LogEntry.objects.all()
    assert (entry.user, entry.get_edited_object()) == (curator, claim)
    assert json.loads(entry.change_message) == [{"changed": {"fields": ["end"]}}]


def test_what_nobody_holds_is_not_taken_back(assistant, reviewer, curator):
    claim = claims.take(factories.pair(assistant), reviewer, NOW)
    claims.skip(claim, "ragu", NOW)
    with pytest.raises(claims.Gone):
        curation.take_back(claim, by=curator, now=NOW)
    assert Claim.objects.get().end == ClaimEnd.SKIPPED
    assert LogEntry.objects.count() == 0


def test_the_queries_are_the_same_for_few_and_many(assistant, reviewer, second_reviewer, senior):
    counts = []
    for people in ([reviewer], [second_reviewer, senior]):
        for user in people:
            skip(factories.pair(assistant), user, "ragu", NOW)
            claims.take(factories.pair(assistant), user, NOW)
            factories.approved(assistant)
        with CaptureQueriesContext(connection) as queries:
            curation.state(NOW)
        counts.append(len(queries))
    assert counts == [10, 10]
