"""What Vertex AI refuses when a tuning job is made (reference: the service's pages of 2026)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.standins.server import Reply, error
from tests.standins.vertex_data import Data

SIZES = ("ONE", "TWO", "FOUR", "EIGHT", "SIXTEEN")
METHODS = {
    "supervisedTuningSpec": "supervisedTuningDataStats",
    "preferenceOptimizationSpec": "preferenceOptimizationDataStats",
}
SUPERVISED, PREFERENCE = METHODS
_JOB = {
    "baseModel",
    "preTunedModel",
    "tunedModelDisplayName",
    "description",
    "labels",
    "encryptionSpec",
    "serviceAccount",
    *METHODS,
}
_SPEC = {
    "trainingDatasetUri",
    "validationDatasetUri",
    "hyperParameters",
    "exportLastCheckpointOnly",
}
_HYPER = {"epochCount", "learningRateMultiplier", "adapterSize"}
_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
_LABELS, _DISPLAY_NAME = 64, 128
_BYTES, _VALIDATION, _FREE, _SHARE = 10**9, 5_000, 1_000, 0.3


@dataclass(frozen=True)
class Tunable:
    """What a base model allows."""

    preference: bool = False
    continuous: bool = False
    sizes: tuple[str, ...] = SIZES


TUNABLE = {
    "gemini-3.5-flash": Tunable(),
    "gemini-3.5-flash-lite": Tunable(),
    "gemini-3.1-flash-lite": Tunable(continuous=True),
    "gemini-2.5-pro": Tunable(continuous=True, sizes=SIZES[:4]),
    "gemini-2.5-flash": Tunable(preference=True, continuous=True),
    "gemini-2.5-flash-lite": Tunable(preference=True, continuous=True),
}


class Refused(Exception):
    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body)
        self.reply = reply


def refuse(status: int, word: str, message: str) -> Refused:
    return Refused(error(status, word, message))


def invalid(message: str) -> Refused:
    return refuse(400, "INVALID_ARGUMENT", message)


def _known(given: dict[str, Any], names: set[str], at: str) -> None:
    for name in given.keys() - names:
        raise invalid(f"Invalid JSON payload received. Unknown name \"{name}\" at '{at}'")


def method(body: dict[str, Any]) -> str:
    """The one method that a job's body names, all its fields known."""
    _known(body, _JOB, "tuning_job")
    given = [name for name in METHODS if name in body]
    if len(given) != 1:
        raise invalid(f"oneof tuning_spec: {len(given)} of its fields are set")
    spec = body[given[0]]
    _known(spec, _SPEC, given[0])
    extra = {"beta"} if given[0] == PREFERENCE else set()
    _known(spec.get("hyperParameters", {}), _HYPER | extra, "hyper_parameters")
    return given[0]


def check_names(body: dict[str, Any]) -> None:
    labels = body.get("labels", {})
    right = all(_KEY.fullmatch(key) and _VALUE.fullmatch(labels[key]) for key in labels)
    if len(labels) > _LABELS or not right:
        raise invalid("labels hold a-z, 0-9, _ and - alone, 63 characters at most")
    if len(body.get("tunedModelDisplayName", "")) > _DISPLAY_NAME:
        raise invalid(f"tuned_model_display_name is longer than {_DISPLAY_NAME} characters")


def check_base(name: str, method: str, *, further: bool) -> None:
    """`further`: the job goes on with a tuned model."""
    base = TUNABLE.get(name)
    if base is None:
        raise invalid(f"Base model {name} is not supported.")
    if method == PREFERENCE and not base.preference:
        raise invalid(f"Preference tuning is not supported for base model {name}.")
    if further and not base.continuous:
        raise invalid(f"Continuous tuning is not supported for base model {name}.")


def settled(given: dict[str, Any], base: str) -> dict[str, Any]:
    """Hyperparameters as the service tells them: what nobody named is chosen."""
    chosen = {"learningRateMultiplier": 1, "adapterSize": "ADAPTER_SIZE_FOUR", "epochCount": 40}
    found = chosen | given
    if int(found["epochCount"]) < 1:
        raise invalid("epoch_count must be positive")
    if not found["learningRateMultiplier"] > 0 or not found.get("beta", 1) > 0:
        raise invalid("learning_rate_multiplier and beta must be positive")
    if found["adapterSize"].removeprefix("ADAPTER_SIZE_") not in TUNABLE[base].sizes:
        raise invalid("adapter_size is not supported by the base model")
    return found | {"epochCount": str(found["epochCount"])}


def check_files(train: bytes, held_out: bytes | None) -> None:
    for file in (train, held_out or b""):
        if len(file) > _BYTES:
            raise invalid("The dataset file is larger than 1 GB.")
    if held_out is None:
        return
    count, most = held_out.count(b"\n"), train.count(b"\n") * _SHARE
    if not count:
        raise invalid("The validation dataset is empty.")
    if count > _VALIDATION or count > max(most, _FREE):
        raise invalid(f"The validation dataset has too many examples: {count}.")


def usable(data: Data, held_out: Data | None) -> bool:
    """Whether both files have an example left that is not dropped."""
    return bool(data.examples) and (held_out is None or bool(held_out.examples))
