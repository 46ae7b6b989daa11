"""The checklist in force: loaded from data, and changed by a curator as a new version (B6)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_noop

from reviews.domain.briefly import Known
from reviews.domain.errors import Conflict, Invalid
from reviews.enums import ChecklistPart
from reviews.models import Assistant, Checklist, ChecklistItem

_CHANGED = gettext_noop("This has changed meanwhile: look again.")
DEFAULT_FILE = Path(__file__).resolve().parent.parent / "data" / "checklist.json"


@dataclass(frozen=True, slots=True)
class _InForce:
    checklist: Checklist | None
    items: tuple[ChecklistItem, ...] = ()


in_force: Known[_InForce] = Known(3.0)
"""Checklists by assistant, as they were a few seconds ago at most; None is the shared one."""


def _read(assistant: Assistant | None) -> _InForce:
    """The assistant's newest version, or the newest shared one where that has no items (`give_up`)
    or there is none. Version and items come in one transaction: nobody sees one without the other.
    """
    for owner in (assistant, None):
        newest = Checklist.objects.filter(assistant=owner).order_by("-version").first()
        asked = tuple(newest.items.order_by("position")) if newest else ()
        if asked:
            return _InForce(newest, asked)
    return _InForce(None)


def _in_force(assistant: Assistant | None) -> _InForce:
    name = assistant and assistant.pk
    return in_force.get(name, lambda: _read(assistant)) or _InForce(None)


def current(assistant: Assistant | None) -> Checklist | None:
    """What holds for an assistant, its own or the shared one; the shared one for None."""
    return _in_force(assistant).checklist


def items(assistant: Assistant | None) -> tuple[ChecklistItem, ...]:
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
    return _store(assistant, (known["version__max"] or 0) + 1, rows)


def give_up(own: Checklist) -> Checklist:
    """The shared checklist for an assistant's own, in force at once: a version without items.

    Raises Conflict where `own` is not what the assistant's reviewers answer now.
    """
    later = Checklist.objects.filter(assistant=own.assistant_id, version__gt=own.version)
    if own.assistant is None or later.exists() or not own.items.exists():
        raise Conflict(_CHANGED)
    return _store(own.assistant, own.version + 1, ())


def _store(
    assistant: Assistant | None, version: int, rows: Sequence[Mapping[str, Any]]
) -> Checklist:
    """Raises Conflict where somebody was quicker with this version."""
    try:
        with transaction.atomic():
            checklist = Checklist.objects.create(assistant=assistant, version=version)
            _fill(checklist, rows)
    except IntegrityError as error:
        raise Conflict(_CHANGED) from error
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
