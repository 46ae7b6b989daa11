"""Decisions on their way: in order, kept until answered, tried again, never twice at once."""

from __future__ import annotations

import pytest

from tests.reviews.admin.desk_page.conftest import Module

pytestmark = pytest.mark.browser

# A line to the hub that answers as told, and a queue on it. Answers: a status, or one per try.
SETUP = """
const { Drafts } = await import('/drafts.js');
localStorage.clear();
const drafts = new Drafts('sari');
const calls = [], told = [];
const net = {
    async post(kind, body) {
        calls.push([kind, body.claim, body.holding]);
        const status = (given.statuses ?? []).shift() ?? 200;
        return { status, body: {} };
    },
};
const box = new m.Outbox(net, drafts, {
    holding: (entry) => [entry.claim + 100],
    answered: (entry, { status }) => told.push([entry.claim, status]),
    changed: () => {},
});
const entry = (claim) => ({ claim, kind: 'decide', body: { claim }, item: { pair: claim, claim } });
const settled = async () => { for (let i = 0; i < 50; i += 1) await null; };
"""


@pytest.fixture(scope="module")
def queue(page):
    return Module(page, "queue.js")


def play(queue, script, *statuses):
    return queue.run(f"{SETUP}\n{script}", {"statuses": list(statuses)})


def test_sent_in_order_and_then_forgotten(queue):
    found = play(
        queue,
        "box.add(entry(1)); box.add(entry(2)); await settled();"
        "return [calls, told, drafts.list('outbox'), box.state]",
    )

    assert found == [
        [["decide", 1, [101]], ["decide", 2, [102]]],
        [[1, 200], [2, 200]],
        [],
        "idle",
    ]


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_a_server_that_is_away_gets_it_later(queue, status):
    found = play(
        queue,
        "box.add(entry(1)); await settled();"
        "const first = [box.state, drafts.list('outbox').length];"
        "box.add(entry(2)); await settled(); clearTimeout(box.timer); await box.again();"
        "return [first, told, box.state, calls.map((call) => call[1])]",
        status,
        status,
    )

    assert found == [["away", 1], [[1, 200], [2, 200]], "idle", [1, 1, 1, 2]]


def test_after_the_session_it_waits_for_a_log_in(queue):
    found = play(
        queue,
        "box.add(entry(1)); await settled(); box.add(entry(2)); await settled();"
        "const before = [box.state, calls.length]; box.calm(); await settled();"
        "return [before, told, box.state]",
        401,
    )

    assert found == [["login", 1], [[1, 200], [2, 200]], "idle"]


def test_another_page_finds_what_was_not_sent(queue):
    found = play(
        queue,
        "box.add(entry(1)); await settled(); clearTimeout(box.timer);"
        "const later = new m.Outbox(net, drafts, box); await later.flush();"
        "return [later.claims(), drafts.list('outbox'), told]",
        503,
    )

    assert found == [[], [], [[1, 200]]]


@pytest.mark.parametrize("status", [403, 404, 409, 410, 422])
def test_a_refusal_is_told_and_not_tried_again(queue, status):
    found = play(
        queue,
        "box.add(entry(1)); await settled(); return [calls.length, told, box.claims()]",
        status,
    )

    assert found == [1, [[1, status]], []]


def test_what_did_not_leave_can_be_taken_back(queue):
    found = play(
        queue,
        "box.add(entry(1)); box.add(entry(2));"
        "const own = box.withdraw(2)?.claim, sent = box.withdraw(1); await settled();"
        "return [own, sent, told]",
    )

    assert found == [2, None, [[1, 200]]]


def test_a_paused_tab_sends_nothing(queue):
    found = play(
        queue,
        "box.state = 'paused'; box.add(entry(1)); await settled(); return [calls, box.claims()]",
    )

    assert found == [[], [1]]


def test_a_full_store_is_noticed(queue):
    found = play(
        queue,
        "drafts.storage = { setItem() { throw new Error('full'); } };"
        "box.state = 'paused'; box.add(entry(1)); return box.kept",
    )

    assert found is False
