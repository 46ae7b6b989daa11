"""Dataset versions: selected, split and frozen with the exact revisions (D1)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from reviews.domain import identity, turns
from reviews.formats import PREFERENCES, Example, write
from reviews.models import Assistant, Pair
from tuning.domain import split
from tuning.enums import ExportStatus, Part
from tuning.models import Dataset, DatasetMember, DatasetVersion, Export

EVERYTHING, NIGHTLY = "approved", "nightly"
_READ_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Chosen:
    """A pair chosen for a version, with the revision that is its text now."""

    candidate: split.Candidate
    revision_id: int
    example: Example


def ensure(assistant: Assistant, slug: str) -> Dataset:
    """One of the two datasets of every assistant: everything approved, and the nightly one."""
    names = {EVERYTHING: "Semua yang disetujui", NIGHTLY: "Ekspor malam"}
    dataset, _created = Dataset.objects.get_or_create(
        assistant=assistant,
        slug=slug,
        defaults={"name": names[slug], "only_unexported": slug == NIGHTLY},
    )
    return dataset


def exported_text() -> QuerySet[DatasetMember]:
    """For Exists over pairs: their current text is in a version that has an export.

    By text, not by pair: an approved change of an exported pair is new data. The night's own
    pending export counts, for its file is only a matter of the next look; a file of preferences
    does not, for it holds the corrections alone.
    """
    completed = Q(status=ExportStatus.COMPLETED)
    nights = Q(status=ExportStatus.PENDING, version__dataset__only_unexported=True)
    written = Export.objects.filter(completed | nights).exclude(format__in=PREFERENCES)
    return DatasetMember.objects.filter(
        revision_id=OuterRef("current_revision_id"), version__exports__in=written
    )


def selected(dataset: Dataset) -> QuerySet[Pair]:
    rows = Pair.objects.approved().filter(assistant=dataset.assistant)
    if dataset.only_unexported:
        rows = rows.filter(~Exists(exported_text()))
    return rows


def _choose(dataset: Dataset) -> list[Chosen]:
    columns = ("identity", "question__identity", "current_revision_id")
    texts = [f"current_revision__{name}" for name in ("input", "output", "system")]
    history = turns.column("current_revision__history")
    chosen = []
    rows = selected(dataset).values_list(*columns, *texts, history).iterator(_READ_AT_ONCE)
    for pair, family, revision, question, answer, system, earlier in rows:
        said = turns.read(earlier)
        wording = identity.of_question(question, said)
        example = Example(question, answer, system, said)
        chosen.append(Chosen(split.Candidate(pair, family, wording), revision, example))
    return sorted(chosen, key=lambda item: item.candidate.identity)


def _earlier(assistant: Assistant) -> tuple[dict[str, Part], set[str]]:
    """The parts that families had in earlier versions, and the pairs that were a paraphrase."""
    rows = DatasetMember.objects.filter(version__dataset__assistant=assistant)
    pairs = rows.filter(part=Part.PARAPHRASE).values_list("revision__pair__identity", flat=True)
    families: dict[str, Part] = {}
    for family, part in rows.values_list("revision__pair__question__identity", "part").distinct():
        home = Part.TRAIN if part == Part.PARAPHRASE else Part(part)
        # Should one ever stand in two parts, the test is the one to protect.
        if families.get(family) != Part.TEST:
            families[family] = home
    return families, set(pairs)


def _hash(system: str, chosen: list[Chosen], parts: dict[str, Part]) -> str:
    """SHA-256 over the system instruction and, in order, each member's part and text."""
    digest = hashlib.sha256(write([system]))
    for item in chosen:
        e = item.example
        part = parts[item.candidate.identity].value
        digest.update(write([part, e.system, e.history, e.input, e.output]))
    return digest.hexdigest()


def _store(
    dataset: Dataset, chosen: list[Chosen], parts: dict[str, Part], **fields: Any
) -> DatasetVersion:
    last = dataset.versions.order_by("-number").first()
    number = last.number + 1 if last else 1
    counts = Counter(parts.values())
    version = DatasetVersion.objects.create(
        dataset=dataset,
        number=number,
        reference=f"{dataset.assistant.slug}/{dataset.slug}@{number}",
        **{f"{part}_count": counts[part] for part in Part},
        **fields,
    )
    DatasetMember.objects.bulk_create(
        (
            DatasetMember(
                version=version,
                revision_id=item.revision_id,
                part=parts[item.candidate.identity],
                position=position,
            )
            for position, item in enumerate(chosen)
        ),
        batch_size=500,
    )
    return version


def freeze(dataset: Dataset, *, now: datetime, by: Any = None) -> DatasetVersion | None:
    """Freeze what the dataset selects now; None where that is nothing.

    Where the last version holds the same, it is returned and no other is made.
    """
    with transaction.atomic():
        # Takes the assistant's row: of two freezes at once the second sees the parts that the first
        # gave, or a family could become a test in one dataset and be taught in another.
        Assistant.objects.filter(pk=dataset.assistant_id).update(name=F("name"))
        chosen = _choose(dataset)
        if not chosen:
            return None
        prompt = dataset.assistant.prompts.order_by("-number").first()
        families, held = _earlier(dataset.assistant)
        parts = split.assign([item.candidate for item in chosen], families, held)
        content_hash = _hash(prompt.text if prompt else "", chosen, parts)
        last = dataset.versions.order_by("-number").first()
        if last and last.content_hash == content_hash:
            return last
        return _store(
            dataset, chosen, parts, prompt=prompt, content_hash=content_hash, frozen_at=now, by=by
        )


def examples(version: DatasetVersion, part: str | None = None) -> Iterator[Example]:
    """The version's examples in order, of one part or all; rows, never model instances."""
    rows = version.members.order_by("position")
    if part:
        rows = rows.filter(part=part)
    system = version.prompt.text if version.prompt else ""
    texts = [f"revision__{name}" for name in ("input", "output", "system")]
    columns = rows.values_list(*texts, turns.column("revision__history"))
    for question, answer, own_system, history in columns.iterator(_READ_AT_ONCE):
        yield Example(question, answer, own_system or system, turns.read(history))


def groups(version: DatasetVersion, part: str) -> Iterator[str]:
    """The question family of each example of the part, in the order of `examples`."""
    rows = version.members.filter(part=part).order_by("position")
    yield from rows.values_list("revision__pair__question__identity", flat=True).iterator(
        _READ_AT_ONCE
    )


def find(name: str) -> DatasetVersion | None:
    """A version by its reference ('assistant/dataset@2') or its id."""
    by_reference = DatasetVersion.objects.filter(reference=name).first()
    if by_reference is None and name.isdecimal():
        return DatasetVersion.objects.filter(pk=int(name)).first()
    return by_reference
