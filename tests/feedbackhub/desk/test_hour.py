"""Thirty of the real pairs decided by keyboard alone, and not a word of English."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.feedbackhub import processes
from tests.feedbackhub.desk.site import DESK, NOT_TRUE, Desk

pytestmark = pytest.mark.browser


# --- an hour's work -------------------------------------------------------------------------------
ACTS = {
    3: "reject",
    7: "needs_work",
    9: "skip",
    11: "edit",
    14: "second",
    17: "correct",
    19: "reject",
    22: "edit",
    24: "skip",
    26: "needs_work",
}
"""What is done with some of the thirty items; the others are approved."""
UNDONE_AFTER = 20


class Hour:
    """Thirty decisions by keyboard; what the hub must hold of them afterwards."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.pages = desk, []
        self.seen: list[int] = []
        self.keys: list[tuple[str, int]] = []
        self.verdicts: list[list[Any]] = []
        self.texts: dict[int, list[str]] = {}
        self.skipped: list[list[Any]] = []
        self.corrected: list[list[Any]] = []
        self.approved: list[int] = []

    def look(self) -> None:
        """Keep what is on the screen, to be read for English."""
        self.pages.append(self.desk.page.content())

    def work(self) -> None:
        for number in range(30):
            pair, before = self.desk.pair(), self.desk.keys()
            self.seen.append(pair)
            act = ACTS.get(number, "approve")
            getattr(self, act)(pair)
            self.desk.leaves(pair)
            self.keys.append((act, self.desk.keys() - before))
            if number == UNDONE_AFTER:
                self.take_back(pair)
        self.desk.settled()

    def verdict(self, pair: int, decision: str, note: str = "", wrong: Any = (), facts: Any = ()):
        row = [pair, self.desk.name, decision, note, list(wrong), list(facts), False, False]
        self.verdicts.append(row)

    def approve(self, pair: int) -> None:
        named = self.desk.page.locator(".fact-row")
        keys = [row.get_attribute("data-fact") for row in named.all()]
        facts = [[*key.split(":", 1), True] for key in keys]
        self.desk.approve()
        self.verdict(pair, "approve", facts=facts)
        self.approved.append(pair)

    def reject(self, pair: int) -> None:
        self.desk.press("r")
        self.look()
        self.desk.press("4", "Enter")
        self.verdict(pair, "reject", wrong=NOT_TRUE)

    def needs_work(self, pair: int) -> None:
        self.desk.press("n").type("nadanya terlalu kaku").press("Enter")
        self.verdict(pair, "needs_work", "nadanya terlalu kaku")

    def second(self, pair: int) -> None:
        self.desk.press("d", "6", "Enter")
        wrong = [[6, "Tidak terpenuhi: Rujukan hukumnya tepat"]]
        self.verdict(pair, "second", wrong=wrong)

    def skip(self, pair: int) -> None:
        self.desk.press("s")
        self.look()
        self.desk.press("2")
        self.skipped.append([pair, "skipped", "Perlu sumber atau dokumen dahulu"])

    def edit(self, pair: int) -> None:
        self.desk.press("e")
        question, answer = (
            self.desk.page.locator(f"#edit-{name}").input_value() for name in ("question", "answer")
        )
        self.desk.type("Baru: ")
        expect(self.desk.page.locator(".editor .diff ins")).to_have_text("Baru:")
        self.look()
        self.desk.press("Control+Enter")
        self.texts[pair] = [self.desk.name, question, f"Baru: {answer}"]

    def correct(self, pair: int) -> None:
        answer = self.desk.press("c").page.locator("#correct-right_answer").input_value()
        self.desk.type("Aturan berubah").press("Tab").type("Periksa tahun aturannya")
        self.look()
        self.desk.press("Shift+Tab", "Shift+Tab", "Control+End").type(" Diperbarui.")
        self.desk.press("Control+Enter")
        self.verdict(pair, "reject", "Aturan berubah")
        right = f"{answer} Diperbarui."
        about = "Aturan berubah", "Periksa tahun aturannya"
        new = "finished", "in_review", self.desk.name
        self.corrected.append([answer, right, *about, *new])

    def take_back(self, pair: int) -> None:
        """Undo an approval and give it once more: what was answered is still there."""
        self.desk.undone()
        self.desk.page.wait_for_function(
            "pair => document.querySelector('.record').textContent === '#' + pair", arg=pair
        )
        self.verdicts[-1][-1] = True
        self.desk.press("a").leaves(pair)
        self.verdicts.append([*self.verdicts[-1][:-1], False])


@pytest.fixture(scope="module")
def imported(place, rows, request) -> list[str]:
    """The slugs of the categories that the real pairs went to."""
    file = request.getfixturevalue("real_pairs")
    done = processes.manage(place, "import_data", "alpaca", str(file), "--assistant", "bisnis")
    assert "290" in done.stdout
    return list(rows.slugs("bisnis"))


@pytest.fixture(scope="module")
def real_pairs() -> Any:
    from tests.conftest import SHARED_DATA

    file = SHARED_DATA / "seeds" / "zantara_id_qa_alpaca.jsonl"
    if not file.exists():
        pytest.skip("needs the public data in ../shared/data")
    return file


def test_thirty_of_the_real_pairs_by_keyboard_alone(hub, rows, imported):
    desk = hub.desk(*imported, known=False)
    desk.page.goto(f"{desk.line.origin}/admin/")
    desk.log_in(DESK)
    desk.ready()
    loads: list[str] = []
    desk.page.on("framenavigated", lambda frame: loads.append(frame.url))
    marker = desk.page.evaluate("counted.marker")
    hour = Hour(desk)
    hour.look()
    desk.press("?")
    hour.look()
    desk.press("Escape")
    hour.work()
    hour.look()

    assert (loads, desk.page.evaluate("counted.marker")) == ([], marker)
    assert len(set(hour.seen)) == 30
    assert rows.verdicts(desk.name) == hour.verdicts
    assert [row for row in rows.claims(desk.name) if row[1] == "skipped"] == hour.skipped
    assert {pair: rows.texts(pair)[-1] for pair in hour.texts} == hour.texts
    assert rows.corrections(desk.name) == hour.corrected
    # Two must approve in these categories.
    assert rows.status(*hour.approved) == ["in_review"] * len(hour.approved)
    by_act = {act: {n for name, n in hour.keys if name == act} for act in ("reject", "skip")}
    assert by_act == {"reject": {3}, "skip": {2}}
    facts = [len(row[5]) for row in hour.verdicts if row[2] == "approve" and not row[7]]
    assert [n for name, n in hour.keys if name == "approve"] == [2 + n for n in facts]
    assert min(facts) == 0
    assert max(facts) > 0
    assert rows.strange(hour.pages) == []
