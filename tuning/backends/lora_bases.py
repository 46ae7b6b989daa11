"""What a base model and an adapter to go on with say of themselves on the disk, without torch."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop

from tuning.backends import lora_checkpoints as checkpoints
from tuning.backends.base import PREFERENCE, SFT, Base, Problem

GONE = gettext_noop("its tuned model is not there any more")
ANOTHER_ADAPTER = gettext_noop("the adapter that the run goes on with has %(allowed)s")
_ADAPTER_CONFIG = "adapter_config.json"
_OF_ADAPTER = {"rank": "r", "alpha": "lora_alpha", "dropout": "lora_dropout"}
"""Options that an adapter is made with once and for all, by their names in its file."""


def place(name: str) -> str:
    """A base model's name as loaders take it: `~` means nothing to them."""
    return os.path.expanduser(name)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def config(base: Base) -> dict[str, Any] | None:
    """The config.json of the base's folder; None where there is none that can be read."""
    return _read(Path(place(base.name)) / "config.json")


# --- how long an example may be ------------------------------------------------------------------
def positions(found: Mapping[str, Any]) -> int | None:
    """The most tokens that a model with this config.json has places for; None where nothing says
    so. T5 counts from each token to each other and has no most."""
    text = found.get("text_config") or found
    most = text.get("max_position_embeddings")
    if most is None and not found.get("is_encoder_decoder"):
        most = text.get("n_positions")
    return int(most) if most else None


def token_limit(base: Base, found: Mapping[str, Any]) -> int | None:
    """The most tokens of an example: the row's, or the model's own where they are fewer."""
    known = [limit for limit in (base.token_limit, positions(found)) if limit]
    return min(known, default=None)


# --- the base model ------------------------------------------------------------------------------
def _looks_like_a_folder(name: str) -> bool:
    return name.startswith(("/", "./", "../", "~"))


def problems(base: Base, method: str) -> list[Problem]:
    """What speaks against the base model as far as its config.json tells. A name without a folder
    is one of the hub's cache, which only the job can look into."""
    folder, named = Path(place(base.name)), {"folder": base.name}
    if not folder.is_dir():
        if not _looks_like_a_folder(base.name):
            return []
        return [Problem("base_model", gettext_noop("there is no folder %(folder)s"), named)]
    found = config(base)
    if found is None:
        reason = gettext_noop("%(folder)s holds no model: its config.json can't be read")
        return [Problem("base_model", reason, named)]
    wrong = []
    if not any(folder.glob("*.safetensors")):
        reason = gettext_noop("%(folder)s holds no weights in safetensors; others are not read")
        wrong.append(Problem("base_model", reason, named))
    if found.get("is_encoder_decoder") and method == PREFERENCE:
        reason = gettext_noop("a T5 model can't learn preferences; allowed: %(allowed)s")
        wrong.append(Problem("method", reason, {"allowed": SFT}))
    return wrong


# --- an adapter to go on with --------------------------------------------------------------------
def earlier_adapter(base: Base) -> Path | None:
    """The adapter to go on with: the tuned model's own, or one of its checkpoints."""
    if not base.continues:
        return None
    adapter = Path(base.continues)
    return adapter.parent / checkpoints.FOLDER / base.checkpoint if base.checkpoint else adapter


def adapter_options(base: Base) -> dict[str, Any]:
    """The options that are settled by the adapter to go on with; none where a new one is made."""
    adapter = earlier_adapter(base)
    found = _read(adapter / _ADAPTER_CONFIG) if adapter else None
    return {name: found[key] for name, key in _OF_ADAPTER.items()} if found else {}


def adapter_problems(base: Base, given: Mapping[str, Any]) -> list[Problem]:
    """Why the run can't go on with the adapter that it names, or not with these options."""
    if not base.continues:
        return []
    adapter = Path(base.continues)
    if not (adapter / _ADAPTER_CONFIG).is_file():
        return [Problem("continues", GONE)]
    kept = [found.id for found in checkpoints.whole(adapter.parent)]
    if base.checkpoint and base.checkpoint not in kept:
        told = {"allowed": ", ".join(kept) or "-"}
        return [Problem("checkpoint", gettext_noop("allowed: %(allowed)s"), told)]
    return [
        Problem(f"options.{name}", ANOTHER_ADAPTER, {"allowed": value})
        for name, value in adapter_options(base).items()
        if name in given and given[name] != value
    ]
