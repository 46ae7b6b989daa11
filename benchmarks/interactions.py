"""The interaction log in bulk and one by one: `python -m benchmarks.interactions`.

Beside the bare floor of one insert a request, and beside psycopg's executemany of the same rows.
DATABASE_URL and REDIS_URL name the servers.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from datetime import UTC, datetime

import psycopg

from benchmarks import load
from benchmarks.common import database, libpq, table
from benchmarks.votes import both, django_setup, floor_requests, key, measured

RECORDS, REQUESTS, SINGLE = 5_000, 6, 2_000
_FILES = [{"path": f"src/routes/page{number}.ts", "lines": 40 + number} for number in range(6)]


def record(number: int) -> dict[str, object]:
    """About 1 kB, as an app-building agent logs it; one in ten holds a phone number to redact."""
    asked = "Buat aplikasi kasir untuk warung dengan laporan harian dan cetak struk."
    if number % 10 == 0:
        asked += " Hubungi saya di 0812-3456-7890."
    return {
        "id": str(uuid.uuid4()),
        "timestamp": datetime.now(UTC).isoformat(),
        "endpoint": "/generate-and-test",
        "status": "success" if number % 4 else "failure",
        "input_description": asked,
        "app_name": f"kasir-{number % 50}",
        "app_path": f"generated/kasir-{number % 50}",
        "request_payload": json.dumps({"description": asked, "framework": "sveltekit"}),
        "response_payload": json.dumps({"files": _FILES, "build": "ok", "ms": 1834.25}),
        "test_results": json.dumps({"total": 6, "passed": 5, "failed": 1, "coverage": 0.71}),
    }


def _bodies() -> list[bytes]:
    return [
        b"\n".join(json.dumps(record(number)).encode() for number in range(RECORDS))
        for _request in range(REQUESTS)
    ]


def _requests(bodies: list[bytes], secret: str, kind: str) -> list[bytes]:
    said = {"Authorization": f"Bearer {secret}", "Content_Type": kind}
    return [load.request("POST", "/api/v1/interactions", body, **said) for body in bodies]


def _bare_rows(url: str) -> float:
    """Rows a second of executemany into a table of the same texts, without check or redaction."""
    names = ("input_description", "request_payload", "response_payload", "test_results")
    rows = [
        (uuid.uuid4(), datetime.now(UTC), *(str(record(number)[name]) for name in names))
        for number in range(RECORDS * 2)
    ]
    with psycopg.connect(libpq(url)) as connection:
        connection.execute(
            "CREATE TABLE bare"
            " (id uuid PRIMARY KEY, at timestamptz, a text, b text, c text, d text)"
        )
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO bare VALUES (%s, %s, %s, %s, %s, %s)", rows)
        connection.commit()
        return len(rows) / (time.perf_counter() - began)


def main() -> int:
    with database() as url, both(url) as (floor, hub):
        django_setup()
        secret = key()
        rows = _bare_rows(url)
        warm = [b"\n".join(json.dumps(record(number)).encode() for number in range(100))]
        load.run(hub, _requests(warm * 1, secret, "application/x-ndjson"), clients=1)
        rates = []
        for clients in (1, 2):
            requests = _requests(_bodies(), secret, "application/x-ndjson")
            result = load.run(hub, requests, clients=clients)
            assert set(result.statuses) == {202}, result.statuses
            rates.append(RECORDS * REQUESTS / result.seconds)
        bare = measured(floor, floor_requests(SINGLE))
        singles = [json.dumps(record(number)).encode() for number in range(SINGLE)]
        one = measured(hub, _requests(singles, secret, "application/json"), 202)
    table(
        [
            ("interaction log", "records a second", "of the floor"),
            ("executemany, unchecked", f"{rows:,.0f}", "100%"),
            ("bulk, 1 caller", f"{rates[0]:,.0f}", f"{rates[0] / rows:.0%}"),
            ("bulk, 2 callers", f"{rates[1]:,.0f}", f"{rates[1] / rows:.0%}"),
            ("bare view, one insert, 8 clients", f"{bare.rate:,.0f}", "100%"),
            ("one a request, 8 clients", f"{one.rate:,.0f}", f"{one.rate / bare.rate:.0%}"),
        ]
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
