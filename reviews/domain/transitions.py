"""The one function that changes a status, for every lifecycle of both apps."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from reviews.domain.errors import Conflict, Refused
from reviews.models import StatusChange

made = SimpleNamespace(moves=0)
"""Moves of this process so far: what was read before the last one may be old."""
CHANGED = gettext_noop("This has changed meanwhile: look again.")
IMPOSSIBLE = gettext_noop("This can't be done in its present status.")


class IllegalMove(Refused):
    """The lifecycle has no such move."""


class StaleMove(Conflict):
    """The row changed since it was read: look again, then decide."""


def move(
    item: Any,
    to: str,
    *,
    by: Any = None,
    note: str = "",
    now: datetime | None = None,
    fields: dict[str, Any] | None = None,
    through: Sequence[str] = (),
    unchanged: Sequence[str] = (),
) -> None:
    """Move `item` to the status `to`, or raise IllegalMove or StaleMove with nothing changed.

    `item` is a model instance whose class holds MOVES (the legal moves) and MOVE_GUARDS (names of
    columns that must still be as this instance holds them; `unchanged` names more of them).
    `fields` are set by the same update. `through` are statuses that the item passes on its way at
    the same moment. `by` is None for the machine's own moves. Each step's audit row is written in
    the same transaction; the note is the last one's.
    """
    kind: type[models.Model] = type(item)
    came_from = item.status
    steps = list(pairwise((came_from, *through, to)))
    if any(after not in item.MOVES.get(before, frozenset()) for before, after in steps):
        raise IllegalMove(IMPOSSIBLE)
    guards = {name: getattr(item, name) for name in (*item.MOVE_GUARDS, *unchanged)}
    changes = fields or {}
    # Within a transaction a savepoint would add nothing: the update that finds no row changes none,
    # and whatever else fails takes the caller's transaction with it.
    within = transaction.get_connection().in_atomic_block
    with nullcontext() if within else transaction.atomic():
        as_seen = kind._default_manager.filter(pk=item.pk, status=came_from, **guards)
        if not as_seen.update(status=to, **changes):
            raise StaleMove(CHANGED)
        StatusChange.objects.bulk_create(
            StatusChange(
                content_type=ContentType.objects.get_for_model(kind),
                object_id=item.pk,
                from_status=before,
                to_status=after,
                by=by,
                note=note if after == to else "",
                at=now or timezone.now(),
            )
            for before, after in steps
        )
    made.moves += len(steps)
    item.status = to
    for name, value in changes.items():
        setattr(item, name, value)


def history(item: Any) -> models.QuerySet[StatusChange]:
    """The item's moves, oldest first."""
    kind = ContentType.objects.get_for_model(type(item))
    changes = StatusChange.objects.filter(content_type=kind, object_id=item.pk)
    return changes.select_related("by", "content_type").order_by("id")
