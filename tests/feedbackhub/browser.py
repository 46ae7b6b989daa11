"""A real browser, an application's page on an origin of its own, and a line that can be cut."""

from __future__ import annotations

import json
import os
import shutil
import socket
import socketserver
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.feedbackhub import processes
from tests.feedbackhub.conftest import ANSWER, CONTEXTS
from tests.feedbackhub.processes import Place

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
# What a page's own script would see, kept for the test to read.
_LISTEN = """
window.seen = { events: [], violations: [] };
addEventListener("feedback", (event) => seen.events.push(event.detail));
addEventListener("securitypolicyviolation", (event) => seen.violations.push(
    `${event.violatedDirective}: ${event.blockedURI}`));
"""

ROWS = """
import json
from reviews.models import Feedback
rows = Feedback.objects.filter(request_id__in={ids!r}).order_by("id")
print(json.dumps(list(rows.values_list("thumb", "comment", "segment"))))
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium. Django's own queries fail in this thread as long as it runs:
    Playwright leaves an event loop in it."""
    path = shutil.which(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    if path is None:
        (pytest.fail if os.environ.get("REQUIRE_SERVERS") else pytest.skip)("needs Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_QUIET))
        yield browser
        browser.close()


class Watched:
    """A page, and whatever the browser complained of while it was open."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.set_default_timeout(10_000)
        page.add_init_script(_LISTEN)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._note)

    def _note(self, message: Any) -> None:
        # A browser notes each answer of 400 and above; those are the tests' own doing.
        expected = "Failed to load resource: the server responded with a status of 4"
        if message.type in ("error", "warning") and not message.text.startswith(expected):
            self.complaints.append(message.text)

    def events(self) -> list[dict[str, Any]]:
        """The details of the `feedback` events that reached the window."""
        return list(self.page.evaluate("seen.events"))

    def violations(self) -> list[str]:
        return list(self.page.evaluate("seen.violations"))


class Application:
    """A web page of somebody's application, under a policy that names the hub and nothing else."""

    def __init__(self, hub: str) -> None:
        self.body, self.language = "", "id"
        self.head = f'<script type="module" src="{hub}/static/feedbackhub/thumbs.js"></script>'
        self.policy = (
            f"default-src 'none'; script-src {hub}; connect-src {hub}; base-uri 'none'; "
            "form-action 'none'; require-trusted-types-for 'script'"
        )
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    def html(self) -> bytes:
        phone = '<meta name="viewport" content="width=device-width">'
        head = f"<meta charset=utf-8><title>Aplikasi</title>{phone}{self.head}"
        page = f'<!doctype html><html lang="{self.language}"><head>{head}</head><body>{self.body}'
        return page.encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        application = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if self.path == "/" else 204)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Security-Policy", application.policy)
                self.end_headers()
                self.wfile.write(application.html() if self.path == "/" else b"")

            def log_message(self, *_args: Any) -> None:
                pass

        return Handler

    def __enter__(self) -> Application:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Call(socketserver.BaseRequestHandler):
    """One connection through the line. It is the answers to votes that `deaf` swallows: what is
    lost on the way back was stored before."""

    server: _Server
    voting = False

    def handle(self) -> None:
        line = self.server.line
        with socket.create_connection(("127.0.0.1", line.hub_port)) as hub:
            threading.Thread(target=self._back, args=(hub,), daemon=True).start()
            # Either end may close the line at any moment.
            with suppress(OSError):
                while data := self.request.recv(65536):
                    if line.cut:
                        break
                    if data.startswith((b"POST ", b"GET ", b"OPTIONS ")):
                        self.voting = data.startswith(b"POST ")
                    hub.sendall(data)

    def _back(self, hub: socket.socket) -> None:
        with suppress(OSError):
            while data := hub.recv(65536):
                if self.voting and self.server.line.deaf:
                    break
                self.request.sendall(data)
            # Wakes the other direction, which closes both.
            self.request.shutdown(socket.SHUT_RDWR)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    line: Line


class Line:
    """A TCP line to the hub on a port of its own. `cut`: nothing gets through; `deaf`: votes do,
    the answers to them don't."""

    def __init__(self, hub_port: int) -> None:
        self.hub_port, self.cut, self.deaf = hub_port, False, False
        self._server = _Server(("127.0.0.1", 0), _Call)
        self._server.line = self
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Line:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Site:
    """An application that shows answers, as a person sees it."""

    def __init__(self, place: Place, line: Line, key: str, pages: Any, watched: Watched) -> None:
        self.place, self.line, self.pages, self.watched = place, line, pages, watched
        self.page = watched.page
        self.client = processes.Client(line.hub_port, key)
        self.ids: list[str] = []

    def answer(self) -> dict[str, str]:
        """A new answer's attributes for the element."""
        ticket = self.client.post(CONTEXTS, ANSWER | {"request_id": str(uuid.uuid4())})
        self.ids.append(ticket["request_id"])
        return {"request-id": ticket["request_id"], "token": ticket["feedback_token"]}

    def show(
        self, *answers: dict[str, str], on: str = "listed", language: str = "id", head: str = ""
    ) -> Locator:
        """Open the application's page with an element for each of the answers."""
        application, whole = self.pages[on], ""
        for answer in answers:
            attributes = " ".join(f'{name}="{value}"' for name, value in answer.items())
            whole += f"<p><feedback-thumbs {attributes}></feedback-thumbs></p>"
        application.body, application.language = whole, language
        self.page.goto(f"{application.origin}/")
        return self.page.locator("feedback-thumbs")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def rows(self) -> list[list[Any]]:
        """(thumb, comment, segment) of each vote in the hub on the answers made here."""
        return list(json.loads(processes.ask(self.place, ROWS.format(ids=self.ids))))


def state(element: Locator, expected: str, said: str = "") -> None:
    expect(element).to_have_attribute("state", expected)
    expect(element.get_by_role("status")).to_have_text(said)


def pressed(element: Locator) -> list[str | None]:
    return [element.locator(".thumb").nth(place).get_attribute("aria-pressed") for place in (0, 1)]


def spoken(element: Locator) -> list[str]:
    """Roles, names and states as the accessibility tree has them, one a line."""
    return [line.strip() for line in element.aria_snapshot().splitlines()]
