"""Which part each member of a version goes to: tied families together, so that nothing leaks (D1).

Pure functions over hashes and integers: the same candidates split the same way on any database.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from types import MappingProxyType

from tuning.enums import Part

TEST_SHARE = 0.15
"""Of all members; D1 asks for 10 to 20 %."""
VALIDATION_SHARE = 0.15
"""Of train and validation together: the 85/15 of D1."""
PARAPHRASE_SHARE = 0.10
"""Of all members at most: held-out wordings of taught families."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pair that goes into a version: its identity, its family's, and its question's (hashes)."""

    identity: str
    family: str
    wording: str


# Which wording is held out first; what was taught never is.
_STAYS, _BEFORE, _NEW, _TAUGHT = range(4)

Families = dict[str, list[Candidate]]
"""Members by family, or by the first family of those that are bound together."""
Alike = Callable[[str, str], bool]
"""Whether two pairs (identities) are so alike that the one would teach the other."""


def _by(candidates: list[Candidate], name: Callable[[Candidate], str]) -> Families:
    """In the order of the hashes, members in the order of theirs."""
    grouped: Families = defaultdict(list)
    for candidate in sorted(candidates, key=lambda c: (name(c), c.identity)):
        grouped[name(candidate)].append(candidate)
    return dict(grouped)


def _one_wording(
    members: list[Candidate],
    taught: list[Candidate],
    rank: Callable[[Candidate], int],
    alike: Alike,
) -> Candidate | None:
    """A member to hold out whose family keeps another wording, of the lowest rank.

    Its own wording must be no other text's, who would teach it with another answer, and nothing
    that is taught beside it may be alike.
    """
    if len({member.wording for member in members}) < 2:
        return None
    held_by = Counter(member.wording for member in taught)
    for member in sorted(members, key=lambda c: (rank(c), c.identity)):
        if (
            rank(member) < _TAUGHT
            and held_by[member.wording] == 1
            and not any(
                alike(member.identity, other.identity) for other in taught if other != member
            )
        ):
            return member
    return None


class _Parting:
    """Candidates by family and by group, and the parts that groups have so far."""

    def __init__(
        self, candidates: list[Candidate], earlier: Mapping[str, Part], bound: Mapping[str, str]
    ) -> None:
        self.bound = bound
        self.families = _by(candidates, lambda c: c.family)
        self.groups = _by(candidates, lambda c: self.group(c.family))
        self.decided = {
            self.group(name): earlier[name] for name in self.families if name in earlier
        }

    def group(self, family: str) -> str:
        return self.bound.get(family, family)

    def size(self, part: Part) -> int:
        return sum(
            len(rows) for name, rows in self.groups.items() if self.decided.get(name) == part
        )

    def fill(self, part: Part, wanted: int) -> None:
        """Give `part` to undecided groups, in order, as long as they fit into what is wanted."""
        room = wanted - self.size(part)
        for name, members in self.groups.items():
            if name not in self.decided and len(members) <= room:
                self.decided[name] = part
                room -= len(members)

    def hold_out(self, rank: Callable[[Candidate], int], room: int, alike: Alike) -> set[str]:
        """Identities of held-out wordings, one a family; those families are taught from now on."""
        held: set[str] = set()
        best = {name: min(map(rank, members)) for name, members in self.families.items()}
        for family in sorted(self.families, key=lambda name: (best[name], name)):
            if len(held) >= room and best[family] > _STAYS:
                break
            group = self.group(family)
            if self.decided.get(group, Part.TRAIN) != Part.TRAIN:
                continue
            taught = [member for member in self.groups[group] if member.identity not in held]
            member = _one_wording(self.families[family], taught, rank, alike)
            if member:
                held.add(member.identity)
                self.decided[group] = Part.TRAIN
        return held


def _never(_one: str, _other: str) -> bool:
    return False


def assign(
    candidates: list[Candidate],
    earlier: Mapping[str, Part],
    held_before: Set[str] = frozenset(),
    bound: Mapping[str, str] = MappingProxyType({}),
    alike: Alike = _never,
    *,
    kept: Mapping[str, Part] = MappingProxyType({}),
) -> dict[str, Part]:
    """The part of each candidate, by identity.

    `earlier` holds the parts that families had in earlier versions: a family once in a test stays
    in tests, and one once taught never becomes a test. `held_before` are identities that were a
    paraphrase before. `bound` names the group of families that are tied to others; a group goes to
    one part. `kept` are the parts, by identity, in the version that this one builds on: its
    paraphrases stay, and what it taught never becomes one. Shares are met as closely as whole
    groups allow.
    """

    def rank(candidate: Candidate) -> int:
        if candidate.identity in kept:
            return _STAYS if kept[candidate.identity] == Part.PARAPHRASE else _TAUGHT
        return _BEFORE if candidate.identity in held_before else _NEW

    work, total = _Parting(candidates, earlier, bound), len(candidates)
    work.fill(Part.TEST, round(TEST_SHARE * total))
    held = work.hold_out(rank, round(PARAPHRASE_SHARE * total), alike)
    taught = total - len(held) - work.size(Part.TEST)
    work.fill(Part.VALIDATION, round(VALIDATION_SHARE * taught))
    parts = {c.identity: work.decided.get(work.group(c.family), Part.TRAIN) for c in candidates}
    return parts | dict.fromkeys(held, Part.PARAPHRASE)
