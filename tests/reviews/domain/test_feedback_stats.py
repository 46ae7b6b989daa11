"""Counts of votes: whole, by part, by local day; what is over is counted once."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.domain import assistants, feedback_stats
from reviews.models import Feedback
from tests.factories import NOW

# In Jakarta, where NOW is five in the afternoon.
TODAY, YESTERDAY = "2026-11-21", "2026-11-20"


def _votes(assistant, count=1, positive=True, at=NOW, **fields):
    Feedback.objects.bulk_create(
        Feedback(
            request_id=uuid.uuid4(),
            assistant=assistant,
            request_type=fields.get("request_type", "chat"),
            prompt="Apa?",
            response="Ya.",
            model_version=fields.get("model_version", "v1"),
            language=fields.get("language", "id"),
            is_positive=positive,
            asked_at=at,
            created_at=at,
        )
        for _vote in range(count)
    )


def _days(stats):
    return {row["day"]: (row["total"], row["positive"]) for row in stats["by_day"]}


def test_statistics_of_an_assistant(assistant):
    _votes(assistants.ensure("lain", "Lain"))
    _votes(assistant)
    # In Jakarta it is the next day.
    late, early = NOW.replace(hour=17, minute=30), NOW.replace(hour=16, minute=59)
    _votes(assistant, positive=False, at=late, model_version="v2", request_type="hint")
    _votes(assistant, at=early, model_version="v2", language="en")
    assert feedback_stats.stats(assistant, NOW) == {
        "total_count": 3,
        "positive_count": 2,
        "by_type": [
            {"request_type": "chat", "total": 2, "positive": 2},
            {"request_type": "hint", "total": 1, "positive": 0},
        ],
        "by_version": [
            {"model_version": "v1", "total": 1, "positive": 1},
            {"model_version": "v2", "total": 2, "positive": 1},
        ],
        "by_language": [
            {"language": "en", "total": 1, "positive": 1},
            {"language": "id", "total": 2, "positive": 1},
        ],
        "by_day": [
            {"day": "2026-11-21", "total": 2, "positive": 2},
            {"day": "2026-11-22", "total": 1, "positive": 0},
        ],
    }


def test_nothing_is_counted_where_there_is_nothing(assistant):
    assert feedback_stats.stats(assistant, NOW) == {
        "total_count": 0,
        "positive_count": 0,
        "by_type": [],
        "by_version": [],
        "by_language": [],
        "by_day": [],
    }


def test_everything_is_counted_and_ninety_days_are_named(assistant):
    midnight = NOW.replace(hour=17) - timedelta(days=90)
    _votes(assistant, 2, at=midnight - timedelta(microseconds=1))
    _votes(assistant, 3, positive=False, at=midnight)
    _votes(assistant)
    stats = feedback_stats.stats(assistant, NOW)
    assert (stats["total_count"], stats["positive_count"]) == (6, 3)
    assert stats["by_version"] == [{"model_version": "v1", "total": 6, "positive": 3}]
    assert _days(stats) == {"2026-08-24": (3, 0), TODAY: (1, 1)}


@pytest.mark.parametrize(
    ("days", "total", "named"),
    [
        (1, 1, [TODAY]),
        (2, 3, [YESTERDAY, TODAY]),
        (90, 3, [YESTERDAY, TODAY]),
        (200, 7, ["2026-08-13", YESTERDAY, TODAY]),
    ],
)
def test_days_bound_all_of_it_by_whole_local_days(assistant, days, total, named):
    _votes(assistant)
    _votes(assistant, 2, at=NOW.replace(hour=17) - timedelta(days=2))
    _votes(assistant, 4, positive=False, at=NOW - timedelta(days=100))
    stats = feedback_stats.stats(assistant, NOW, days)
    assert (stats["total_count"], list(_days(stats))) == (total, named)
    assert stats["by_type"][0]["total"] == stats["by_language"][0]["total"] == total


@pytest.mark.parametrize("versions", [100, 101, 103])
def test_the_rest_of_a_long_breakdown_is_summed_up(assistant, versions):
    for number in range(versions):
        _votes(assistant, positive=number % 2 == 0, model_version=f"v{number:03}")
    _votes(assistant, 2, model_version="")
    rows = feedback_stats.stats(assistant, NOW)["by_version"]
    names = ["", *(f"v{number:03}" for number in range(99))]
    assert [row["model_version"] for row in rows] == [*names, None]
    assert sum(row["total"] for row in rows) == versions + 2
    left = range(99, versions)
    rest = {"total": len(left), "positive": sum(number % 2 == 0 for number in left)}
    assert rows[-1] == {"model_version": None, **rest}


def test_a_hundred_are_named_without_a_rest(assistant):
    for number in range(100):
        _votes(assistant, model_version=f"v{number:03}")
    rows = feedback_stats.stats(assistant, NOW)["by_version"]
    assert [row["model_version"] for row in rows] == [f"v{number:03}" for number in range(100)]


# --- what is over is kept ------------------------------------------------------------------------
def test_votes_of_today_count_at_once(assistant):
    _votes(assistant, 3, at=NOW - timedelta(days=1))
    _votes(assistant)
    assert _days(feedback_stats.stats(assistant, NOW)) == {YESTERDAY: (3, 3), TODAY: (1, 1)}
    _votes(assistant, positive=False)
    assert _days(feedback_stats.stats(assistant, NOW)) == {YESTERDAY: (3, 3), TODAY: (2, 1)}


def test_a_vote_stored_late_or_deleted_shows_at_once(assistant):
    _votes(assistant, 3, at=NOW - timedelta(days=1))
    assert _days(feedback_stats.stats(assistant, NOW)) == {YESTERDAY: (3, 3)}
    _votes(assistant, positive=False, at=NOW - timedelta(days=1))
    assert _days(feedback_stats.stats(assistant, NOW)) == {YESTERDAY: (4, 3)}
    Feedback.objects.filter(is_positive=True).delete()
    assert _days(feedback_stats.stats(assistant, NOW)) == {YESTERDAY: (1, 0)}


def test_what_is_kept_for_one_assistant_is_not_anothers(assistant):
    other = assistants.ensure("lain", "Lain")
    _votes(assistant, at=NOW - timedelta(days=1))
    _votes(other, positive=False, at=NOW - timedelta(days=1))
    assert _days(feedback_stats.stats(assistant, NOW)) == {YESTERDAY: (1, 1)}
    assert _days(feedback_stats.stats(other, NOW)) == {YESTERDAY: (1, 0)}


def test_tomorrow_today_is_over(assistant):
    _votes(assistant, 2)
    feedback_stats.stats(assistant, NOW)
    tomorrow = NOW + timedelta(days=1)
    _votes(assistant, at=tomorrow)
    expected = {TODAY: (2, 2), "2026-11-22": (1, 1)}
    assert _days(feedback_stats.stats(assistant, tomorrow)) == expected


def test_days_that_are_over_are_grouped_once(assistant, django_assert_num_queries):
    _votes(assistant, 3, at=NOW - timedelta(days=1))
    with django_assert_num_queries(3):
        first = feedback_stats.stats(assistant, NOW)
    with django_assert_num_queries(2):
        assert feedback_stats.stats(assistant, NOW) == first


def test_without_a_cache_it_is_only_slower(assistant, no_cache):
    _votes(assistant, 2, at=NOW - timedelta(days=1))
    no_cache()
    assert _days(feedback_stats.stats(assistant, NOW)) == {YESTERDAY: (2, 2)}


def test_the_texts_are_never_read(assistant):
    """The index alone answers; PostgreSQL's planner decides by size, so SQLite's says it here."""
    if connection.vendor != "sqlite":
        pytest.skip("a small table is read whole on PostgreSQL")
    with CaptureQueriesContext(connection) as queries:
        feedback_stats.stats(assistant, NOW)
    with connection.cursor() as cursor:
        for query in queries.captured_queries:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            assert "COVERING INDEX feedback_by_time" in cursor.fetchall()[0][-1]
