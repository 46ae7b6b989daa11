"""PostgreSQL and Redis of a test's own, to stop and start, and the hub on them as in production."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import redis

from feedbackhub.demo.process import free_port
from tests.feedbackhub.processes import ROOT, Hub, until

VERSIONS = Path("/usr/lib/postgresql")
"""Where Debian keeps the server's programs, by version and outside PATH."""
GUNICORN = "feedbackhub.wsgi:application --worker-class gthread --no-control-socket".split()


def binary(name: str) -> str:
    """The program's path; empty where there is none."""
    newest_first = sorted(VERSIONS.glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or next(map(str, newest_first), "")


class Redis:
    """`redis-server` as docker-compose.yml starts it: what it held is gone with it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [binary("redis-server"), "--bind", "127.0.0.1", "--port", str(self.port)]
        command += ["--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(self._answers, 10, "redis-server")

    def _answers(self) -> bool:
        try:
            return bool(redis.Redis.from_url(self.url).ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=10)


class Postgres:
    """A cluster with PostgreSQL's own settings, so that what it acknowledged is on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"postgres://hub@127.0.0.1:{self.port}/postgres"
        # PostgreSQL refuses to run as root.
        self._as: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []}
        self._as = self._as if os.geteuid() == 0 else {}

    def make(self) -> None:
        if self._as:
            shutil.chown(self.folder, "postgres", "postgres")
        self._run("initdb", "--username=hub", "--auth=trust", "--encoding=UTF8", "--locale=C")

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", "-w", "-l", str(self.folder / "server.log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """`fast` ends the sessions; `immediate` is to them what a fall of the machine is."""
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def _run(self, program: str, *arguments: str) -> None:
        # Its output goes to a file: the server that it leaves behind would hold a pipe open.
        said = self.folder / f"{program}.log"
        with said.open("wb") as out:
            command = [binary(program), "-D", str(self.folder / "data"), *arguments]
            done = subprocess.run(
                command,
                cwd=self.folder,
                stdout=out,
                stderr=out,
                timeout=60,
                check=False,
                **self._as,
            )
        assert done.returncode == 0, said.read_text()

    def votes(self) -> set[str]:
        """The request ids of those that are stored."""
        with psycopg.connect(self.url.replace("postgres:", "postgresql:", 1)) as connection:
            rows = connection.execute("SELECT request_id FROM reviews_feedback").fetchall()
        return {str(request_id) for (request_id,) in rows}


@contextmanager
def own_redis() -> Iterator[Redis]:
    server = Redis()
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def own_postgres() -> Iterator[Postgres]:
    # Not below a test's folder: that is root's alone, and too long a name for a socket.
    with tempfile.TemporaryDirectory() as folder:
        server = Postgres(Path(folder))
        server.make()
        server.start()
        try:
            yield server
        finally:
            with suppress(AssertionError):
                server.stop("immediate")


class Web(Hub):
    """The web server as the Dockerfile starts it: two processes of four threads."""

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", *GUNICORN]
        command += ["--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--threads", "4"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self.place.environment, stdout=log, stderr=log
            )
        until(self._ready, 30, "ready")

    def __exit__(self, *_error: object) -> None:
        # By SIGTERM: a killed master would leave its workers behind.
        if self._process and self._process.poll() is None:
            self.end()
