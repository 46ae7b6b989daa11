"""Whether the values of two facts can both be right, and whether they can be compared at all.

Units of time are converted, currencies are not: the rate is not known.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from math import ceil

from reviews.checks.facts import Fact

# A low and a high bound for each unit in which the value can be told, the most exact one first.
_Bounds = Mapping[str, tuple[Decimal, Decimal]]

_IN_DAYS: Mapping[str, Decimal] = {
    "week": Decimal(7),
    "day": Decimal(1),
    "hour": Decimal(1) / 24,
    "minute": Decimal(1) / 1440,
}
_CITED = re.compile(
    r"(?P<article>(?:PPh )?pasal \S+(?: (?:ayat|huruf|angka) \S+)*)?\s?(?P<law>.*)", re.DOTALL
)


def comparable(fact: Fact, other: Fact) -> bool:
    """Whether both values are of one kind, so that they can differ."""
    if fact.kind == "citation":
        return _cites_alike(fact.value, other.value)
    return any(one.keys() & two.keys() for one, two in _readings(fact, other))


def agree(fact: Fact, other: Fact) -> bool:
    """Whether both values can be right at once: equal, converted, or one within the other."""
    if fact.value == other.value:
        return True
    if fact.kind == "citation":
        return _cites_same(fact.value, other.value)
    return any(_overlap(one, two) for one, two in _readings(fact, other))


def _overlap(one: _Bounds, two: _Bounds) -> bool:
    """Whether two ranges meet in the most exact unit that both can be told in."""
    unit = next((unit for unit in one if unit in two), None)
    return unit is not None and one[unit][0] <= two[unit][1] and two[unit][0] <= one[unit][1]


def _readings(fact: Fact, other: Fact) -> Iterator[tuple[_Bounds, _Bounds]]:
    """Yield what the two values can mean, as couples to compare.

    "2x30 day" is sixty days; beside a value without a factor also thirty, a time. "3x24 hour" is
    three days in any case.
    """
    yield _bounds(fact.value), _bounds(other.value)
    if ("x" in fact.value) != ("x" in other.value) and "hour" not in fact.value + other.value:
        yield _bounds(fact.value.split("x")[-1]), _bounds(other.value.split("x")[-1])


@lru_cache(maxsize=1024)
def _bounds(value: str) -> _Bounds:
    """Read "IDR 5000000", "30..45 day", "2x30 day" or "11 %"."""
    first, _, second = value.partition(" ")
    number, unit = (first, second) if first[0].isdigit() else (second, first)
    times, _, number = number.rpartition("x")
    low, _, high = number.partition("..")
    factor = Decimal(times or 1)
    return _converted(unit, Decimal(low) * factor, Decimal(high or low) * factor)


def _converted(unit: str, low: Decimal, high: Decimal) -> _Bounds:
    """Return the bounds in each unit they can be told in, the most exact one first.

    A month is 30 to 30.5 days, so that 6 bulan are 180 to 183 and a year 360 to 366.
    """
    if unit == "year":
        return _converted("month", low * 12, high * 12)
    if unit == "month":
        return {unit: (low, high), "day": (low * 30, Decimal(ceil(high * 61 / 2)))}
    if unit == "workday":
        # Five working days are done after five days at best, after a weekend at worst.
        return {unit: (low, high), "day": (low + (low - 1) // 5 * 2, high + ceil(high / 5) * 2)}
    days = _IN_DAYS.get(unit)
    return {"day": (low * days, high * days)} if days else {unit: (low, high)}


@lru_cache(maxsize=1024)
def _cited(value: str) -> tuple[list[str], str]:
    """Split a citation into the article with its parts, ["pasal 33", "ayat 1"], and the law."""
    match = _CITED.fullmatch(value)
    assert match is not None
    words = (match["article"] or "").removeprefix("PPh ").split()
    law = "PPh" if (match["article"] or "").startswith("PPh ") else match["law"]
    return [" ".join(words[at : at + 2]) for at in range(0, len(words), 2)], law


def _cites_same(value: str, other: str) -> bool:
    """Whether one citation is the other, or that with more or less detail."""
    (parts, law), (other_parts, other_law) = _cited(value), _cited(other)
    same_parts = all(one == two for one, two in zip(parts, other_parts, strict=False))
    return same_parts and _same_law(law, other_law)


def _same_law(law: str, other: str) -> bool:
    """Whether both can be one law: an unnamed one can be any, a title that of any number."""
    if not law or not other or law == other:
        return True
    return _kind(law) == _kind(other) and not (_is_numbered(law) and _is_numbered(other))


def _kind(law: str) -> str:
    """Return "UU" of "UU 25/2007"."""
    return law.partition(" ")[0]


def _is_numbered(law: str) -> bool:
    return "/" in law


def _cites_alike(value: str, other: str) -> bool:
    """Whether one citation can stand in the other's place.

    A law and the decree that carries it out do not compete; two laws do, and two articles.
    """
    (parts, law), (other_parts, other_law) = _cited(value), _cited(other)
    if parts and parts == other_parts:
        return True
    if not law or not other_law:
        return bool(parts and other_parts) and "PPh" not in (law, other_law)
    return _kind(law) == _kind(other_law)
