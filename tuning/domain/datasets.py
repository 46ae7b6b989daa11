"""Dataset versions: frozen with the exact revisions (D1). What goes in: `selection`, `plans`."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_noop

from reviews.domain import turns
from reviews.domain.errors import Invalid
from reviews.enums import CorrectionStatus
from reviews.formats import Example, write
from reviews.models import Assistant, Correction, Pair, PairRevision
from tuning.backends import Problem
from tuning.domain import plans, selection
from tuning.domain.plans import Plan, Preview
from tuning.domain.selection import Rule
from tuning.enums import Part
from tuning.models import Dataset, DatasetMember, DatasetPreference, DatasetVersion
from tuning.models.datasets import LeftOut, LeftOutReason

log = logging.getLogger("hub.datasets")
EVERYTHING, NIGHTLY = "approved", "nightly"
LEAST = 10
"""Members below which a version can't be tuned on: with 15 % for each of test and validation, one
example each would decide over the rest."""
LEAST_FAMILIES = 5
"""Question families in the train part, at least: of fewer a model learns to recite."""
HELD_OUT = (Part.TEST, Part.PARAPHRASE)
"""Parts that a model is tested with."""
_READ_AT_ONCE = 2000
_NAMED = 20


def ensure(assistant: Assistant, slug: str) -> Dataset:
    """One of the two datasets of every assistant: everything approved, and the nightly one."""
    names = {EVERYTHING: "Semua yang disetujui", NIGHTLY: "Ekspor malam"}
    dataset, _created = Dataset.objects.get_or_create(
        assistant=assistant,
        slug=slug,
        defaults={"name": names[slug], "only_unexported": slug == NIGHTLY},
    )
    return dataset


def selected(dataset: Dataset) -> QuerySet[Pair]:
    """What the dataset's rule chooses now, before the mix."""
    return selection.pairs(selection.of(dataset))


class _Rejected(NamedTuple):
    """What a finished correction found wrong."""

    identity: str
    correction: int
    answer: str


Rejected = Mapping[int, Sequence[_Rejected]]
"""By pair (id), in an order that no database decides."""


def _rejected(plan: Plan) -> Rejected:
    """The answers beside which the members' are the better ones."""
    pairs, found = {node.pair for node in plan.members}, defaultdict(list)
    rows = Correction.objects.filter(status=CorrectionStatus.FINISHED, pair__isnull=False)
    columns = ("pair_id", "identity", "pk", "wrong_answer")
    for pair, *told in rows.order_by().values_list(*columns).iterator(_READ_AT_ONCE):
        if pair in pairs:
            found[pair].append(_Rejected(*told))
    return {pair: sorted(answers) for pair, answers in found.items()}


def _hash(system: str, plan: Plan, rejected: Rejected) -> str:
    """SHA-256 over the system instruction and, in order, each member's part and text and what was
    rejected for it."""
    digest = hashlib.sha256(write([system]))
    for node in plan.members:
        e = node.example
        part = plan.parts[node.identity].value
        digest.update(write([part, e.system, e.history, e.input, e.output]))
        for worse in rejected.get(node.pair, ()):
            digest.update(write([worse.answer]))
    return digest.hexdigest()


def _store(dataset: Dataset, plan: Plan, rejected: Rejected, **fields: Any) -> DatasetVersion:
    last = dataset.versions.order_by("-number").first()
    number = last.number + 1 if last else 1
    counts = Counter(plan.parts.values())
    version = DatasetVersion.objects.create(
        dataset=dataset,
        number=number,
        reference=f"{dataset.assistant.slug}/{dataset.slug}@{number}",
        rule=plan.rule.stored(),
        general_count=plan.general,
        **{f"{part}_count": counts[part] for part in Part},
        **fields,
    )
    members = DatasetMember.objects.bulk_create(
        (
            DatasetMember(
                version=version,
                revision_id=node.revision,
                part=plan.parts[node.identity],
                position=position,
            )
            for position, node in enumerate(plan.members)
        ),
        batch_size=500,
    )
    DatasetPreference.objects.bulk_create(
        (
            DatasetPreference(member=member, correction_id=worse.correction, position=position)
            for member, node in zip(members, plan.members, strict=True)
            for position, worse in enumerate(rejected.get(node.pair, ()))
        ),
        batch_size=500,
    )
    LeftOut.objects.bulk_create(
        (
            LeftOut(
                version=version,
                revision_id=item.node.revision,
                reason=item.reason,
                against_id=item.against.revision if item.against else None,
            )
            for item in plan.omitted
        ),
        batch_size=500,
    )
    return version


def alone(assistant: int) -> None:
    """Take the assistant's row: within a transaction nobody else freezes or opens its exports."""
    Assistant.objects.filter(pk=assistant).update(name=F("name"))


def _last_frozen(assistant: int) -> int | None:
    """The newest version (id) of the assistant's datasets."""
    versions = DatasetVersion.objects.filter(dataset__assistant=assistant)
    return versions.order_by("-pk").values_list("pk", flat=True).first()


def _name_unfit(dataset: Dataset, plan: Plan) -> None:
    """For the night: where nothing else is new, there is no version that would name them."""
    unfit = [item.node.pair for item in plan.omitted if item.reason == LeftOutReason.FORMAT]
    if unfit:
        log.warning("pairs left out", extra={"dataset": str(dataset), "pairs": unfit[:_NAMED]})


def freeze(
    dataset: Dataset, *, now: datetime, by: Any = None, parent: DatasetVersion | None = None
) -> DatasetVersion | None:
    """Freeze what the dataset selects now; None where that is nothing.

    With a `parent` its members stay, in their parts and with their texts of now, as long as their
    pairs are approved, whatever the rule chooses. Where the last version holds the same, it is
    returned and no other is made. Raises Invalid where the parent is another assistant's.
    """
    if parent and parent.dataset.assistant_id != dataset.assistant_id:
        raise Invalid({"parent": gettext_noop("belongs to another assistant")})
    # Planned before anything is locked: it takes seconds, and SQLite has one writer alone.
    seen = _last_frozen(dataset.assistant_id)
    plan = plans.make(selection.of(dataset), parent)
    with transaction.atomic():
        alone(dataset.assistant_id)
        # Parts that were given meanwhile hold, or a family could become a test in one dataset and
        # be taught in another.
        if _last_frozen(dataset.assistant_id) != seen:
            plan = plans.make(selection.of(dataset), parent)
        _name_unfit(dataset, plan)
        if not plan.members:
            return None
        prompt = dataset.assistant.prompts.order_by("-number").first()
        rejected = _rejected(plan)
        content_hash = _hash(prompt.text if prompt else "", plan, rejected)
        last = dataset.versions.order_by("-number").first()
        if last and last.content_hash == content_hash:
            return last
        fields = {"prompt": prompt, "content_hash": content_hash, "frozen_at": now, "by": by}
        return _store(dataset, plan, rejected, parent=parent, **fields)


def examples(version: DatasetVersion, part: str | None = None) -> Generator[Example, None, None]:
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


def _too_small(size: int, families: int, held_out: int) -> Iterator[Problem]:
    place = "dataset_version"
    if size < LEAST:
        reason = gettext_noop("holds %(size)s pairs; at least %(least)s are needed")
        yield Problem(place, reason, {"size": size, "least": LEAST})
    if families == 1:
        yield Problem(place, gettext_noop("teaches one question family alone"))
    elif families < LEAST_FAMILIES:
        reason = gettext_noop(
            "teaches %(families)s question families; at least %(least)s are needed"
        )
        yield Problem(place, reason, {"families": families, "least": LEAST_FAMILIES})
    if not held_out:
        reason = gettext_noop("holds nothing out to test the model with")
        yield Problem(place, reason)


def broken(version: DatasetVersion) -> Iterator[Problem]:
    """What the version lacks of that which was frozen."""
    members = version.members.order_by("position")
    text = PairRevision.objects.filter(pk=OuterRef("revision_id"))
    vanished = members.filter(~Exists(text))
    places = [str(place) for place in vanished.values_list("position", flat=True)[:_NAMED]]
    missing = version.size - members.count()
    if missing > 0:
        reason = gettext_noop("%(count)s of %(size)s members are gone")
        yield Problem("dataset_version", reason, {"count": missing, "size": version.size})
    if places:
        reason = gettext_noop("the revisions of these members have vanished: %(places)s")
        yield Problem("dataset_version", reason, {"places": ", ".join(places)})
    blank = members.filter(Q(revision__input="") | Q(revision__output=""))
    pairs = [f"#{pk}" for pk in blank.values_list("revision__pair_id", flat=True)[:_NAMED]]
    if pairs:
        reason = gettext_noop("these pairs have no text any more: %(pairs)s")
        yield Problem("dataset_version", reason, {"pairs": ", ".join(pairs)})


def _of_plan(plan: Plan) -> tuple[Problem, ...]:
    taught = {n.family for n in plan.members if plan.parts[n.identity] == Part.TRAIN}
    held_out = sum(part in HELD_OUT for part in plan.parts.values())
    return tuple(_too_small(len(plan.members), len(taught), held_out))


def problems(subject: DatasetVersion | Dataset) -> tuple[Problem, ...]:
    """Why no run can learn from the version, or from what the dataset would freeze now, each reason
    on its own. Leaks are for `leaks`."""
    if isinstance(subject, Dataset):
        return _of_plan(plans.make(selection.of(subject)))
    families = subject.members.order_by().filter(part=Part.TRAIN).values("revision__pair__question")
    held = subject.members.filter(part__in=HELD_OUT).count()
    small = _too_small(subject.members.count(), families.distinct().count(), held)
    return (*small, *broken(subject))


def preview(rule: Rule, parent: DatasetVersion | None = None) -> Preview:
    """What a freeze by the rule would make now. A constant number of queries."""
    plan = plans.make(rule, parent)
    return plans.preview(plan, _of_plan(plan))
