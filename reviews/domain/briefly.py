"""What a process may know for a moment without asking the database again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
MOST = 10_000


class Known(Generic[T]):
    """Values for `seconds`, in this process alone; what is not there is never remembered.

    Whoever changes what it holds calls `forget` after the commit: this process sees the change at
    once then, and the others when their moment is over.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._values: dict[Hashable, tuple[float, T]] = {}
        self._forgotten = 0
        self._guard = threading.Lock()

    def get(self, name: Hashable, ask: Callable[[], T | None]) -> T | None:
        now, forgotten = time.monotonic(), self._forgotten
        kept = self._values.get(name)
        if kept and kept[0] > now:
            return kept[1]
        found = ask()
        if found is not None:
            self._keep(name, found, forgotten)
        return found

    def _keep(self, name: Hashable, found: T, forgotten: int) -> None:
        now = time.monotonic()
        with self._guard:
            if forgotten != self._forgotten:
                # Read before somebody said `forget`: good for this caller, not to be kept.
                return
            if len(self._values) >= MOST:
                self._values = {n: kept for n, kept in self._values.items() if kept[0] > now}
            if len(self._values) < MOST:
                self._values[name] = (now + self.seconds, found)

    def forget(self) -> None:
        with self._guard:
            self._forgotten += 1
            self._values = {}

    def __len__(self) -> int:
        return len(self._values)
