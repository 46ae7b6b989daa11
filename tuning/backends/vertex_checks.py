"""What Vertex AI would refuse late, or apply without a word, told before anything is created.

Source of the limits, where no other is named: the service's pages on preparing supervised tuning
data and preference data (models/tuning/…/prepare-data), read in November 2026.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop

from reviews import formats
from reviews.formats import Example, FormatError
from tuning.backends import options as of_options
from tuning.backends import vertex_state as state
from tuning.backends.base import PREFERENCE, BackendError, Base, Data, Problem, TrainingSpec
from tuning.backends.options import option

TOKENS = 131_072
"""Of one example, at most, where the base model's row says nothing else."""
MAX_EXAMPLES, MAX_BYTES = 10_000_000, 10**9
MAX_VALIDATION, FREE_VALIDATION, VALIDATION_SHARE = 5_000, 1_000, 0.3
"""Validation examples: 5,000 at most, and from 1,000 on at most 30 % of the training examples."""
_LETTERS_A_TOKEN = 2
"""For limits. Of Latin letters and spaces; words have about four."""
_LETTERS = (string.ascii_letters + " \n").encode()
ADAPTER_SIZES = {
    1: "ADAPTER_SIZE_ONE",
    2: "ADAPTER_SIZE_TWO",
    4: "ADAPTER_SIZE_FOUR",
    8: "ADAPTER_SIZE_EIGHT",
    16: "ADAPTER_SIZE_SIXTEEN",
}
"""Those that Gemini has; 32 is for open models. A base model's row may allow fewer."""
LABEL = re.compile(r"[a-z0-9_-]{1,63}")
"""The value of a label, as all of Google's services take it."""
_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
_SERVED_FROM = {"us": "us", "europe": "eu"}
"""The first word of a tuning region, and the multi-region that serves what was tuned there."""


@dataclass(frozen=True, slots=True)
class Options:
    """What Gemini takes. It takes no batch size and no learning rate of one's own: the service has
    its own rate, which `learning_rate_multiplier` scales. What is None is the service's choice.

    Epochs are always sent: left to the service, 166 examples were once given 40.
    """

    epochs: int | None = option(
        None,
        low=1,
        high=100,
        help=gettext_noop("TUNING_EPOCH_COUNT unless told."),
        setting="TUNING_EPOCH_COUNT",
    )
    learning_rate_multiplier: float | None = option(None, low=0.001, high=10.0)
    adapter_size: int | None = option(None, choices=tuple(ADAPTER_SIZES))
    beta: float | None = option(
        None,
        low=0.01,
        high=0.5,
        help=gettext_noop("Preferences alone: how near the model stays to its base."),
    )
    export_last_checkpoint_only: bool = option(
        False, help=gettext_noop("Keep the end alone, not a checkpoint for each epoch.")
    )


def problems(
    options: Mapping[str, Any], base: Base, data: Data, method: str, today: date
) -> tuple[Problem, ...]:
    wrong = of_options.problems(Options, options)
    if not wrong:
        wrong += _of_options(of_options.read(Options, options), base, method)
    return (*_of_settings(), *_of_base(base, method, today), *_of_data(data, base), *wrong)


def _of_settings() -> Iterator[Problem]:
    missing = [
        name for name in ("GEMINI_PROJECT_ID", "GEMINI_BUCKET") if not getattr(settings, name)
    ]
    if missing and settings.GEMINI_API_KEY:
        reason = gettext_noop(
            "GEMINI_API_KEY reaches no model that can be tuned; set %(names)s to tune on Vertex AI"
        )
    else:
        reason = gettext_noop("set %(names)s to tune on Vertex AI")
    if missing:
        yield Problem("backend", reason, {"names": ", ".join(missing)})


# --- the base model ------------------------------------------------------------------------------
def _of_base(base: Base, method: str, today: date) -> Iterator[Problem]:
    if base.retires and base.retires <= today:
        reason = gettext_noop("was retired on %(date)s; take one of its successors")
        yield Problem("base_model", reason, {"date": base.retires.isoformat()})
    if method not in base.abilities:
        reason = gettext_noop("this base model allows: %(allowed)s")
        yield Problem("method", reason, {"allowed": ", ".join(sorted(base.abilities))})
    if base.continues and "continuous" not in base.abilities:
        yield Problem("continues", gettext_noop("this base model can't be tuned further"))
    yield from _of_earlier(base)
    yield from _of_regions(base.tune_region, base.serve_region)


def _of_earlier(base: Base) -> Iterator[Problem]:
    """The tuned model that the run would go on with lies where its base is tuned or served."""
    if not base.continues:
        return
    place = state.location(base.continues)
    if not place:
        yield Problem("continues", gettext_noop("is no tuned model of Vertex AI"))
    elif base.tune_region and place not in (allowed := _around(base.tune_region)):
        reason = gettext_noop("lies in %(region)s; what this base model tunes lies in: %(allowed)s")
        values = {"region": place, "allowed": ", ".join(allowed)}
        yield Problem("continues", reason, values)


def _around(tune: str) -> list[str]:
    """A tuning region, and the multi-region around it."""
    around = _SERVED_FROM.get(tune.partition("-")[0])
    return [tune, around] if around else [tune]


def _of_regions(tune: str, serve: str) -> Iterator[Problem]:
    if not _REGION.fullmatch(tune):
        reason = gettext_noop(
            "its tuning region must be a single region such as us-central1 or europe-west4, "
            "not '%(region)s'"
        )
        yield Problem("base_model", reason, {"region": tune})
        return
    allowed = _around(tune)
    if serve and serve not in allowed:
        reason = gettext_noop(
            "tuned in %(tune)s it is served from: %(allowed)s; its row says %(region)s"
        )
        values = {"tune": tune, "allowed": ", ".join(allowed), "region": serve}
        yield Problem("base_model", reason, values)


# --- the data, by its figures --------------------------------------------------------------------
def _of_data(data: Data, base: Base) -> Iterator[Problem]:
    most = int(VALIDATION_SHARE * data.train)
    limit = base.token_limit or TOKENS
    found = (
        (data.train, MAX_EXAMPLES, gettext_noop("%(count)s training examples; allowed: %(most)s")),
        (
            data.validation,
            min(MAX_VALIDATION, max(most, FREE_VALIDATION)),
            gettext_noop("%(count)s validation examples; allowed beside its train part: %(most)s"),
        ),
        (data.size, MAX_BYTES, gettext_noop("%(count)s bytes of text; allowed: %(most)s")),
        (
            data.longest,
            limit * _LETTERS_A_TOKEN,
            gettext_noop(
                "its longest example has %(count)s bytes; the limit on tokens allows: %(most)s"
            ),
        ),
    )
    for count, allowed, reason in found:
        if count > allowed:
            yield Problem("dataset_version", reason, {"count": count, "most": allowed})


def _of_options(given: Options, base: Base, method: str) -> list[Problem]:
    found = []
    if given.beta is not None and method != PREFERENCE:
        found.append(Problem("options.beta", gettext_noop("belongs to preferences alone")))
    sizes = base.adapter_sizes
    if given.adapter_size is not None and sizes and given.adapter_size not in sizes:
        reason = gettext_noop("this base model allows: %(allowed)s")
        values = {"allowed": ", ".join(map(str, sizes))}
        found.append(Problem("options.adapter_size", reason, values))
    return found


# --- the files, line by line ---------------------------------------------------------------------
def check_files(spec: TrainingSpec, format_name: str) -> None:
    """Read what is to be uploaded as the service will. BackendError names file and line."""
    if not LABEL.fullmatch(spec.label):
        reason = gettext_noop("the label %(label)s is none of Google's: a-z, 0-9, _ and -")
        raise BackendError(reason, permanent=True, values={"label": spec.label})
    codec, limit = formats.by_name(format_name), spec.base.token_limit or TOKENS
    for path in (spec.train_file, spec.validation_file):
        _check_size(path)
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    _check_line(codec, line, limit)
                except FormatError as error:
                    reason = gettext_noop("%(file)s, line %(line)s: %(why)s")
                    values = {"file": path.name, "line": number, "why": str(error)}
                    raise BackendError(reason, permanent=True, values=values) from error
    if not spec.train_file.stat().st_size:
        raise BackendError(gettext_noop("there is nothing to learn from"), permanent=True)


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size > MAX_BYTES:
        reason = gettext_noop("%(file)s has %(size)s bytes; allowed: %(most)s")
        values = {"file": path.name, "size": size, "most": MAX_BYTES}
        raise BackendError(reason, permanent=True, values=values)


def _check_line(codec: ModuleType, line: bytes, limit: int) -> None:
    example: Example = codec.loads(line)
    if example.history and example.history[0][0] != "user":
        raise FormatError("contents[0].role", "the first turn must be a user's")
    most = tokens_at_most(example)
    if most > limit:
        raise FormatError("line", f"up to {most} tokens; allowed: {limit}")


def tokens_at_most(example: Example) -> int:
    """Tokens that the texts may take: one for two Latin letters, one for any other byte.

    No tokenizer needs more than a token a byte; Google's open ones give each digit its own. Only
    letters without sense (a key, a hash) may take more than half a token each.
    """
    turns = [words for _role, words in (*example.history, *example.steps)]
    alone = [example.system, example.input, example.output, example.rejected, example.tools]
    text = "".join(turns + alone).encode()
    others = len(text.translate(None, _LETTERS))
    return others - (-(len(text) - others) // _LETTERS_A_TOKEN)
