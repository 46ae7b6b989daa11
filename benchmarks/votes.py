"""Votes over HTTP beside the bare floor: `python -m benchmarks.votes`.

Key check, rate limit, log line and metrics are on. DATABASE_URL and REDIS_URL name the servers.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from benchmarks import load
from benchmarks.common import database, serve, table

VOTES = 4_000
ROUNDS = 3
ANSWER = {
    "prompt": "Berapa lama KITAS investor berlaku, dan apa saja syarat perpanjangannya?",
    "response": "KITAS investor berlaku dua tahun dan dapat diperpanjang di kantor imigrasi. " * 4,
}
SERVER = {"workers": 2, "threads": 4}


def django_setup() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "feedbackhub.settings"
    django.setup()


def key(slug: str = "bench") -> str:
    """A client key of a new assistant, without a limit that a benchmark would meet."""
    from reviews.domain import assistants, keys
    from reviews.enums import Scope

    assistant = assistants.ensure(slug, slug.title())
    scopes = list(Scope.values)
    return keys.create(assistant, "bench", scopes=scopes, requests_per_minute=10**9)[1]


def contexts(count: int) -> list[str]:
    """Ids of so many answers that wait for a vote."""
    from django.utils import timezone

    from reviews.domain import contexts as domain
    from reviews.models import Assistant

    assistant, now = Assistant.objects.get(slug="bench"), timezone.now()
    ids = [str(domain.new_id()) for _ in range(count)]
    for request_id in ids:
        domain.register(
            domain.Context(request_id, assistant.pk, "chat", **ANSWER, asked_at=now.isoformat())
        )
    return ids


def votes(ids: list[str], secret: str) -> list[bytes]:
    body = json.dumps({"is_positive": True, "comment": "Jelas, terima kasih."}).encode()
    said = {"Authorization": f"Bearer {secret}", "Content_Type": "application/json"}
    return [load.request("POST", f"/api/v1/ai/feedback/{one}", body, **said) for one in ids]


def floor_requests(count: int) -> list[bytes]:
    body = json.dumps(ANSWER | {"is_positive": True}).encode()
    return [load.request("POST", "/insert", body, Content_Type="application/json")] * count


def measured(url: str, requests: list[bytes], wanted: int = 201) -> load.Result:
    result = load.run(url, requests)
    assert set(result.statuses) == {wanted}, result.statuses
    return result


@contextmanager
def both(url: str, **env: str) -> Iterator[tuple[str, str]]:
    """Addresses of the floor and of the hub, served alike."""
    own: dict[str, Any] = SERVER | {"url": url}
    floor_env = {"DJANGO_SETTINGS_MODULE": "benchmarks.floor_settings"}
    with (
        serve("benchmarks.floor:application", **own, **floor_env) as floor,
        serve("feedbackhub.wsgi:application", **own, **env) as hub,
    ):
        yield floor, hub


def main() -> int:
    if not os.environ.get("REDIS_URL"):
        raise SystemExit("REDIS_URL: the URL of a Redis server is needed")
    with database() as url, both(url) as (floor, hub):
        django_setup()
        secret, rows = key(), []
        measured(floor, floor_requests(200))
        measured(hub, votes(contexts(200), secret))
        # In turns, so that a machine that slows down slows both.
        for _round in range(ROUNDS):
            bare = measured(floor, floor_requests(VOTES))
            ours = measured(hub, votes(contexts(VOTES), secret))
            rows.append((bare, ours))
    middle = median(ours.rate / bare.rate for bare, ours in rows)
    table(
        [
            ("votes, 8 clients", "per second", "p50 ms", "p95 ms", "of the floor"),
            *_lines("bare view, one insert", [bare for bare, _ours in rows], 1.0),
            *_lines("vote", [ours for _bare, ours in rows], middle),
        ]
    )
    return 0


def _lines(name: str, results: list[load.Result], ratio: float) -> Iterator[tuple[str, ...]]:
    best = sorted(results, key=lambda result: result.rate)[len(results) // 2]
    figures = f"{best.rate:,.0f}", f"{best.percentile(50):.1f}", f"{best.percentile(95):.1f}"
    yield (name, *figures, f"{ratio:.0%}")


if __name__ == "__main__":
    sys.exit(main())
