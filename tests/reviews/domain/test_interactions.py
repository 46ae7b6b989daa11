"""The interaction log: stored once, counted once, a poisoned record set aside."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from reviews.domain import assistants, interactions
from reviews.models import Feedback, Interaction, OutcomeCount
from reviews.sources.interactions import NewInteraction
from tests.factories import NOW

# In Jakarta's time no datetime holds it, so it can't be counted by day.
POISON = datetime(9999, 12, 31, 23, tzinfo=UTC)


def _new(status="success", **fields):
    fields = {"id": uuid.uuid4(), "timestamp": NOW, "endpoint": "/generate-app", **fields}
    return NewInteraction(status=status, **fields)


def _counts():
    columns = ("endpoint", "model_version", "success", "failure", "error")
    return list(OutcomeCount.objects.order_by("id").values_list(*columns))


def _processing():
    return dict(Interaction.objects.values_list("endpoint", "processing_status"))


def test_a_record_is_stored_as_it_is(assistant):
    new = _new(
        input_description="buat kasir",
        request_payload='{"b":1,  "a":[]}',
        response_payload='{"a" : 1}\n',
        app_name="kasir",
        test_results="ok",
        model_version="v1",
        request_id=uuid.uuid4(),
    )
    assert interactions.record(assistant, [new]) == 1
    row = Interaction.objects.get()
    assert {name: getattr(row, name) for name in new.__slots__} == {
        name: getattr(new, name) for name in new.__slots__
    }
    assert (row.assistant, row.processing_status, row.feedback) == (assistant, "pending", None)


@pytest.mark.parametrize("field", interactions.REDACTED)
def test_personal_data_is_redacted(assistant, field):
    interactions.record(assistant, [_new(**{field: '{"to": "budi@contoh.id", "n": 1}'})])
    stored = getattr(Interaction.objects.get(), field)
    assert "budi@contoh.id" not in stored
    assert stored.startswith('{"to": "[')
    assert stored.endswith('", "n": 1}')


def test_a_record_sent_again_stays_as_it_was(assistant):
    first = _new(app_name="satu")
    again = _new(id=first.id, app_name="dua")
    interactions.record(assistant, [first])
    interactions.process()
    assert interactions.record(assistant, [again, _new()]) == 2
    assert Interaction.objects.count() == 2
    row = Interaction.objects.get(pk=first.id)
    assert (row.app_name, row.processing_status) == ("satu", "processed")


def test_outcomes_are_counted_by_endpoint_version_and_local_day(assistant):
    evening = NOW.replace(hour=17)  # the next day in Jakarta
    interactions.record(
        assistant,
        [
            _new(),
            _new(),
            _new("failure"),
            _new("error", endpoint="/test-app"),
            _new(model_version="v2"),
            _new(timestamp=evening),
        ],
    )
    assert interactions.process() == 6
    columns = ("endpoint", "model_version", "day", "success", "failure", "error")
    assert sorted(OutcomeCount.objects.values_list(*columns)) == [
        ("/generate-app", "", date(2026, 11, 21), 2, 1, 0),
        ("/generate-app", "", date(2026, 11, 22), 1, 0, 0),
        ("/generate-app", "v2", date(2026, 11, 21), 1, 0, 0),
        ("/test-app", "", date(2026, 11, 21), 0, 0, 1),
    ]


def test_processed_twice_they_are_counted_once(assistant):
    interactions.record(assistant, [_new(), _new("failure")])
    assert [interactions.process(), interactions.process()] == [2, 0]
    interactions.record(assistant, [_new()])
    assert interactions.process() == 1
    assert _counts() == [("/generate-app", "", 2, 1, 0)]


def test_the_limit_leaves_the_rest_for_the_next_look(assistant):
    interactions.record(assistant, [_new() for _record in range(3)])
    assert [interactions.process(limit=2), interactions.process(limit=2)] == [2, 1]
    assert _counts() == [("/generate-app", "", 3, 0, 0)]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_count_each_record_once(assistant, together):
    interactions.record(assistant, [_new(endpoint=f"/{n % 3}") for n in range(30)])
    done = together(interactions.process, interactions.process)
    assert sum(done) == 30
    assert sorted(_counts()) == [(f"/{n}", "", 10, 0, 0) for n in range(3)]


def test_a_poisoned_record_is_set_aside_and_blocks_nobody(assistant):
    interactions.record(
        assistant,
        [_new(endpoint="/baik"), _new(endpoint="/racun", timestamp=POISON), _new("failure")],
    )
    assert interactions.process() == 2
    assert _processing() == {
        "/baik": "processed",
        "/racun": "error",
        "/generate-app": "processed",
    }
    poisoned = Interaction.objects.get(endpoint="/racun")
    assert poisoned.processing_error.startswith("OverflowError(")
    assert sorted(_counts()) == [("/baik", "", 1, 0, 0), ("/generate-app", "", 0, 1, 0)]
    assert interactions.process() == 0


# --- votes ---------------------------------------------------------------------------------------
def _vote(assistant, request_id):
    return Feedback.objects.create(
        request_id=request_id,
        assistant=assistant,
        request_type="chat",
        prompt="a",
        response="b",
        is_positive=True,
        asked_at=NOW,
        created_at=NOW,
    )


@pytest.mark.parametrize("processed", [True, False])
def test_a_vote_is_linked_before_or_after_processing(assistant, processed):
    request_id = uuid.uuid4()
    interactions.record(assistant, [_new(request_id=request_id), _new()])
    if processed:
        interactions.process()
    vote = _vote(assistant, request_id)
    assert [interactions.link_feedback(NOW), interactions.link_feedback(NOW)] == [1, 0]
    assert Interaction.objects.get(request_id=request_id).feedback == vote


@pytest.mark.parametrize(("hours", "linked"), [(24, 1), (25, 0)])
def test_only_recent_interactions_are_looked_at(assistant, hours, linked):
    request_id = uuid.uuid4()
    interactions.record(
        assistant, [_new(request_id=request_id, timestamp=NOW - timedelta(hours=hours))]
    )
    _vote(assistant, request_id)
    assert interactions.link_feedback(NOW) == linked


def test_another_assistants_vote_is_not_linked(assistant):
    request_id = uuid.uuid4()
    interactions.record(assistant, [_new(request_id=request_id)])
    _vote(assistants.ensure("lain", "Lain"), request_id)
    assert interactions.link_feedback(NOW) == 0
    assert Interaction.objects.get().feedback is None


def test_one_look_does_both(assistant):
    request_id = uuid.uuid4()
    interactions.record(assistant, [_new(request_id=request_id)])
    _vote(assistant, request_id)
    assert interactions.process_and_link(NOW) == (1, 1)
