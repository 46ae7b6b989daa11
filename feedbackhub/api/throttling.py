"""Requests a minute of each client key, counted over all processes.

Fixed windows of a minute: one counter, one call. Around a window's end a caller may spend two
windows' worth at once, which is no harm here; a sliding count would cost every request more.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import Any, Protocol

import redis
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from feedbackhub.api.authentication import VoteToken
from reviews.models import ClientKey

log = logging.getLogger("hub.api")
WINDOW_SECONDS = 60


class Counter(Protocol):
    def up(self, name: str) -> int:
        """Count one more under this name, and return how many there are now."""


class InProcess:
    """For the embedded mode, where one process takes every request."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._guard = threading.Lock()

    def up(self, name: str) -> int:
        with self._guard:
            if name not in self._counts:
                window = name.rpartition(":")[2]
                for old in [one for one in self._counts if one.rpartition(":")[2] != window]:
                    del self._counts[old]
            self._counts[name] = self._counts.get(name, 0) + 1
            return self._counts[name]


class InRedis:
    """Through a client of its own: the cache's `incr` asks twice, and can't set the expiry."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)

    def up(self, name: str) -> int:
        with self._client.pipeline(transaction=False) as both:
            both.incr(f"hub:{name}")
            both.expire(f"hub:{name}", 2 * WINDOW_SECONDS)
            return int(both.execute()[0])


counter: Counter = InRedis(settings.REDIS_URL) if settings.REDIS_URL else InProcess()


class PerKey(BaseThrottle):
    """429 with Retry-After above the key's `requests_per_minute`; votes by token are counted
    apart, with the same limit. Staff are not counted."""

    def __init__(self) -> None:
        self._now = time.time()

    def allow_request(self, request: Request, view: Any) -> bool:
        caller = request.auth
        by_token = isinstance(caller, VoteToken)
        key = caller.key if by_token else caller
        if not isinstance(key, ClientKey):
            return True
        # Visitors of a page must not use up what the application itself may ask.
        name = f"rate:{key.prefix}:votes" if by_token else f"rate:{key.prefix}"
        window = int(self._now) // WINDOW_SECONDS
        try:
            count = counter.up(f"{name}:{window}")
        except redis.RedisError as error:
            # A limit that nobody can count must not be what stops an application.
            log.warning("rate limit not counted", extra={"error": repr(error)})
            return True
        return count <= key.requests_per_minute

    def wait(self) -> float:
        """Seconds until the next window."""
        return math.ceil(WINDOW_SECONDS - self._now % WINDOW_SECONDS)
