"""Tuning backends, one file each; a plain dict is the registry."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from tuning.backends.base import (
    PREFERENCE,
    SFT,
    BackendError,
    Base,
    Checkpoint,
    Data,
    Estimate,
    Impossible,
    JobState,
    Problem,
    TrainingBackend,
    TrainingSpec,
)
from tuning.backends.exemplar import ExemplarBackend
from tuning.backends.lora import LoraBackend
from tuning.backends.vertex import VertexBackend

BACKENDS: dict[str, type[TrainingBackend]] = {
    "exemplar": ExemplarBackend,
    "lora": LoraBackend,
    "vertex": VertexBackend,
}


def get(name: str) -> TrainingBackend:
    if name not in BACKENDS:
        reason = gettext_noop("no tuning backend is called %(name)s")
        raise BackendError(reason, permanent=True, values={"name": name})
    return BACKENDS[name]()


__all__ = [
    "PREFERENCE",
    "SFT",
    "BackendError",
    "Base",
    "Checkpoint",
    "Data",
    "Estimate",
    "Impossible",
    "JobState",
    "Problem",
    "TrainingBackend",
    "TrainingSpec",
    "get",
]
