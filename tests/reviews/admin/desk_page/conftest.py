"""The desk's JavaScript in a real browser, module by module, without a hub."""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

import reviews
from tests.feedbackhub.browser import chromium

SOURCES = Path(reviews.__file__).parent / "static" / "reviews" / "desk"


class _Sources(BaseHTTPRequestHandler):
    """An empty page at /, and the modules beside it."""

    def do_GET(self) -> None:
        path = SOURCES / self.path.lstrip("/")
        body = path.read_bytes() if path.is_file() else b"<!doctype html><title>desk</title>"
        self.send_response(200)
        self.send_header("Content-Type", mimetypes.guess_type(self.path)[0] or "text/html")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Sources)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with chromium() as browser:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        yield page
    server.shutdown()
    server.server_close()


class Module:
    """One file's exports: `call("name", arguments)` gives what the function returns."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name

    def run(self, body: str, given: Any = None) -> Any:
        """Evaluate `body` with the exports as `m` and `given` as what was given."""
        code = f"async (given) => {{ const m = await import('/{self.name}'); {body} }}"
        return self.page.evaluate(code, given)

    def call(self, function: str, *arguments: Any) -> Any:
        return self.run(f"return m.{function}(...given)", list(arguments))
