"""What tests of the edge share: callers over HTTP, parts that fail, places for processes."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from feedbackhub.cache import RedisCache
from reviews.domain import assistants, keys
from reviews.enums import Scope
from reviews.models import ClientKey
from tests.feedbackhub import processes
from tests.feedbackhub.processes import Place

CONTEXTS = "/api/v1/ai/contexts"
ANSWER = {
    "request_type": "chat",
    "prompt": "Berapa lama KITAS investor berlaku?",
    "response": "KITAS investor berlaku dua tahun.",
}


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    """Nobody logs in by password here: a user must not cost half a second."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


class Caller:
    """An application that calls the hub with a key, or without one."""

    def __init__(self, key: str = "") -> None:
        # A 500 is an answer to look at, as a caller would.
        self.client = Client(raise_request_exception=False)
        self.key = key

    def send(self, method: str, path: str, body: Any = b"", **headers: str) -> Any:
        """The answer. `body` goes as it is where it is bytes, else as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        if self.key:
            headers = {"authorization": f"Bearer {self.key}", **headers}
        kind = headers.pop("content_type", "application/json")
        return self.client.generic(method, path, raw, content_type=kind, headers=headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def answered(self, **fields: Any) -> dict[str, Any]:
        """Register an answer; returns its ticket."""
        response = self.post(CONTEXTS, ANSWER | fields)
        assert response.status_code == 201, response.content
        return response.json()

    def vote(self, request_id: str, body: Any, **headers: str) -> Any:
        return self.post(f"/api/v1/ai/feedback/{request_id}", body, **headers)


def problem(response: Any) -> dict[str, Any]:
    """The problem that the answer is, without what it repeats of the answer's status."""
    assert response.headers["Content-Type"] == "application/problem+json", response.content
    body = response.json()
    assert (body.pop("type"), body.pop("status")) == ("about:blank", response.status_code)
    return body


def wrong_fields(response: Any) -> list[str]:
    """The fields that a 422 names."""
    assert response.status_code == 422, response.content
    return [line["field"] for line in problem(response)["errors"]]


@pytest.fixture
def api(key) -> Caller:
    return Caller(key[1])


@pytest.fixture
def nobody(db) -> Caller:
    return Caller()


@pytest.fixture
def with_scopes(assistant):
    def make(*scopes: str, **fields: Any) -> Caller:
        return Caller(keys.create(assistant, "some", scopes=list(scopes), **fields)[1])

    return make


@pytest.fixture
def other(db) -> Caller:
    """An application of another assistant, with every scope."""
    assistant = assistants.ensure("lain", "Lain")
    return Caller(keys.create(assistant, "other", scopes=list(Scope.values))[1])


@pytest.fixture
def recently_used(key) -> None:
    """The key's use is noted once a minute; here it is noted already."""
    ClientKey.objects.filter(pk=key[0].pk).update(last_used_at=timezone.now())


# --- a cache and a database that fail -------------------------------------------------------------
@pytest.fixture
def no_cache(settings):
    """Call it and the cache's server is away from then on."""

    def away() -> None:
        backend = "feedbackhub.cache.RedisCache"
        settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1/0"}}

    return away


@pytest.fixture
def emptied_cache(settings):
    """Call it and the cache holds nothing. A server's own 'clear' would take the others' too."""

    def empty() -> None:
        fresh = {**settings.CACHES["default"], "KEY_PREFIX": uuid.uuid4().hex}
        settings.CACHES = {"default": fresh}

    return empty


class _Noted:
    """Notes the name of each call that the application makes."""

    calls: list[str] = []

    def add(self, *args: Any, **kwargs: Any) -> Any:
        self.calls.append("add")
        return super().add(*args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        self.calls.append("get")
        return super().get(*args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        self.calls.append("incr")
        return super().incr(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        self.calls.append("delete")
        return super().delete(*args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        self.calls.append("get_many")
        return super().get_many(*args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        self.calls.append("set")
        return super().set(*args, **kwargs)


class NotedLocMem(_Noted, LocMemCache):
    pass


class NotedRedis(_Noted, RedisCache):
    pass


@pytest.fixture
def cache_calls(settings) -> list[str]:
    """The names of the calls to the cache from now on, in order."""
    kind = "NotedLocMem" if "locmem" in settings.CACHES["default"]["BACKEND"] else "NotedRedis"
    backend = f"{__name__}.{kind}"
    settings.CACHES = {"default": {**settings.CACHES["default"], "BACKEND": backend}}
    _Noted.calls.clear()
    return _Noted.calls


@pytest.fixture
def database_away():
    """A context in which the database answers each statement with an error."""

    def refuse(*_args: Any) -> Any:
        raise OperationalError("server closed the connection unexpectedly")

    return lambda: connection.execute_wrapper(refuse)


# --- processes -----------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """A DATA_DIR as `manage.py prepare` leaves it, to be copied."""
    folder = tmp_path_factory.mktemp("prepared")
    processes.manage(Place(folder), "prepare")
    return folder


@pytest.fixture
def embedded(prepared, tmp_path) -> Place:
    """A prepared place of the embedded mode: SQLite, nothing else running."""
    return Place(shutil.copytree(prepared, tmp_path / "data"))
