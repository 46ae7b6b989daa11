"""Requests a minute of each key: 429 with Retry-After above them, and who is not counted."""

from __future__ import annotations

import pytest
import redis

from feedbackhub.api import throttling
from reviews.enums import Scope
from tests.feedbackhub.conftest import ANSWER, CONTEXTS, Caller, problem

STATS = "/api/v1/ai/feedback/stats"


@pytest.fixture
def at(monkeypatch):
    """Call it with seconds: the limit's clock stands there."""

    def stand(seconds: float) -> None:
        monkeypatch.setattr(throttling.time, "time", lambda: seconds)

    return stand


@pytest.fixture
def limited(with_scopes) -> Caller:
    return with_scopes(*Scope.values, requests_per_minute=3, origins=["https://app.id"])


def test_above_the_limit_it_says_when_to_come_back(limited, at):
    at(6_000_000_045.0)
    assert [limited.get(STATS).status_code for _ in range(4)] == [200, 200, 200, 429]
    response = limited.get(STATS)
    assert response.headers["Retry-After"] == "15"
    assert problem(response)["title"] == "throttled"


def test_the_next_minute_is_a_new_one(limited, at):
    at(6_000_000_059.9)
    assert [limited.get(STATS).status_code for _ in range(4)][-1] == 429
    at(6_000_000_060.0)
    assert limited.get(STATS).status_code == 200


def test_each_key_has_a_limit_of_its_own(limited, api):
    assert [limited.get(STATS).status_code for _ in range(4)][-1] == 429
    assert api.get(STATS).status_code == 200


def test_votes_by_token_are_counted_apart_and_take_nothing_from_the_application(limited, nobody):
    ticket = limited.answered()
    token = {"authorization": f"Bearer {ticket['feedback_token']}"}
    votes = [nobody.vote(ticket["request_id"], {"is_positive": True}, **token) for _ in range(4)]
    assert [vote.status_code for vote in votes] == [201, 200, 200, 429]
    assert limited.get(STATS).status_code == 200


def test_a_page_may_read_that_it_must_wait(limited, nobody):
    ticket = limited.answered()
    page = {"authorization": f"Bearer {ticket['feedback_token']}", "origin": "https://app.id"}
    votes = [nobody.vote(ticket["request_id"], {"is_positive": True}, **page) for _ in range(4)]
    assert votes[-1].status_code == 429
    assert votes[-1].headers["Access-Control-Allow-Origin"] == "https://app.id"
    assert "Retry-After" in votes[-1].headers["Access-Control-Expose-Headers"]


def test_staff_are_not_counted(client, operator, assistant):
    client.force_login(operator)
    answers = {client.get(f"{STATS}?assistant=bisnis").status_code for _ in range(5)}
    assert answers == {200}


def test_a_limit_that_nobody_can_count_stops_nobody(limited, monkeypatch):
    away = throttling.InRedis("redis://127.0.0.1:1/0")
    with pytest.raises(redis.RedisError):
        away.up("rate:x:1")
    monkeypatch.setattr(throttling, "counter", away)
    assert {limited.post(CONTEXTS, ANSWER).status_code for _ in range(5)} == {201}


def test_old_windows_are_dropped():
    counter = throttling.InProcess()
    for name in ("rate:a:1", "rate:b:1", "rate:a:1"):
        counter.up(name)
    assert counter.up("rate:a:2") == 1
    assert counter._counts == {"rate:a:2": 1}
