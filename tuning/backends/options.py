"""Options of a backend: a frozen dataclass whose fields say what they allow."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_type_hints

from django.conf import settings

from tuning.backends.base import Impossible, Problem

T = TypeVar("T")


def option(
    default: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[Any] = (),
    help: str = "",
    setting: str = "",
) -> Any:
    """A field of an options class. `low` and `high` are allowed themselves; None as a default
    means that the backend chooses, unless the hub's `setting` has a value. `help` is a sentence
    that may be translated."""
    about = {
        "low": low,
        "high": high,
        "choices": tuple(choices),
        "help": help,
        "setting": setting,
    }
    return dataclasses.field(default=default, metadata=about)


def allowed(field: dataclasses.Field[Any], kind: type) -> str:
    """What a field takes, in short: 'int 1..100', 'one of 1, 2, 4'."""
    about = field.metadata
    if about.get("choices"):
        return ", ".join(map(str, about["choices"]))
    low, high = about.get("low"), about.get("high")
    bounds = "" if low is None and high is None else f" {_edge(low)}..{_edge(high)}"
    return f"{kind.__name__}{bounds}"


def _edge(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def kinds(options: type) -> dict[str, type]:
    """The type of each field, without its None."""
    found = {}
    for name, hint in get_type_hints(options).items():
        parts = [part for part in getattr(hint, "__args__", (hint,)) if part is not type(None)]
        found[name] = parts[0]
    return found


def _converted(value: Any, kind: type) -> Any:
    """The value as the field's type; ValueError where it is something else. A truth is no number,
    and a text no truth."""
    if kind is bool or isinstance(value, bool):
        if kind is bool and isinstance(value, bool):
            return value
        raise ValueError
    if kind is str:
        if isinstance(value, str):
            return value
        raise ValueError
    number = kind(value)
    if isinstance(number, float) and not math.isfinite(number):
        raise ValueError
    if kind is int and number != float(value):
        raise ValueError
    return number


def _fits(value: Any, about: Mapping[str, Any]) -> bool:
    if about.get("choices"):
        return value in about["choices"]
    low, high = about.get("low"), about.get("high")
    return (low is None or value >= low) and (high is None or value <= high)


def filled(options: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, and what the hub's settings say now of those that were left open. A job has no
    settings of the hub's: there nothing is added."""
    found = dict(values)
    for field in dataclasses.fields(options):
        name = field.metadata.get("setting")
        value = getattr(settings, name, None) if name else None
        if value is not None and found.get(field.name) is None:
            found[field.name] = value
    return found


def problems(options: type, values: Mapping[str, Any]) -> list[Problem]:
    """What is unknown or out of range, one by one."""
    fields = {field.name: field for field in dataclasses.fields(options)}
    types, found = kinds(options), []
    for name, value in values.items():
        field = fields.get(name)
        if field is None:
            known = {"allowed": ", ".join(fields)}
            found.append(Problem(f"options.{name}", "unknown; allowed: %(allowed)s", known))
            continue
        if value is None and field.default is None:
            continue
        try:
            right = _fits(_converted(value, types[name]), field.metadata)
        except (TypeError, ValueError, OverflowError):
            right = False
        if not right:
            told = {"allowed": allowed(field, types[name])}
            found.append(Problem(f"options.{name}", "allowed: %(allowed)s", told))
    return found


def read(options: type[T], values: Mapping[str, Any]) -> T:
    """The options; Impossible names each that is wrong."""
    wrong = problems(options, values)
    if wrong:
        raise Impossible(tuple(wrong))
    types = kinds(options)
    given = {
        name: None if value is None else _converted(value, types[name])
        for name, value in filled(options, values).items()
    }
    return options(**given)
