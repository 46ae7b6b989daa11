"""What two versions of a dataset hold differently, pair by pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from reviews.models import PairRevision
from tuning.enums import Part
from tuning.models import DatasetVersion


class Kind(TextChoices):
    ADDED = "added", _("added")
    REMOVED = "removed", _("removed")
    CHANGED = "changed", _("text changed")
    MOVED = "moved", _("another part")


@dataclass(frozen=True, slots=True)
class Change:
    """A pair that differs. Added has no `old`, removed no `new`: (revision, part). One whose text
    changed may stand in another part, too."""

    pair: int
    kind: Kind
    old: tuple[int, Part] | None
    new: tuple[int, Part] | None

    @property
    def moved(self) -> bool:
        return bool(self.old and self.new and self.old[1] != self.new[1])


@dataclass(frozen=True, slots=True)
class Shown:
    """A change with its texts."""

    change: Change
    old: PairRevision | None
    new: PairRevision | None

    @property
    def text(self) -> PairRevision | None:
        return self.new or self.old


def _members(version: DatasetVersion) -> dict[int, tuple[int, Part]]:
    rows = version.members.order_by().values_list("revision__pair_id", "revision_id", "part")
    return {pair: (revision, Part(part)) for pair, revision, part in rows}


def _kind(old: tuple[int, Part] | None, new: tuple[int, Part] | None) -> Kind | None:
    if old == new:
        return None
    if old is None or new is None:
        return Kind.ADDED if old is None else Kind.REMOVED
    return Kind.CHANGED if old[0] != new[0] else Kind.MOVED


def between(old: DatasetVersion, new: DatasetVersion) -> list[Change]:
    """The changes from the one to the other, by pair. Two queries, and no text is read."""
    before, after = _members(old), _members(new)
    found = []
    for pair in sorted(before.keys() | after.keys()):
        kind = _kind(before.get(pair), after.get(pair))
        if kind:
            found.append(Change(pair, kind, before.get(pair), after.get(pair)))
    return found


def counts(changes: Sequence[Change]) -> dict[Kind, int]:
    found = Counter(change.kind for change in changes)
    return {kind: found[kind] for kind in Kind}


def with_texts(changes: Sequence[Change]) -> list[Shown]:
    """The changes of a page with their texts. One query."""
    sides = [side for change in changes for side in (change.old, change.new) if side]
    rows = PairRevision.objects.select_related("pair__category")
    texts = rows.in_bulk({revision for revision, _part in sides})
    return [
        Shown(
            change,
            texts.get(change.old[0]) if change.old else None,
            texts.get(change.new[0]) if change.new else None,
        )
        for change in changes
    ]
