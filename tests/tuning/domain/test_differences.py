"""What two versions hold differently."""

from __future__ import annotations

import pytest

from reviews.domain import pairs, transitions
from reviews.enums import PairStatus
from tests import factories
from tests.tuning import making
from tuning.domain import differences
from tuning.domain.differences import Kind
from tuning.models import DatasetMember

NOW = factories.NOW


@pytest.fixture
def two(assistant, reviewer):
    """An earlier and a later version, and what differs: (added, removed, changed, moved)."""
    rows = making.approved_many(assistant, 20)
    old = making.frozen(assistant)
    pairs.retire(rows[0], by=reviewer, why="usang", now=NOW)
    pairs.revise(rows[1], answer="Jawaban baru.", by=reviewer, why="salah", now=NOW)
    transitions.move(rows[1], PairStatus.APPROVED, now=NOW)
    added = factories.approved(assistant)
    new = making.frozen(assistant)
    moved = DatasetMember.objects.get(version=new, revision=rows[2].current_revision)
    other = "train" if moved.part != "train" else "validation"
    DatasetMember.objects.filter(pk=moved.pk).update(part=other)
    return old, new, (added, rows[0], rows[1], rows[2])


def test_each_kind_is_found_and_nothing_else(two):
    old, new, (added, removed, changed, moved) = two
    found = differences.between(old, new)
    assert {(change.pair, change.kind) for change in found} == {
        (added.pk, Kind.ADDED),
        (removed.pk, Kind.REMOVED),
        (changed.pk, Kind.CHANGED),
        (moved.pk, Kind.MOVED),
    }
    assert set(differences.counts(found).values()) == {1}


def test_backwards_added_and_removed_change_places(two):
    old, new, (added, removed, _changed, _moved) = two
    found = {change.pair: change.kind for change in differences.between(new, old)}
    assert (found[added.pk], found[removed.pk]) == (Kind.REMOVED, Kind.ADDED)


def test_texts_come_with_both_sides(two, django_assert_num_queries):
    old, new, (_added, _removed, changed, _moved) = two
    with django_assert_num_queries(2):
        found = differences.between(old, new)
    with django_assert_num_queries(1):
        shown = {row.change.pair: row for row in differences.with_texts(found)}
    row = shown[changed.pk]
    assert row.old.output != row.new.output == "Jawaban baru."
    assert (row.old.pair_id, row.text) == (changed.pk, row.new)


def test_a_version_does_not_differ_from_itself(two):
    old, _new, _pairs = two
    assert differences.between(old, old) == []
