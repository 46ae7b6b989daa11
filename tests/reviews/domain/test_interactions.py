"""The interaction log: stored once, counted once, a poisoned record set aside."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError

from reviews.domain import assistants, interactions
from reviews.models import Feedback, Interaction, OutcomeCount
from reviews.sources import Refusal
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
        response_payload='{"a" : 1}\n\t\\\r',
        steps='[{"prompt": "\\u0000"}]',
        generated_code="{}",
        test_results="ok",
        analysis_results="\u2028é日本",
        explicit_feedback="[]",
        app_name="kasir",
        app_path="apps/kasir",
        model_version="v1",
        request_id=uuid.uuid4(),
        timestamp=NOW.replace(microsecond=123456),
    )
    assert interactions.record(assistant, [new]) == (1, 0, [])
    row = Interaction.objects.get()
    assert _new(**{name: getattr(row, name) for name in NewInteraction._fields[:-1]}) == new
    assert (row.assistant, row.feedback, row.processing_error) == (assistant, None, "")


def test_one_that_was_processed_elsewhere_stays_so(assistant):
    interactions.record(assistant, [_new(processing_status="processed")])
    assert (interactions.process(), _processing()) == (0, {"/generate-app": "processed"})


@pytest.mark.parametrize("field", interactions.REDACTED)
def test_personal_data_is_redacted(assistant, field):
    interactions.record(assistant, [_new(**{field: '{"to": "budi@contoh.id", "n": 1}'})])
    assert getattr(Interaction.objects.get(), field) == '{"to": "[EMAIL]", "n": 1}'


# --- again ---------------------------------------------------------------------------------------
def test_a_record_sent_again_is_a_duplicate(assistant):
    first = _new(request_payload="tulis ke budi@contoh.id", request_id=uuid.uuid4())
    interactions.record(assistant, [first])
    interactions.process()
    assert interactions.record(assistant, [first._replace(line=7), _new()]) == (1, 1, [])
    assert Interaction.objects.count() == 2
    assert Interaction.objects.get(pk=first.id).processing_status == "processed"


@pytest.mark.parametrize(
    "change",
    [
        {"timestamp": NOW + timedelta(microseconds=1)},
        {"endpoint": "/test-app"},
        {"status": "failure"},
        {"steps": "[]"},
        {"app_path": "apps"},
        {"request_id": uuid.UUID(int=1)},
    ],
)
@pytest.mark.parametrize("at_once", [True, False], ids=["in one body", "in two"])
def test_an_id_with_other_content_is_refused_and_the_first_stays(assistant, change, at_once):
    first = _new()
    other = first._replace(line=2, **change)
    if not at_once:
        interactions.record(assistant, [first])
    refusal = Refusal(2, "id: is there already with other content")
    sent = [first, other] if at_once else [other]
    assert interactions.record(assistant, sent) == (int(at_once), 0, [refusal])
    row = Interaction.objects.get()
    assert all(getattr(row, name) == getattr(first, name) for name in change)


def test_twice_in_one_body_it_is_stored_once(assistant):
    new = _new(steps="budi@contoh.id")
    assert interactions.record(assistant, [new, new, _new(), new]) == (2, 2, [])


def test_another_assistants_id_is_refused_in_the_same_words(assistant):
    new = _new(line=3)
    interactions.record(assistants.ensure("lain", "Lain"), [new])
    refusal = Refusal(3, "id: is there already with other content")
    assert interactions.record(assistant, [new]) == (0, 0, [refusal])
    assert Interaction.objects.get().assistant.slug == "lain"


def test_portions_are_summed_up(assistant, monkeypatch):
    monkeypatch.setattr(interactions, "PORTION", 2)
    new = [_new(id=uuid.UUID(int=n), line=n) for n in range(1, 6)]
    interactions.record(assistant, new[1:2])
    changed = new[4]._replace(status="error", line=6)
    refusal = Refusal(6, "id: is there already with other content")
    assert interactions.record(assistant, [*new, changed]) == (4, 1, [refusal])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("portion", [10, 1_000])
def test_the_same_records_at_once_count_once(assistant, together, monkeypatch, portion):
    monkeypatch.setattr(interactions, "PORTION", portion)
    new = [_new(steps=f"budi{n}@contoh.id" if n % 50 == 0 else "") for n in range(6 * portion // 5)]
    sent = [new, new[::-1], new[20:] + new[:20]]
    done = together(*[lambda rows=rows: interactions.record(assistant, rows) for rows in sent])
    assert [each.refused for each in done] == [[], [], []]
    counts = [(each.accepted, each.duplicates) for each in done]
    assert [sum(column) for column in zip(*counts, strict=True)] == [len(new), 2 * len(new)]
    assert Interaction.objects.count() == len(new)


def test_rows_are_written_in_one_order_whatever_order_they_come_in(assistant, monkeypatch):
    """Two requests in opposite orders would wait for each other: a deadlock."""
    written, insert = [], interactions._insert

    def noted(rows):
        rows = list(rows)
        written.extend(row[1] for row in rows)
        insert(rows)

    monkeypatch.setattr(interactions, "_insert", noted)
    new = [_new(id=uuid.UUID(int=n)) for n in (3, 1, 2)]
    interactions.record(assistant, new)
    assert written == [uuid.UUID(int=n) for n in (1, 2, 3)]


@pytest.mark.django_db(transaction=True)
def test_a_wrong_row_that_the_database_refuses_is_no_duplicate(assistant):
    """Only a taken id is looked up and tried again; anything else would be tried for ever."""
    with pytest.raises(IntegrityError):
        interactions.record(assistant, [_new("luar biasa")])
    assert Interaction.objects.count() == 0


# --- counted -------------------------------------------------------------------------------------
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
