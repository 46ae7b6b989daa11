"""Jobs on tiny models, trained for real on the processor. Collected by `make test-lora` alone."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Before torch is imported: on models so small a second thread only gets in the way.
os.environ["OMP_NUM_THREADS"] = "1"

import pytest

from reviews.formats import Example, write
from tests.lora import tiny
from tuning.backends import jobs, lora_worker
from tuning.backends.base import PREFERENCE, SFT, Base, TrainingSpec
from tuning.backends.lora import LoraBackend

QUICK = {"epochs": 4, "batch": 4, "accumulation": 1, "learning_rate": 0.01, "evaluations": 1}
"""Six steps an epoch of 24 examples, each epoch with an evaluation and a checkpoint."""


@pytest.fixture(scope="session")
def bases(tmp_path_factory) -> Callable[[str], Path]:
    """Base models by kind: plain, llama, gemma, t5; made once."""
    made: dict[str, Path] = {}

    def base(kind: str) -> Path:
        if kind not in made:
            folder = tmp_path_factory.mktemp("bases") / f"dasar-{kind}"
            made[kind] = tiny.t5(folder) if kind == "t5" else tiny.causal(folder, kind)
        return made[kind]

    return base


@pytest.fixture
def make_spec(tmp_path, bases) -> Callable[..., TrainingSpec]:
    """A job's spec with its files written. Everything has a default; `questions` are asked of the
    tuned model."""

    def make(
        kind: str = "plain",
        *,
        train: list[Example] | None = None,
        validation: list[Example] | None = None,
        method: str = SFT,
        options: dict[str, Any] | None = None,
        questions: list[str] | None = None,
        label: str = "hub-uji",
        **fields: Any,
    ) -> TrainingSpec:
        sample = tiny.preferences if method == PREFERENCE else tiny.examples
        data = tmp_path / "data" / label
        train = sample(24) if train is None else train
        tiny.write(data, train, sample(4) if validation is None else validation)
        if questions is not None:
            asked = [{"key": q, "messages": [{"role": "user", "content": q}]} for q in questions]
            (data / "questions.jsonl").write_bytes(b"".join(map(write, asked)))
        base = Base(str(bases(kind)), frozenset({SFT, PREFERENCE}))
        return TrainingSpec(
            label=label,
            base=dataclasses.replace(base, **fields.pop("base", {})),
            train_file=data / "train.jsonl",
            train_groups_file=data / "train.groups.txt",
            validation_file=data / "validation.jsonl",
            validation_groups_file=data / "validation.groups.txt",
            work_dir=tmp_path / "jobs",
            method=method,
            options=QUICK | (options or {}),
            questions_file=data / "questions.jsonl" if questions is not None else None,
            **fields,
        )

    return make


def folder_of(spec: TrainingSpec) -> Path:
    """The job's folder as `start` makes it."""
    folder = spec.work_dir / spec.label
    folder.mkdir(parents=True, exist_ok=True)
    jobs.write_spec(folder, spec)
    return folder


def work(spec: TrainingSpec) -> tuple[Path, dict[str, Any]]:
    """Do the job in this process; (its folder, its last state.json)."""
    folder = folder_of(spec)
    lora_worker.main(folder)
    return folder, json.loads((folder / "state.json").read_text())


@pytest.fixture
def backend(settings, tmp_path) -> LoraBackend:
    """The backend as the hub has it, with this Python for its jobs."""
    settings.LORA_PYTHON, settings.LORA_LAUNCH = sys.executable, []
    settings.TUNING_DIR = tmp_path
    return LoraBackend()
