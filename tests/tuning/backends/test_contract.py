"""What every backend keeps: the run machinery leans on nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reviews.formats import Example, chat
from tuning import backends
from tuning.backends import BackendError, JobState, TrainingBackend, TrainingSpec
from tuning.enums import Backend

SLOW = {"exemplar": {"steps": 400, "step_seconds": 0.05}}
"""Options with which a job runs long enough to be met while it runs."""
ENDS = {"succeeded", "failed", "cancelled"}

pytestmark = pytest.mark.processes


@pytest.fixture(params=backends.BACKENDS)
def backend(request) -> TrainingBackend:
    return backends.get(request.param)


@pytest.fixture
def slow(request) -> dict:
    return SLOW[request.node.callspec.params["backend"]]


@pytest.fixture
def spec(tmp_path, backend) -> Iterator[TrainingSpec]:
    """A small job, ended with the test."""

    def lines(start: int, count: int) -> bytes:
        return b"".join(
            chat.dumps(Example(f"Berapa biaya izin {n}?", f"Biayanya Rp{n} juta."))
            for n in range(start, start + count)
        )

    for part, start, count in (("train", 0, 8), ("validation", 8, 3)):
        (tmp_path / f"{part}.jsonl").write_bytes(lines(start, count))
        families = "".join(f"izin-{n}\n" for n in range(start, start + count))
        (tmp_path / f"{part}.groups.txt").write_text(families)
    spec = TrainingSpec(
        label="hub-uji",
        base_model="dasar",
        train_file=tmp_path / "train.jsonl",
        train_groups_file=tmp_path / "train.groups.txt",
        validation_file=tmp_path / "validation.jsonl",
        validation_groups_file=tmp_path / "validation.groups.txt",
        work_dir=tmp_path / "jobs",
    )
    yield spec
    job = backend.find(spec.label, spec.work_dir)
    if job:
        backend.cancel(job)


def wait(backend: TrainingBackend, job: str, seconds: float = 30) -> list[JobState]:
    """The states polled until the job ends."""
    states, last = [], time.monotonic() + seconds
    while time.monotonic() < last:
        states.append(backend.poll(job))
        if states[-1].status in ENDS:
            return states
        time.sleep(0.05)
    raise AssertionError(f"not ended after {seconds} s: {states[-1]}")


def test_every_name_of_the_enum_is_a_backend():
    assert set(Backend.values) == set(backends.BACKENDS)


def test_an_unknown_backend_is_a_permanent_error():
    with pytest.raises(BackendError) as error:
        backends.get("none")
    assert error.value.permanent


def test_a_job_runs_to_its_end_and_says_so(backend, spec):
    states = wait(backend, backend.start(spec))
    last = states[-1]
    assert (last.status, last.progress) == ("succeeded", 1.0)
    assert last.result
    assert {state.status for state in states[:-1]} <= {"running"}
    assert [step for step, _loss in last.losses] == list(range(1, len(last.losses) + 1))
    progress = [state.progress for state in states]
    assert progress == sorted(progress)


def test_an_ended_job_says_the_same_when_asked_again(backend, spec):
    job = backend.start(spec)
    assert wait(backend, job)[-1] == backend.poll(job) == backends.get("exemplar").poll(job)


def test_start_returns_at_once(backend, spec, slow):
    began = time.monotonic()
    job = backend.start(replace(spec, options=slow))
    assert backend.poll(job).status == "running"
    assert time.monotonic() - began < 5


def test_a_cancelled_job_ends_as_cancelled(backend, spec, slow):
    job = backend.start(replace(spec, options=slow))
    backend.cancel(job)
    assert wait(backend, job)[-1].status == "cancelled"


def test_an_ended_job_is_left_alone_by_cancel(backend, spec):
    job = backend.start(spec)
    ended = wait(backend, job)[-1]
    backend.cancel(job)
    assert backend.poll(job) == ended


def test_a_job_is_found_by_its_label_and_adopted(backend, spec, slow):
    assert backend.find(spec.label, spec.work_dir) is None
    job = backend.start(replace(spec, options=slow))
    assert backend.find(spec.label, spec.work_dir) == job
    assert backend.find("hub-lain", spec.work_dir) is None


def test_a_job_that_is_gone_is_a_permanent_error(backend, spec):
    with pytest.raises(BackendError) as error:
        backend.poll(str(spec.work_dir / "nowhere"))
    assert error.value.permanent


def test_an_unknown_option_is_refused_for_good(backend):
    with pytest.raises(BackendError, match="sthreshold") as error:
        backend.check_options({"sthreshold": 1})
    assert error.value.permanent


def test_no_options_are_fine(backend):
    assert backend.check_options({}) is None


def test_unreadable_data_fails_the_job(backend, spec):
    Path(spec.train_file).write_bytes(b"not json\n")
    last = wait(backend, backend.start(spec))[-1]
    assert last.status == "failed"
    assert "not JSON" in last.message
