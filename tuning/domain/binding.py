"""Texts that are tied go to one part together; who is tied to two parts is left out (J6).

Sets of texts are joined tie by tie (union-find). A set has a home where one of its texts, or their
question family, stood in that part of an earlier version. Pure: the same texts, the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tuning.domain import nearness
from tuning.domain.ties import Node
from tuning.enums import Part

FAMILY, CONVERSATION, PERSON, NEAR = "family", "conversation", "person", "near"
_PROTECTED = {Part.TEST: 0, Part.VALIDATION: 1, Part.TRAIN: 2}
_NEW = 2, 0

Key = tuple[str, str]
Tie = tuple[str, Node | None]
"""A kind of tie, and the text at its other end where one is there to be shown."""


@dataclass(frozen=True, slots=True)
class Bound:
    """`groups` names for each family the first of those that must go with it, `homes` the part that
    a family must go to. `left` are the revisions that no part has room for, each with its tie."""

    groups: dict[str, str] = field(default_factory=dict)
    homes: dict[str, Part] = field(default_factory=dict)
    left: dict[int, Tie] = field(default_factory=dict)


class _Sets:
    """Disjoint sets of places and keys, each with a home or none."""

    def __init__(self) -> None:
        self._above: dict[int | Key, int | Key] = {}
        self._home: dict[int | Key, Part] = {}

    def top(self, item: int | Key) -> int | Key:
        path = []
        while (above := self._above.get(item, item)) != item:
            path.append(item)
            item = above
        for passed in path:
            self._above[passed] = item
        return item

    def home(self, item: int | Key) -> Part | None:
        return self._home.get(self.top(item))

    def settle(self, item: int | Key, home: Part) -> None:
        self._home.setdefault(self.top(item), home)

    def join(self, one: int | Key, other: int | Key) -> bool:
        """Make one set of two; False where their homes differ."""
        first, second = self.top(one), self.top(other)
        homes = {self._home[top] for top in (first, second) if top in self._home}
        if len(homes) > 1:
            return False
        self._above[second] = first
        if homes:
            self._home[first] = homes.pop()
        return True


def keys(node: Node) -> Iterator[Key]:
    """What ties the text to others, but for near-duplicates."""
    for kind, value in (
        (FAMILY, node.family),
        # The very question of a text in another family; families without a name are called by it.
        (FAMILY, node.wording),
        (CONVERSATION, node.conversation),
        (PERSON, node.person),
    ):
        if value:
            yield kind, value


class _Binding:
    """`nodes` in the order of protection: of two that clash, the later one gives way. The first
    `firm` take part; those behind were taught earlier and are not chosen now, so they only keep new
    texts out of the test."""

    def __init__(self, nodes: Sequence[Node], firm: int, past: set[int], fixed: set[int]) -> None:
        self.nodes, self.firm, self.past, self.fixed = nodes, firm, past, fixed
        self.sets = _Sets()
        self.left: dict[int, Tie] = {}
        self.bearers: dict[Key, int] = {}

    def by_keys(self) -> None:
        for place in range(self.firm):
            for key in keys(self.nodes[place]):
                if not self.sets.join(key, place):
                    self._leave(place, key[0], self.bearers.get(key))
                    break
                self.bearers.setdefault(key, place)

    def _leave(self, place: int, kind: str, against: int | None) -> None:
        if place not in self.past:
            self.left[place] = (kind, None if against is None else self.nodes[against])

    def _compared(self, one: int, other: int) -> bool:
        """`other` is the later one; who is left out already is tied to nobody."""
        if one >= self.firm or (one in self.past and other in self.past):
            return False
        if one in self.left or other in self.left:
            return False
        return self.sets.top(one) != self.sets.top(other)

    def by_likeness(self, texts: nearness.Texts) -> None:
        behind = []
        bands = [node.bands for node in self.nodes]
        for one, other in nearness.pairs(texts, bands, self._compared):
            if other >= self.firm:
                behind.append((one, other))
            elif not self.sets.join(one, other):
                self._leave(other, NEAR, one)
        self._by_what_was_taught(behind)

    def _by_what_was_taught(self, behind: Iterable[tuple[int, int]]) -> None:
        for place in range(self.firm, len(self.nodes)):
            for key in keys(self.nodes[place]):
                self.sets.join(key, place)
        for one, other in behind:
            new = one not in self.fixed and one not in self.past and one not in self.left
            if not self.sets.join(one, other) and new and self.sets.home(one) == Part.TEST:
                self._leave(one, NEAR, other)


def bind(
    chosen: Sequence[Node],
    earlier: Sequence[Node],
    stood: Mapping[int, Part],
    families: Mapping[str, Part],
) -> Bound:
    """Which families go together, where they must go, and which of the chosen are left out.

    `stood` are the parts that revisions had in earlier versions, `families` those of question
    families; `earlier` are texts of earlier versions that are not chosen now.
    """

    def rank(node: Node) -> tuple[int, int]:
        # A text that stood somewhere before one that is new, whatever its family: else the next
        # version would take back what this one left out, and leave out what it took.
        for before, part in enumerate((stood.get(node.revision), families.get(node.family))):
            if part:
                return before, _PROTECTED[part]
        return _NEW

    tests = [node for node in earlier if stood[node.revision] == Part.TEST]
    taught = [node for node in earlier if stood[node.revision] != Part.TEST]
    ordered = sorted(chosen, key=rank)
    nodes = [*tests, *ordered, *taught]
    firm = len(tests) + len(ordered)
    past = {*range(len(tests)), *range(firm, len(nodes))}
    fixed = {place for place, node in enumerate(nodes) if node.revision in stood}
    work = _Binding(nodes, firm, past, fixed)
    for family, part in families.items():
        work.sets.settle((FAMILY, family), part)
    for place, node in enumerate(nodes):
        if node.revision in stood:
            work.sets.settle(place, stood[node.revision])
    work.by_keys()
    work.by_likeness(nearness.Texts([node.text for node in nodes]))
    return _bound(work)


def _bound(work: _Binding) -> Bound:
    together: dict[int | Key, list[str]] = {}
    homes: dict[str, Part] = {}
    for place, node in enumerate(work.nodes):
        if place in work.past or place in work.left:
            continue
        together.setdefault(work.sets.top(place), []).append(node.family)
        home = work.sets.home(place)
        if home:
            homes[node.family] = home
    groups = {
        family: first
        for families in together.values()
        for first in [min(families)]
        for family in families
    }
    left = {work.nodes[place].revision: tie for place, tie in work.left.items()}
    return Bound(groups, homes, left)
