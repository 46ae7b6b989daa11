"""Jobs on this machine: a subprocess with a folder of its own, whose files are the whole truth.

`spec.json` (what to do), `state.json` (replaced whole), `lock` (held while it runs), `cancel`
(please end), `starts.json`, `log.txt`, and `heartbeat`, written by a job while it is alive. Ages
are counted by the machine's monotonic clock, which all its processes share and nobody sets. The
subprocess has a session of its own, so that it outlives a worker and takes no processor time from
the web server's thread; a worker that comes later finds it by its folder.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

from django.utils.translation import gettext_noop

from tuning.backends.base import BackendError, Base, Checkpoint, JobState, TrainingSpec

ENDED = ("succeeded", "failed", "cancelled")
_STARTS = 3
"""Times a job that died is started again before it counts as failed."""
_ROOT = Path(__file__).resolve().parent.parent.parent
_FILES = (
    "train_file",
    "train_groups_file",
    "validation_file",
    "validation_groups_file",
    "work_dir",
    "questions_file",
)


def replace(path: Path, value: Any) -> None:
    """The file is the old one or the new one, never half of it."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(value, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


@contextmanager
def lock(folder: Path) -> Iterator[bool]:
    """Whether the folder's lock was free; held inside. The system frees it when a process dies."""
    with (folder / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def beat(folder: Path) -> None:
    """Say that the job is alive, and by which process group it can be killed where it hangs: the
    one that it shares with what it started."""
    (folder / "heartbeat").write_text(f"{os.getpgid(0)} {time.monotonic()}", encoding="ascii")


def last_beat(folder: Path) -> tuple[int, float]:
    """(process group, monotonic seconds) of the last heartbeat; (0, 0) where none can be read."""
    try:
        group, at = (folder / "heartbeat").read_text(encoding="ascii").split()
        return int(group), float(at)
    except (OSError, ValueError):
        # None yet, or it is being written.
        return 0, 0.0


def write_spec(folder: Path, spec: TrainingSpec) -> None:
    values = asdict(spec)
    for name in _FILES:
        values[name] = str(values[name]) if values[name] else ""
    base = values["base"]
    base["abilities"] = sorted(base["abilities"])
    base["retires"] = base["retires"].isoformat() if base["retires"] else None
    replace(folder / "spec.json", values | {"options": dict(spec.options)})


def read_spec(folder: Path) -> TrainingSpec:
    """What `write_spec` wrote; the retirement date is of no use to a job."""
    values = read(folder / "spec.json") or {}
    base = values.pop("base")
    base |= {
        "abilities": frozenset(base["abilities"]),
        "adapter_sizes": tuple(base["adapter_sizes"]),
        "retires": None,
    }
    for name in _FILES:
        values[name] = Path(values[name]) if values[name] else None
    return TrainingSpec(base=Base(**base), **values)


def state_of(found: Mapping[str, Any]) -> JobState:
    """A state.json as a JobState: the same names."""
    return JobState(
        status=found.get("status", "running"),
        progress=found.get("progress", 0.0),
        losses=_points(found.get("losses", [])),
        validation_losses=_points(found.get("validation_losses", [])),
        result=found.get("result", {}),
        phase=found.get("phase", ""),
        checkpoints=tuple(Checkpoint(**row) for row in found.get("checkpoints", [])),
        dropped=tuple(found.get("dropped", [])),
        dropped_count=found.get("dropped_count", 0),
        dropped_reasons=tuple(found.get("dropped_reasons", [])),
        tokens=found.get("tokens"),
        cost=found.get("cost"),
        message=found.get("message", ""),
        values=found.get("values", {}),
        warnings=tuple((message, values) for message, values in found.get("warnings", [])),
    )


def _points(found: list[list[float]]) -> tuple[tuple[int, float], ...]:
    return tuple((int(step), float(loss)) for step, loss in found)


class LocalBackend:
    """What backends share whose job is a module of ours. A job's id is its folder."""

    module: ClassVar[str]
    """Run as `python -m MODULE FOLDER`."""
    starting_seconds: ClassVar[float] = 10
    """So long may a job take until it holds its lock."""
    heartbeat_seconds: ClassVar[float | None] = None
    """A job that has not touched its heartbeat for so long hangs, and is ended; None: never."""

    def command(self, folder: Path) -> list[str]:
        return [sys.executable, "-m", self.module, str(folder)]

    def environment(self) -> dict[str, str] | None:
        """The job's environment; None for the worker's own."""
        return None

    def upload(self, spec: TrainingSpec) -> None:
        """The files are here."""

    def delete(self, result: Mapping[str, Any]) -> None:
        """Nothing lies anywhere else."""

    def start(self, spec: TrainingSpec) -> str:
        folder = spec.work_dir / spec.label
        folder.mkdir(parents=True, exist_ok=True)
        write_spec(folder, spec)
        self._spawn(folder)
        return str(folder)

    def _spawn(self, folder: Path) -> None:
        starts = (read(folder / "starts.json") or {"count": 0})["count"] + 1
        replace(folder / "starts.json", {"count": starts, "at": time.monotonic()})
        # The dead one's: its process number may be somebody else's by now.
        (folder / "heartbeat").unlink(missing_ok=True)
        with (folder / "log.txt").open("ab") as log:
            subprocess.Popen(
                self.command(folder),
                cwd=_ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A session of its own: a worker's Ctrl-C or kill must not take the job along.
                start_new_session=True,
            )

    def poll(self, job: str) -> JobState:
        folder = Path(job)
        state = read(folder / "state.json") or {}
        if state.get("status") in ENDED:
            return state_of(state)
        if not (folder / "spec.json").exists():
            raise BackendError(gettext_noop("the job's folder is gone"), permanent=True)
        if not self._running(folder):
            return self._revive(folder)
        self._end_a_hanging(folder)
        return state_of(state | {"status": "running"})

    def _running(self, folder: Path) -> bool:
        starts = read(folder / "starts.json")
        # After a restart of the machine it counts from 0 again.
        if starts and 0 <= time.monotonic() - starts["at"] < self.starting_seconds:
            return True
        with lock(folder) as free:
            return not free

    def _end_a_hanging(self, folder: Path) -> None:
        """Kill a job without a heartbeat: the next look finds it dead and starts it again."""
        if self.heartbeat_seconds is None:
            return
        group, at = last_beat(folder)
        if group and time.monotonic() - at > self.heartbeat_seconds:
            try:
                os.killpg(group, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                return

    def _revive(self, folder: Path) -> JobState:
        """The process died without a word: end it if asked to, else start it again."""
        state = read(folder / "state.json") or {}
        if state.get("status") in ENDED:
            # It ended between the two looks.
            return state_of(state)
        if (folder / "cancel").exists():
            replace(folder / "state.json", state | {"status": "cancelled"})
            return JobState("cancelled")
        if (read(folder / "starts.json") or {"count": 0})["count"] >= _STARTS:
            found = self.gave_up(folder, state)
            # One that was only late must not begin now: its run has ended, and another may be on.
            told = {"message": found.message, "values": dict(found.values)}
            with suppress(OSError):
                replace(folder / "state.json", state | {"status": "failed"} | told)
            return found
        self._spawn(folder)
        return state_of(state | {"status": "running", "message": REVIVED})

    def gave_up(self, folder: Path, state: Mapping[str, Any]) -> JobState:
        """What is said of a job that died each time."""
        message = gettext_noop("died %(times)s times, see log.txt in its folder")
        return JobState("failed", message=message, values={"times": _STARTS})

    def cancel(self, job: str) -> None:
        try:
            (Path(job) / "cancel").touch()
        except FileNotFoundError:
            # Without its folder there is no job; a poll says so.
            return

    def find(self, spec: TrainingSpec) -> str | None:
        folder = spec.work_dir / spec.label
        return str(folder) if (folder / "spec.json").exists() else None


REVIVED = gettext_noop("the process had died and was started again")


def serve(folder: Path, run: Callable[[Path], None]) -> None:
    """The job's side: hold the folder's lock, do `run` unless it was done, and tell its end."""
    with lock(folder) as free:
        if not free:
            return
        if (read(folder / "state.json") or {}).get("status") in ENDED:
            return
        try:
            run(folder)
        except Exception as error:
            state = read(folder / "state.json") or {}
            told = {"message": "%(error)s", "values": {"error": repr(error)[:2000]}}
            replace(folder / "state.json", state | {"status": "failed"} | told)
            raise
