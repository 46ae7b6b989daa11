"""What tests of the ground floor share: calls at once, contexts, a cache that fails."""

from __future__ import annotations

import gc
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.cache.backends.base import BaseCache
from django.db import connection, connections

from reviews.domain import contexts
from tests.factories import NOW


class BrokenCache(BaseCache):
    """A cache whose server is away: every call raises."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def _away(self, *_args: Any, **_kwargs: Any) -> Any:
        raise ConnectionError("connection refused")

    add = get = set = delete = incr = get_many = _away


@pytest.fixture
def no_cache(settings):
    """Call it and the cache is away from then on."""

    def away() -> None:
        settings.CACHES = {"default": {"BACKEND": f"{__name__}.BrokenCache"}}

    return away


@contextmanager
def _on_a_file(place: Path) -> Iterator[None]:
    """Tests' SQLite is in memory, where a connection can't wait for another's lock: threads get a
    copy on a file, as the hub has, and what they wrote is copied back."""
    if connection.vendor != "sqlite":
        yield
        return
    # A stream that an earlier test left half read gives its connection back when it is collected:
    # that must not be while this one bears the name of a file, and is closed for good.
    gc.collect()
    connection.ensure_connection()
    own = connections.settings["default"]
    with closing(sqlite3.connect(place)) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=WAL")
    memory, own["NAME"] = own["NAME"], str(place)
    try:
        yield
    finally:
        own["NAME"] = memory
    with closing(sqlite3.connect(place)) as copy:
        copy.backup(connection.connection)


@pytest.fixture
def together(tmp_path):
    """Run the calls at once, each in a thread of its own; returns what each returned or raised."""

    def run(*calls: Callable[[], Any]) -> list[Any]:
        results: list[Any] = [None] * len(calls)
        start = threading.Barrier(len(calls))

        def work(place: int, call: Callable[[], Any]) -> None:
            start.wait()
            try:
                results[place] = call()
            except Exception as error:
                results[place] = error
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work, args=job) for job in enumerate(calls)]
        with _on_a_file(tmp_path / "threads.sqlite3"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return results

    return run


@pytest.fixture
def answered(assistant):
    """Register an answer that waits for a vote; returns its context."""

    def register(prompt: str = "Berapa lama KITAS berlaku?", **fields: Any) -> contexts.Context:
        fields = {
            "request_id": str(contexts.new_id(NOW.timestamp())),
            "assistant_id": assistant.pk,
            "request_type": "chat",
            "response": "KITAS investor berlaku dua tahun.",
            "asked_at": NOW.isoformat(),
            **fields,
        }
        context = contexts.Context(prompt=prompt, **fields)
        contexts.register(context)
        return context

    return register
