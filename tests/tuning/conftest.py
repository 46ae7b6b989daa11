"""What tests of the machine floor share: an outside training service, threads, clean indexes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from django.db import OperationalError, connections
from django.utils import translation
from hypothesis import settings

from tests.tuning import making
from tuning import backends
from tuning.backends import Estimate, JobState, TrainingSpec
from tuning.backends import options as of_options
from tuning.domain import exemplars, runs
from tuning.models import BaseModel, DatasetVersion, TuningRun

# A busy machine is no failure, and a run leaves nothing behind in the tree.
settings.register_profile("hub", deadline=None, database=None)
settings.load_profile("hub")


@pytest.fixture(autouse=True)
def _no_kept_indexes():
    """Databases roll their numbers back, so the next test's version may bear this one's."""
    exemplars._indexes.clear()


@pytest.fixture
def together():
    """Run the calls at once, each in a thread of its own; returns what each returned or raised."""

    def run(*calls: Callable[[], Any]) -> list[Any]:
        start = threading.Barrier(len(calls))

        def work(call: Callable[[], Any]) -> Any:
            start.wait()
            try:
                while True:
                    try:
                        return call()
                    except OperationalError as error:
                        # The tests' SQLite lives in memory, where a lock raises; a file's waits.
                        if "table is locked" not in str(error):
                            raise
                        time.sleep(0.01)
            except Exception as error:
                return error
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(work, calls))

    return run


@dataclass(frozen=True)
class OutsideOptions:
    epochs: int = of_options.option(3, low=1, high=100)


@dataclass
class Outside:
    """A training service that does what the test says; it keeps the contract of a backend.

    `says` are the states that polls answer, the last one again and again; an exception is raised.
    """

    says: list[JobState | Exception] = field(default_factory=lambda: [JobState("running")])
    refuses_start: Exception | None = None
    jobs: dict[str, str] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)
    on_poll: Any = None

    formats: ClassVar[dict[str, str]] = {"sft": "chat", "preference": "preference"}
    exclusive: str = ""
    options: ClassVar[type] = OutsideOptions
    costs: float | None = 0.0
    uploaded: list[str] = field(default_factory=list)
    deleted: list[dict] = field(default_factory=list)

    def check(self, options, base, data, method="sft"):
        return tuple(of_options.problems(OutsideOptions, options))

    def estimate(self, options, base, data, method="sft"):
        return Estimate(data.size, 60.0, self.costs)

    def upload(self, spec):
        self.uploaded.append(spec.label)

    def delete(self, result):
        self.deleted.append(dict(result))

    def start(self, spec: TrainingSpec) -> str:
        if self.refuses_start:
            raise self.refuses_start
        assert spec.label not in self.jobs, "started twice"
        self.jobs[spec.label] = f"job-{len(self.jobs) + 1}"
        return self.jobs[spec.label]

    def poll(self, job: str) -> JobState:
        if self.on_poll:
            self.on_poll()
        answer = self.says[0] if len(self.says) == 1 else self.says.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def cancel(self, job: str) -> None:
        self.cancelled.append(job)

    def find(self, spec):
        return self.jobs.get(spec.label)


@pytest.fixture
def outside(monkeypatch) -> Outside:
    service = Outside()
    monkeypatch.setitem(backends.BACKENDS, "outside", lambda: service)
    return service


@pytest.fixture
def english():
    """Refusals and events are told in the reader's language."""
    with translation.override("en"):
        yield


@pytest.fixture
def outside_model(db, outside) -> BaseModel:
    """A base model that the outside service tunes; the embedded provider answers for it."""
    return BaseModel.objects.create(name="jauh", provider="exemplar", backend="outside")


@pytest.fixture
def dataset_version(assistant) -> DatasetVersion:
    """Twelve pairs, some of them held out."""
    making.approved_many(assistant, 12)
    return making.frozen(assistant)


@pytest.fixture
def run(dataset_version, outside_model) -> TuningRun:
    return runs.launch(dataset_version, outside_model, now=making.NOW)
