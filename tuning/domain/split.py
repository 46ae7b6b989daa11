"""Which part each member of a version goes to: by family, so that no variation leaks (D1).

Pure functions over hashes and integers: the same candidates split the same way on any database.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass

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


Families = dict[str, list[Candidate]]


def _families(candidates: list[Candidate]) -> Families:
    """Families in the order of their hashes, members in the order of theirs."""
    grouped: Families = defaultdict(list)
    for candidate in sorted(candidates, key=lambda c: (c.family, c.identity)):
        grouped[candidate.family].append(candidate)
    return dict(grouped)


def _fill(families: Families, decided: dict[str, Part], part: Part, room: int) -> None:
    """Give `part` to undecided families, in order, as long as they fit into `room` members."""
    for family, members in families.items():
        if family not in decided and len(members) <= room:
            decided[family] = part
            room -= len(members)


def _size(families: Families, decided: Mapping[str, Part], part: Part) -> int:
    return sum(len(members) for name, members in families.items() if decided.get(name) == part)


def _one_wording(members: list[Candidate], held_before: Set[str]) -> Candidate | None:
    """A member to hold out whose family keeps another wording; one held out before stays so.

    Its own wording must be no other member's, who would teach it with another answer.
    """
    held_by = Counter(member.wording for member in members)
    for member in sorted(members, key=lambda c: (c.identity not in held_before, c.identity)):
        if len(held_by) > 1 and held_by[member.wording] == 1:
            return member
    return None


def _hold_out(
    families: Families, decided: dict[str, Part], held_before: Set[str], room: int
) -> set[str]:
    """Identities of held-out wordings, one a family; those families are taught from now on."""
    held: set[str] = set()
    again = {
        c.family for members in families.values() for c in members if c.identity in held_before
    }
    for family in sorted(families, key=lambda name: (name not in again, name)):
        if len(held) >= room:
            break
        if decided.get(family, Part.TRAIN) != Part.TRAIN:
            continue
        member = _one_wording(families[family], held_before)
        if member:
            held.add(member.identity)
            decided[family] = Part.TRAIN
    return held


def assign(
    candidates: list[Candidate],
    earlier: Mapping[str, Part],
    held_before: Set[str] = frozenset(),
) -> dict[str, Part]:
    """The part of each candidate, by identity.

    `earlier` holds the parts that families had in earlier versions: a family once in a test stays
    in tests, and one once taught never becomes a test. `held_before` are identities that were a
    paraphrase before. Shares are met as closely as whole families allow.
    """
    families = _families(candidates)
    decided = {name: earlier[name] for name in families if name in earlier}
    total = len(candidates)
    _fill(
        families,
        decided,
        Part.TEST,
        round(TEST_SHARE * total) - _size(families, decided, Part.TEST),
    )
    held = _hold_out(families, decided, held_before, round(PARAPHRASE_SHARE * total))
    taught = total - len(held) - _size(families, decided, Part.TEST)
    room = round(VALIDATION_SHARE * taught) - _size(families, decided, Part.VALIDATION)
    _fill(families, decided, Part.VALIDATION, room)
    parts = {c.identity: decided.get(c.family, Part.TRAIN) for c in candidates}
    return parts | dict.fromkeys(held, Part.PARAPHRASE)
