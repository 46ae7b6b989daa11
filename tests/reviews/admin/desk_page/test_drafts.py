"""Work kept in the browser: by user, pair and text; gone when it is old or long decided."""

from __future__ import annotations

import pytest

from tests.reviews.admin.desk_page.conftest import Module

pytestmark = pytest.mark.browser

SETUP = """
localStorage.clear();
const mine = new m.Drafts('sari'), other = new m.Drafts('made');
const item = { pair: 7, seen: 70 }, changed = { pair: 7, seen: 71 };
const hour = 3_600_000;
"""


@pytest.fixture(scope="module")
def drafts(page):
    return Module(page, "drafts.js")


def play(drafts, script):
    return drafts.run(SETUP + script)


def test_work_is_found_again_by_its_user_and_text_alone(drafts):
    script = """
    mine.save(item, {note: 'x'});
    return [mine.load(item), mine.load(changed), other.load(item)]"""

    assert play(drafts, script) == [{"note": "x"}, None, None]


def test_decided_work_stays_as_long_as_it_can_be_undone(drafts):
    script = """
    mine.decided(item, {note: 'x'});
    mine.prune(Date.now() + 60_000); const soon = mine.load(item);
    mine.prune(Date.now() + hour); return [soon, mine.load(item)]"""

    assert play(drafts, script) == [{"note": "x"}, None]


def test_undecided_work_stays_a_week_and_others_work_is_left_alone(drafts):
    script = """
    mine.save(item, {note: 'x'}); other.save(item, {note: 'y'}); mine.keep('outbox', [1]);
    mine.prune(Date.now() + 6 * 24 * hour); const kept = mine.load(item);
    mine.prune(Date.now() + 8 * 24 * hour);
    return [kept, mine.load(item), other.load(item), mine.list('outbox')]"""

    assert play(drafts, script) == [{"note": "x"}, None, {"note": "y"}, [1]]


def test_a_broken_store_is_an_empty_one(drafts):
    script = """
    localStorage.setItem(mine.key(item), '{'); mine.prune();
    return [mine.load(item), mine.list('x')]"""

    assert play(drafts, script) == [None, []]
