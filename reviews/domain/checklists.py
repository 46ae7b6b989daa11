"""The checklist in force, and loading one from data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from reviews.models import Assistant, Checklist, ChecklistItem

DEFAULT_FILE = Path(__file__).resolve().parent.parent / "data" / "checklist.json"


def current(assistant: Assistant) -> Checklist | None:
    """The assistant's newest checklist, or the newest shared one; one without items is none."""
    asks = Checklist.objects.filter(Exists(ChecklistItem.objects.filter(checklist=OuterRef("pk"))))
    own = asks.filter(assistant=assistant).order_by("-version").first()
    return own or asks.filter(assistant=None).order_by("-version").first()


def items(assistant: Assistant) -> list[ChecklistItem]:
    checklist = current(assistant)
    return list(checklist.items.order_by("position")) if checklist else []


def load(rows: list[dict[str, Any]], version: int, assistant: Assistant | None = None) -> Checklist:
    """Store a version of a checklist; one that is there already stays as it is."""
    with transaction.atomic():
        checklist, created = Checklist.objects.get_or_create(assistant=assistant, version=version)
        if created:
            ChecklistItem.objects.bulk_create(
                ChecklistItem(checklist=checklist, position=position, **row)
                for position, row in enumerate(rows, start=1)
            )
    return checklist


def load_default() -> Checklist:
    data = json.loads(DEFAULT_FILE.read_text(encoding="utf-8"))
    return load(data["items"], data["version"])
