"""Base models that are known to begin with: loaded where absent, then a person's to edit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.db import transaction

from tuning.models import BaseModel

KNOWN_FILE = Path(__file__).resolve().parent.parent / "data" / "base_models.json"


def _known() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(KNOWN_FILE.read_text(encoding="utf-8"))
    return found


def absent() -> list[str]:
    """Names in the file that no row bears."""
    there = set(BaseModel.objects.values_list("name", flat=True))
    return [row["name"] for row in _known() if row["name"] not in there]


def load() -> list[str]:
    """Make the rows of the file that are missing, and return their names. One that is there stays
    as it is; successors are set on new rows alone."""
    made = []
    with transaction.atomic():
        for row in _known():
            fields = {name: value for name, value in row.items() if name != "successors"}
            model, created = BaseModel.objects.get_or_create(
                name=fields.pop("name"), defaults=fields
            )
            made += [(model, row.get("successors", []))] if created else []
        for model, names in made:
            model.successors.set(BaseModel.objects.filter(name__in=names))
    return [model.name for model, _names in made]
