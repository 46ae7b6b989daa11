"""What a backend's options are called, for people. Their names stay in sight: files and the API
know them by those."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

WORDS: dict[str, str | Promise] = {
    # LoRA and Vertex
    "preset": gettext_lazy("Preset"),
    "epochs": gettext_lazy("Epochs"),
    "batch": gettext_lazy("Batch size"),
    "learning_rate": gettext_lazy("Learning rate"),
    "learning_rate_multiplier": gettext_lazy("Learning rate multiplier"),
    "accumulation": gettext_lazy("Gradient accumulation"),
    "rank": gettext_lazy("Adapter rank"),
    "alpha": gettext_lazy("Adapter scale (alpha)"),
    "adapter_size": gettext_lazy("Adapter size"),
    "dropout": gettext_lazy("Dropout"),
    "weight_decay": gettext_lazy("Weight decay"),
    "max_length": gettext_lazy("Longest example"),
    "evaluations": gettext_lazy("Evaluations in an epoch"),
    "patience": gettext_lazy("Patience"),
    "learns": gettext_lazy("Learns from"),
    "beta": gettext_lazy("Beta (preferences)"),
    "four_bit": gettext_lazy("4-bit training (QLoRA)"),
    "merge": gettext_lazy("Merged model"),
    "answer_tokens": gettext_lazy("Longest answer"),
    "seed": gettext_lazy("Random seed"),
    "export_last_checkpoint_only": gettext_lazy("Last checkpoint alone"),
    # The embedded model
    "low": gettext_lazy("Lowest threshold"),
    "high": gettext_lazy("Highest threshold"),
    "steps": gettext_lazy("Thresholds tried"),
    "step_seconds": gettext_lazy("Pause between thresholds (seconds)"),
    # Values
    "conservative": gettext_lazy("conservative"),
    "balanced": gettext_lazy("balanced"),
    "aggressive": gettext_lazy("aggressive"),
    "answer": gettext_lazy("the reviewed answer"),
    "conversation": gettext_lazy("the whole conversation"),
}


def word(name: Any) -> str:
    """An option or one of its values in words; what has none is shown as it is."""
    if isinstance(name, bool):
        return _("yes") if name else _("no")
    return str(WORDS.get(str(name), name))


def figure(value: float) -> str:
    """A bound as one would type it: no exponent, no grouping."""
    return f"{Decimal(str(value)).normalize():f}"


def chosen(options: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(name, what it is called, its value) of each option that was given."""
    return [(name, word(name), word(value)) for name, value in options.items()]
