"""Health (the process answers), readiness (its database and cache do too) and metrics."""

from __future__ import annotations

import hmac
import os
import uuid

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

LOOPBACK = ("127.0.0.1", "::1")


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ok": True})


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def _cache() -> None:
    probe = uuid.uuid4().hex
    cache.set(f"ready:{probe}", probe, 5)
    if cache.get(f"ready:{probe}") != probe:
        raise RuntimeError("the cache does not keep what is written")


def readyz(request: HttpRequest) -> JsonResponse:
    """200 with `ok` for each part, or 503 naming the part that is away (never its address)."""
    parts = {"database": _database, "cache": _cache}
    state: dict[str, str] = {}
    for name, probe in parts.items():
        try:
            probe()
            state[name] = "ok"
        except Exception as error:
            state[name] = type(error).__name__
    ready = set(state.values()) == {"ok"}
    return JsonResponse({"ok": ready, "parts": state}, status=200 if ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for this machine or for whoever holds METRICS_KEY."""
    key = settings.METRICS_KEY
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    by_key = bool(key) and hmac.compare_digest(sent.encode(), key.encode())
    # Behind a proxy every address is the proxy's: with a key set, only the key counts.
    proxied = settings.SECURE_PROXY
    by_address = not key and not proxied and request.META.get("REMOTE_ADDR") in LOOPBACK
    if not (by_key or by_address):
        return HttpResponse("metrics: for this machine or with METRICS_KEY only\n", status=403)
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    """Of this process, or, where several share a folder, of all of them together."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared
