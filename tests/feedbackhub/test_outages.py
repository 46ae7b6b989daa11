"""Redis and PostgreSQL go away under load and come back: no acknowledged vote is missing.

The hub runs as in production, on servers that the test starts for itself.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

import pytest

from tests.feedbackhub import servers
from tests.feedbackhub.conftest import ANSWER, CONTEXTS
from tests.feedbackhub.processes import Place, ask, manage, until
from tests.feedbackhub.servers import Postgres, Redis, Web

pytestmark = [
    pytest.mark.servers,
    pytest.mark.processes,
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL", "").startswith("postgres")
        or not os.environ.get("REDIS_URL")
        or not all(map(servers.binary, ("redis-server", "initdb", "pg_ctl"))),
        reason="needs DATABASE_URL and REDIS_URL, and the servers' programs on this machine",
    ),
]
THREADS = 6
SECONDS_AWAY = 2.0
PATIENCE = 10.0
"""Seconds that no answer may take, and in which all is well again."""
GOOD, AWAY, UNKNOWN = (200, 201), 503, 404
KEYS = """
from reviews.domain import assistants, keys
from reviews.enums import Scope
assistant = assistants.ensure("bisnis", "Asisten Bisnis")
for name in ("voters", "late"):
    made = keys.create(assistant, name, scopes=list(Scope.values), requests_per_minute=10**9)
    print(made[1])
"""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: Any
    seconds: float


class Connection:
    """A kept connection to the hub that sends nothing twice by itself."""

    def __init__(self, port: int, key: str) -> None:
        self._http = HTTPConnection("127.0.0.1", port, timeout=2 * PATIENCE)
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}

    def post(self, path: str, body: Any) -> Answer | None:
        """None where the connection broke before an answer came."""
        began = time.monotonic()
        try:
            self._http.request("POST", path, json.dumps(body), self._headers)
            answer = self._http.getresponse()
            raw = answer.read()
        except (HTTPException, ConnectionError):
            self._http.close()
            return None
        seconds = time.monotonic() - began
        return Answer(answer.status, dict(answer.headers), json.loads(raw), seconds)


@dataclass
class Load:
    """What the voters saw, all threads together."""

    answers: list[Answer] = field(default_factory=list)
    acknowledged: dict[str, float] = field(default_factory=dict)
    """By request id: when its 200 or 201 came."""
    unsure: set[str] = field(default_factory=set)
    """Votes with an attempt whose answer was a 503 or was lost: stored or not, nobody was told."""
    over: threading.Event = field(default_factory=threading.Event)

    def vote_on_and_on(self, port: int, key: str) -> None:
        connection = Connection(port, key)
        while not self.over.is_set():
            found = self._post(connection, CONTEXTS, ANSWER)
            if found and found.status == 201:
                self._vote(connection, found.body["request_id"])
            time.sleep(0.01)

    def _vote(self, connection: Connection, request_id: str) -> None:
        """Again until it is taken, as an application that heeds Retry-After does, only sooner."""
        while not self.over.is_set():
            address = f"/api/v1/ai/feedback/{request_id}"
            found = self._post(connection, address, {"is_positive": True})
            if found and found.status in GOOD:
                self.acknowledged[request_id] = time.monotonic()
                return
            if found and found.status == UNKNOWN:
                return
            self.unsure.add(request_id)
            time.sleep(0.1)

    def _post(self, connection: Connection, path: str, body: Any) -> Answer | None:
        found = connection.post(path, body)
        if found:
            self.answers.append(found)
        return found

    @property
    def statuses(self) -> Counter[int]:
        return Counter(answer.status for answer in self.answers)

    def since(self, moment: float) -> int:
        """Votes that were acknowledged later."""
        return sum(1 for at in list(self.acknowledged.values()) if at > moment)


@contextmanager
def load(port: int, key: str) -> Iterator[Load]:
    """Voters at work; they end with the block."""
    seen = Load()
    threads = [
        threading.Thread(target=seen.vote_on_and_on, args=(port, key)) for _ in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        seen.over.set()
        for thread in threads:
            thread.join()


@pytest.fixture(scope="module")
def cache() -> Iterator[Redis]:
    with servers.own_redis() as server:
        yield server


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with servers.own_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def place(cache, database, tmp_path_factory) -> Place:
    secret = "a-secret-of-our-own-that-is-long-enough"
    variables = {"DATABASE_URL": database.url, "REDIS_URL": cache.url, "SECRET_KEY": secret}
    place = Place(tmp_path_factory.mktemp("outages"), variables)
    manage(place, "prepare")
    return place


@pytest.fixture(scope="module")
def keys(place) -> list[str]:
    """One for the load, and one that no process knows from an earlier request."""
    return ask(place, KEYS).split()


def outage(web: Web, keys: list[str], stop: Callable[[], None], start: Callable[[], None]) -> Any:
    """(what the voters saw, what the gateway said meanwhile to a key that it had to look up)."""
    with load(web.port, keys[0]) as seen:
        until(lambda: seen.since(0) > 50, PATIENCE, "votes before")
        stop()
        time.sleep(SECONDS_AWAY)
        asked = Connection(web.port, keys[1]).post("/api/v1/ai/chat", {"prompt": "Apa itu KITAS?"})
        start()
        back = time.monotonic()
        until(lambda: seen.since(back) > 50, PATIENCE, "votes afterwards")
    return seen, asked


def assert_told_to_try_again(answers: list[Answer]) -> None:
    told = [answer for answer in answers if answer.status == AWAY]
    assert told
    for answer in told:
        assert (answer.headers["Retry-After"], answer.headers["Content-Type"]) == (
            "5",
            "application/problem+json",
        )
        assert answer.body["title"] == "Try again"


def test_redis_goes_away_and_comes_back(place, cache, database, keys):
    before = database.votes()
    with Web(place) as web:
        seen, asked = outage(web, keys, cache.stop, cache.start)
    # What was registered is gone with Redis, and the hub can't know that it ever was.
    assert set(seen.statuses) <= {200, 201, AWAY, UNKNOWN}
    assert_told_to_try_again(seen.answers)
    assert max(answer.seconds for answer in seen.answers) < PATIENCE
    # The answer itself is good, it just can't be voted on.
    assert (asked.status, asked.body["model_version"]) == (200, "bisnis/base")
    # A vote is refused before its row, or it is a row: nothing is in between.
    assert database.votes() - before == set(seen.acknowledged)
    assert "Traceback" not in web.log.read_text()


@pytest.mark.parametrize(("mode", "pool"), [("fast", "0"), ("immediate", "0"), ("immediate", "3")])
def test_postgresql_goes_away_and_comes_back(place, database, keys, mode, pool):
    before = database.votes()
    own = Place(place.folder, {**place.variables, "DATABASE_POOL_SIZE": pool})
    with Web(own) as web:
        seen, asked = outage(web, keys, lambda: database.stop(mode), database.start)
    # The contexts were in Redis all the time: no answer to vote on may be unknown.
    assert set(seen.statuses) <= {200, 201, AWAY}
    assert_told_to_try_again(seen.answers)
    assert_told_to_try_again([asked])
    assert max(answer.seconds for answer in [*seen.answers, asked]) < PATIENCE
    stored = database.votes() - before
    assert set(seen.acknowledged) - stored == set()
    # An insert may be committed while the word of it is lost: its voter was told to try again.
    assert stored - set(seen.acknowledged) <= seen.unsure
    assert "Traceback" not in web.log.read_text()
