"""A run's page in a browser: it follows the run, and disturbs nobody who stands on it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.feedbackhub.desk.site import Desk, new_name

LOSSES = [[1, 2.0], [2, 1.5]]
EVERY = 3000


@pytest.fixture
def run(rows) -> int:
    made = rows.dataset(new_name("jalan"))
    return rows.running(made["version"], result={"artifact": "adapter-uji"})


@pytest.fixture
def watched(curator, rows, run) -> Desk:
    """The run's page, with its curve begun."""
    rows.goes_on(run, 0.25, LOSSES)
    curator.page.goto(f"{curator.line.origin}/admin/tuning/tuningrun/{run}/change/")
    curator.page.evaluate("document.body.marked = true")
    return curator


def looked(page: Page) -> None:
    """The page has asked the hub, and has put in place what it heard."""
    with page.expect_response("**/live/") as answer:
        page.clock.run_for(EVERY)
    answer.value.finished()
    # The next question follows only when the last answer was dealt with.
    with page.expect_response("**/live/"):
        page.clock.run_for(EVERY)


def figure(page: Page) -> str | None:
    return page.locator(".desk-progress progress").get_attribute("value")


def test_progress_curve_and_status_change_without_a_reload(watched, rows, run):
    page = watched.page
    assert figure(page) == "0.250"
    assert page.locator("polyline").get_attribute("points") == "0.0,0.0 640.0,200.0"
    rows.goes_on(run, 0.5, [[3, 1.0]])
    looked(page)
    assert figure(page) == "0.500"
    assert page.locator("polyline").get_attribute("points") == "0.0,0.0 320.0,100.0 640.0,200.0"
    assert page.evaluate("document.body.marked") is True


def test_the_end_is_said_aloud_and_nothing_is_asked_any_more(watched, rows, run):
    page, asked = watched.page, []
    rows.ends(run, "failed")
    with page.expect_response("**/live/"):
        page.clock.run_for(EVERY)
    expect(page.locator("#run-said")).to_have_text("failed")
    expect(page.locator(".desk-tag-failed")).to_have_text("failed")
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(10 * EVERY)
    assert asked == []


@pytest.mark.parametrize("stands", ["#run-cancel", "#run-dataset", "#run-result-summary"])
def test_whoever_stands_somewhere_stays_there_and_what_is_open_stays_open(
    watched, rows, run, stands
):
    page = watched.page
    page.locator("#run-result-summary").press("Enter")
    page.locator(stands).focus()
    rows.goes_on(run, 0.5)
    looked(page)
    assert figure(page) == "0.500"
    expect(page.locator(stands)).to_be_focused()
    expect(page.locator("#run-result")).to_have_attribute("open", "")


def test_nothing_is_swapped_where_nothing_changed(watched):
    page = watched.page
    page.evaluate("document.querySelector('#run-live').firstElementChild.marked = true")
    looked(page)
    assert page.evaluate("document.querySelector('#run-live').firstElementChild.marked") is True


def test_a_hub_that_is_away_is_told_and_so_is_its_return(watched, rows, run):
    page = watched.page
    rows.goes_on(run, 0.75)
    watched.line.cut = True
    page.clock.run_for(EVERY)
    expect(page.locator("#run-away")).to_be_visible()
    assert figure(page) == "0.250"
    watched.line.cut = False
    page.clock.run_for(EVERY)
    expect(page.locator("#run-away")).to_be_hidden()
    assert figure(page) == "0.750"


def test_a_run_is_cancelled_by_keyboard(watched, rows, run):
    page = watched.page
    while page.evaluate("document.activeElement.id") != "run-cancel":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[data-status^=cancel]")).to_be_visible()
    expect(page.locator("#run-cancel")).to_have_count(0)
