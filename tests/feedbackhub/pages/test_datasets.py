"""A dataset's rule in a browser, beside what it would freeze."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.feedbackhub.desk.site import new_name

PAUSE = 350


@pytest.fixture
def made(rows) -> dict[str, int]:
    return dict(rows.dataset(new_name("aturan")))


@pytest.fixture
def form(curator, made) -> Page:
    with curator.page.expect_response("**/preview/"):
        curator.page.goto(f"{curator.line.origin}/admin/tuning/dataset/{made['dataset']}/change/")
    return curator.page


def figures(page: Page) -> Locator:
    """Pairs, families, left out."""
    return page.locator(".rule-preview dd").nth(0)


def changed(page: Page, act: Any) -> None:
    """`act` on the form, and the pause after which the page asks."""
    with page.expect_response("**/preview/"):
        act()
        page.clock.run_for(PAUSE)


def test_the_preview_follows_the_form(form):
    expect(figures(form)).to_have_text("12")
    changed(form, lambda: form.get_by_label("English").check())
    expect(figures(form)).to_have_text("0")
    changed(form, lambda: form.get_by_label("English").uncheck())
    expect(figures(form)).to_have_text("12")


def test_a_rule_that_makes_no_sense_is_told_beside_it(form):
    changed(form, lambda: form.locator("[name=approvals]").fill("10"))
    expect(form.locator(".rule-preview .rule-warn")).to_contain_text("pproving reviewers")


def test_while_somebody_types_only_the_last_state_is_asked_for(form):
    asked = []
    form.on("request", lambda request: asked.append(request.url.endswith("/preview/")))
    form.locator("[name=name]").focus()
    form.keyboard.type("Aturan baru")
    with form.expect_response("**/preview/"):
        form.clock.run_for(PAUSE)
    assert sum(asked) == 1


def test_a_hub_that_is_away_is_told(form, curator):
    expect(figures(form)).to_have_text("12")
    curator.line.cut = True
    form.get_by_label("English").check()
    form.clock.run_for(PAUSE)
    expect(form.locator(".rule-preview [role=status]")).to_have_text(
        "The preview can’t be had just now."
    )
    curator.line.cut = False
    changed(form, lambda: form.get_by_label("English").uncheck())
    expect(figures(form)).to_have_text("12")


def test_a_version_is_frozen_by_keyboard(form, curator, made):
    form.goto(f"{curator.line.origin}/admin/tuning/dataset/{made['dataset']}/freeze-now/")
    expect(figures(form)).to_have_text("12")
    while form.evaluate("document.activeElement.type") != "submit":
        form.keyboard.press("Tab")
    form.keyboard.press("Enter")
    form.wait_for_url("**/datasetversion/*/change/")
    # Nothing has changed: it is the version that there was.
    assert form.url.endswith(f"/datasetversion/{made['version']}/change/")
    expect(form.locator("[data-from]")).to_contain_text("None: nothing")
