"""No serious fault of accessibility, at the desk and around it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.feedbackhub.desk.site import PAIRS, PLAIN, WITH_FACTS, serious

pytestmark = pytest.mark.browser


# --- accessibility --------------------------------------------------------------------------------
def both(page: Any) -> list[str]:
    """Faults in the light and in the dark."""
    # What is said for a moment fades, and axe would measure the fading.
    page.evaluate("document.getElementById('hint').textContent = ''")
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_selector(f"html[data-theme={theme}]")
        found += serious(page)
    return found


def test_the_desk_has_no_serious_fault_of_accessibility(seated):
    desk, _pairs = seated(*WITH_FACTS, *PLAIN[:2])
    found = {}

    def look(what: str) -> None:
        found[what] = both(desk.page)

    look("facts")
    desk.press("y", "x")
    look("facts answered")
    desk.press("?")
    look("help")
    desk.press("Escape", "r", "4")
    look("reasons")
    desk.press("Escape", "s")
    look("reasons of a skip")
    desk.press("Escape", "c")
    look("correction")
    desk.press("Escape", "5")
    look("reason of an item")
    desk.press("Enter", "e").type("Baru: ")
    look("editor")
    desk.press("Escape")
    look("draft")
    assert {what: faults for what, faults in found.items() if faults} == {}


def test_dispute_empty_desk_and_second_tab_have_none_either(hub, rows):
    slug = hub.category(reviewers_needed=2)
    pair = rows.pairs(slug, PLAIN[:1])[0]
    first, second = hub.desk(slug).sit(), hub.desk(slug).sit()
    first.approve()
    first.settled()
    second.press("r").type("tidak jelas").press("Enter").leaves(pair)
    second.settled()
    found = {"empty": both(second.page)}
    tab = second.tab()
    expect(tab.locator("#paused")).to_be_visible()
    found["second tab"] = both(tab)
    senior = hub.desk(slug, role="Peninjau senior").sit()
    found["dispute"] = both(senior.page)
    assert senior.page.locator(".side").count() == 2
    assert {what: faults for what, faults in found.items() if faults} == {}


OURS = [
    "reviews_claim_state",
    "reviews_verdict_agreement",
    "reviews_golditem_calibration",
    "reviews_golditem_changelist",
    "reviews_checklist_changelist",
    "reviews_checklist_add",
    "reviews_reviewer_changelist",
    "reviews_pair_changelist",
    "reviews_question_changelist",
    "reviews_correction_changelist",
    "reviews_pair_import",
    "reviews_pair_export",
]
"""Pages in the admin's frame where curators and reviewers work."""


def test_the_pages_around_the_desk_have_none_either(hub, rows):
    slug = hub.category(confirm_facts=True)
    pair, _other = rows.pairs(slug, WITH_FACTS)
    reviewer = hub.desk(slug).sit()
    reviewer.approve()
    reviewer.settled()
    curator = hub.desk(role="Kurator")
    to_see = rows.addresses(OURS) | {
        "record": f"{PAIRS}{pair}/change/",
        "gold": f"/admin/reviews/golditem/add/?revision={rows.current(pair)}",
        "front": "/admin/",
        "log-in": "/admin/login/",
    }
    found = {}
    for name, address in to_see.items():
        page = curator if name != "log-in" else hub.desk(known=False)
        answer = page.page.goto(page.line.origin + address)
        assert (name, answer.status, answer.url) == (name, 200, page.line.origin + address)
        found[name] = serious(page.page)
    assert {name: faults for name, faults in found.items() if faults} == {}
