"""What a process may know for a moment without asking the database again."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
MOST = 10_000


class Known(Generic[T]):
    """Values for `seconds`, in this process alone; what is not there is never remembered.

    Whoever changes what it holds calls `forget`: this process sees the change at once then, and
    the others when their moment is over.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._values: dict[Hashable, tuple[float, T]] = {}

    def get(self, name: Hashable, ask: Callable[[], T | None]) -> T | None:
        kept = self._values.get(name)
        if kept and kept[0] > time.monotonic():
            return kept[1]
        self._values.pop(name, None)
        found = ask()
        if found is not None:
            if len(self._values) >= MOST:
                self._values.clear()
            self._values[name] = (time.monotonic() + self.seconds, found)
        return found

    def forget(self) -> None:
        self._values.clear()

    def __len__(self) -> int:
        return len(self._values)
