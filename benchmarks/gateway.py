"""What the gateway adds to a provider's answer, and many streams at once.

`python -m benchmarks.gateway`. DATABASE_URL and REDIS_URL name the servers. The provider is a stub
in a process of its own; asked directly it is the floor.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles
from urllib.parse import urlsplit

import psycopg

from benchmarks import load
from benchmarks.common import ROOT, database, libpq, serve, table
from benchmarks.votes import django_setup, key

STREAMS, PIECES, GAP_MS = 200, 400, 50
APART = 0.025
"""Seconds between two callers: they do not all begin in the same instant."""
SHORT_EVERY = 0.1
PLAIN = 1_500
SERVER = {"workers": 2, "threads": 128}
POOL = 8


@contextmanager
def provider(pieces: int, gap: float) -> Iterator[str]:
    from feedbackhub.demo.process import free_port

    port = free_port()
    arguments = [str(port), str(pieces), str(gap)]
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.provider", *arguments], cwd=ROOT)
    try:
        time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def behind(endpoint: str) -> str:
    """A key of an assistant whose base is the provider; and one more that is embedded."""
    from django.utils import timezone

    from reviews.models import Assistant
    from tuning.domain import versions
    from tuning.models import BaseModel

    secret = key("outside")
    assistant = Assistant.objects.get(slug="outside")
    model = BaseModel.objects.create(name="stub", provider="openai", endpoint=endpoint)
    versions.change_base(assistant, model, by=None, now=timezone.now(), reason="benchmark")
    return secret


def chat(secret: str, model: str, path: str = "/v1/chat/completions", **fields: object) -> bytes:
    messages = [{"role": "user", "content": "Berapa lama KITAS investor berlaku?"}]
    body = json.dumps({"model": model, "messages": messages, **fields}).encode()
    said = {"Authorization": f"Bearer {secret}", "Content_Type": "application/json"}
    return load.request("POST", path, body, **said)


# --- what it adds --------------------------------------------------------------------------------
def added(hub: str, endpoint: str, secret: str) -> None:
    direct, ours = chat("none", "stub"), chat(secret, "outside")
    load.run(hub, [ours] * 200, clients=2)
    rows: list[tuple[str, ...]] = [("plain answers", "clients", "p50 ms", "p95 ms", "added p50")]
    for clients in (1, 8):
        # In turns, and the middle one of three: the machine has other things to do.
        pairs = [
            (
                load.run(endpoint, [direct] * PLAIN, clients=clients),
                load.run(hub, [ours] * PLAIN, clients=clients),
            )
            for _round in range(3)
        ]
        pairs.sort(key=lambda pair: pair[1].percentile(50) - pair[0].percentile(50))
        bare, through = pairs[1]
        assert set(through.statuses) == {200}, through.statuses
        gain = through.percentile(50) - bare.percentile(50)
        for name, result, told in (("provider", bare, ""), ("gateway", through, f"{gain:.1f} ms")):
            figures = f"{result.percentile(50):.1f}", f"{result.percentile(95):.1f}"
            rows.append((name, str(clients), *figures, told))
    table(rows)


# --- many streams --------------------------------------------------------------------------------
async def _stream(host: str, port: int, raw: bytes, gaps: list[float], ends: list[str]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(raw)
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0]:
        ends.append(head.split(b"\r\n")[0].decode())
        writer.close()
        return
    last, seen = 0.0, 0
    while True:
        data = await reader.read(65536)
        now = time.perf_counter()
        # Several pieces in one read came without a gap between them, and the first one late.
        count = data.count(b"dua tahun")
        if count and last:
            gaps.extend([now - last] + [0.0] * (count - 1))
        if count:
            last, seen = now, seen + count
        if not data or b"[DONE]" in data:
            break
    ends.append("whole" if seen == PIECES else f"{seen} pieces")
    writer.close()


async def _short(host: str, port: int, raw: bytes, took: list[tuple[float, float]]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    while True:
        began = time.perf_counter()
        writer.write(raw)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        took.append((began, time.perf_counter() - began))
        await asyncio.sleep(SHORT_EVERY)


async def _connections(url: str, most: list[int]) -> None:
    name = url.rpartition("/")[2]
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    while True:
        with psycopg.connect(libpq(url)) as connection:
            row = connection.execute(asked, [name]).fetchone()
            most.append(row[0] if row else 0)
        await asyncio.sleep(1)


async def _many(address: str, url: str, outside: str, embedded: str) -> dict[str, list]:
    parts = urlsplit(address)
    assert parts.hostname
    assert parts.port
    place = (parts.hostname, parts.port)
    told: dict[str, list] = {"gaps": [], "ends": [], "short": [], "connections": []}
    beside = [
        asyncio.create_task(_short(*place, embedded, told["short"])),  # type: ignore[arg-type]
        asyncio.create_task(_connections(url, told["connections"])),
    ]
    streams = []
    for _number in range(STREAMS):
        streams.append(
            asyncio.create_task(_stream(*place, outside, told["gaps"], told["ends"]))  # type: ignore[arg-type]
        )
        await asyncio.sleep(APART)
    all_open = time.perf_counter()
    await asyncio.wait(streams, return_when=asyncio.FIRST_COMPLETED)
    first_ended = time.perf_counter()
    await asyncio.gather(*streams)
    # While all of them were open, which is what is asked.
    told["short"] = [took for began, took in told["short"] if all_open < began < first_ended]
    for task in beside:
        task.cancel()
    return told


def streams(hub: str, url: str, secret: str, embedded: str) -> None:
    outside = chat(secret, "outside", stream=True)
    prompt = json.dumps({"prompt": "Berapa lama KITAS berlaku?"}).encode()
    said = {"Authorization": f"Bearer {embedded}", "Content_Type": "application/json"}
    short = load.request("POST", "/api/v1/ai/chat", prompt, **said)
    told = asyncio.run(_many(hub, url, outside, short))
    gaps = quantiles([gap * 1000 for gap in told["gaps"]], n=100)
    calls = quantiles([one * 1000 for one in told["short"]], n=100)
    ends = {end: told["ends"].count(end) for end in sorted(set(told["ends"]))}
    table(
        [
            (f"{STREAMS} streams, a piece each {GAP_MS} ms", "measured", "wanted"),
            ("how they ended", ", ".join(f"{end}: {n}" for end, n in ends.items()), "whole: 200"),
            ("gap p50 ms", f"{gaps[49]:.1f}", str(GAP_MS)),
            ("gap p99 ms", f"{gaps[98]:.1f}", f"<= {2 * GAP_MS}"),
            ("gap p99 of the ideal", f"{gaps[98] / GAP_MS:.2f}", "<= 2"),
            ("short calls p50 ms", f"{calls[49]:.1f}", ""),
            ("short calls p95 ms", f"{calls[94]:.1f}", "<= 30"),
            ("database connections", str(max(told["connections"])), "<= 16"),
        ]
    )


def main() -> int:
    if not os.environ.get("REDIS_URL"):
        raise SystemExit("REDIS_URL: the URL of a Redis server is needed")
    env = {"DATABASE_POOL_SIZE": str(POOL), "GATEWAY_MAX_OPEN": "120"}
    from django.db import connections

    with database() as url, provider(PIECES, GAP_MS) as endpoint:
        django_setup()
        embedded, secret = key(), behind(endpoint)
        # What is counted below are the gateway's connections.
        connections.close_all()
        with serve("feedbackhub.wsgi:application", url, **SERVER, **env) as hub:
            added(hub, endpoint, secret)
            print()
            streams(hub, url, secret, embedded)
    return 0


if __name__ == "__main__":
    sys.exit(main())
