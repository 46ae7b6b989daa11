"""What goes wrong while somebody works: sessions, leases, other people, the line."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.feedbackhub.desk.site import DESK, NOT_TRUE, PAIRS, PLAIN, Desk

pytestmark = pytest.mark.browser


# --- faults: the session --------------------------------------------------------------------------
def test_a_session_that_ends_in_the_middle_of_an_edit_costs_nothing(seated, rows):
    desk, (pair, other, _third) = seated(*PLAIN[:3])
    desk.press("e").type("Satu. ")
    rows.log_out(desk.name)
    desk.press("Control+Enter").leaves(pair)
    desk.banner("Sesi Anda sudah berakhir")
    desk.press("e").type("Dua. ")
    desk.page.locator("#banner a").click()
    desk.log_in(DESK)
    desk.ready()
    desk.settled()
    assert rows.texts(pair)[-1] == [desk.name, PLAIN[0][0], f"Satu. {PLAIN[0][1]}"]
    assert desk.pair() == other
    desk.press("e")
    expect(desk.page.locator("#edit-answer")).to_have_value(f"Dua. {PLAIN[1][1]}")
    desk.press("Control+Enter").leaves(other)
    desk.settled()
    assert rows.texts(other)[-1] == [desk.name, PLAIN[1][0], f"Dua. {PLAIN[1][1]}"]


def test_a_log_in_elsewhere_sends_what_waited(seated, rows):
    desk, (pair, _next) = seated(*PLAIN[:2])
    rows.log_out(desk.name)
    desk.approve()
    desk.banner("1 keputusan menunggu dikirim")
    assert rows.verdicts(desk.name) == []
    # In another window of the same browser, which shows another page.
    window = Desk(desk.line, desk.context, desk.name)
    window.page.goto(f"{desk.line.origin}/admin/login/?next={PAIRS}")
    window.log_in(PAIRS)
    desk.page.evaluate("dispatchEvent(new Event('focus'))")
    desk.settled()
    expect(desk.page.locator("#banner")).to_be_empty()
    assert [row[:3] for row in rows.verdicts(desk.name)] == [[pair, desk.name, "approve"]]


def test_a_token_of_an_earlier_session_is_replaced_without_a_word(seated, rows):
    desk, (pair, _next) = seated(*PLAIN[:2])
    desk.context.clear_cookies(name="csrftoken")
    desk.approve()
    desk.leaves(pair)
    desk.settled()
    assert [row[:3] for row in rows.verdicts(desk.name)] == [[pair, desk.name, "approve"]]


# --- faults: somebody else ------------------------------------------------------------------------
def test_a_lease_that_was_lost_keeps_the_text_and_offers_it_to_the_other(hub, rows):
    slug = hub.category()
    pair = rows.pairs(slug, PLAIN[:1])[0]
    desk = hub.desk(slug).sit()
    desk.press("e").type("Milik saya. ")
    rows.run_out(desk.name)
    other = hub.desk(slug).sit()
    assert other.pair() == pair
    desk.press("Control+Enter")
    desk.banner(f"Teks Anda untuk pasangan #{pair} masih tersimpan.")
    assert rows.texts(pair) == [[None, *PLAIN[0]]]
    # It outlives the page, too.
    desk.page.reload()
    desk.ready().banner(f"Teks Anda untuk pasangan #{pair} masih tersimpan.")
    desk.press("u").says("Teks Anda disimpan sebagai usulan.")
    expect(desk.page.locator("#banner")).to_be_empty()
    text = f"Milik saya. {PLAIN[0][1]}"
    assert rows.suggestions(pair) == [[desk.name, PLAIN[0][0], text]]
    other.page.reload()
    other.ready().press("g", "Control+Enter").leaves(pair)
    other.settled()
    assert rows.texts(pair)[-1] == [other.name, PLAIN[0][0], text]


def test_a_lost_lease_is_told_before_anything_is_decided(hub, rows):
    slug = hub.category()
    pair = rows.pairs(slug, PLAIN[:1])[0]
    desk = hub.desk(slug)
    desk.page.clock.install()
    desk.page.goto(desk.line.origin + DESK)
    desk.page.wait_for_selector("#panel section", state="visible")
    desk.press("e").type("Milik saya. ").press("Escape")
    rows.run_out(desk.name)
    other = hub.desk(slug).sit()
    # Somebody is at work again after a minute, and the page asks what is left.
    desk.page.clock.fast_forward(70_000)
    desk.press("j")
    desk.page.clock.run_for(2_000)
    desk.banner("Waktu Anda untuk pasangan ini habis")
    desk.press("r").says("orang lain")
    desk.press("u")
    desk.page.clock.run_for(2_000)
    desk.page.wait_for_selector(".nothing", state="visible")
    text = f"Milik saya. {PLAIN[0][1]}"
    assert rows.suggestions(pair) == [[desk.name, PLAIN[0][0], text]]
    assert (other.pair(), rows.verdicts(pair=pair)) == (pair, [])


def test_a_text_that_somebody_changed_meanwhile_is_shown_and_the_own_one_offered(seated, rows, hub):
    desk, (pair, _next) = seated(*PLAIN[:2])
    other = hub.desk()
    desk.press("e").type("Milikku. ")
    rows.revise(pair, other.name, "Kantor Mawar sudah pindah.")
    desk.press("Control+Enter")
    expect(desk.page.locator(".notice")).to_contain_text("Sudah ada perubahan")
    expect(desk.page.locator(".text-answer")).to_have_text("Kantor Mawar sudah pindah.")
    desk.press("g")
    own = f"Milikku. {PLAIN[0][1]}"
    expect(desk.page.locator("#edit-answer")).to_have_value(own)
    desk.press("Control+Enter").leaves(pair)
    desk.settled()
    question = PLAIN[0][0]
    assert rows.texts(pair) == [
        [None, *PLAIN[0]],
        [other.name, question, "Kantor Mawar sudah pindah."],
        [desk.name, question, own],
    ]


def test_of_two_tabs_one_works(seated, rows):
    desk, (pair, other) = seated(*PLAIN[:2])
    tab = desk.tab()
    expect(tab.locator("#paused")).to_be_visible()
    expect(desk.page.locator("#paused")).to_be_hidden()
    # Esc opens no second desk.
    tab.keyboard.press("Escape")
    expect(tab.locator("#paused")).to_be_visible()
    tab.locator("#take-over").click()
    expect(desk.page.locator("#paused")).to_be_visible()
    expect(tab.locator("#paused")).to_be_hidden()
    tab.wait_for_timeout(400)
    tab.keyboard.press("y")
    tab.keyboard.press("a")
    expect(tab.locator(".record")).to_have_text(f"#{other}")
    desk.settled()
    assert [row[:3] for row in rows.verdicts(desk.name)] == [[pair, desk.name, "approve"]]


def test_two_browsers_of_one_reviewer_decide_once(seated, rows, hub):
    desk, (pair, other) = seated(*PLAIN[:2])
    elsewhere = hub.again(desk).sit()
    assert elsewhere.pair() == pair
    desk.approve()
    desk.settled()
    elsewhere.press("r", "4", "Enter").leaves(pair)
    elsewhere.says("Pasangan ini sudah diputuskan.")
    elsewhere.settled()
    assert (elsewhere.pair(), rows.status(pair, other)) == (other, ["approved", "draft"])
    assert [row[:3] for row in rows.verdicts(desk.name)] == [[pair, desk.name, "approve"]]


# --- faults: the line -----------------------------------------------------------------------------
def test_a_hub_that_is_away_gets_each_decision_once_when_it_is_back(seated, rows, line):
    desk, pairs = seated(*PLAIN[:4])
    line.cut = True
    desk.approve()
    desk.banner("1 keputusan menunggu dikirim")
    desk.approve()
    desk.banner("2 keputusan menunggu dikirim")
    assert rows.verdicts(desk.name) == []
    line.cut = False
    desk.settled()
    expect(desk.page.locator("#banner")).to_be_empty()
    desk.page.wait_for_selector("body[data-state=item]")
    assert (desk.pair(), [row[0] for row in rows.verdicts(desk.name)]) == (pairs[2], pairs[:2])


def test_a_decision_that_waits_outlives_a_reload(seated, rows, line):
    desk, (pair, other, _third) = seated(*PLAIN[:3])
    line.cut = True
    desk.approve()
    desk.banner("1 keputusan menunggu dikirim")
    line.cut = False
    desk.page.reload()
    desk.ready()
    desk.settled()
    assert [row[0] for row in rows.verdicts(desk.name)] == [pair]
    assert desk.pair() == other


def test_a_decision_that_waits_is_taken_back_before_anybody_saw_it(seated, rows, line):
    desk, (pair, _next, _third) = seated(*PLAIN[:3])
    line.cut = True
    desk.approve()
    desk.banner("1 keputusan menunggu dikirim")
    desk.press("z").shows(PLAIN[0][0])
    line.cut = False
    desk.press("r", "4", "Enter").leaves(pair)
    desk.settled()
    row = [pair, desk.name, "reject", "", NOT_TRUE, [], False, False]
    assert rows.verdicts(desk.name) == [row]


def test_a_decision_whose_answer_was_lost_is_stored_once(seated, rows, line):
    desk, (pair, _next) = seated(*PLAIN[:2])
    line.deaf = True
    desk.approve()
    desk.banner("1 keputusan menunggu dikirim")
    # It got there all the same.
    assert rows.status(pair) == ["approved"]
    line.deaf = False
    desk.settled()
    expect(desk.page.locator("#banner")).to_be_empty()
    assert [row[:3] for row in rows.verdicts(desk.name)] == [[pair, desk.name, "approve"]]
