"""Whether a version would teach what tests ask: its own tests, and those of all before it (J6).

A freeze binds what is tied; this finds what came after, or round it: a question moved to another
family, a vote that tells who asked, rows made by other means. Everything is read at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Min, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from reviews.domain.errors import Conflict
from reviews.models import PairRevision
from tuning.backends import Problem
from tuning.domain import binding, nearness, ties
from tuning.domain.ties import Node
from tuning.enums import Part
from tuning.models import DatasetMember, DatasetVersion
from tuning.models.datasets import LeftOutReason

NAMED = 10
"""Leaks that a refusal names; it counts the rest."""

_KEPT_FROM = {
    Part.TEST: {Part.TRAIN, Part.VALIDATION},
    Part.VALIDATION: {Part.TRAIN},
    Part.PARAPHRASE: {Part.TRAIN},
}
"""By the part that is held out, the parts that may not teach it."""


@dataclass(frozen=True, slots=True)
class Stand:
    """A text in a part of a version, by its reference."""

    pair: int
    revision: int
    question: str
    part: Part
    version: str

    def __str__(self) -> str:
        return f"#{self.pair} ({self.part.label}, {self.version})"


@dataclass(frozen=True, slots=True)
class Leak:
    """`taught` is tied to `held`, which is kept from it; `kind` is a LeftOutReason."""

    taught: Stand
    held: Stand
    kind: str

    @property
    def label(self) -> str:
        return str(LeftOutReason(self.kind).label)

    def __str__(self) -> str:
        return f"{self.taught} – {self.held}: {self.label}"


class Leaking(Conflict):
    """The version would leak; `leaks` says where."""

    def __init__(self, found: list[Leak]) -> None:
        self.leaks = found
        super().__init__(_("this would leak: %(pairs)s") % {"pairs": _told(found)})


def _told(found: list[Leak]) -> str:
    named = [str(leak) for leak in found[:NAMED]]
    if len(found) > NAMED:
        named.append(_("and %(count)s more") % {"count": len(found) - NAMED})
    return "; ".join(named)


Role = tuple[Node, Part, str]
"""A text, the part that it stands in, and the version's reference."""


def _earlier_tests(version: DatasetVersion) -> dict[int, str]:
    """The revisions that were a test of an earlier version of the assistant's datasets, each with
    the first such version's reference. Two queries."""
    tests = DatasetMember.objects.filter(
        part=Part.TEST,
        version__dataset__assistant=version.dataset.assistant_id,
        version__lt=version.pk,
    )
    first = dict(tests.order_by().values_list("revision").annotate(Min("version")))
    versions = DatasetVersion.objects.filter(pk__in=set(first.values()))
    names = dict(versions.values_list("pk", "reference"))
    return {revision: names[number] for revision, number in first.items()}


def _roles(version: DatasetVersion) -> list[Role]:
    parts = dict(version.members.order_by().values_list("revision_id", "part"))
    tests = _earlier_tests(version)
    before = DatasetVersion.objects.filter(
        dataset__assistant=version.dataset.assistant_id, pk__lt=version.pk
    )
    asked = Q(part=Part.TEST, version__in=before.values("pk"))
    members = DatasetMember.objects.filter(asked | Q(version=version)).order_by()
    roles: list[Role] = []
    for node in ties.read(PairRevision.objects.filter(pk__in=members.values("revision"))):
        if node.revision in tests:
            roles.append((node, Part.TEST, tests[node.revision]))
        if node.revision in parts:
            roles.append((node, Part(parts[node.revision]), version.reference))
    return roles


def _keys(node: Node, out: Part) -> Iterator[binding.Key]:
    """What must not stand on both sides, where `out` is what is held out. A paraphrase is another
    wording of what is taught: only its very question, and its conversation, must not be."""
    if out != Part.PARAPHRASE:
        yield from binding.keys(node)
        return
    yield binding.FAMILY, node.wording
    if node.conversation:
        yield binding.CONVERSATION, node.conversation


def _by_keys(roles: list[Role]) -> Iterator[tuple[int, int, str]]:
    """(place that is taught, place that is held out, kind), one of each kind a taught text."""
    held: dict[tuple[binding.Key, Part], int] = {}
    for place, (node, part, _version) in enumerate(roles):
        if part in _KEPT_FROM:
            for key in _keys(node, part):
                held.setdefault((key, part), place)
    for place, (node, part, _version) in enumerate(roles):
        for out in (out for out, teaching in _KEPT_FROM.items() if part in teaching):
            for key in _keys(node, out):
                if (key, out) in held:
                    yield place, held[key, out], key[0]


def _by_likeness(roles: list[Role]) -> Iterator[tuple[int, int, str]]:
    parts = [part for _node, part, _version in roles]

    def taught_first(one: int, other: int) -> tuple[int, int] | None:
        if parts[one] in _KEPT_FROM.get(parts[other], ()):
            return one, other
        if parts[other] in _KEPT_FROM.get(parts[one], ()):
            return other, one
        return None

    def compared(one: int, other: int) -> bool:
        return taught_first(one, other) is not None

    texts = nearness.Texts([node.text for node, _part, _version in roles])
    # Of what is taught only the bands that something held out has, too: most have none.
    held = {value for node, part, _version in roles if part in _KEPT_FROM for value in node.bands}
    bands = [
        node.bands if part in _KEPT_FROM else [value for value in node.bands if value in held]
        for node, part, _version in roles
    ]
    for one, other in nearness.pairs(texts, bands, compared):
        order = taught_first(one, other)
        if order:
            yield *order, binding.NEAR


def _stand(role: Role) -> Stand:
    node, part, version = role
    return Stand(node.pair, node.revision, node.example.input, part, version)


def _once(roles: list[Role], found: Iterable[tuple[int, int, str]]) -> list[Leak]:
    """Each taught text once, with what ties it most plainly."""
    leaks: dict[int, Leak] = {}
    for taught, held, kind in found:
        if taught not in leaks:
            leaks[taught] = Leak(_stand(roles[taught]), _stand(roles[held]), kind)
    return [leaks[place] for place in sorted(leaks)]


def leaks(version: DatasetVersion) -> list[Leak]:
    """The taught members of the version that are tied to what is held out, each once. Empty where
    it may be exported and learnt from. A constant number of queries."""
    roles = _roles(version)
    return _once(roles, [*_by_keys(roles), *_by_likeness(roles)])


def refuse(version: DatasetVersion) -> None:
    """Raise Leaking where the version would leak."""
    found = leaks(version)
    if found:
        raise Leaking(found)


def problems(version: DatasetVersion) -> tuple[Problem, ...]:
    """The leaks as one reason why no run can learn from the version."""
    found = leaks(version)
    if not found:
        return ()
    reason = gettext_noop("this would leak: %(pairs)s")
    return (Problem("dataset_version", reason, {"pairs": _told(found)}),)
