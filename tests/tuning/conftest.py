"""What tests of the machine floor share: a stand-in for an outside training service, clean indexes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.reviews.conftest import together  # noqa: F401
from tuning import backends
from tuning.backends import BackendError, JobState, TrainingSpec
from tuning.domain import serving
from tuning.models import BaseModel


@pytest.fixture(autouse=True)
def _no_kept_indexes():
    """Databases roll their numbers back, so the next test's version may bear this one's."""
    serving._indexes.clear()


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

    def check_options(self, options):
        if set(options) - {"epochs"}:
            raise BackendError("unknown option", permanent=True)

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

    def find(self, label, work_dir):
        return self.jobs.get(label)


@pytest.fixture
def outside(monkeypatch) -> Outside:
    service = Outside()
    monkeypatch.setitem(backends.BACKENDS, "outside", lambda: service)
    return service


@pytest.fixture
def outside_model(db, outside) -> BaseModel:
    """A base model that the outside service tunes; the embedded provider answers for it."""
    return BaseModel.objects.create(name="jauh", provider="exemplar", backend="outside")
