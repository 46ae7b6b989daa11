"""Tuning backends, one file each; a plain dict is the registry."""

from __future__ import annotations

from tuning.backends.base import BackendError, JobState, TrainingBackend, TrainingSpec
from tuning.backends.exemplar import ExemplarBackend

BACKENDS: dict[str, type[TrainingBackend]] = {"exemplar": ExemplarBackend}


def get(name: str) -> TrainingBackend:
    if name not in BACKENDS:
        raise BackendError(f"no tuning backend is called {name!r}", permanent=True)
    return BACKENDS[name]()


__all__ = ["BackendError", "JobState", "TrainingBackend", "TrainingSpec", "get"]
