"""The hub's own processes, with data of their own: nothing of the test's database or cache."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from feedbackhub import environment
from feedbackhub.demo.process import Client, free_port

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Place:
    """A DATA_DIR with the variables that a process needs besides it."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment with none of the hub's variables but the place's own."""
        kept = {name: v for name, v in os.environ.items() if name not in environment.seen}
        own = {"DATA_DIR": str(self.folder), "ENV_FILE": str(self.folder / "no.env")}
        return kept | own | self.variables


def run(place: Place, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself, run to its end."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=place.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr[-4000:]
    return done


def manage(place: Place, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return run(place, "manage.py", *arguments, check=check)


def ask(place: Place, code: str) -> str:
    """What Python code in the place's hub prints."""
    setup = "import os, django; os.environ['DJANGO_SETTINGS_MODULE']='feedbackhub.settings'\n"
    return run(place, "-c", f"{setup}django.setup()\n{code}").stdout.strip()


BUSY = 4
"""A machine that others use, too, may take so many times as long: no wait is a measurement."""


def until(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until it is so: `seconds` would do on a machine of one's own."""
    end = time.monotonic() + BUSY * seconds
    while not true():
        assert time.monotonic() < end, f"{what}: not within {BUSY * seconds} s"
        time.sleep(0.05)


def _libpq(url: str) -> str:
    return url.replace("postgres://", "postgresql://", 1)


@contextmanager
def own_database() -> Iterator[str]:
    """The URL of a new database on the server that DATABASE_URL names; dropped in the end."""
    server = os.environ["DATABASE_URL"]
    name = f"hub_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(_libpq(server), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield server.rpartition("/")[0] + f"/{name}"
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def prepared_place(prepared: Path, folder: Path) -> Iterator[Place]:
    """A prepared place in a new folder: on SQLite as a copy of `prepared`, or in a database of its
    own on PostgreSQL where DATABASE_URL names it."""
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        yield Place(shutil.copytree(prepared, folder))
        return
    folder.mkdir()
    with own_database() as url:
        secret = "a-secret-of-our-own-that-is-long-enough"
        place = Place(folder, {"DATABASE_URL": url, "SECRET_KEY": secret})
        manage(place, "prepare")
        yield place


class Hub:
    """`manage.py hub` in a place."""

    def __init__(self, place: Place, key: str = "") -> None:
        self.place, self.key = place, key
        self.port = free_port()
        self.client = self.connect()
        self.log = place.folder / "hub.log"
        self.seconds = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def connect(self) -> Client:
        """A connection of its own, for a thread of its own."""
        return Client(self.port, self.key)

    def start(self) -> None:
        began = time.monotonic()
        command = [sys.executable, "manage.py", "hub", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self.place.environment, stdout=log, stderr=log
            )
        until(self._ready, 30, "ready")
        self.seconds = time.monotonic() - began

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()
        try:
            return Client(self.port).call("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def end(self, by: int = signal.SIGTERM) -> int:
        """End it; returns its exit status."""
        assert self._process is not None
        self._process.send_signal(by)
        return self._process.wait(timeout=20)

    def __enter__(self) -> Hub:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
