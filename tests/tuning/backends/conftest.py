"""Vertex's stand-in, and the backend that speaks to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.standins.storage import Storage
from tests.standins.vertex import Vertex
from tests.tuning.backends import vertexes
from tuning.backends.vertex import VertexBackend


@pytest.fixture
def vertex(monkeypatch) -> Iterator[Vertex]:
    vertexes.no_proxy(monkeypatch)
    with Storage() as storage, Vertex(storage) as vertex:
        yield vertex


@pytest.fixture
def backend(vertex) -> VertexBackend:
    return VertexBackend(vertexes.google(vertex))
