"""A real Celery worker on PostgreSQL and Redis: killed in the middle, the run still ends once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
import redis

from tests.feedbackhub import processes
from tests.feedbackhub.processes import ROOT, Place, ask, manage, until

pytestmark = [
    pytest.mark.servers,
    pytest.mark.processes,
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL", "").startswith("postgres")
        or not os.environ.get("REDIS_URL"),
        reason="needs DATABASE_URL and REDIS_URL that name PostgreSQL and Redis",
    ),
]
TASKS = ("default", "export", "tuning")
# Slow enough that there is a middle: 49 thresholds, each a little wait.
LAUNCH = """
from tests import factories
from tests.tuning import making
from django.utils import timezone
from reviews.domain import assistants
from tuning.domain import datasets, runs, versions
assistant = assistants.ensure("bisnis", "Asisten Bisnis")
making.approved_many(assistant, 12)
now = timezone.now()
version = datasets.freeze(datasets.ensure(assistant, datasets.EVERYTHING), now=now)
runs.launch(version, versions.base_model(), now=now, options={"step_seconds": 0.06})
"""
HINT = """
from django.conf import settings
from feedbackhub.celery import app
app.send_task("tuning.reconcile_runs")
"""
STATE = """
from tuning.models import TuningRun
run = TuningRun.objects.get()
print(run.status, run.locked_until is None)
"""
END = """
import json
from pathlib import Path
from reviews.models import StatusChange
from tuning.models import Evaluation, ModelVersion, TuningRun
run = TuningRun.objects.get()
moves = StatusChange.objects.filter(content_type__model="tuningrun").order_by("id")
print(json.dumps({
    "status": run.status,
    "error": run.error,
    "moves": list(moves.values_list("to_status", flat=True)),
    "versions": ModelVersion.objects.filter(run=run).count(),
    "evaluations": Evaluation.objects.count(),
    "starts": json.loads((Path(run.external_id) / "starts.json").read_text())["count"],
}))
"""
ONCE = {
    "status": "succeeded",
    "error": "",
    "moves": ["preparing", "uploading", "training", "evaluating", "succeeded"],
    "versions": 1,
    "evaluations": 1,
    "starts": 1,
}


@pytest.fixture
def production(tmp_path) -> Iterator[Place]:
    """A prepared place with a database and a number of Redis of its own."""
    address = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{random.randint(1, 13)}"
    with processes.own_database() as database:
        secret = "a-secret-of-our-own-that-is-long-enough"
        servers = {"DATABASE_URL": database, "REDIS_URL": address, "SECRET_KEY": secret}
        place = Place(tmp_path, servers)
        manage(place, "prepare")
        yield place
    with redis.Redis.from_url(address) as server:
        server.delete(*TASKS, "unacked", "unacked_index", "unacked_mutex")


class Worker:
    """`celery worker` in a process group of its own, so that a kill takes all of it."""

    def __init__(self, place: Place) -> None:
        self.log = place.folder / "worker.log"
        command = [sys.executable, "-m", "celery", "-A", "feedbackhub", "worker"]
        command += [
            "-Q",
            ",".join(TASKS),
            "-c",
            "1",
            "-l",
            "info",
            "-n",
            f"{os.urandom(4).hex()}@%h",
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=place.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def end(self, by: int) -> int:
        if self.process.poll() is None:
            os.killpg(self.process.pid, by)
        return self.process.wait(timeout=30)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_error: object) -> None:
        self.end(signal.SIGKILL)


def hinted_until(place: Place, wanted: set[str]) -> None:
    """Hint, as the beat does each minute, until the run is in one of the states."""
    until(lambda: ask(place, HINT + STATE) in wanted, 90, f"the run {wanted}")


def end_of(place: Place) -> dict:
    return json.loads(ask(place, END))


def test_a_worker_takes_a_launched_run_to_its_end(production):
    ask(production, LAUNCH)
    with Worker(production) as worker:
        hinted_until(production, {"succeeded True"})
        assert end_of(production) == ONCE
        assert worker.end(signal.SIGTERM) == 0
    assert "Traceback" not in worker.log.read_text()


def test_killed_in_the_middle_another_worker_ends_the_run_once(production):
    ask(production, LAUNCH)
    with Worker(production) as worker:
        hinted_until(production, {"training True"})
        assert worker.end(signal.SIGKILL) == -signal.SIGKILL
    assert ask(production, STATE) == "training True"
    with Worker(production):
        hinted_until(production, {"succeeded True"})
    assert end_of(production) == ONCE
