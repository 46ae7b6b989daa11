"""Names of model versions (v1.0, v1.1, v2.0), and when a training starts anew (D6). No rows here.

A *line* is all versions of one major number. A run belongs to the line of its base model and
method; it opens a new line where there is none, where the approved pairs crossed a milestone since
the line began, or where the base model could have been tuned further and was not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MILESTONES = (100, 500, 1_000, 5_000)
"""Approved pairs from which on a training starts anew instead of adding to the last one."""
_NAME = re.compile(r"v([1-9]\d*)\.(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Made:
    """A version that is there: its base model and method, and the pairs of its dataset version."""

    name: str
    base: int
    method: str
    samples: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A version to be named. `continues` is the name of the version that its run went on with;
    `could_continue` says that its base model allows that."""

    base: int
    method: str
    samples: int
    continues: str = ""
    could_continue: bool = False


def read(name: str) -> tuple[int, int] | None:
    """(major, minor), or None for a name of another kind, such as a base's."""
    found = _NAME.fullmatch(name)
    return (int(found[1]), int(found[2])) if found else None


def milestone(samples: int) -> int:
    """The last milestone reached; 0 before the first."""
    return max((mark for mark in MILESTONES if mark <= samples), default=0)


def crossed(began: int, samples: int) -> bool:
    """Whether a milestone lies between what a line began with and what there is now."""
    return milestone(samples) > milestone(began)


def adds_to(wanted: Wanted, made: Sequence[Made]) -> int | None:
    """The newest line of the same base model and method, unless a milestone was crossed since its
    first version: then, and where there is none, the training starts anew."""
    kin = [(number, one) for one in made if (number := read(one.name)) and _alike(one, wanted)]
    if not kin:
        return None
    newest = max(number[0] for number, _one in kin)
    _number, first = min((item for item in kin if item[0][0] == newest), key=lambda item: item[0])
    return None if crossed(first.samples, wanted.samples) else newest


def line(wanted: Wanted, made: Sequence[Made]) -> int | None:
    """The line (major number) that the version belongs to; None where it opens a new one."""
    if wanted.continues and (goes_on := read(wanted.continues)):
        return goes_on[0]
    return None if wanted.could_continue else adds_to(wanted, made)


def _alike(one: Made, wanted: Wanted) -> bool:
    return (one.base, one.method) == (wanted.base, wanted.method)


def following(taken: Iterable[str], line: int | None) -> str:
    """The next name of the line; where that is None, the first of a new one."""
    numbers = [number for name in taken if (number := read(name))]
    if line is None:
        return f"v{max((major for major, _minor in numbers), default=0) + 1}.0"
    return f"v{line}.{max((minor for major, minor in numbers if major == line), default=-1) + 1}"
