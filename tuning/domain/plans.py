"""What a version of a dataset would hold now: chosen, mixed, bound and split. Stores nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from reviews.formats import FormatError, chat, gemini
from reviews.models import Assistant, Category, Pair, PairRevision
from tuning.backends import Problem
from tuning.domain import binding, nearness, selection, split, ties
from tuning.domain.selection import Rule
from tuning.domain.ties import Node
from tuning.enums import Part
from tuning.models import DatasetMember, DatasetVersion
from tuning.models.datasets import LeftOutReason
from tuning.models.runs import told

FIRST = 10
"""Refusals that a preview shows."""


@dataclass(frozen=True, slots=True)
class Omitted:
    """A text that the rule chose and the version would not hold."""

    node: Node
    reason: str
    against: Node | None = None

    @property
    def label(self) -> str:
        return str(LeftOutReason(self.reason).label)


@dataclass(frozen=True, slots=True)
class Plan:
    """`members` in the order of their hashes, each with its part by identity."""

    rule: Rule
    members: list[Node] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    omitted: list[Omitted] = field(default_factory=list)

    @property
    def general(self) -> int:
        return sum(_general(self.rule, node) for node in self.members)


@dataclass(frozen=True, slots=True)
class _Past:
    """Of all versions of the assistant's datasets: the parts that revisions and families stood in,
    and the pairs (identities) that were held out as a paraphrase."""

    parts: dict[int, Part]
    families: dict[str, Part]
    held: set[str]


# Should anything ever stand in two parts, the test is the one to protect.
_WEIGHT = {Part.TEST: 2, Part.VALIDATION: 1, Part.TRAIN: 0}


def _past(assistant: Assistant) -> _Past:
    past = _Past({}, {}, set())
    columns = ("revision_id", "revision__pair__question__identity", "revision__pair__identity")
    rows = DatasetMember.objects.filter(version__dataset__assistant=assistant).order_by()
    for revision, family, pair, part in rows.values_list(*columns, "part").distinct():
        home = Part.TRAIN if part == Part.PARAPHRASE else Part(part)
        if part == Part.PARAPHRASE:
            past.held.add(pair)
        past.parts[revision] = max(home, past.parts.get(revision, home), key=_WEIGHT.__getitem__)
        past.families[family] = max(home, past.families.get(family, home), key=_WEIGHT.__getitem__)
    return past


def _chosen(rule: Rule, parent: DatasetVersion | None) -> QuerySet[PairRevision]:
    """The present texts of the pairs that the rule chooses, and of the parent's."""
    pairs = selection.pairs(rule)
    if parent:
        kept = DatasetMember.objects.filter(version=parent).values("revision__pair")
        own = Q(pk__in=pairs.order_by().values("pk")) | Q(pk__in=kept)
        pairs = Pair.objects.approved().filter(own)
    texts = pairs.order_by().values("current_revision_id")
    return PairRevision.objects.filter(pk__in=texts)


def _general(rule: Rule, node: Node) -> bool:
    return rule.general(node.assistant, node.category)


def _without_twins(rule: Rule, nodes: list[Node]) -> tuple[list[Node], list[Omitted]]:
    """Of pairs with one identity, which two assistants may have, the assistant's own."""
    first: dict[str, Node] = {}
    for node in sorted(nodes, key=lambda n: (n.assistant != rule.assistant.slug, n.assistant)):
        first.setdefault(node.identity, node)
    twins = [node for node in nodes if first[node.identity] is not node]
    omitted = [Omitted(node, LeftOutReason.TWIN, first[node.identity]) for node in twins]
    return [node for node in nodes if first[node.identity] is node], omitted


def _mixed(
    rule: Rule, nodes: list[Node], kept: Mapping[str, Part]
) -> tuple[list[Node], list[Omitted]]:
    """All of the domain, and general data as far as its share goes: what the parent held first,
    then in the order of the hashes, so that a larger share holds the smaller one's."""
    general = [node for node in nodes if _general(rule, node)]
    room = rule.room(len(nodes) - len(general))
    if room is None or len(general) <= room:
        return nodes, []
    general.sort(key=lambda n: (n.identity not in kept, n.family, n.identity))
    above = {node.identity for node in general[room:]}
    omitted = [Omitted(node, LeftOutReason.SHARE) for node in nodes if node.identity in above]
    return [node for node in nodes if node.identity not in above], omitted


def _alike(nodes: Sequence[Node]) -> Callable[[str, str], bool]:
    """Whether two members, by identity, are near-duplicates or turns of one conversation."""
    places = {node.identity: place for place, node in enumerate(nodes)}
    texts = nearness.Texts([node.text for node in nodes])

    def alike(one: str, other: str) -> bool:
        mine, theirs = places[one], places[other]
        talk = nodes[mine].conversation
        return bool(talk and talk == nodes[theirs].conversation) or texts.near(mine, theirs)

    return alike


def _not_chosen(rule: Rule, texts: QuerySet[PairRevision]) -> list[Node]:
    """What earlier versions held and this one does not choose."""
    members = DatasetMember.objects.filter(version__dataset__assistant=rule.assistant)
    held = PairRevision.objects.filter(Exists(members.filter(revision=OuterRef("pk"))))
    return ties.read(held.exclude(pk__in=texts.values("pk")))


def _kept(parent: DatasetVersion | None) -> dict[str, Part]:
    """The parts of the parent's members, by identity."""
    if parent is None:
        return {}
    rows = parent.members.order_by().values_list("revision__pair__identity", "part")
    return {identity: Part(part) for identity, part in rows}


def _bound(
    nodes: list[Node], gone: list[Node], past: _Past
) -> tuple[binding.Bound, list[Node], list[Omitted]]:
    bound = binding.bind(nodes, gone, past.parts, past.families)
    omitted = [Omitted(n, *bound.left[n.revision]) for n in nodes if n.revision in bound.left]
    return bound, [node for node in nodes if node.revision not in bound.left], omitted


def _holds(rule: Rule, node: Node) -> bool:
    """Whether a file can hold the text: the night's, which is Gemini's, or else any at all, for
    what no chat form takes no other does."""
    try:
        (gemini if rule.only_unexported else chat).dumps(node.example)
    except FormatError:
        return False
    return True


def _fitting(rule: Rule, nodes: list[Node]) -> tuple[list[Node], list[Omitted]]:
    """Without what would stop each file of the version."""
    unfit = {node.revision for node in nodes if not _holds(rule, node)}
    omitted = [Omitted(n, LeftOutReason.FORMAT) for n in nodes if n.revision in unfit]
    return [node for node in nodes if node.revision not in unfit], omitted


def make(rule: Rule, parent: DatasetVersion | None = None) -> Plan:
    """What a version would hold now. A constant number of queries."""
    past, kept, texts = _past(rule.assistant), _kept(parent), _chosen(rule, parent)
    every = ties.read(texts)
    nodes, unfit = _fitting(rule, every)
    nodes, twins = _without_twins(rule, nodes)
    nodes, above = _mixed(rule, nodes, kept)
    stays = {node.revision for node in nodes}
    gone = [node for node in every if node.revision in past.parts and node.revision not in stays]
    if past.parts.keys() - {node.revision for node in every}:
        gone += _not_chosen(rule, texts)
    bound, nodes, tied = _bound(nodes, gone, past)
    # What is left out may have been of the domain: the share holds for what is there.
    nodes, more = _mixed(rule, nodes, kept)
    candidates = [split.Candidate(n.identity, n.family, n.wording) for n in nodes]
    parts = split.assign(candidates, bound.homes, past.held, bound.groups, _alike(nodes), kept=kept)
    return Plan(rule, nodes, parts, [*unfit, *tied, *twins, *above, *more])


# --- in figures ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Preview:
    """A plan in figures. `groups` are (what they are of, counts by name, the most first); `omitted`
    counts by reason, `first` are the first refusals."""

    size: int
    general: int
    families: int
    split: Mapping[Part, int]
    groups: list[tuple[Any, list[tuple[str, int]]]]
    omitted: list[tuple[str, int]]
    first: list[Omitted]
    problems: tuple[Problem, ...] = ()

    @property
    def left_out(self) -> int:
        return sum(count for _reason, count in self.omitted)

    @property
    def words(self) -> list[str]:
        """The problems as sentences in the reader's language."""
        return [told(problem.reason, problem.values) for problem in self.problems]

    @property
    def general_percent(self) -> float:
        return 100 * self.general / self.size if self.size else 0.0


def _counts(plan: Plan) -> Iterator[tuple[Any, list[tuple[str, int]]]]:
    for name, title in (
        ("register", _("registers")),
        ("language", _("languages")),
        ("source", _("sources")),
    ):
        found = Counter(getattr(node, name) for node in plan.members)
        labels = dict(Pair._meta.get_field(name).flatchoices)  # type: ignore[union-attr]
        yield title, [(str(labels.get(value, value)), count) for value, count in _ordered(found)]


def _ordered(found: Counter[str]) -> list[tuple[str, int]]:
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def _by_category(plan: Plan) -> list[tuple[str, int]]:
    """Of another assistant with the assistant's name, for names of categories repeat. A query."""
    found = Counter(node.category for node in plan.members)
    own = plan.rule.assistant.pk
    names: Counter[str] = Counter()
    for row in Category.objects.filter(pk__in=found).select_related("assistant"):
        name = row.name if row.assistant_id == own else f"{row.assistant.name}: {row.name}"
        names[name] += found[row.pk]
    return _ordered(names)


def preview(plan: Plan, problems: tuple[Problem, ...] = ()) -> Preview:
    """The plan in figures, beside why nothing could be tuned on it. One query."""
    omitted = Counter(item.reason for item in plan.omitted)
    reasons = [(str(reason.label), omitted[reason]) for reason in LeftOutReason if omitted[reason]]
    counts = Counter(plan.parts.values())
    return Preview(
        len(plan.members),
        plan.general,
        len({node.family for node in plan.members}),
        {part: counts[part] for part in Part},
        [(_("categories"), _by_category(plan)), *_counts(plan)],
        reasons,
        plan.omitted[:FIRST],
        problems,
    )
