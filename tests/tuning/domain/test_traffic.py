"""Hours of traffic equal the rows they are made of, at every look and after the pruning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reviews.domain import assistants, contexts
from reviews.models import Feedback
from tests import factories
from tests.tuning import making
from tuning.domain import traffic, versions
from tuning.models import Answer, ModelVersion, TrafficWindow

NOW = factories.NOW
TEN = datetime(2026, 11, 21, 10, tzinfo=UTC)


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 11, 21, hour, minute, tzinfo=UTC)


def answer(version: ModelVersion, when: datetime, milliseconds: int, outcome="answered") -> None:
    Answer.objects.create(version=version, at=when, milliseconds=milliseconds, outcome=outcome)


def vote(version: ModelVersion, when: datetime, positive: bool, **fields) -> None:
    values = {
        "request_id": contexts.new_id(),
        "assistant": version.assistant,
        "request_type": "chat",
        "prompt": "Apa?",
        "response": "Itu.",
        "model_version": version.reference,
        "is_positive": positive,
        "asked_at": when,
        "created_at": when,
    }
    Feedback.objects.create(**{**values, **fields})


def windows(version: ModelVersion) -> list[tuple]:
    columns = ("answered", "declined", "failed", "mean_milliseconds", "positive", "negative")
    rows = TrafficWindow.objects.filter(version=version).order_by("starts_at")
    return [(row.starts_at.hour, *(getattr(row, name) for name in columns)) for row in rows]


@pytest.fixture
def base(assistant) -> ModelVersion:
    return versions.ensure_base(assistant)


@pytest.fixture
def busy(base) -> ModelVersion:
    """Two hours of a version, counted by hand in BUSY."""
    answer(base, at(8, 0), 10)
    answer(base, at(8, 59), 20, "declined")
    answer(base, at(9, 0), 30)
    answer(base, at(9, 1), 50)
    answer(base, at(9, 2), 9000, "failed")  # a time-out's length is not the model's speed
    vote(base, at(8, 30), True)
    vote(base, at(9, 5), True)
    vote(base, at(9, 6), False)
    vote(base, at(9, 7), False)
    return base


BUSY = [(8, 1, 1, 0, 15.0, 1, 0), (9, 2, 0, 1, 40.0, 1, 2)]


def test_hours_are_counted_from_answers_and_votes(busy):
    traffic.roll_up(NOW)
    assert windows(busy) == BUSY


def test_rolled_up_again_they_say_the_same(busy):
    for _ in range(3):
        traffic.roll_up(NOW)
    assert windows(busy) == BUSY


def test_what_comes_later_is_added_to_its_hour(busy):
    traffic.roll_up(at(9, 30))
    answer(busy, at(9, 40), 60)
    vote(busy, at(10, 5), True)
    traffic.roll_up(at(10, 10))
    assert windows(busy) == [
        BUSY[0],
        (9, 3, 0, 1, pytest.approx(140 / 3), 1, 2),
        (10, 0, 0, 0, None, 1, 0),
    ]


def test_hours_missed_while_nobody_looked_are_made_up_for(busy):
    traffic.roll_up(at(8, 59))
    traffic.roll_up(NOW + timedelta(days=9))
    assert windows(busy) == BUSY


def test_versions_are_counted_apart(busy, assistant):
    canary = making.canary(assistant)
    answer(canary, at(9, 0), 5)
    vote(canary, at(9, 1), False)
    traffic.roll_up(NOW)
    assert windows(busy) == BUSY
    assert windows(canary) == [(9, 1, 0, 0, 5.0, 0, 1)]


def test_votes_on_models_that_the_hub_does_not_know_are_nobody_s(base):
    vote(base, at(9, 0), True, model_version="gpt-x")
    assert (traffic.roll_up(NOW), TrafficWindow.objects.count()) == (0, 0)


def test_an_application_of_another_assistant_votes_on_no_version_of_ours(busy):
    other = assistants.ensure("lain", "Lain")
    for minute in range(5):
        vote(busy, at(9, minute), False, assistant=other)
    traffic.roll_up(NOW)
    assert windows(busy) == BUSY


def test_nothing_happened_nothing_is_counted(base):
    assert (traffic.roll_up(NOW), TrafficWindow.objects.count()) == (0, 0)


def test_pruning_keeps_the_hours(busy, settings):
    settings.ANSWER_RETENTION_DAYS = 30
    later = NOW + timedelta(days=31)
    assert traffic.prune(later) == 5
    traffic.roll_up(later)
    assert (Answer.objects.count(), windows(busy)) == (0, BUSY)


def test_pruning_counts_first_what_nobody_counted_yet(busy, settings):
    settings.ANSWER_RETENTION_DAYS = 30
    traffic.prune(NOW + timedelta(days=31))
    assert windows(busy) == BUSY


def test_pruning_in_the_middle_of_an_hour_does_not_halve_it(busy, settings):
    settings.ANSWER_RETENTION_DAYS = 30
    half_past = at(9, 1) + timedelta(days=30)
    assert traffic.prune(half_past) == 2
    traffic.roll_up(half_past)
    assert windows(busy) == BUSY


def test_recent_answers_are_kept(busy, settings):
    settings.ANSWER_RETENTION_DAYS = 2
    assert traffic.prune(NOW + timedelta(days=1)) == 0
    assert Answer.objects.count() == 5
