"""LoRA on own hardware: adapters trained through trl, peft and transformers (docs/lora.md).

This side is light: it checks, estimates, and starts `tuning.backends.lora_worker` with whichever
Python has the extra `lora`. Nothing here imports torch.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.utils.translation import gettext_noop

from reviews.formats import chat, preference
from tuning.backends import lora_bases as bases
from tuning.backends import options as of_options
from tuning.backends.base import (
    PREFERENCE,
    SFT,
    BackendError,
    Base,
    Data,
    Estimate,
    Impossible,
    JobState,
    Problem,
)
from tuning.backends.jobs import LocalBackend
from tuning.backends.options import option

_BYTES_A_TOKEN = 4
"""Of Indonesian business text, roughly; nothing is paid by it here."""
_LONGEST = 2048
"""Tokens of an example unless told; memory grows with it."""
_FULL_DISK = 16 * 1024 * 1024
"""Bytes below which a disk counts as full when a job has died."""
LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets")
_HUB = ("django", "orjson")
"""Of the hub's own packages what its module for the job imports."""
_INSTALL = "pip install feedbackhub[lora]"


@dataclass(frozen=True, slots=True)
class Preset:
    """D3: each makes steps of 16 examples; they differ in how far they move the model."""

    epochs: int
    batch: int
    learning_rate: float
    accumulation: int


PRESETS = {
    "conservative": Preset(epochs=3, batch=2, learning_rate=2e-5, accumulation=8),
    "balanced": Preset(epochs=3, batch=4, learning_rate=2e-4, accumulation=4),
    "aggressive": Preset(epochs=5, batch=8, learning_rate=5e-4, accumulation=2),
}
BALANCED_FROM, AGGRESSIVE_FROM = 500, 5_000
"""Training examples: few are soon learned by heart, which big steps do the faster."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is None is the preset's, or `max_length` the base's; the preset is chosen by the number
    of examples."""

    preset: str | None = option(
        None, choices=tuple(PRESETS), help=gettext_noop("By the number of examples unless told.")
    )
    epochs: int | None = option(None, low=1, high=100)
    batch: int | None = option(
        None,
        low=1,
        high=256,
        help=gettext_noop("Examples on a card at once."),
        setting="TUNING_BATCH_SIZE",
    )
    learning_rate: float | None = option(None, low=1e-7, high=0.1, setting="TUNING_LEARNING_RATE")
    accumulation: int | None = option(
        None, low=1, high=1024, help=gettext_noop("Batches that make one step.")
    )
    rank: int = option(16, low=1, high=512, help=gettext_noop("Width of the adapter."))
    alpha: int = option(32, low=1, high=2048)
    dropout: float = option(0.05, low=0.0, high=0.9)
    weight_decay: float = option(0.01, low=0.0, high=1.0)
    max_length: int | None = option(
        None,
        low=16,
        high=131_072,
        help=gettext_noop(
            "Tokens; longer examples are left out. 2048 or the base's limit unless told."
        ),
    )
    evaluations: int = option(
        4, low=1, high=100, help=gettext_noop("In an epoch, each with a checkpoint.")
    )
    patience: int = option(
        3, low=1, high=1000, help=gettext_noop("Worse evaluations in a row that end the training.")
    )
    learns: str = option(
        "answer",
        choices=("answer", "conversation"),
        help=gettext_noop("The reviewed answer alone, or the assistant's earlier turns as well."),
    )
    beta: float = option(
        0.1, low=0.001, high=10.0, help=gettext_noop("How near DPO stays to the base model.")
    )
    four_bit: bool = option(False, help=gettext_noop("QLoRA: needs CUDA and bitsandbytes."))
    merge: bool = option(True, help=gettext_noop("Also write the whole model, adapter merged in."))
    answer_tokens: int = option(
        512, low=1, high=8192, help=gettext_noop("Of an answer to an evaluation's question.")
    )
    seed: int = option(42, low=0, high=2**31 - 1)


def preset_for(examples: int) -> str:
    if examples < BALANCED_FROM:
        return "conservative"
    return "balanced" if examples < AGGRESSIVE_FROM else "aggressive"


def _misfits(
    options: Mapping[str, Any], base: Base, config: Mapping[str, Any] | None
) -> list[Problem]:
    """What is wrong with options, each allowed in itself, for this base."""
    read = asdict(of_options.read(Options, options))
    wrong = bases.adapter_problems(base, {name: read[name] for name in options})
    limit = bases.token_limit(base, config or {})
    if limit and read["max_length"] and read["max_length"] > limit:
        told = {"allowed": f"int 16..{limit}"}
        wrong.append(Problem("options.max_length", gettext_noop("allowed: %(allowed)s"), told))
    return wrong


def settled(
    options: Mapping[str, Any], base: Base, examples: int, config: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Every option with its value: as given, else the preset's or the base's, else its default.
    An adapter that is gone on with has its own width. `config`: the base's, where it has no folder.

    Raises Impossible for what is unknown, out of range, or does not fit the base.
    """
    config = config or bases.config(base) or {}
    wrong = of_options.problems(Options, options) or _misfits(options, base, config)
    if wrong:
        raise Impossible(tuple(wrong))
    given = asdict(of_options.read(Options, options)) | bases.adapter_options(base)
    given["preset"] = given["preset"] or preset_for(examples)
    for name, value in asdict(PRESETS[given["preset"]]).items():
        if given[name] is None:
            given[name] = value
    if given["max_length"] is None:
        limit = bases.token_limit(base, config)
        given["max_length"] = min(_LONGEST, limit or _LONGEST)
    return given


# --- the environment that trains -----------------------------------------------------------------
_PROBE = f"""
import importlib.util as util
print(*(name for name in {(*_HUB, *LIBRARIES)!r} if util.find_spec(name) is None))
"""
_PROBE_CUDA = """
import importlib.util as util, torch
print("" if torch.cuda.is_available() else "CUDA")
print("" if util.find_spec("bitsandbytes") else "bitsandbytes")
"""


_PASSED: set[tuple[str, str]] = set()
"""Probes that found nothing lacking: what lacks today an operator may mend tomorrow, without
starting the hub anew."""


def _probe(python: str, code: str) -> tuple[str, ...] | None:
    """The words that `code` prints in that Python, for what lacks; None where it can't be run."""
    if (python, code) in _PASSED:
        return ()
    try:
        done = subprocess.run(
            [python, "-c", code], capture_output=True, text=True, timeout=120, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = tuple(done.stdout.split()) if done.returncode == 0 else None
    if found == ():
        _PASSED.add((python, code))
    return found


def environment_problems(four_bit: bool) -> list[Problem]:
    """What the Python that trains lacks."""
    missing = _probe(settings.LORA_PYTHON, _PROBE)
    if missing is None:
        reason = gettext_noop("LORA_PYTHON can't be run: %(python)s")
        return [Problem("backend", reason, {"python": settings.LORA_PYTHON})]
    if missing:
        reason = gettext_noop("training needs %(missing)s: %(install)s, or set LORA_PYTHON")
        values = {"missing": ", ".join(missing), "install": _INSTALL}
        return [Problem("backend", reason, values)]
    lacking = _probe(settings.LORA_PYTHON, _PROBE_CUDA) if four_bit else ()
    if lacking is None:
        lacking = ("CUDA",)
    if lacking:
        reason = gettext_noop("4-bit training needs %(missing)s; allowed here: false")
        return [Problem("options.four_bit", reason, {"missing": ", ".join(lacking)})]
    return []


# What a job gets of the worker's own environment: none of the hub's secrets is of use to it.
_KEPT = (
    "PATH HOME USER LANG TZ TMPDIR LD_LIBRARY_PATH VIRTUAL_ENV XDG_CACHE_HOME "
    "SSL_CERT_FILE REQUESTS_CA_BUNDLE http_proxy https_proxy no_proxy"
).split()
_KEPT_STARTS = (
    "LC_ CUDA_ NVIDIA_ HIP_ ROCR_ NCCL_ GLOO_ OMP_ MKL_ PYTORCH_ TORCH_ TRITON_ "
    "HF_HOME HF_HUB_CACHE ACCELERATE_"
).split()
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
_QUIET = {
    # The job needs Django's gettext and nothing of the hub's settings, secrets least of all.
    "DJANGO_SETTINGS_MODULE": "django.conf.global_settings",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
}
SHARED_SETTINGS = ("LORA_GGUF_COMMAND", "LORA_GGUF_TIMEOUT_SECONDS", "LORA_ALLOW_HUB")
"""Settings that the job reads, from its environment and as JSON."""


class LoraBackend(LocalBackend):
    module = "tuning.backends.lora_worker"
    heartbeat_seconds = 3600.0
    """The longest time without a word: a big model is read, merged or written in one call."""
    starting_seconds = 120.0
    """A launcher imports torch before the job takes its lock."""
    formats: ClassVar[Mapping[str, str]] = {SFT: chat.NAME, PREFERENCE: preference.NAME}
    exclusive: ClassVar[str] = "accelerator"
    options: ClassVar[type] = Options

    def check(
        self, options: Mapping[str, Any], base: Base, data: Data, method: str = SFT
    ) -> tuple[Problem, ...]:
        wrong = of_options.problems(Options, options)
        if method not in self.formats or method not in base.abilities:
            allowed = {"allowed": ", ".join(sorted(base.abilities & set(self.formats)))}
            wrong.append(Problem("method", gettext_noop("allowed: %(allowed)s"), allowed))
        if not wrong:
            wrong += _misfits(options, base, bases.config(base))
        wrong += bases.problems(base, method)
        return tuple(wrong + environment_problems(options.get("four_bit") is True))

    def estimate(
        self, options: Mapping[str, Any], base: Base, data: Data, method: str = SFT
    ) -> Estimate:
        """All epochs, though training may stop early; no example counts for more than is learned
        of it. Seconds depend on the card: unknown."""
        found = settled(options, base, data.train)
        most = data.train * found["max_length"]
        tokens = min(data.size // _BYTES_A_TOKEN, most) * found["epochs"]
        return Estimate(tokens, None, tokens / 1e6 * (base.price or 0.0))

    def command(self, folder: Path) -> list[str]:
        """Plain Python, or the operator's launcher (`accelerate launch …`) for several cards."""
        launcher = settings.LORA_LAUNCH or [settings.LORA_PYTHON]
        return [*launcher, "-m", self.module, str(folder)]

    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in _KEPT or name.startswith(tuple(_KEPT_STARTS))
        }
        shared = {name: json.dumps(getattr(settings, name)) for name in SHARED_SETTINGS}
        if settings.LORA_ALLOW_HUB:
            kept |= {k: os.environ[k] for k in ("HF_TOKEN", "HF_ENDPOINT") if k in os.environ}
        else:
            kept |= _OFFLINE
        if not settings.LORA_LAUNCH:
            # trl refuses several cards in one process; a launcher starts one process for each.
            cards = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
            kept["CUDA_VISIBLE_DEVICES"] = cards.split(",")[0]
        return kept | _QUIET | shared

    def delete(self, result: Mapping[str, Any]) -> None:
        """The model and its checkpoints; what the job said of itself stays."""
        adapter = Path(str(result.get("artifact") or ".")).resolve()
        if Path(settings.TUNING_DIR).resolve() not in adapter.parents:
            return
        try:
            for name in ("adapter", "merged", "checkpoints"):
                if (adapter.parent / name).exists():
                    shutil.rmtree(adapter.parent / name)
            (adapter.parent / "model.gguf").unlink(missing_ok=True)
        except OSError as error:
            reason = gettext_noop("%(folder)s can't be deleted: %(error)s")
            values = {"folder": str(adapter.parent), "error": error.strerror or str(error)}
            raise BackendError(reason, permanent=False, values=values) from error

    def gave_up(self, folder: Path, state: Mapping[str, Any]) -> JobState:
        """A job that the system ended each time without a word: most often for its memory."""
        found = super().gave_up(folder, state)
        if shutil.disk_usage(folder).free < _FULL_DISK:
            return JobState("failed", message=DISK_FULL, values={"folder": str(folder)})
        values = dict(found.values) | {"phase": state.get("phase") or "-"}
        return JobState("failed", message=DIED, values=values)


DISK_FULL = gettext_noop("the disk of %(folder)s is full: make room and try again")
DIED = gettext_noop(
    "was ended from outside %(times)s times (phase: %(phase)s), most often because the machine's "
    "memory did not suffice: try a smaller options.batch or options.max_length"
)
