"""What a job died of, in words that say what to do."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop

from reviews.formats import FormatError
from tuning.backends.base import BackendError
from tuning.backends.lora import DISK_FULL

OUT_OF_MEMORY = gettext_noop(
    "out of memory (batch %(batch)s, at most %(max_length)s tokens): try a smaller options.batch "
    "with more options.accumulation, a smaller options.max_length, or options.four_bit"
)
NOT_FINITE = gettext_noop(
    "the loss at step %(step)s is no number (%(value)s): try a smaller options.learning_rate, and "
    "make sure that the base model is whole"
)
NOT_READ = gettext_noop("line %(line)s of %(file)s: %(reason)s")
NO_MODEL = gettext_noop("the base model %(model)s can't be loaded: %(error)s")
# Torch and safetensors say it in their own words and types.
_MEMORY_WORDS = ("out of memory", "can't allocate memory", "bad_alloc", "STATUS_ALLOC_FAILED")
# Torch's writer, whose file came out shorter than what it wrote, names no disk.
_DISK_WORDS = ("No space left on device", "os error 28", "failed writing file", "unexpected pos")
_QUOTED = 500


class NotFinite(Exception):
    def __init__(self, step: int, value: float) -> None:
        super().__init__(f"step {step}: {value}")
        self.step, self.value = step, value


class BadLine(Exception):
    """A line of a data file that can't be read, counted from 1."""

    def __init__(self, file: Path, line: int, error: FormatError) -> None:
        super().__init__(f"{file.name}:{line}: {error}")
        self.file, self.line, self.reason = file.name, line, str(error)


def _says(error: BaseException, words: tuple[str, ...]) -> bool:
    return any(word in str(error) for word in words)


def is_memory(error: BaseException) -> bool:
    named = type(error).__name__ == "OutOfMemoryError"
    return named or isinstance(error, MemoryError) or _says(error, _MEMORY_WORDS)


def is_full_disk(error: BaseException) -> bool:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return full or _says(error, _DISK_WORDS)


def told(
    error: Exception, folder: Path, options: Mapping[str, Any]
) -> tuple[str, dict[str, Any]] | None:
    """A sentence with its values for what is known to happen; None for anything else."""
    if isinstance(error, BackendError):
        return error.reason, dict(error.values)
    if isinstance(error, NotFinite):
        return NOT_FINITE, {"step": error.step, "value": str(error.value)}
    if isinstance(error, BadLine):
        return NOT_READ, {"line": error.line, "file": error.file, "reason": error.reason}
    if is_full_disk(error):
        return DISK_FULL, {"folder": str(folder)}
    if is_memory(error):
        names = ("batch", "max_length")
        return OUT_OF_MEMORY, {name: options.get(name, "-") for name in names}
    return None


def no_model(name: str, error: Exception) -> BackendError:
    """The loader's own words, in short: they name the file that is missing or wrong."""
    values = {"model": name, "error": " ".join(str(error).split())[:_QUOTED]}
    return BackendError(NO_MODEL, permanent=True, values=values)


def sweep(folder: Path) -> None:
    """Remove what was begun and not finished: it holds room and nobody may take it for whole."""
    for part in folder.glob("*.part"):
        shutil.rmtree(part, ignore_errors=True) if part.is_dir() else part.unlink(missing_ok=True)
