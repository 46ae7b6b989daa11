"""What the finders of facts share: the fact itself, and tables of how a name may be spelt."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact at text[start:end]: `kind` and canonical `value` as in facts.py."""

    kind: str
    value: str
    start: int
    end: int


Spellings = dict[str, str]


def either(*tables: Spellings) -> str:
    return "(?:" + "|".join(pattern for table in tables for pattern in table.values()) + ")"


def name_of(table: Spellings, spelling: str) -> str:
    """Return the canonical name of a spelling that `either(table)` matched."""
    names = (name for name, spelt in table.items() if re.fullmatch(spelt, spelling, re.IGNORECASE))
    return next(names)


# Blanks within a line (NBSP too): a number does not take its unit from the next line.
BLANK = r"[^\S\n]"
