"""The form that starts a run, in a browser: what it would take, and what speaks against it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.feedbackhub.desk.site import new_name

ADD = "/admin/tuning/tuningrun/add/"


@pytest.fixture
def models(rows) -> dict[str, int]:
    return dict(rows.models())


@pytest.fixture
def version(rows) -> int:
    return int(rows.dataset(new_name("mulai"))["version"])


@pytest.fixture
def opened(curator, models, version) -> Any:
    """The form as the version's page opens it, with the embedded model."""
    query = f"?dataset_version={version}&base_model={models['uji-bawaan']}"
    with curator.page.expect_response(f"**{ADD}*"):
        curator.page.goto(curator.line.origin + ADD + query)
    curator.page.evaluate("document.body.marked = true")
    return curator.page


def time(page: Page) -> Any:
    """What the form says that the run takes."""
    return page.locator("#launch-estimate dd").nth(1)


def test_it_says_at_once_what_the_run_takes_and_again_after_each_change(opened):
    expect(time(opened)).to_have_text("1 s")
    opened.locator("[name=option-step_seconds]").fill("2")
    opened.keyboard.press("Tab")
    expect(time(opened)).to_have_text("1 min 39 s")
    assert opened.evaluate("document.body.marked") is True


def test_a_base_model_brings_its_options(opened, models):
    expect(opened.locator("[name=option-steps]")).to_have_value("49")
    opened.select_option("[name=base_model]", str(models["uji-lora"]))
    expect(opened.locator("[name=option-rank]")).to_have_value("16")
    expect(opened.locator("[name=option-steps]")).to_have_count(0)


def test_what_was_typed_stays_while_the_estimate_changes(opened):
    opened.locator("[name=option-steps]").fill("100")
    opened.locator("[name=option-step_seconds]").fill("1")
    opened.keyboard.press("Tab")
    expect(time(opened)).to_have_text("1 min 41 s")
    expect(opened.locator("[name=option-steps]")).to_have_value("100")


def test_a_wrong_option_is_told_and_leads_to_its_field(opened, rows, version):
    opened.locator("[name=option-steps]").fill("1")
    opened.keyboard.press("Tab")
    wrong = opened.locator("#launch-estimate .desk-errors-at")
    expect(wrong).to_have_text("Thresholds tried steps")
    expect(time(opened)).to_have_count(0)
    wrong.press("Enter")
    opened.keyboard.press("Tab")
    opened.keyboard.press("Shift+Tab")
    opened.locator("[name=option-steps]").fill("10")
    opened.keyboard.press("Tab")
    expect(wrong).to_have_count(0)
    expect(time(opened)).to_have_text("1 s")
    assert rows.runs(version) == []


def test_a_refused_run_keeps_what_was_typed(opened, rows, version):
    opened.locator("[name=option-steps]").fill("0")
    opened.get_by_role("button", name="Start", exact=True).press("Enter")
    opened.wait_for_load_state()
    expect(opened.locator("[name=option-steps]")).to_have_value("0")
    expect(opened.locator(".errors")).to_have_count(1)
    assert rows.runs(version) == []


def test_a_run_is_started_by_keyboard(opened, rows, version):
    while opened.evaluate("document.activeElement.name") != "option-steps":
        opened.keyboard.press("Tab")
    opened.keyboard.press("Control+a")
    opened.keyboard.type("7")
    while opened.evaluate("document.activeElement.type") != "submit":
        opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    opened.wait_for_url("**/tuningrun/*/change/")
    assert rows.runs(version) == [["uji-bawaan", {"steps": "7"}]]


def test_a_hub_that_is_away_breaks_nothing(opened, curator):
    expect(time(opened)).to_have_text("1 s")
    curator.line.cut = True
    opened.locator("[name=option-step_seconds]").fill("2")
    opened.keyboard.press("Tab")
    curator.line.cut = False
    opened.locator("[name=option-step_seconds]").fill("1")
    opened.keyboard.press("Tab")
    expect(time(opened)).to_have_text("50 s")
