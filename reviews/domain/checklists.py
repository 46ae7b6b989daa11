"""The checklist in force: loaded from data, and changed by a curator as a new version (B6)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils.translation import gettext_noop

from reviews.domain.briefly import Known
from reviews.domain.errors import Conflict, Invalid
from reviews.enums import ChecklistPart
from reviews.models import Assistant, Checklist, ChecklistItem

DEFAULT_FILE = Path(__file__).resolve().parent.parent / "data" / "checklist.json"


@dataclass(frozen=True, slots=True)
class _InForce:
    checklist: Checklist | None
    items: tuple[ChecklistItem, ...] = ()


in_force: Known[_InForce] = Known(3.0)
"""Checklists by assistant, as they were a few seconds ago at most."""


def _read(assistant: Assistant) -> _InForce:
    """The assistant's newest checklist, or the newest shared one; one without items is none."""
    asks = Checklist.objects.filter(Exists(ChecklistItem.objects.filter(checklist=OuterRef("pk"))))
    own = asks.filter(assistant=assistant).order_by("-version").first()
    found = own or asks.filter(assistant=None).order_by("-version").first()
    return _InForce(found, tuple(found.items.order_by("position")) if found else ())


def _in_force(assistant: Assistant) -> _InForce:
    return in_force.get(assistant.pk, lambda: _read(assistant)) or _InForce(None)


def current(assistant: Assistant) -> Checklist | None:
    return _in_force(assistant).checklist


def items(assistant: Assistant) -> tuple[ChecklistItem, ...]:
    """The items that a reviewer answers, in their order."""
    return _in_force(assistant).items


def _check(rows: Sequence[Mapping[str, Any]]) -> None:
    """Raise Invalid with the wrong fields, named `<row>.<field>`."""
    wrong = {}
    if not rows:
        wrong["items"] = gettext_noop("a checklist needs an item")
    for number, row in enumerate(rows):
        if not str(row.get("text_id", "")).strip():
            wrong[f"{number}.text_id"] = gettext_noop("must not be empty")
        if row.get("part") not in ChecklistPart.values:
            wrong[f"{number}.part"] = gettext_noop("unknown")
    if wrong:
        raise Invalid(wrong)


def publish(assistant: Assistant | None, rows: Sequence[Mapping[str, Any]]) -> Checklist:
    """A new version, in force at once; verdicts keep the one that they were given under.

    Raises Invalid with the wrong fields, or Conflict where somebody published at the same moment.
    """
    _check(rows)
    known = Checklist.objects.filter(assistant=assistant).aggregate(Max("version"))
    version = (known["version__max"] or 0) + 1
    try:
        with transaction.atomic():
            checklist = Checklist.objects.create(assistant=assistant, version=version)
            _fill(checklist, rows)
    except IntegrityError as error:
        raise Conflict(gettext_noop("This has changed meanwhile: look again.")) from error
    return checklist


def _fill(checklist: Checklist, rows: Sequence[Mapping[str, Any]]) -> None:
    ChecklistItem.objects.bulk_create(
        ChecklistItem(checklist=checklist, position=position, **row)
        for position, row in enumerate(rows, start=1)
    )
    transaction.on_commit(in_force.forget)
    in_force.forget()


def load(
    rows: Sequence[Mapping[str, Any]], version: int, assistant: Assistant | None = None
) -> Checklist:
    """Store a version of a checklist; one that is there already stays as it is."""
    with transaction.atomic():
        checklist, created = Checklist.objects.get_or_create(assistant=assistant, version=version)
        if created:
            _fill(checklist, rows)
    return checklist


def load_default() -> Checklist:
    data = json.loads(DEFAULT_FILE.read_text(encoding="utf-8"))
    return load(data["items"], data["version"])
