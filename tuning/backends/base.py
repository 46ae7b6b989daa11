"""The contract of a tuning backend. Backends know no models and no statuses of the hub."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Protocol

SFT, PREFERENCE = "sft", "preference"
"""What a run teaches: answers, or which of two answers is better."""


class BackendError(Exception):
    """The backend can't. `permanent` says that asking again will not help.

    `reason` is a sentence that may be translated, with %(name)s places for `values`.
    """

    def __init__(
        self, reason: str, *, permanent: bool, values: Mapping[str, Any] | None = None
    ) -> None:
        self.reason, self.values = reason, dict(values or {})
        super().__init__(reason % self.values if self.values else reason)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a run can't be as asked for: the field ('options.epochs', 'dataset_version',
    'base_model'), and a sentence for `values` that names what is allowed."""

    field: str
    reason: str
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.field}: {self.reason % self.values if self.values else self.reason}"


class Impossible(BackendError):
    """What was asked for can't be; `problems` says why, one by one."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(map(str, problems)), permanent=True)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Base:
    """The model that a run starts from, as its row says; what nobody knows is empty.

    `name` is the provider's name or a folder. `continues` names an earlier tuned model to go on
    with (`checkpoint`: which of its checkpoints). `token_limit` is of one example, `price` in US
    dollars for a million tokens of training.
    """

    name: str
    abilities: frozenset[str] = frozenset({SFT})
    tune_region: str = ""
    serve_region: str = ""
    token_limit: int | None = None
    adapter_sizes: tuple[int, ...] = ()
    price: float | None = None
    retires: date | None = None
    continues: str = ""
    checkpoint: str = ""


@dataclass(frozen=True, slots=True)
class Data:
    """What a run would learn from: rows, question families of the train part, and bytes of its
    texts in UTF-8 (`longest`: of the longest example). In bytes, for a character of Chinese takes
    as many tokens as three Latin letters or more."""

    train: int
    validation: int
    families: int
    size: int
    longest: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Before a run: tokens that it reads (all epochs), seconds, and US dollars; None: unknown."""

    tokens: int
    seconds: float | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """One job. `label` is unique. The files hold lines of the backend's format for the method, and
    beside each a file of as many lines names the question family of every example.

    `questions_file`, where it is not None, holds what the tuned model is to be asked once it is
    made, a line each: {"key": text, "messages": [{"role", "content"}]}. A job whose model no server
    serves answers them in `answers.jsonl` of its folder: {"key": text, "text": answer}; one that
    can't be asked has an empty answer and a `reason`. `resume` is the job that an earlier try left,
    whose checkpoints may be gone on with.
    """

    label: str
    base: Base
    train_file: Path
    train_groups_file: Path
    validation_file: Path
    validation_groups_file: Path
    work_dir: Path
    method: str = SFT
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    questions_file: Path | None = None
    resume: str = ""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A state of the model that can be gone back to; `reference` is what a provider serves."""

    id: str
    step: int | None = None
    epoch: float | None = None
    reference: str = ""
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class JobState:
    """What a job says of itself.

    `status` is running, succeeded, failed or cancelled; `phase` says more while it runs, in words
    of the backend's (waiting for quota, paused). `progress` runs from 0 to 1. `losses` are
    (step, loss) points so far, steps from 1; `validation_losses` the same, held-out. `result` is
    what the version's provider needs. `dropped` are 1-based lines of the train file that the job
    left out, with the reasons it gave. `tokens` and `cost` (US dollars) are what it took, where
    that is known. `message` is a sentence for `values`, as BackendError's reason. `warnings` are
    such sentences with their values: what fell short in a job that ended well.
    """

    status: str
    progress: float = 0.0
    losses: tuple[tuple[int, float], ...] = ()
    validation_losses: tuple[tuple[int, float], ...] = ()
    result: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    phase: str = ""
    checkpoints: tuple[Checkpoint, ...] = ()
    dropped: tuple[int, ...] = ()
    dropped_count: int = 0
    dropped_reasons: tuple[str, ...] = ()
    tokens: int | None = None
    cost: float | None = None
    message: str = ""
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    warnings: tuple[tuple[str, Mapping[str, Any]], ...] = ()


class TrainingBackend(Protocol):
    """Each call asks the outside once and returns; none waits for a job to end."""

    formats: ClassVar[Mapping[str, str]]
    """The file format (reviews.formats) of each method that the backend knows."""
    exclusive: ClassVar[str]
    """What only one run at a time may use, such as this machine's accelerator; empty: nothing."""
    options: ClassVar[type]
    """The dataclass of its options (tuning.backends.options)."""

    def check(
        self, options: Mapping[str, Any], base: Base, data: Data, method: str = SFT
    ) -> tuple[Problem, ...]:
        """Why such a run can't be, before anything is created; empty where it can."""

    def estimate(
        self, options: Mapping[str, Any], base: Base, data: Data, method: str = SFT
    ) -> Estimate:
        """What such a run would take. The options are right."""

    def upload(self, spec: TrainingSpec) -> None:
        """Bring the files to where the job reads them. Again is harmless."""

    def start(self, spec: TrainingSpec) -> str:
        """Start the job and return its id. Never called twice for a label that `find` knows."""

    def poll(self, job: str) -> JobState: ...

    def cancel(self, job: str) -> None:
        """Ask the job to end; it may still succeed. A job that has ended is left alone."""

    def find(self, spec: TrainingSpec) -> str | None:
        """The id of the job that bears the spec's label, or None: how a job is adopted after a
        crash."""

    def delete(self, result: Mapping[str, Any]) -> None:
        """Delete the tuned model that a job's result names. Deleted already is well."""
