"""The README's application as a newcomer runs it: ask, show the widget, vote, find the vote."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from feedbackhub.demo.process import free_port
from tests.feedbackhub import processes
from tests.feedbackhub.browser import chromium
from tests.feedbackhub.processes import Hub, Place

pytestmark = [pytest.mark.browser, pytest.mark.processes]
README = Path(__file__).parents[2] / "README.md"
PORT = "9000"


def application() -> str:
    """The first block of Python."""
    found = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def test_it_has_no_more_lines_than_it_promises():
    lines = [line for line in application().splitlines() if line.strip()]
    assert len(lines) <= 22


def test_the_readme_s_application_asks_shows_and_votes(embedded: Place):
    with Hub(embedded) as hub:
        processes.ask(
            embedded, "from reviews.domain import assistants as a; a.ensure('bisnis', 'B')"
        )
        made = processes.manage(
            embedded, "make_key", "bisnis", "--origin", f"http://localhost:{PORT}"
        )
        key = made.stdout.strip()
        port = free_port()
        # The README's port may be taken on a machine where other tests run.
        source = application().replace(PORT, str(port))
        processes.ask(
            embedded,
            "from reviews.models import ClientKey as K; "
            f"K.objects.update(origins=['http://localhost:{port}'])",
        )
        variables = os.environ | {"HUB": f"http://127.0.0.1:{hub.port}", "HUB_KEY": key}
        app = subprocess.Popen([sys.executable, "-c", source], env=variables)
        try:
            votes(f"http://localhost:{port}")
        finally:
            app.kill()
            app.wait()
        hub.client.key = key
        _status, stats = hub.client.call("GET", "/api/v1/ai/feedback/stats")
        assert (stats["info"]["total_count"], stats["info"]["positive_count"]) == (1, 0)
        rows = "from reviews.models import Feedback as F; print(*F.objects.values_list("
        told = processes.ask(embedded, f"{rows}'prompt', 'thumb', 'comment', 'model_version'))")
        assert told == "('Berapa modal minimum PT PMA?', False, 'Belum menjawab.', 'bisnis/base')"


def votes(address: str) -> None:
    """Vote the answer down with a comment, in a real browser."""
    with chromium() as browser:
        page = browser.new_page()
        processes.until(lambda: _opens(page, address), 20, "the application's page")
        page.get_by_role("button", name="Tidak membantu").click()
        page.get_by_role("textbox").fill("Belum menjawab.")
        page.get_by_role("button", name="Kirim", exact=True).click()
        expect(page.locator("feedback-thumbs")).to_have_attribute("state", "down")


def _opens(page, address: str) -> bool:
    try:
        page.goto(address)
    except Exception:
        return False
    return True
