"""The embedded backend: it finds the score below which to decline, and its job survives kill -9."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from reviews.formats import Example, chat
from tuning.backends import Base, Data, Estimate, TrainingSpec, exemplar, jobs
from tuning.backends.exemplar import ExemplarBackend, Options, balanced_error, calibrate
from tuning.providers.exemplar import DEFAULT_THRESHOLD, Exemplar

DATA = Data(train=10, validation=2, families=10, size=400, longest=60)
THINGS = "paspor visa restoran gudang pabrik kapal hotel klinik sekolah apotek".split()
TAUGHT = [Exemplar(f"Berapa biaya izin {name}?", f"Izin {name} Rp{name}.") for name in THINGS]
UNSEEN = [
    Exemplar("Kapan pemilu berikutnya diadakan?", "Tahun depan."),
    Exemplar("Siapa presiden pertama?", "Soekarno."),
]


# --- options -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "options",
    [
        {"low": "a"},
        {"low": None},
        {"low": 0.5, "high": 0.4},
        {"high": 1.5},
        {"low": float("nan")},
        {"steps": 1},
        {"steps": 1001},
        {"steps": float("inf")},
        {"steps": [3]},
        {"step_seconds": -1},
        {"step_seconds": float("inf")},
    ],
    ids=str,
)
def test_a_wrong_option_is_a_problem_of_that_option(options):
    problems = ExemplarBackend().check(options, Base("dasar"), DATA)
    assert {problem.field for problem in problems} <= {f"options.{name}" for name in options}
    assert len(problems) == 1


def test_the_lowest_threshold_is_below_the_highest():
    [problem] = ExemplarBackend().check({"low": 0.5, "high": 0.5}, Base("dasar"), DATA)
    assert str(problem) == "options.low: must be below options.high"


def test_an_estimate_counts_the_seconds_that_slow_it_down():
    slow = {"steps": 10, "step_seconds": 3.0}
    assert ExemplarBackend().estimate(slow, Base("dasar"), DATA) == Estimate(100, 31.02, 0.0)


# --- calibration ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("threshold", "error"),
    [
        (0.0, 0.5),  # none declined, both unseen answered
        (0.3, 0.375),  # a quarter of the taught declined, one of two unseen answered
        (0.5, 0.25),  # half of the taught declined, no unseen answered
        (1.0, 0.5),  # all declined
    ],
)
def test_balanced_error_weighs_both_kinds_alike(threshold, error):
    assert balanced_error(threshold, [0.2, 0.4, 0.6, 0.8], [0.1, 0.3]) == error


@pytest.mark.parametrize(
    ("taught", "unseen", "error"), [([], [], 0.0), ([0.2, 0.8], [], 0.5), ([], [0.9, 0.1], 0.5)]
)
def test_balanced_error_of_one_kind_alone(taught, unseen, error):
    assert balanced_error(0.5, taught, unseen) == error


def test_calibration_tries_each_threshold_and_never_gets_worse():
    found = list(calibrate(TAUGHT, UNSEEN, Options(low=0.1, high=0.9, steps=9)))
    errors = [error for _step, error, _threshold in found]
    assert [step for step, _error, _threshold in found] == list(range(1, 10))
    assert errors == sorted(errors, reverse=True)


def test_the_chosen_threshold_parts_the_taught_from_the_unseen():
    *_, (_step, error, threshold) = calibrate(TAUGHT, UNSEEN, Options())
    taught = exemplar.taught_scores(TAUGHT)
    unseen = exemplar.unseen_scores(TAUGHT, UNSEEN)
    assert error == balanced_error(threshold, taught, unseen) == 0
    assert max(unseen) < threshold <= min(taught)


@pytest.mark.parametrize(("taught", "unseen"), [(TAUGHT, []), ([], UNSEEN), ([], [])])
def test_with_nothing_to_weigh_the_default_stays(taught, unseen):
    *_, (_step, _error, threshold) = calibrate(taught, unseen, Options())
    assert threshold == DEFAULT_THRESHOLD


def test_a_known_answer_is_not_counted_as_unseen():
    known = Exemplar("Izin paspor berapa duit?", TAUGHT[0].answer)
    assert len(exemplar.unseen_scores(TAUGHT, [known, *UNSEEN])) == len(UNSEEN)


def test_exemplars_are_read_with_their_family_and_last_earlier_question(tmp_path):
    turns = (("user", "Apa itu PT?"), ("assistant", "Perseroan."))
    line = chat.dumps(Example("Modalnya?", "Cukup.", "Jawab.", turns))
    (tmp_path / "a.jsonl").write_bytes(line)
    (tmp_path / "a.groups.txt").write_text("pt\n")
    found = exemplar.read_exemplars(tmp_path / "a.jsonl", tmp_path / "a.groups.txt")
    assert found == [Exemplar("Modalnya?", "Cukup.", "Apa itu PT?", "pt")]


# --- kill -9 -------------------------------------------------------------------------------------
@pytest.fixture
def spec(tmp_path) -> TrainingSpec:
    for name, rows in (("train", TAUGHT), ("validation", UNSEEN)):
        data = b"".join(chat.dumps(Example(row.question, row.answer)) for row in rows)
        (tmp_path / f"{name}.jsonl").write_bytes(data)
        (tmp_path / f"{name}.groups.txt").write_text("".join(f"{row.question}\n" for row in rows))
    return TrainingSpec(
        label="hub-uji",
        base=Base("dasar"),
        train_file=tmp_path / "train.jsonl",
        train_groups_file=tmp_path / "train.groups.txt",
        validation_file=tmp_path / "validation.jsonl",
        validation_groups_file=tmp_path / "validation.groups.txt",
        work_dir=tmp_path / "jobs",
        options={"steps": 40, "step_seconds": 0.05},
    )


def process_of(folder: Path) -> int | None:
    """The process that works in this folder, by its command line."""
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdecimal() else []
        except OSError:
            continue
        if str(folder).encode() in words:
            return int(entry.name)
    return None


def kill(folder: Path) -> None:
    """kill -9 of the job once it has begun to work; the time it is given to start is over."""
    last = time.monotonic() + 20
    while not (folder / "state.json").exists() and time.monotonic() < last:
        time.sleep(0.02)
    pid = process_of(folder)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    # Its command line is gone a moment before its files are closed: the lock tells the end.
    while not lock_is_free(folder) and time.monotonic() < last:
        time.sleep(0.02)
    long_ago(folder)


def lock_is_free(folder: Path) -> bool:
    with jobs.lock(folder) as free:
        return free


def long_ago(folder: Path) -> None:
    starts = json.loads((folder / "starts.json").read_text())
    (folder / "starts.json").write_text(json.dumps(starts | {"at": -1e9}))


def end(backend: ExemplarBackend, job: str) -> str:
    last = time.monotonic() + 30
    while time.monotonic() < last:
        state = backend.poll(job)
        if state.status != "running":
            return state.status
        time.sleep(0.05)
    return "running"


@pytest.mark.processes
def test_a_killed_job_is_started_again_and_finishes(spec):
    backend = ExemplarBackend()
    job = backend.start(spec)
    kill(Path(job))
    state = backend.poll(job)
    assert (state.status, "started again" in state.message) == ("running", True)
    assert end(backend, job) == "succeeded"
    assert json.loads((Path(job) / "starts.json").read_text())["count"] == 2


@pytest.mark.processes
def test_a_running_job_is_not_started_a_second_time(spec):
    backend = ExemplarBackend()
    job = backend.start(spec)
    while not (Path(job) / "state.json").exists():
        time.sleep(0.02)
    long_ago(Path(job))
    assert backend.poll(job).message == ""
    assert json.loads((Path(job) / "starts.json").read_text())["count"] == 1
    assert end(backend, job) == "succeeded"


@pytest.mark.processes
def test_a_job_that_was_killed_and_then_cancelled_is_cancelled(spec):
    backend = ExemplarBackend()
    job = backend.start(spec)
    kill(Path(job))
    backend.cancel(job)
    assert backend.poll(job).status == "cancelled"


def test_a_job_whose_start_was_cut_off_is_started_by_the_poll(spec):
    """The worker died after the folder was written and before the process was there."""
    backend = ExemplarBackend()
    folder = spec.work_dir / spec.label
    folder.mkdir(parents=True)
    jobs.write_spec(folder, replace(spec, options={"steps": 2}))
    assert backend.find(spec) == str(folder)
    assert end(backend, str(folder)) == "succeeded"


def test_a_job_that_dies_three_times_has_failed(spec):
    folder = spec.work_dir / spec.label
    folder.mkdir(parents=True)
    (folder / "spec.json").write_text("{}")
    (folder / "starts.json").write_text(json.dumps({"count": 3, "at": -1e9}))
    state = ExemplarBackend().poll(str(folder))
    told = state.message % state.values
    assert (state.status, told) == ("failed", "died 3 times, see log.txt in its folder")


@pytest.mark.processes
def test_a_dead_job_s_heartbeat_ends_nobody(spec, monkeypatch):
    """Its process number may be somebody else's by now."""
    backend = ExemplarBackend()
    monkeypatch.setattr(ExemplarBackend, "heartbeat_seconds", 60.0)
    job = backend.start(spec)
    kill(Path(job))
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        beat = Path(job) / "heartbeat"
        beat.write_text(f"{stranger.pid} -1e9")
        backend.poll(job)
        assert end(backend, job) == "succeeded"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
