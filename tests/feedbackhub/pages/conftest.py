"""One hub and one browser for a curator's pages; each test makes people and rows of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.feedbackhub import processes
from tests.feedbackhub.browser import Line, chromium
from tests.feedbackhub.desk.rows import Rows
from tests.feedbackhub.desk.site import Desk, House, house
from tests.feedbackhub.processes import Hub, Place, prepared_place


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="package")
def place(browser, prepared, tmp_path_factory) -> Iterator[Place]:
    with prepared_place(prepared, tmp_path_factory.mktemp("pages") / "data") as made:
        yield made


@pytest.fixture(scope="package")
def line(place) -> Iterator[Line]:
    with Hub(place) as hub, Line(hub.port) as running:
        yield running


@pytest.fixture(scope="package")
def rows(place) -> Iterator[Rows]:
    with Rows(place.environment, processes.ROOT, "tests.feedbackhub.pages.rows") as running:
        yield running


@pytest.fixture
def hub(browser, line, rows) -> Iterator[House]:
    """The hub, with browsers that may not complain."""
    try:
        with house(browser, line, rows) as open_now:
            yield open_now
    finally:
        line.cut = line.deaf = False


@pytest.fixture
def curator(hub) -> Desk:
    """A curator's browser in English, whose clock a test can put forward."""
    made = hub.desk(role="Kurator", locale="en-GB")
    made.page.clock.install()
    return made
