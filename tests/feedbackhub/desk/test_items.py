"""An item at the desk, a dispute, a phone, and hostile texts, in a real browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.feedbackhub.desk.site import FACTS, NOT_TRUE, PLAIN, WITH_FACTS

pytestmark = pytest.mark.browser


# --- one item -------------------------------------------------------------------------------------
def test_nothing_is_approved_before_each_fact_is_confirmed(seated, rows):
    desk, (pair, _next) = seated(*WITH_FACTS)
    desk.press("a").says("Fakta yang belum dipastikan: 3.")
    desk.press("y", "y", "y").says("lanjut ke daftar periksa")
    desk.press("a").says("Butir yang belum dijawab")
    desk.press("y", "a").leaves(pair)
    desk.settled()
    assert rows.verdicts(desk.name) == [[pair, desk.name, "approve", "", [], FACTS, False, False]]
    assert (rows.answers(pair), rows.status(pair)) == ([True] * 13, ["approved"])


def test_a_key_held_down_confirms_one_fact(seated):
    desk, _pairs = seated(*WITH_FACTS)
    for _repeat in range(9):
        desk.page.keyboard.down("y")
    desk.page.keyboard.up("y")
    assert desk.page.locator(".fact-row.is-right").count() == 1


def test_a_wrong_fact_forbids_approval_and_is_the_reason_of_the_rejection(seated, rows):
    desk, (pair, _next) = seated(*WITH_FACTS)
    # The first was a slip.
    desk.press("x", "Backspace", "y", "x", "y", "y", "a")
    desk.says("Ada fakta yang salah (Rp10 juta)")
    desk.press("r")
    expect(desk.page.locator("#menu-note")).to_have_value("Salah: Rp10 juta")
    desk.press("Enter").leaves(pair)
    desk.settled()
    facts = [[kind, value, kind != "amount"] for kind, value, _right in FACTS]
    # All items were answered as right before.
    note = "Salah: Rp10 juta"
    assert rows.verdicts(desk.name) == [[pair, desk.name, "reject", note, [], facts, False, False]]


def test_a_fault_of_accuracy_forbids_approval_another_needs_a_reason(seated, rows):
    desk, (pair, _next) = seated(*PLAIN[:2])
    desk.press("4").type("ya salah").press("Enter", "y", "a")
    desk.says("Butir 4 menyangkut ketepatan isi")
    # The mark comes off, and another one is set with no reason at first.
    desk.press("4", "y", "7", "Enter", "a").says("Tuliskan apa yang salah pada butir 7.")
    desk.press("7", "7").type("kaku").press("Enter", "y", "a").leaves(pair)
    desk.settled()
    assert rows.verdicts(desk.name) == [
        [pair, desk.name, "approve", "", [[7, "kaku"]], [], False, False]
    ]


def test_a_verdict_against_a_pair_needs_a_reason(seated, rows):
    desk, (pair, _next) = seated(*PLAIN[:2])
    desk.press("d", "Enter")
    expect(desk.page.locator("#menu .fault")).to_have_text("Pilih butir atau tuliskan alasannya.")
    desk.press("Escape", "y").says("Semua benar.")
    assert (desk.pair(), rows.verdicts(desk.name)) == (pair, [])


def test_what_was_answered_is_still_there_after_an_undo(seated, rows):
    desk, (pair, _next) = seated(*PLAIN[:2])
    desk.press("4").type("keliru").press("Enter", "r").leaves(pair)
    desk.undone()
    expect(desk.page.locator(".reason")).to_have_value("keliru")
    assert (desk.pair(), rows.status(pair)) == (pair, ["in_review"])
    # Whoever comes back is asked anew.
    desk.press("r")
    expect(desk.page.locator("#menu")).to_be_visible()
    desk.press("Enter").leaves(pair)
    desk.settled()
    row = [pair, desk.name, "reject", "", [[4, "keliru"]], [], False]
    assert rows.verdicts(desk.name) == [[*row, True], [*row, False]]
    assert rows.status(pair) == ["rejected"]


def test_an_edit_shows_what_changes_waits_when_left_and_survives_a_reload(seated, rows):
    desk, (pair, _next) = seated(*PLAIN[:2])
    desk.press("e").type("Baru: ")
    expect(desk.page.locator(".editor .diff ins")).to_have_text("Baru: ")
    desk.press("Escape", "y", "a").says("Simpan atau buang suntingan Anda dahulu.")
    desk.page.reload()
    notice = desk.ready().page.locator(".notice")
    expect(notice).to_contain_text("Suntingan Anda masih ada, tetapi belum disimpan.")
    desk.press("e", "Control+Enter").leaves(pair)
    desk.settled()
    question, answer = PLAIN[0]
    assert rows.texts(pair) == [
        [None, question, answer],
        [desk.name, question, f"Baru: {answer}"],
    ]


def test_a_suggestion_is_taken_into_the_editor(seated, rows, hub):
    desk, (pair, _next) = seated(*PLAIN[:2])
    other = hub.desk()
    rows.suggest(pair, other.name, "Kantor Mawar sudah pindah.")
    desk.page.reload()
    desk.ready().press("g")
    field = desk.page.locator("#edit-answer")
    expect(field).to_have_value("Kantor Mawar sudah pindah.")
    desk.press("Control+Enter").leaves(pair)
    desk.settled()
    assert rows.texts(pair)[-1] == [desk.name, PLAIN[0][0], "Kantor Mawar sudah pindah."]


def test_the_hub_refuses_what_a_page_let_through_and_the_page_marks_it(seated, rows):
    desk, (pair, _next) = seated(*WITH_FACTS)

    def forget_facts(route: Any) -> None:
        body = json.loads(route.request.post_data)
        route.continue_(post_data=json.dumps(body | {"facts": {}}))

    desk.page.route("**/desk/decide", forget_facts, times=1)
    desk.approve()
    expect(desk.page.locator(".fact-list .fault")).to_have_count(3)
    assert (desk.pair(), rows.verdicts(desk.name)) == (pair, [])
    desk.press("a").leaves(pair)
    desk.settled()
    assert [row[5] for row in rows.verdicts(desk.name)] == [FACTS]


# --- a dispute ------------------------------------------------------------------------------------
def test_a_dispute_is_settled_by_the_senior_who_sees_both_views(hub, rows):
    slug = hub.category(confirm_facts=True, reviewers_needed=2)
    pair, *_others = rows.pairs(slug, [WITH_FACTS[0], *PLAIN[:2]])
    first, second, senior = (
        hub.desk(slug),
        hub.desk(slug),
        hub.desk(slug, role="Peninjau senior"),
    )
    first.sit().approve()
    first.leaves(pair)
    first.settled()
    # The second knows nothing of the first one's word.
    second.sit()
    assert (second.pair(), second.page.locator(".dispute").count()) == (pair, 0)
    second.press("r").type("biayanya sudah naik").press("Enter")
    second.leaves(pair)
    # Nor is told that they differ: a verdict can be undone.
    second.says("Dicatat. Berikutnya giliran peninjau lain.")
    assert rows.status(pair) == ["disputed"]

    senior.sit()
    assert senior.pair() == pair
    sides = [side.inner_text().split("\n") for side in senior.page.locator(".side").all()]
    sides = [[line for line in side if line and "detik" not in line] for side in sides]
    told = [
        [first.name, "setujui"],
        [second.name, "tolak", "biayanya sudah naik"],
    ]
    assert [[line.casefold() for line in side] for side in sides] == told
    places = [side.bounding_box() for side in senior.page.locator(".side").all()]
    assert (places[0]["y"], places[0]["x"] < places[1]["x"]) == (places[1]["y"], True)
    senior.approve()
    senior.leaves(pair)
    senior.settled()
    assert rows.status(pair) == ["approved"]
    senior.undone()
    senior.page.wait_for_selector(".dispute")
    assert (senior.pair(), rows.status(pair)) == (pair, ["disputed"])
    senior.press("a").leaves(pair)
    senior.settled()
    word = [pair, senior.name, "approve", "", [], FACTS, True]
    assert rows.verdicts(pair=pair) == [
        [pair, first.name, "approve", "", [], FACTS, False, False],
        [pair, second.name, "reject", "biayanya sudah naik", [], [], False, False],
        [*word, True],
        [*word, False],
    ]
    assert rows.status(pair) == ["approved"]


# --- a phone --------------------------------------------------------------------------------------
def test_a_phone_needs_no_keyboard_and_nothing_is_wider_than_it(seated, rows):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    desk, (pair, other) = seated(*WITH_FACTS, **phone)
    tap = lambda name: desk.page.locator(name).tap()  # noqa: E731
    widths = [desk.overflow()]
    tap("[data-do=help]")
    expect(desk.page.locator("#help")).to_be_visible()
    widths.append(desk.overflow())
    tap("#help [data-close]")
    for _fact in FACTS:
        tap("#verdict [data-do=right]")
    tap("#verdict [data-do=right]")
    tap("#verdict [data-do=approve]")
    desk.leaves(pair)
    tap("#verdict [data-do=reject]")
    expect(desk.page.locator("#menu")).to_be_visible()
    widths.append(desk.overflow())
    tap("#menu .option >> nth=3")
    tap("#menu .dialog-keys .primary")
    desk.leaves(other)
    widths.append(desk.overflow())
    desk.settled()
    assert [over for over in widths if over > 0] == []
    assert desk.keys() == 0
    assert rows.verdicts(desk.name) == [
        [pair, desk.name, "approve", "", [], FACTS, False, False],
        [other, desk.name, "reject", "", NOT_TRUE, [], False, False],
    ]


# --- what a page jumps, and what waits ------------------------------------------------------------
def test_the_next_item_is_there_before_the_hub_has_answered(seated, rows):
    desk, pairs = seated(*PLAIN[:3])
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    desk.page.route("**/pair/desk/decide", hold, times=1)
    desk.approve()
    desk.shows(PLAIN[1][0])
    # The hub has not even heard of it.
    assert (len(held), rows.verdicts(desk.name)) == (1, [])
    held[0].continue_()
    desk.settled()
    assert [row[0] for row in rows.verdicts(desk.name)] == pairs[:1]


def test_nothing_jumps_while_items_come_and_go(hub, rows):
    slug = hub.category(confirm_facts=True)
    pairs = rows.pairs(slug, [*PLAIN[:3], *WITH_FACTS, *PLAIN[3:6]])
    rows.approved(slug, [["Di mana kantor pusat berada?", "Kantor pusat berada di taman kota."]])
    desk = hub.desk(slug)
    held: dict[int, Any] = {}
    # What stands beside an item comes after it.
    desk.page.route(
        "**/pair/desk/beside?*",
        lambda route: held.update({int(route.request.url.rpartition("=")[2]): route}),
    )
    desk.sit()
    for pair in pairs[:-1]:
        expect(desk.page.locator("#beside .bones")).to_be_visible()
        held.pop(pair).continue_()
        expect(desk.page.locator("#beside .bones")).to_have_count(0)
        desk.approve()
        desk.leaves(pair)
    for route in held.values():
        route.continue_()
    desk.settled()
    shift = desk.page.evaluate("counted.shift")
    print(f"layout shift over {len(pairs)} items: {shift:.4f}")
    assert shift < 0.01
    assert [row[0] for row in rows.verdicts(desk.name)] == pairs[:-1]


# --- hostile texts --------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def hostile() -> str:
    """Scripts, unseen characters and directions, 50,000 characters in all."""
    from tests.conftest import SHARED_DATA

    file = SHARED_DATA / "json_edge" / "naughty_strings_even.json"
    if not file.exists():
        pytest.skip("needs the public data in ../shared/data")
    whole = "\n".join(json.loads(file.read_text(encoding="utf-8")))
    marks = "\u202ekanan ke kiri\u202c \u200b\u200f\u2066x\u2069 <script>window.hacked = 1</script>"
    end = f"\n{marks}\n<img src=x onerror=alert(1)> {{{{7*7}}}}</textarea></script> 😀"
    body = (whole + "\nkata biasa " * 5000)[: 50_000 - len(end)]
    return body + end


def test_hostile_texts_are_shown_harmlessly_and_stored_to_the_character(seated, rows, hostile):
    desk, (pair, _next) = seated([f"<b>{hostile}", hostile], PLAIN[0])
    assert len(hostile) == 50_000
    assert rows.texts(pair) == [[None, f"<b>{hostile}", hostile]]
    shown = desk.page.locator(".text-answer").text_content()
    assert "⟨U+202E⟩kanan ke kiri⟨U+202C⟩" in shown
    assert "<img src=x onerror=alert(1)>" in shown
    tags = "#text .words :is(script, img, b, textarea, iframe, svg)"
    assert desk.page.locator(tags).count() == 0
    desk.press("e")
    desk.press("Control+End").type("!").press("Control+Enter").leaves(pair)
    desk.settled()
    assert rows.texts(pair)[-1] == [desk.name, f"<b>{hostile}", f"{hostile}!"]
    assert desk.page.evaluate("window.hacked") is None
