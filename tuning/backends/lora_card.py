"""What lies beside an adapter: model card, lineage and the configuration it was made with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tuning.backends.base import PREFERENCE, TrainingSpec
from tuning.backends.lora import LIBRARIES

LINEAGE, CONFIG, CARD = "lineage.json", "training.json", "README.md"
_OPTIONS = (
    "preset epochs batch accumulation learning_rate rank alpha dropout weight_decay max_length "
    "learns four_bit seed"
).split()


def _name(spec: TrainingSpec) -> str:
    """The base model's own name: where it lies on this machine is nobody's business."""
    folder = Path(spec.base.name).expanduser()
    return folder.name if folder.is_dir() else spec.base.name


def _continues(spec: TrainingSpec) -> dict[str, str]:
    """The job whose adapter was gone on with, and from which checkpoint; empty for a new one."""
    if not spec.base.continues:
        return {}
    label = Path(spec.base.continues).parent.name
    return {"label": label, "checkpoint": spec.base.checkpoint}


def _goes_on(spec: TrainingSpec) -> list[str]:
    names = [f"`{_cell(name)}`" for name in _continues(spec).values() if name]
    return [f"It goes on with the adapter of {', '.join(names)}.", ""] if names else []


def _cell(value: object) -> str:
    """A value for a table: nothing in it may end the cell or begin another line."""
    return " ".join(str(value).split()).replace("|", "\\|")


def _table(head: tuple[str, str], rows: Mapping[str, Any]) -> list[str]:
    lines = [f"| {head[0]} | {head[1]} |", "|---|---|"]
    return lines + [f"| {_cell(name)} | {_cell(value)} |" for name, value in rows.items()]


def _front(spec: TrainingSpec) -> list[str]:
    tags = ["lora", "dpo" if spec.method == PREFERENCE else "sft"]
    return [
        "---",
        # JSON is YAML: nothing in the name can be anything but text.
        f"base_model: {json.dumps(_name(spec))}",
        "library_name: peft",
        f"tags: {json.dumps(tags)}",
        "---",
    ]


def _origin(lineage: Mapping[str, Any]) -> list[str]:
    if not lineage:
        return ["No lineage came with the data."]
    plain = {
        name: lineage[name]
        for name in ("dataset", "content_hash", "frozen_at")
        if lineage.get(name) is not None
    }
    lines = _table(("dataset", ""), plain)
    for name in ("split", "sources", "verdicts"):
        found = lineage.get(name)
        if isinstance(found, Mapping) and found:
            lines += ["", *_table((name, "count"), found)]
    return [*lines, "", f"The pairs, one by one, are in `{LINEAGE}`."]


def card(
    spec: TrainingSpec,
    options: Mapping[str, Any],
    outcome: Mapping[str, Any],
    lineage: Mapping[str, Any],
) -> str:
    left_out = {
        "left out of the training data": len(outcome["dropped"]),
        "left out of the validation data": len(outcome["dropped_validation"]),
    }
    elsewhere = ("dropped", "dropped_validation", "resumed_from")
    made = {name: outcome[name] for name in outcome if name not in elsewhere} | left_out
    settings = {name: options[name] for name in _OPTIONS}
    if spec.method == PREFERENCE:
        settings["beta"] = options["beta"]
    title = "Preferences (DPO)" if spec.method == PREFERENCE else "Answers (SFT)"
    lines = [
        *_front(spec),
        "",
        f"# {_cell(spec.label)}",
        "",
        f"A LoRA adapter of `{_cell(_name(spec))}`, made by FeedbackHub from pairs that people "
        "approved.",
        "",
        *_goes_on(spec),
        f"## {title}",
        "",
        *_table(("option", "value"), settings),
        "",
        "## What came of it",
        "",
        *_table(("", ""), made),
        "",
        "## Where the data come from",
        "",
        *_origin(lineage),
        "",
        "## Use",
        "",
        "Its chat template is saved with it and must be used as it is. It answers what its data "
        "taught; of everything else it knows what its base model knows.",
    ]
    return "\n".join(lines) + "\n"


def write_beside(
    folder: Path, spec: TrainingSpec, options: Mapping[str, Any], outcome: Mapping[str, Any]
) -> None:
    """The card, the configuration, and the lineage where the data have one."""
    lineage: dict[str, Any] = {}
    source = spec.train_file.parent / LINEAGE
    if source.is_file():
        raw = source.read_bytes()
        lineage = json.loads(raw)
        (folder / LINEAGE).write_bytes(raw)
    config = {
        "label": spec.label,
        "base_model": _name(spec),
        "method": spec.method,
        "continues": _continues(spec),
        "options": dict(options),
        "outcome": dict(outcome),
        "libraries": {name: version(name) for name in LIBRARIES},
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    (folder / CARD).write_text(card(spec, options, outcome, lineage), encoding="utf-8")
