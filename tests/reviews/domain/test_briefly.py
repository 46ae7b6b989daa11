"""Known for a moment, forgotten at once, and never more than there is room for."""

from __future__ import annotations

import pytest

from reviews.domain import briefly
from reviews.domain.briefly import Known


@pytest.fixture
def clock(monkeypatch):
    seconds = [1000.0]
    monkeypatch.setattr(briefly.time, "monotonic", lambda: seconds[0])
    return seconds


def test_a_value_is_asked_for_once_a_moment(clock):
    asked: list[int] = []
    known: Known[int] = Known(3.0)

    def ask() -> int:
        asked.append(1)
        return len(asked)

    told = []
    for _second in range(7):
        told.append(known.get("a", ask))
        clock[0] += 1
    assert told == [1, 1, 1, 2, 2, 2, 3]


def test_what_is_not_there_is_asked_for_again():
    known: Known[int] = Known(60.0)
    assert known.get("a", lambda: None) is None
    assert known.get("a", lambda: 7) == 7


def test_what_was_read_before_a_forget_is_not_kept():
    known: Known[str] = Known(60.0)

    def read_while_another_changes_it() -> str:
        known.forget()
        return "old"

    assert known.get("a", read_while_another_changes_it) == "old"
    assert known.get("a", lambda: "new") == "new"


def test_old_values_make_room(clock, monkeypatch):
    monkeypatch.setattr(briefly, "MOST", 3)
    known: Known[str] = Known(10.0)
    for name in "abc":
        known.get(name, lambda: "x")
    known.get("d", lambda: "x")
    assert len(known) == 3
    clock[0] += 10
    known.get("d", lambda: "x")
    assert len(known) == 1
