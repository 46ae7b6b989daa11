"""What every backend keeps: the run machinery leans on nothing else."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reviews import formats
from reviews.formats import Example
from tests.standins.storage import Storage
from tests.standins.vertex import Vertex
from tests.tuning.backends import vertexes
from tuning import backends
from tuning.backends import BackendError, Data, JobState, TrainingBackend, TrainingSpec
from tuning.enums import Backend

SLOW = {"exemplar": {"steps": 400, "step_seconds": 0.05}, "vertex": {}}
"""Options with which a job runs long enough to be met while it runs."""
DATA = Data(train=8, validation=3, families=8, size=400, longest=60)
ENDS = {"succeeded", "failed", "cancelled"}
# What trains LoRA adapters has an environment of its own, and its jobs are tested there.
HERE = sorted(set(backends.BACKENDS) - {"lora"})

pytestmark = pytest.mark.processes


@pytest.fixture
def backend(name, settings, monkeypatch, tmp_path) -> Iterator[TrainingBackend]:
    if name != "vertex":
        yield backends.get(name)
        return
    with Storage() as storage, Vertex(storage, seconds=1) as vertex:
        vertexes.configure(settings, monkeypatch, tmp_path, vertex)
        yield backends.get(name)


@pytest.fixture(params=HERE)
def name(request) -> str:
    return request.param


@pytest.fixture
def slow(name) -> dict:
    return SLOW[name]


def _lines(form: str, start: int, count: int) -> bytes:
    codec = formats.by_name(form)
    return b"".join(
        codec.dumps(Example(f"Berapa biaya izin {n}?", f"Biayanya Rp{n} juta."))
        for n in range(start, start + count)
    )


@pytest.fixture
def spec(tmp_path, backend) -> Iterator[TrainingSpec]:
    """A small job, uploaded, and ended with the test."""
    for part, start, count in (("train", 0, 8), ("validation", 8, 3)):
        content = _lines(backend.formats["sft"], start, count)
        (tmp_path / f"{part}.jsonl").write_bytes(content)
        families = "".join(f"izin-{n}\n" for n in range(start, start + count))
        (tmp_path / f"{part}.groups.txt").write_text(families)
    spec = TrainingSpec(
        label="hub-uji",
        base=vertexes.BASE,
        train_file=tmp_path / "train.jsonl",
        train_groups_file=tmp_path / "train.groups.txt",
        validation_file=tmp_path / "validation.jsonl",
        validation_groups_file=tmp_path / "validation.groups.txt",
        work_dir=tmp_path / "jobs",
    )
    backend.upload(spec)
    yield spec
    job = backend.find(spec)
    if job:
        backend.cancel(job)


def wait(backend: TrainingBackend, job: str, seconds: float = 120) -> list[JobState]:
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


def test_an_ended_job_says_the_same_when_asked_again(backend, name, spec):
    job = backend.start(spec)
    assert wait(backend, job)[-1] == backend.poll(job) == backends.get(name).poll(job)


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
    assert backend.find(spec) is None
    job = backend.start(replace(spec, options=slow))
    assert backend.find(spec) == job
    assert backend.find(replace(spec, label="hub-lain")) is None


def test_a_job_that_is_gone_is_a_permanent_error(backend, spec):
    with pytest.raises(BackendError) as error:
        backend.poll(str(spec.work_dir / "nowhere"))
    assert error.value.permanent


def test_an_unknown_option_is_a_problem_that_names_the_known_ones(backend, spec):
    [problem] = backend.check({"sthreshold": 1}, spec.base, DATA)
    known = [field.name for field in dataclasses.fields(backend.options)]
    assert (problem.field, problem.values["allowed"]) == ("options.sthreshold", ", ".join(known))


def test_no_options_are_fine(backend, spec):
    assert backend.check({}, spec.base, DATA) == ()


def test_an_estimate_grows_with_the_data(backend, spec):
    small = backend.estimate({}, spec.base, DATA)
    large = backend.estimate({}, spec.base, replace(DATA, size=DATA.size * 10))
    assert 0 < small.tokens < large.tokens


def test_the_files_are_uploaded_twice_without_harm(backend, spec):
    backend.upload(spec)
    backend.upload(spec)
    assert backend.start(spec)


def test_unreadable_data_is_refused_or_fails_the_job(backend, name, spec):
    Path(spec.train_file).write_bytes(b"not json\n")
    if name == "vertex":
        with pytest.raises(BackendError, match="not JSON") as refused:
            backend.upload(spec)
        assert refused.value.permanent
        return
    last = wait(backend, backend.start(spec))[-1]
    assert last.status == "failed"
    assert "not JSON" in last.message % last.values
