"""Jobs on this machine: whose folder they are, when one hangs, and what ends it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from tuning.backends import BackendError, jobs

LONG_AGO = -1e9


class Backend(jobs.LocalBackend):
    module = "none"
    heartbeat_seconds: ClassVar[float | None] = 60.0


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen]:
    """A process in a group of its own, as a job is."""
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def folder(tmp_path) -> Path:
    """A job's folder, begun long ago."""
    (tmp_path / "spec.json").write_text("{}")
    starts(tmp_path, 1, LONG_AGO)
    return tmp_path


def starts(folder: Path, count: int, at: float) -> None:
    (folder / "starts.json").write_text(json.dumps({"count": count, "at": at}))


def is_killed(process: subprocess.Popen, seconds: float = 10) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def test_a_heartbeat_names_the_group_and_the_moment(tmp_path):
    before = time.monotonic()
    jobs.beat(tmp_path)
    group, at = jobs.last_beat(tmp_path)
    assert group == os.getpgid(0)
    assert before <= at <= time.monotonic()


@pytest.mark.parametrize("content", [None, "", "12", "x y"])
def test_a_heartbeat_that_cant_be_read_ends_nobody(folder, content):
    if content is not None:
        (folder / "heartbeat").write_text(content)
    with jobs.lock(folder):
        assert Backend().poll(str(folder)).status == "running"


def test_a_job_without_a_heartbeat_is_killed(folder, stranger):
    (folder / "heartbeat").write_text(f"{stranger.pid} {time.monotonic() - 61}")
    with jobs.lock(folder):
        assert Backend().poll(str(folder)).status == "running"
    assert is_killed(stranger)


def test_a_clock_that_was_set_forward_kills_no_healthy_job(folder, stranger):
    beat = folder / "heartbeat"
    beat.write_text(f"{stranger.pid} {time.monotonic() - 30}")
    # As a file looks once the clock was set forward by years.
    os.utime(beat, (0, 0))
    with jobs.lock(folder):
        assert Backend().poll(str(folder)).status == "running"
    assert not is_killed(stranger, 0.3)


@pytest.mark.parametrize("ago", [0, 5])
def test_a_job_that_has_just_been_started_is_given_time(folder, ago):
    starts(folder, 1, time.monotonic() - ago)
    assert Backend().poll(str(folder)).status == "running"
    assert json.loads((folder / "starts.json").read_text())["count"] == 1


def test_a_job_whose_folder_is_gone_is_cancelled_without_an_error(tmp_path):
    job = str(tmp_path / "gone")
    Backend().cancel(job)
    with pytest.raises(BackendError) as raised:
        Backend().poll(job)
    assert raised.value.permanent


def test_a_job_that_was_given_up_does_not_begin_late(folder):
    """Its launcher took so long that it was taken for dead three times."""
    starts(folder, 3, LONG_AGO)
    state = Backend().poll(str(folder))
    assert state.status == "failed"
    begun = []
    jobs.serve(folder, begun.append)
    assert begun == []
    assert Backend().poll(str(folder)) == state
