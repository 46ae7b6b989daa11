"""Checkpoints of a LoRA job: one counts only once it is whole, which a file in it says.

transformers writes a checkpoint file by file under its last name; the mark comes after all of
them, so that neither a kill nor a full disk leaves one that looks whole.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from tuning.backends import jobs
from tuning.backends.base import Checkpoint

FOLDER, MARK = "checkpoints", "whole.json"
_STATE = "trainer_state.json"


def _fsync(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        if path.is_dir() and path != folder:
            continue
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def mark(
    checkpoint: Path, fingerprint: str, epoch: float, loss: float | None, *, stopped: bool
) -> None:
    """Say that it is whole, and of which training it is; `stopped`: which ended early with it."""
    _fsync(checkpoint)
    values = {
        "fingerprint": fingerprint,
        "epoch": round(epoch, 4),
        "loss": loss,
        "stopped": stopped,
    }
    jobs.replace(checkpoint / MARK, values)


def _step(path: Path) -> int:
    number = path.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else -1


def _all(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).glob("checkpoint-*"), key=_step)


def _mark_of(path: Path) -> dict[str, Any]:
    try:
        return jobs.read(path / MARK) or {}
    except json.JSONDecodeError:
        return {}


def sweep(folder: Path) -> None:
    """Remove what is not whole."""
    for path in _all(folder):
        if not _mark_of(path):
            shutil.rmtree(path, ignore_errors=True)


def whole(folder: Path) -> list[Checkpoint]:
    """The job's checkpoints that can be gone back to, by step."""
    found = []
    for path in _all(folder):
        told = _mark_of(path)
        if told:
            found.append(Checkpoint(path.name, _step(path), told["epoch"], str(path), told["loss"]))
    return found


def latest(folder: Path, fingerprint: str) -> Path | None:
    """The newest one of the same training to go on from. Not one with which that ended early: a
    trainer would go on past it. From the best, which is kept, it ends there again."""
    fitting = []
    for path in _all(folder):
        told = _mark_of(path)
        if told.get("fingerprint") == fingerprint and not told["stopped"]:
            fitting.append(path)
    return fitting[-1] if fitting else None


def adopt(earlier: Path, folder: Path, fingerprint: str) -> None:
    """Copy the checkpoints of the same training that an earlier job left, each whole or not."""
    (folder / FOLDER).mkdir(exist_ok=True)
    for path in _all(earlier):
        new = folder / FOLDER / path.name
        if _mark_of(path).get("fingerprint") != fingerprint or new.exists():
            continue
        copy = folder / f"{path.name}.part"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(path, copy)
        _move_best(copy, earlier, folder)
        copy.replace(new)


def _move_best(copy: Path, earlier: Path, folder: Path) -> None:
    """The trainer's state names the best checkpoint by its path."""
    state = jobs.read(copy / _STATE) or {}
    best = state.get("best_model_checkpoint")
    if best:
        state["best_model_checkpoint"] = str(folder / FOLDER / Path(best).name)
        jobs.replace(copy / _STATE, state)
