"""What a version answers from besides its weights: taught pairs, and lessons at once (J2)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from django.db.models import Exists, OuterRef

from reviews.domain import transitions
from reviews.domain.briefly import Known
from reviews.models import Correction
from tuning.domain import datasets
from tuning.enums import Backend, Part
from tuning.models import DatasetMember, ModelVersion
from tuning.providers.exemplar import DEFAULT_THRESHOLD, Exemplar, Index, last_question

Stamp = tuple[Any, ...]
Key = tuple[int, str, bool]
_KEPT = 32
stamps: Known[tuple[int, Stamp]] = Known(1.0)
_indexes: OrderedDict[Key, tuple[Stamp, Index]] = OrderedDict()
_guard, _making = threading.Lock(), threading.Lock()


def lessons(version: ModelVersion) -> list[Correction]:
    """Corrections in force that the version was not taught: correct once, effective at once.

    A version whose train part holds them needs no reminder, so each retires by itself (J2); one
    that fell into its test or validation part was never taught.
    """
    taught = DatasetMember.objects.filter(
        version=version.dataset_version_id,
        part=Part.TRAIN,
        revision=OuterRef("pair__current_revision"),
    )
    rows = Correction.objects.in_force().filter(~Exists(taught), assistant=version.assistant_id)
    return list(rows.select_related("pair__current_revision", "pair__question").order_by("id"))


def _of_lesson(row: Correction) -> Exemplar:
    pair = row.pair
    assert pair is not None
    revision, family = pair.current_revision, pair.question
    assert revision is not None
    earlier = last_question(row.history)
    return Exemplar(revision.input, revision.output, earlier, family.identity if family else "")


def _taught(version: ModelVersion) -> list[Exemplar]:
    """Pairs that stand for training where no weights were changed."""
    if version.dataset_version is None or version.base_model.backend != Backend.EXEMPLAR:
        return []
    examples = datasets.examples(version.dataset_version, Part.TRAIN)
    families = datasets.groups(version.dataset_version, Part.TRAIN)
    return [
        Exemplar(example.input, example.output, last_question(example.history), family)
        for example, family in zip(examples, families, strict=True)
    ]


def _stamp(version: ModelVersion) -> Stamp:
    """Which lessons are in force: as they are in this process, elsewhere a second old at most."""
    moves = transitions.made.moves

    def read() -> tuple[int, Stamp]:
        # Each text, not a count: one withdrawn and another approved leave that as it was.
        rows = Correction.objects.in_force().filter(assistant=version.assistant_id)
        return moves, tuple(rows.order_by("id").values_list("pk", "pair__current_revision"))

    known = stamps.get(version.assistant_id, read)
    if known is None or known[0] != moves:
        stamps.forget()
        known = stamps.get(version.assistant_id, read)
    return known[1] if known else ()


def _make(version: ModelVersion, with_lessons: bool) -> Index:
    found = _taught(version)
    if with_lessons:
        found += [_of_lesson(row) for row in lessons(version)]
    return Index(found, version.settings.get("threshold", DEFAULT_THRESHOLD))


def _kept(key: Key, stamp: Stamp) -> Index | None:
    with _guard:
        there = _indexes.get(key)
        if there is None or there[0] != stamp:
            return None
        _indexes.move_to_end(key)
        return there[1]


def index(version: ModelVersion, *, with_lessons: bool) -> Index:
    """The version's index, kept until a lesson changes; what it was taught never does."""
    key = (version.pk, version.reference, with_lessons)
    stamp = _stamp(version) if with_lessons else ()
    if found := _kept(key, stamp):
        return found
    # One at a time: threads that come first at once would each make it, with all its memory.
    with _making:
        if found := _kept(key, stamp):
            return found
        made = _make(version, with_lessons)
        with _guard:
            # In the place of the one with yesterday's lessons: an index may be 100 MB.
            _indexes[key] = (stamp, made)
            _indexes.move_to_end(key)
            while len(_indexes) > _KEPT:
                _indexes.popitem(last=False)
    return made
