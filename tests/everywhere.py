"""Run the suite on the embedded default, then on PostgreSQL and Redis where they answer.

    python -m tests.everywhere [pytest's arguments]

DATABASE_URL and REDIS_URL name the servers; unset, this machine's own are tried. REQUIRE_SERVERS=1
makes it an error where they do not answer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

DATABASES = (
    "postgres://postgres@127.0.0.1:5432/postgres",
    "postgres://127.0.0.1:5432/postgres",
)
REDIS = "redis://127.0.0.1:6379/15"


def postgres_url() -> str:
    """A PostgreSQL that answers, or nothing."""
    import psycopg

    given = os.environ.get("DATABASE_URL", "")
    for url in (given,) if given else DATABASES:
        if not url.startswith(("postgres://", "postgresql://")):
            continue
        try:
            # libpq knows only the longer name of the scheme.
            psycopg.connect(
                url.replace("postgres://", "postgresql://", 1), connect_timeout=2
            ).close()
        except psycopg.Error:
            continue
        return url
    return ""


def redis_url() -> str:
    """A Redis that answers, or nothing."""
    import redis

    url = os.environ.get("REDIS_URL", "") or REDIS
    try:
        redis.Redis.from_url(url, socket_connect_timeout=2).ping()
    except redis.RedisError:
        return ""
    return url


def run(title: str, arguments: list[str], **variables: str) -> int:
    """One run of pytest with only the given of the hub's own variables, and data of its own."""
    print(f"== {title}", flush=True)
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "DEBUG")}
    with tempfile.TemporaryDirectory() as folder:
        own = {"DATA_DIR": folder, "ENV_FILE": os.path.join(folder, "none")}
        command = [sys.executable, "-m", "pytest", "-n", "2", *arguments]
        return subprocess.run(command, env=kept | own | variables, check=False).returncode


def main(arguments: list[str]) -> int:
    failed = run("embedded: SQLite, nothing else running", arguments)
    database, cache = postgres_url(), redis_url()
    if database and cache:
        failed |= run("PostgreSQL and Redis", arguments, DATABASE_URL=database, REDIS_URL=cache)
    elif os.environ.get("REQUIRE_SERVERS"):
        print("PostgreSQL or Redis does not answer, and REQUIRE_SERVERS is set", flush=True)
        failed = 1
    else:
        print("skipped: the suite on PostgreSQL and Redis (they do not answer)", flush=True)
    print("left out: tests/lora, which train models and need torch (make test-lora)", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
