"""The embedded backend: no weights change; the run finds the score below which to decline.

The job is a subprocess with a folder of its own (`python -m tuning.backends.exemplar FOLDER`), so
that it outlives a worker and takes no processor time from the web server's thread. The folder's
files are the whole truth about it: `spec.json`, `state.json` (replaced whole), `lock` (held while
it runs), `cancel` (please end).
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from reviews.formats import chat
from tuning.backends.base import BackendError, JobState, TrainingSpec
from tuning.evaluators import reword
from tuning.providers.exemplar import DEFAULT_THRESHOLD, Exemplar, Index, last_question

_STARTS = 3
"""Times a job that died is started again before it counts as failed."""
_STARTING_SECONDS = 10
_LONGEST_STEP = 60
_ENOUGH = 20
_FOLDS = 4
_ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Options:
    """`low` to `high` in `steps` thresholds are tried; `step_seconds` slows a run down to watch."""

    low: float = 0.02
    high: float = 0.50
    steps: int = 49
    step_seconds: float = 0.0

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Options:
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise BackendError(f"unknown option: {', '.join(unknown)}", permanent=True)
        try:
            options = cls(
                **{name: type(getattr(cls(), name))(value) for name, value in values.items()}
            )
        except (TypeError, ValueError, OverflowError) as error:
            raise BackendError(f"wrong option: {error}", permanent=True) from error
        if not (0 <= options.low < options.high <= 1 and 2 <= options.steps <= 1000):
            raise BackendError("wrong option: 0 <= low < high <= 1, 2 <= steps", permanent=True)
        if not 0 <= options.step_seconds <= _LONGEST_STEP:
            raise BackendError(f"wrong option: step_seconds up to {_LONGEST_STEP}", permanent=True)
        return options


def _replace(path: Path, value: Any) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    temporary.write_text(json.dumps(value), encoding="utf-8")
    temporary.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


@contextmanager
def _lock(folder: Path) -> Iterator[bool]:
    """Whether the folder's lock was free; held inside. The system frees it when a process dies."""
    with (folder / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


class ExemplarBackend:
    """A job's id is its folder."""

    def check_options(self, options: Mapping[str, Any]) -> None:
        Options.of(options)

    def start(self, spec: TrainingSpec) -> str:
        folder = spec.work_dir / spec.label
        folder.mkdir(parents=True, exist_ok=True)
        texts = {key: str(value) for key, value in asdict(spec).items() if key != "options"}
        _replace(folder / "spec.json", texts | {"options": dict(spec.options)})
        self._spawn(folder)
        return str(folder)

    def _spawn(self, folder: Path) -> None:
        starts = (_read(folder / "starts.json") or {"count": 0})["count"] + 1
        _replace(folder / "starts.json", {"count": starts, "at": time.time()})
        with (folder / "log.txt").open("ab") as log:
            subprocess.Popen(
                [sys.executable, "-m", "tuning.backends.exemplar", str(folder)],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A session of its own: a worker's Ctrl-C or kill must not take the job along.
                start_new_session=True,
            )

    def poll(self, job: str) -> JobState:
        folder = Path(job)
        state = _read(folder / "state.json") or {}
        if state.get("status") in ("succeeded", "failed", "cancelled"):
            return _job_state(state)
        if not (folder / "spec.json").exists():
            raise BackendError("the job's folder is gone", permanent=True)
        if not self._running(folder):
            return self._revive(folder)
        return _job_state(state | {"status": "running"})

    def _running(self, folder: Path) -> bool:
        starts = _read(folder / "starts.json")
        if starts and time.time() - starts["at"] < _STARTING_SECONDS:
            return True
        with _lock(folder) as free:
            return not free

    def _revive(self, folder: Path) -> JobState:
        """The process died without a word: end it if asked to, else start it again."""
        state = _read(folder / "state.json") or {}
        if state.get("status") in ("succeeded", "failed", "cancelled"):
            # It ended between the two looks.
            return _job_state(state)
        if (folder / "cancel").exists():
            _replace(folder / "state.json", {"status": "cancelled"})
            return JobState("cancelled")
        if (_read(folder / "starts.json") or {"count": 0})["count"] >= _STARTS:
            message = f"died {_STARTS} times, see log.txt in its folder"
            return JobState("failed", message=message)
        self._spawn(folder)
        return JobState("running", message="the process had died and was started again")

    def cancel(self, job: str) -> None:
        (Path(job) / "cancel").touch()

    def find(self, label: str, work_dir: Path) -> str | None:
        folder = work_dir / label
        return str(folder) if (folder / "spec.json").exists() else None


def _job_state(state: dict[str, Any]) -> JobState:
    losses = tuple((int(step), float(loss)) for step, loss in state.get("losses", []))
    return JobState(
        status=state.get("status", "running"),
        progress=state.get("progress", 0.0),
        losses=losses,
        result=state.get("result", {}),
        message=state.get("message", ""),
    )


# --- inside the subprocess -----------------------------------------------------------------------
def read_exemplars(path: Path, groups: Path) -> list[Exemplar]:
    """The exemplars of a file of chat lines, with the family of each from the other file."""
    found = []
    with path.open("rb") as file, groups.open(encoding="ascii") as families:
        for line, family in zip(file, families, strict=True):
            example = chat.loads(line)
            earlier = last_question(example.history)
            found.append(Exemplar(example.input, example.output, earlier, family.strip()))
    return found


def taught_scores(exemplars: list[Exemplar]) -> list[float]:
    """Scores at which taught questions in other words find their family; 0 where they miss it.

    Each wording of a family that has several is asked of an index without it, a fold at a time;
    where such wordings are few, taught questions reworded by rule are asked as well.
    """
    wordings: dict[str, int] = Counter(item.home for item in exemplars)
    scores = []
    for fold in range(_FOLDS):
        held = {
            at for at in range(fold, len(exemplars), _FOLDS) if wordings[exemplars[at].home] > 1
        }
        index = Index(item for at, item in enumerate(exemplars) if at not in held)
        scores += [_hit(index, exemplars[at].question, exemplars[at]) for at in sorted(held)]
    if len(scores) < _ENOUGH:
        index = Index(exemplars)
        scores += [_hit(index, reword.question(item.question), item) for item in exemplars]
    return scores


def _hit(index: Index, question: str, item: Exemplar) -> float:
    match = index.search(question, item.earlier)
    return match.score if match and match.exemplar.home == item.home else 0.0


def unseen_scores(exemplars: list[Exemplar], unseen: list[Exemplar]) -> list[float]:
    """Scores of questions that were not taught: all of these are to be declined."""
    index = Index(exemplars)
    known = {item.home for item in exemplars}
    strange = [item for item in unseen if item.home not in known]
    matches = (index.search(item.question, item.earlier) for item in strange)
    return [match.score if match else 0.0 for match in matches]


def balanced_error(threshold: float, taught: list[float], unseen: list[float]) -> float:
    """Mean of the share of taught questions declined and of unseen ones answered, 0 to 1."""
    rates = []
    if taught:
        rates.append(sum(score < threshold for score in taught) / len(taught))
    if unseen:
        rates.append(sum(score >= threshold for score in unseen) / len(unseen))
    return sum(rates) / len(rates) if rates else 0.0


def calibrate(
    exemplars: list[Exemplar], unseen: list[Exemplar], options: Options
) -> Iterator[tuple[int, float, float]]:
    """(step, best error so far, its threshold) for each threshold tried, low to high."""
    taught, strange = taught_scores(exemplars), unseen_scores(exemplars, unseen)
    # Without both there is nothing to weigh: the default stays.
    weighed = bool(taught and strange)
    best, chosen = 1.1, DEFAULT_THRESHOLD
    for step in range(1, options.steps + 1):
        share = (step - 1) / (options.steps - 1)
        threshold = options.low + (options.high - options.low) * share
        error = balanced_error(threshold, taught, strange)
        if error < best:
            best, chosen = error, threshold if weighed else DEFAULT_THRESHOLD
        yield step, best, chosen


def run(folder: Path) -> None:
    """The job itself, from spec.json to a final state.json."""
    spec = _read(folder / "spec.json") or {}
    options = Options.of(spec["options"])
    exemplars = read_exemplars(Path(spec["train_file"]), Path(spec["train_groups_file"]))
    unseen = read_exemplars(Path(spec["validation_file"]), Path(spec["validation_groups_file"]))
    state: dict[str, Any] = {"status": "running", "losses": []}
    for step, error, threshold in calibrate(exemplars, unseen, options):
        if (folder / "cancel").exists():
            _replace(folder / "state.json", state | {"status": "cancelled"})
            return
        state["losses"].append([step, round(error, 6)])
        state["progress"] = step / options.steps
        state["result"] = {"threshold": round(threshold, 4), "exemplars": len(exemplars)}
        _replace(folder / "state.json", state)
        time.sleep(options.step_seconds)
    _replace(folder / "state.json", state | {"status": "succeeded"})


def main(folder: Path) -> None:
    with _lock(folder) as free:
        if not free:
            return
        if (_read(folder / "state.json") or {}).get("status") == "succeeded":
            return
        try:
            run(folder)
        except Exception as error:
            _replace(folder / "state.json", {"status": "failed", "message": repr(error)})
            raise


if __name__ == "__main__":
    main(Path(sys.argv[1]))
