"""The thumbs widget in a real browser, on pages of other origins than the hub's (A9)."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import expect

from feedbackhub import docs
from tests.feedbackhub import processes
from tests.feedbackhub.browser import (
    Application,
    Line,
    Site,
    Watched,
    chromium,
    pressed,
    spoken,
    state,
)
from tests.feedbackhub.processes import Hub, Place, prepared_place

SCRIPT = Path(settings.BASE_DIR) / "feedbackhub" / "static" / "feedbackhub" / "thumbs.js"
MAKE_KEYS = """
from reviews.domain import assistants, keys
assistant = assistants.ensure("bisnis", "Asisten Bisnis")
for origin in {origins!r}:
    print(keys.create(assistant, "test", scopes=["feedback"], origins=[origin])[1])
"""
UP = [True, "", ""]
DOWN = [False, "", ""]
NAMES = {
    "id": ("Membantu", "Tidak membantu"),
    "en": ("Helpful", "Not helpful"),
    "it": ("Utile", "Non utile"),
}


def test_it_weighs_less_than_six_kilobytes():
    size = len(gzip.compress(SCRIPT.read_bytes(), 9, mtime=0))
    print(f"thumbs.js: {size} bytes gzipped")
    assert size < 6000


def test_it_is_served_to_pages_of_any_origin(client):
    response = client.get("/static/feedbackhub/thumbs.js", headers={"origin": "https://a.example"})
    assert b"".join(response.streaming_content) == SCRIPT.read_bytes()
    assert response.headers["Content-Type"] == 'text/javascript; charset="utf-8"'
    assert response.headers["Access-Control-Allow-Origin"] == "*"


# --- a hub, two applications and a browser -------------------------------------------------------
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def place(browser, prepared, tmp_path_factory) -> Iterator[Place]:
    with prepared_place(prepared, tmp_path_factory.mktemp("widget") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def line(place) -> Iterator[Line]:
    with Hub(place) as hub, Line(hub.port) as running:
        yield running


@pytest.fixture(scope="module")
def origins(line) -> Iterator[dict[str, Application]]:
    """Pages of three applications. The key of the first lists its origin, another key of the same
    hub lists the second's, and none the third's."""
    names = ("listed", "other", "unlisted")
    with (
        Application(line.origin) as a,
        Application(line.origin) as b,
        Application(line.origin) as c,
    ):
        yield dict(zip(names, (a, b, c), strict=True))


@pytest.fixture(scope="module")
def key(place, origins) -> str:
    listed = [origins["listed"].origin, origins["other"].origin]
    return processes.ask(place, MAKE_KEYS.format(origins=listed)).split()[0]


@pytest.fixture
def watched(browser) -> Iterator[Watched]:
    """A page; in the end the browser must have had nothing to complain of."""
    with browser.new_context(locale="id-ID") as context:
        watched = Watched(context.new_page())
        yield watched
        assert (watched.complaints, watched.violations()) == ([], [])


@pytest.fixture
def site(place, line, key, origins, watched) -> Iterator[Site]:
    yield Site(place, line, key, origins, watched)
    line.cut = line.deaf = False


browser_only = pytest.mark.browser


# --- a vote --------------------------------------------------------------------------------------
@browser_only
@pytest.mark.parametrize(
    ("name", "row", "end", "shown"),
    [
        ("Membantu", UP, "up", ["true", "false"]),
        ("Tidak membantu", DOWN, "down", ["false", "true"]),
    ],
)
def test_a_double_click_stores_one_vote_and_the_page_hears_of_it(site, name, row, end, shown):
    element = site.show(site.answer())
    state(element, "idle")
    site.button(name).dblclick()
    state(element, end, "Terima kasih")
    heard = {"requestId": site.ids[0], "isPositive": row[0]}
    assert site.watched.events() == [{"state": "sending"} | heard, {"state": end} | heard]
    assert (site.rows(), pressed(element)) == ([row], shown)


@browser_only
def test_after_the_vote_nothing_can_be_pressed(site):
    element = site.show(site.answer())
    site.button("Membantu").click()
    state(element, "up", "Terima kasih")
    for name in NAMES["id"]:
        site.button(name).click(force=True)
        site.page.keyboard.press("Enter")
    state(element, "up", "Terima kasih")
    assert [event["state"] for event in site.watched.events()] == ["sending", "up"]
    assert (site.rows(), pressed(element)) == ([UP], ["true", "false"])


@browser_only
def test_a_comment_goes_with_the_vote(site):
    element = site.show(site.answer() | {"comment": "", "segment": "investor"})
    site.button("Tidak membantu").dblclick()
    site.page.get_by_label("Apa yang kurang tepat? (opsional)").fill(" Angkanya sudah lama\n")
    site.button("Kirim").click()
    state(element, "down", "Terima kasih")
    assert site.rows() == [[False, "Angkanya sudah lama", "investor"]]


@browser_only
def test_a_comment_that_was_written_can_stay_behind(site):
    element = site.show(site.answer() | {"comment": ""})
    site.button("Membantu").click()
    site.page.get_by_label("Komentar (opsional)").fill("Sudah jelas")
    site.button("Kirim tanpa komentar").click()
    state(element, "up", "Terima kasih")
    assert site.rows() == [UP]


@browser_only
def test_the_other_thumb_changes_the_mind_and_the_same_one_takes_it_back(site):
    element = site.show(site.answer() | {"comment": ""})
    site.button("Membantu").click()
    assert pressed(element) == ["true", "false"]
    site.button("Tidak membantu").click()
    assert pressed(element) == ["false", "true"]
    site.button("Tidak membantu").click()
    assert pressed(element) == ["false", "false"]
    expect(site.page.get_by_role("textbox")).to_have_count(0)
    assert (site.watched.events(), site.rows()) == ([], [])


@browser_only
def test_several_on_a_page_vote_each_for_itself(site):
    elements = site.show(*(site.answer() for _ in range(3)))
    elements.nth(1).get_by_role("button", name="Tidak membantu").click()
    state(elements.nth(1), "down", "Terima kasih")
    elements.nth(2).get_by_role("button", name="Membantu", exact=True).click()
    state(elements.nth(2), "up", "Terima kasih")
    state(elements.nth(0), "idle")
    assert site.rows() == [DOWN, UP]


# --- by keyboard and by ear ----------------------------------------------------------------------
@browser_only
def test_by_keyboard_alone(site):
    element = site.show(site.answer() | {"comment": ""})
    press = site.page.keyboard.press
    press("Tab")
    expect(site.button("Membantu")).to_be_focused()
    press("Tab")
    press("Enter")
    expect(site.page.get_by_role("textbox")).to_be_focused()
    press("Escape")
    state(element, "idle")
    expect(site.button("Tidak membantu")).to_be_focused()
    press("Space")
    site.page.keyboard.type("Kurang lengkap")
    press("Tab")
    expect(site.button("Kirim")).to_be_focused()
    press("Space")
    state(element, "down", "Terima kasih")
    expect(site.button("Tidak membantu")).to_be_focused()
    assert site.rows() == [[False, "Kurang lengkap", ""]]


@browser_only
def test_what_a_screen_reader_is_told(site):
    element = site.show(site.answer() | {"comment": ""})
    assert spoken(element) == [
        '- group "Apakah jawaban ini membantu?":',
        '- button "Membantu"',
        '- button "Tidak membantu"',
        "- status",
    ]
    site.button("Tidak membantu").click()
    assert spoken(element) == [
        '- group "Apakah jawaban ini membantu?":',
        '- button "Membantu"',
        '- button "Tidak membantu" [pressed]',
        "- status",
        "- text: Apa yang kurang tepat? (opsional)",
        '- textbox "Apa yang kurang tepat? (opsional)"',
        '- button "Kirim"',
        '- button "Kirim tanpa komentar"',
    ]
    site.button("Kirim").click()
    state(element, "down", "Terima kasih")
    assert spoken(element) == [
        '- group "Apakah jawaban ini membantu?":',
        '- button "Membantu" [disabled]',
        '- button "Tidak membantu" [disabled] [pressed]',
        "- status: Terima kasih",
    ]


@browser_only
@pytest.mark.parametrize(
    ("page", "own", "expected"),
    [
        ("id", None, "id"),
        ("en-GB", None, "en"),
        ("IT", None, "it"),
        ("fr", None, "id"),
        ("", None, "id"),
        ("en", "it", "it"),
        ("en", "constructor", "id"),
    ],
)
def test_its_language_is_its_own_or_the_page_s(site, page, own, expected):
    given = {"lang": own} if own else {}
    element = site.show(site.answer() | given, language=page)
    names = [element.get_by_role("button").nth(n).get_attribute("aria-label") for n in (0, 1)]
    assert tuple(names) == NAMES[expected]
    assert element.get_by_role("group").get_attribute("lang") == expected


@browser_only
def test_inside_another_component_it_takes_the_language_and_is_heard_outside(site):
    answer = site.answer()
    site.show(language="it")
    site.page.evaluate(
        """(answer) => {
            const host = document.body.appendChild(document.createElement("div"));
            const element = document.createElement("feedback-thumbs");
            for (const [name, value] of Object.entries(answer)) element.setAttribute(name, value);
            host.attachShadow({ mode: "open" }).append(element);
        }""",
        answer,
    )
    site.button("Utile").click()
    state(site.page.locator("feedback-thumbs"), "up", "Grazie")
    assert [event["state"] for event in site.watched.events()] == ["sending", "up"]
    assert site.rows() == [UP]


# --- what goes wrong -----------------------------------------------------------------------------
@browser_only
def test_from_an_origin_that_no_key_lists_nothing_is_stored(site):
    element = site.show(site.answer(), on="unlisted")
    site.button("Membantu").click()
    state(element, "failed", "Gagal terkirim.")
    assert [event["state"] for event in site.watched.events()] == ["sending", "failed"]
    assert site.rows() == []
    assert "blocked by CORS policy" in site.watched.complaints.pop(0)
    assert site.watched.complaints.pop(0).startswith("Failed to load resource: net::ERR_FAILED")


@browser_only
def test_from_an_origin_of_another_key_the_vote_is_refused_for_good(site):
    element = site.show(site.answer(), on="other")
    site.button("Membantu").click()
    state(element, "failed", "Penilaian tidak dapat diterima")
    expect(site.button("Coba lagi")).to_have_count(0)
    site.button("Membantu").click(force=True)
    assert [event["state"] for event in site.watched.events()] == ["sending", "failed"]
    assert (site.rows(), pressed(element)) == ([], ["false", "false"])


@browser_only
@pytest.mark.parametrize("trouble", ["cut", "deaf"])
def test_with_the_hub_away_a_retry_stores_one_vote(site, trouble):
    """Cut, the vote never arrived; deaf, it was stored and the hub's word of it was lost."""
    element = site.show(site.answer() | {"comment": ""})
    setattr(site.line, trouble, True)
    site.button("Tidak membantu").click()
    site.page.get_by_role("textbox").fill("Salah")
    site.button("Kirim").click()
    state(element, "failed", "Gagal terkirim.")
    row = [False, "Salah", ""]
    assert (site.rows(), pressed(element)) == ([row] * (trouble == "deaf"), ["false", "false"])
    setattr(site.line, trouble, False)
    site.button("Coba lagi").click()
    state(element, "down", "Terima kasih")
    expect(site.button("Tidak membantu")).to_be_focused()
    assert site.rows() == [row]
    assert [complaint[:31] for complaint in site.watched.complaints] == [
        "Failed to load resource: net::E"
    ]
    site.watched.complaints.clear()


@browser_only
@pytest.mark.parametrize(
    ("before", "end", "said"),
    [(True, "up", "Terima kasih"), (False, "voted", "Jawaban ini sudah dinilai")],
)
def test_a_vote_that_was_there_before_stays(site, before, end, said):
    answer = site.answer()
    site.client.post(f"/api/v1/ai/feedback/{site.ids[0]}", {"is_positive": before})
    element = site.show(answer)
    site.button("Membantu").click()
    state(element, end, said)
    site.button("Tidak membantu").click(force=True)
    state(element, end, said)
    assert site.rows() == [[before, "", ""]]
    assert pressed(element) == ["true" if before else "false", "false"]


# --- as frameworks use it ------------------------------------------------------------------------
@browser_only
def test_attributes_may_come_late_and_a_new_answer_gets_a_new_vote(site):
    first, second = site.answer(), site.answer()
    element = site.show({})
    expect(site.button("Membantu")).to_be_disabled()
    for answer, name, end in ((first, "Membantu", "up"), (second, "Tidak membantu", "down")):
        for attribute, value in answer.items():
            element.evaluate("(element, pair) => element.setAttribute(...pair)", [attribute, value])
        state(element, "idle")
        assert pressed(element) == ["false", "false"]
        site.button(name).click()
        state(element, end, "Terima kasih")
    assert site.rows() == [UP, DOWN]


@browser_only
def test_an_answer_that_comes_after_the_next_one_s_id_is_left_alone(site):
    first, second = site.answer(), site.answer()
    element = site.show(first)
    with site.page.expect_response("**/api/v1/ai/feedback/*"):
        element.evaluate(
            """(element, answer) => {
                element.shadowRoot.querySelector(".up").click();
                for (const pair of Object.entries(answer)) element.setAttribute(...pair);
            }""",
            second,
        )
    state(element, "idle")
    assert site.rows() == [UP]
    assert [event["requestId"] for event in site.watched.events()] == [first["request-id"]]


@browser_only
def test_taken_out_of_the_page_while_it_sends_it_still_votes(site):
    element = site.show(site.answer())
    with site.page.expect_response("**/api/v1/ai/feedback/*"):
        element.evaluate(
            "(element) => { element.shadowRoot.querySelector('.up').click(); element.remove(); }"
        )
    assert site.rows() == [UP]


@browser_only
def test_an_earlier_vote_can_be_shown_from_the_start(site):
    element = site.show(site.answer() | {"state": "down"})
    state(element, "down", "Terima kasih")
    assert pressed(element) == ["false", "true"]
    site.button("Membantu").click(force=True)
    assert (site.watched.events(), site.rows()) == ([], [])


@browser_only
def test_the_script_may_come_twice_and_after_the_element(site):
    application = site.pages["listed"]
    once = application.head
    application.head = once + once.replace("thumbs.js", "thumbs.js?again")
    try:
        element = site.show(site.answer())
        site.button("Membantu").click()
        state(element, "up", "Terima kasih")
    finally:
        application.head = once
    assert site.rows() == [UP]


# --- as it looks ---------------------------------------------------------------------------------
@browser_only
def test_a_finger_finds_every_button(browser, site):
    site.show(site.answer() | {"comment": ""})
    size = {"width": 390, "height": 800}
    with browser.new_context(has_touch=True, is_mobile=True, viewport=size) as phone:
        page = phone.new_page()
        page.goto(f"{site.pages['listed'].origin}/")
        page.get_by_role("button", name="Tidak membantu").tap()
        boxes = [one.bounding_box() for one in page.get_by_role("button").all()]
        assert [min(box["width"], box["height"]) >= 44 for box in boxes] == [True] * 4
        assert page.evaluate("document.documentElement.scrollWidth") == 390


@browser_only
@pytest.mark.parametrize(("motion", "name"), [("no-preference", "pulse"), ("reduce", "none")])
def test_it_moves_only_for_those_who_want_it(site, motion, name):
    site.page.emulate_media(reduced_motion=motion)
    element = site.show(site.answer() | {"state": "sending"})
    moving = "(button) => getComputedStyle(button).animationName"
    assert element.locator(".up").evaluate(moving) == name


# --- the hub's own page about it -----------------------------------------------------------------
@browser_only
@pytest.mark.parametrize(
    ("outcome", "end", "said"),
    [
        ("stored", "up", "Terima kasih"),
        ("busy", "failed", "Gagal terkirim."),
        ("taken", "voted", "Jawaban ini sudah dinilai"),
        ("late", "failed", "Waktu untuk menilai sudah habis"),
    ],
)
def test_the_hub_s_own_page_shows_it_live_under_its_policy(site, outcome, end, said):
    page = site.page
    page.goto(f"{site.line.origin}/docs/widget/")
    element = page.locator("#live")
    page.locator("#outcome").select_option(outcome)
    element.get_by_role("button", name="Membantu", exact=True).click()
    state(element, end, said)
    assert page.locator("#event").text_content() == f'{{"state":"{end}","isPositive":true}}'
    page.locator("#language").select_option("it")
    expect(element.get_by_role("group")).to_have_accessible_name("Questa risposta è stata utile?")
    page.locator("#again").click()
    state(element, "idle")


@browser_only
def test_a_retry_waits_as_long_as_the_hub_asks_for(site):
    page = site.page
    page.clock.install()
    page.clock.pause_at(datetime(2100, 1, 1))
    page.goto(f"{site.line.origin}/docs/widget/")
    page.locator("#outcome").select_option("busy")
    element = page.locator("#live")
    element.get_by_role("button", name="Membantu", exact=True).click()
    state(element, "failed", "Gagal terkirim.")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url.partition("/try/")[2][:6]))
    page.locator("#outcome").select_option("stored")
    element.get_by_role("button", name="Coba lagi").click()
    state(element, "sending", "Mengirim…")
    page.clock.run_for(1000 * docs.BUSY_SECONDS - 1)
    assert sent == []
    page.clock.run_for(1)
    state(element, "up", "Terima kasih")
    assert sent == ["stored"]
