"""The contract of a tuning backend. Backends know no models and no statuses of the hub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class BackendError(Exception):
    """The backend can't. `permanent` says that asking again will not help."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """One job. `label` is unique; the files hold chat lines (reviews.formats.chat), and beside
    each a file of as many lines names the question family of every example."""

    label: str
    base_model: str
    train_file: Path
    train_groups_file: Path
    validation_file: Path
    validation_groups_file: Path
    work_dir: Path
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobState:
    """What a job says of itself.

    `status` is running, succeeded, failed or cancelled. `progress` runs from 0 to 1. `losses` are
    (step, loss) points so far, steps from 1. `result` is what the version's provider needs.
    """

    status: str
    progress: float = 0.0
    losses: tuple[tuple[int, float], ...] = ()
    result: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""


class TrainingBackend(Protocol):
    """Each call asks the outside once and returns; none waits for a job to end."""

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raise BackendError(permanent) for an unknown or wrong option."""

    def start(self, spec: TrainingSpec) -> str:
        """Start the job and return its id. Never called twice for a label that `find` knows."""

    def poll(self, job: str) -> JobState: ...

    def cancel(self, job: str) -> None:
        """Ask the job to end; it may still succeed. A job that has ended is left alone."""

    def find(self, label: str, work_dir: Path) -> str | None:
        """The id of the job that bears the label, or None: how a job is adopted after a crash."""
