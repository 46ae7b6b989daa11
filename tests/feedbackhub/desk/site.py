"""A reviewer at the desk in a real browser, on a hub of its own."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.feedbackhub.browser import Line, Watched
from tests.feedbackhub.desk.rows import PASSWORD, Rows

PAIRS = "/admin/reviews/pair/"
DESK = f"{PAIRS}desk/"
SCREEN = {"width": 1366, "height": 900}
# Keys pressed and how much the page's parts jumped; a reload would begin both anew.
_COUNT = """
window.counted = { keys: 0, shift: 0, marker: Math.random() };
addEventListener("keydown", () => { counted.keys += 1; }, true);
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) counted.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
_ASK_AXE = """
; axe.run(document, { resultTypes: ["violations"] }).then((found) => JSON.stringify(
    found.violations
        .filter((one) => ["serious", "critical"].includes(one.impact))
        .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target}`))));
"""
_numbers = itertools.count(1)

STREETS = ["Mawar", "Melati", "Anggrek", "Kenanga", "Dahlia", "Cempaka", "Teratai", "Kamboja"]
PLAIN = [
    [f"Di mana kantor {name} berada?", f"Kantor {name} berada di belakang taman kota."]
    for name in STREETS
]
"""Pairs without facts."""
WITH_FACTS = [
    [
        "Berapa lama KITAS investor berlaku?",
        "KITAS investor berlaku 2 tahun. Biayanya Rp10 juta menurut Pasal 5 UU Nomor 6 Tahun 2011.",
    ],
    ["Berapa lama KITAP berlaku?", "KITAP berlaku 5 tahun dan biayanya Rp15 juta."],
]
FACTS = [
    ["duration", "2 year", True],
    ["amount", "IDR 10000000", True],
    ["citation", "pasal 5 UU 6/2011", True],
]
NOT_TRUE = [[4, "Tidak terpenuhi: Informasinya benar"]]
"""What the digit 4 says of the checklist without another word."""


def new_name(what: str) -> str:
    """A name that no other test has: of a person, or a category's slug."""
    return f"{what}{next(_numbers)}"


class Desk:
    """A browser with one reviewer's desk in it."""

    def __init__(self, hub: Line, context: BrowserContext, name: str) -> None:
        self.line, self.context, self.name = hub, context, name
        self.watched = self._watch(context.new_page())
        self.page = self.watched.page
        self.others: list[Watched] = []

    @staticmethod
    def _watch(page: Page) -> Watched:
        watched = Watched(page)
        page.add_init_script(_COUNT)
        # Nothing on the desk may open one.
        page.on("dialog", lambda dialog: watched.complaints.append(f"dialog: {dialog.message}"))
        return watched

    def tab(self) -> Page:
        """A second tab with the desk in the same browser."""
        self.others.append(self._watch(self.context.new_page()))
        self.others[-1].page.goto(self.line.origin + DESK)
        return self.others[-1].page

    def sit(self, *, pair: int = 0) -> Desk:
        self.page.goto(self.line.origin + DESK + (f"?pair={pair}" if pair else ""))
        return self.ready()

    def ready(self) -> Desk:
        """The page runs, has an item or none, and the other tabs were asked."""
        self.page.wait_for_selector("#panel section, .nothing", state="visible")
        self.page.wait_for_timeout(350)
        return self

    def press(self, *keys: str) -> Desk:
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def type(self, text: str) -> Desk:
        self.page.keyboard.type(text)
        return self

    def keys(self) -> int:
        """Keys pressed on this page so far."""
        return int(self.page.evaluate("counted.keys"))

    def shows(self, text: str) -> None:
        expect(self.page.locator(".text-question")).to_contain_text(text)

    def says(self, text: str) -> None:
        """What happened, as a screen reader hears it."""
        expect(self.page.locator("#live")).to_contain_text(text)

    def banner(self, text: str) -> None:
        expect(self.page.locator("#banner")).to_contain_text(text)

    def pair(self) -> int:
        """The number of the pair on the screen."""
        return int(self.page.locator(".record").inner_text().removeprefix("#"))

    def facts(self) -> int:
        return self.page.locator(".fact-row").count()

    def leaves(self, pair: int) -> None:
        """Another pair, or none, comes in its place."""
        self.page.wait_for_function(
            "old => document.body.dataset.state !== 'waiting' && "
            "(document.body.dataset.state === 'empty' || "
            "document.querySelector('.record').textContent !== '#' + old)",
            arg=pair,
        )

    def approve(self) -> None:
        """By keys alone: one for each fact, one for the checklist, one for the verdict."""
        self.press(*"y" * self.facts(), "y", "a")

    def settled(self) -> None:
        """The hub has answered all that was decided."""
        self.page.wait_for_function(
            "name => ['[]', null].includes(localStorage.getItem(`desk:${name}:outbox`))",
            arg=self.name,
        )

    def undone(self) -> None:
        """Take the last decision back, once the hub offers it."""
        self.settled()
        expect(self.page.locator("#toast.shown")).to_be_visible()
        self.press("z")

    def log_in(self, to: str) -> None:
        """By keyboard, on the page that asks for it; it leads on to the path `to`."""
        self.page.wait_for_selector("input[name=password]")
        for field, text in (("username", self.name), ("password", PASSWORD)):
            while self.page.evaluate("document.activeElement?.name") != field:
                self.press("Tab")
            self.type(text)
        self.press("Enter")
        self.page.wait_for_url(self.line.origin + to)

    def overflow(self) -> int:
        """By how much the page is wider than the screen."""
        return int(self.page.evaluate("document.scrollingElement.scrollWidth - innerWidth"))

    def complaints(self) -> list[str]:
        """What the browser had to say against the page. It notes each call that failed; that is
        the tests' own doing."""
        told = [line for one in [self.watched, *self.others] for line in one.complaints]
        told = [line for line in told if not line.startswith("Failed to load resource")]
        return told + list(self.page.evaluate("window.seen?.violations ?? []"))


def serious(page: Page) -> list[str]:
    """What axe finds of serious or critical impact. It is put in past the page's policy."""
    session = page.context.new_cdp_session(page)
    told = session.send(
        "Runtime.evaluate",
        {"expression": AXE_SCRIPT + _ASK_AXE, "awaitPromise": True, "returnByValue": True},
    )
    session.detach()
    return list(json.loads(told["result"]["value"]))


class House:
    """The hub with its reviewers."""

    def __init__(self, browser: Browser, line: Line, rows: Rows) -> None:
        self.browser, self.line, self.rows = browser, line, rows
        self.desks: list[Desk] = []

    def category(self, **fields: Any) -> str:
        slug = new_name("kategori")
        self.rows.category(slug, **fields)
        return slug

    def desk(self, *slugs: str, role: str = "Peninjau", known: bool = True, **options: Any) -> Desk:
        """Somebody's browser; `known`: with a session already."""
        name = new_name("peninjau")
        session = self.rows.user(name, role, list(slugs))
        options = {"viewport": SCREEN, "locale": "id-ID", "reduced_motion": "reduce"} | options
        context = self.browser.new_context(**options)
        if known:
            cookie = {"name": "sessionid", "value": session, "url": self.line.origin}
            context.add_cookies([cookie])
        self.desks.append(Desk(self.line, context, name))
        return self.desks[-1]

    def again(self, desk: Desk) -> Desk:
        """The same person in another browser."""
        context = self.browser.new_context(viewport=SCREEN, locale="id-ID")
        context.add_cookies(desk.context.cookies())
        self.desks.append(Desk(self.line, context, desk.name))
        return self.desks[-1]

    def close(self) -> list[str]:
        told = [line for desk in self.desks for line in desk.complaints()]
        for desk in self.desks:
            desk.context.close()
        return told


@contextmanager
def house(browser: Browser, line: Line, rows: Rows) -> Iterator[House]:
    """In the end no browser may have had anything to complain of."""
    open_now = House(browser, line, rows)
    try:
        yield open_now
    except BaseException:
        open_now.close()
        raise
    told = open_now.close()
    assert told == []
