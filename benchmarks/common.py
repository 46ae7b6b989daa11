"""What the benchmarks share: a database of their own, a served hub, a process's peak, a table.

Nothing here imports Django before `database` has said in the environment which database it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import psycopg

ROOT = Path(__file__).resolve().parent.parent
_START_SECONDS = 30


def libpq(url: str) -> str:
    """Django's spelling of a database URL as psycopg takes it."""
    return url.replace("postgres://", "postgresql://", 1)


@contextmanager
def database() -> Iterator[str]:
    """The URL of a new, prepared database on the server of DATABASE_URL; dropped in the end.

    Meanwhile this process's environment names it and a DATA_DIR of its own, so that processes
    started within, and Django set up within, work there.
    """
    server, _slash, _name = os.environ.get("DATABASE_URL", "").rpartition("/")
    if not server.startswith("postgres"):
        raise SystemExit("DATABASE_URL: the URL of a PostgreSQL server is needed")
    name = f"bench_{uuid.uuid4().hex[:12]}"
    with (
        psycopg.connect(libpq(f"{server}/postgres"), autocommit=True) as connection,
        tempfile.TemporaryDirectory() as folder,
    ):
        own = {"DATABASE_URL": f"{server}/{name}", "DATA_DIR": folder}
        os.environ.update(own, ENV_FILE=f"{folder}/no.env")
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, check=True)
            yield own["DATABASE_URL"]
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            urlopen(url, timeout=1).close()
        except HTTPError:
            # A floor application has no such address, but it answers.
            return
        except (URLError, TimeoutError):
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"gunicorn did not answer at {url} within {_START_SECONDS} s")


@contextmanager
def serve(app: str, url: str, workers: int = 1, threads: int = 4, **env: str) -> Iterator[str]:
    """The base URL of gunicorn (gthread) serving `app` on the database `url`.

    `env` holds further environment variables of it. Its log goes to DATA_DIR, as a hub's would go
    to a file.
    """
    from feedbackhub.demo.process import free_port

    port = free_port()
    command = (
        f"-m gunicorn {app} --bind 127.0.0.1:{port} --worker-class gthread --workers {workers}"
    )
    command += f" --workers {workers} --threads {threads} --no-control-socket --log-level warning"
    variables = os.environ | {"DATABASE_URL": url} | env
    with Path(os.environ["DATA_DIR"], f"gunicorn-{port}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *command.split()], cwd=ROOT, env=variables, stdout=log, stderr=log
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/healthz", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def peak(pid: int | str = "self") -> float:
    """The most memory that the process ever held (VmHWM), in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"process {pid} has ended")


def peak_of_workers() -> float:
    """The highest peak, in MiB, among the workers of the servers that this process started."""
    masters = _children(os.getpid())
    return max(peak(worker) for master in masters for worker in _children(master))


def table(rows: Sequence[Sequence[object]]) -> None:
    """Print the rows in columns, the first row as their heads; all but the first to the right."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for name, *cells in texts:
        figures = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        print("  ".join([name.ljust(widths[0]), *figures]).rstrip())
