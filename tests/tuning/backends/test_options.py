"""Options say what they allow, and what is wrong is named."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tuning.backends import Impossible, Problem
from tuning.backends.options import filled, option, problems, read


@dataclass(frozen=True, slots=True)
class Options:
    epochs: int = option(3, low=1, high=100)
    rate: float | None = option(None, low=1e-7, high=1)
    size: int = option(4, choices=(1, 2, 4))
    merge: bool = option(True)
    folder: str = option("")


RIGHT = [
    ({}, Options()),
    ({"epochs": "5", "rate": "2e-5"}, Options(5, 2e-5)),
    ({"epochs": 100.0, "rate": None}, Options(100)),
    ({"size": 2, "merge": False, "folder": "a"}, Options(size=2, merge=False, folder="a")),
]
WRONG = [
    ("epochs", 0, "int 1..100"),
    ("epochs", 2.5, "int 1..100"),
    ("epochs", True, "int 1..100"),
    ("epochs", None, "int 1..100"),
    ("epochs", "x", "int 1..100"),
    ("epochs", [3], "int 1..100"),
    ("rate", 0, "float 1e-07..1"),
    ("rate", float("nan"), "float 1e-07..1"),
    ("rate", float("inf"), "float 1e-07..1"),
    ("size", 3, "1, 2, 4"),
    ("merge", "true", "bool"),
    ("merge", 1, "bool"),
    ("folder", 1, "str"),
]


@pytest.mark.parametrize(("values", "options"), RIGHT, ids=str)
def test_right_ones_are_read(values, options):
    assert problems(Options, values) == []
    assert read(Options, values) == options


@pytest.mark.parametrize(("name", "value", "allowed"), WRONG, ids=str)
def test_a_wrong_one_is_named_with_what_is_allowed(name, value, allowed):
    wrong = Problem(f"options.{name}", "allowed: %(allowed)s", {"allowed": allowed})
    assert problems(Options, {name: value}) == [wrong]


def test_an_unknown_one_is_named_with_the_known():
    [wrong] = problems(Options, {"epoch": 3})
    assert str(wrong) == "options.epoch: unknown; allowed: epochs, rate, size, merge, folder"


def test_each_wrong_one_is_named():
    with pytest.raises(Impossible) as refused:
        read(Options, {"epochs": 0, "size": 3, "merge": True})
    names = [problem.field for problem in refused.value.problems]
    assert names == ["options.epochs", "options.size"]
    assert refused.value.permanent


@dataclass(frozen=True)
class Open:
    pace: float | None = option(None, low=0.1, high=9.0, setting="HUB_PACE")
    size: int | None = option(None, low=1, high=9)


def test_what_is_left_open_is_the_hub_s_setting(settings):
    assert (filled(Open, {"size": 2}), read(Open, {})) == ({"size": 2}, Open())
    settings.HUB_PACE = 0.5
    assert filled(Open, {"size": 2}) == {"size": 2, "pace": 0.5}
    assert filled(Open, {"pace": 3.0}) == {"pace": 3.0}
    assert read(Open, {"pace": None}) == Open(pace=0.5)
    settings.HUB_PACE = None
    assert read(Open, {}) == Open()
