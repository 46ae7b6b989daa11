"""What tests of providers share."""

from __future__ import annotations

import pytest

from tuning.providers import base


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    """A proxy of the developer's must not come between a client and a stand-in."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(autouse=True)
def pauses(monkeypatch) -> list[float]:
    """The pauses before second tries, which tests don't sit through."""
    taken: list[float] = []
    monkeypatch.setattr(base.time, "sleep", taken.append)
    return taken
