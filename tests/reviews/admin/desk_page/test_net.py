"""Calls of the hub: every outcome is a value, and an old token is renewed once."""

from __future__ import annotations

import pytest

from tests.reviews.admin.desk_page.conftest import Module

pytestmark = pytest.mark.browser

# What the browser's fetch answers, in turn: [status, body, kind]; null is a line that is cut.
SETUP = """
const asked = [];
const real = window.fetch;
window.fetch = async (url, options) => {
    asked.push([options.method, url, options.headers['X-CSRFToken'] ?? null]);
    const [status, body, kind] = given.shift() ?? [];
    if (!status) throw new TypeError('cut');
    if (status === 302) return { type: 'opaqueredirect', status: 0 };
    return new Response(body, { status, headers: { 'Content-Type': kind ?? 'application/json' } });
};
const urls = { decide: '/decide', state: '/state' };
const net = new m.Net({ csrf: 'old', user: 'sari', urls });
"""
PAGE = ["<h1>Forbidden</h1>", "text/html"]


@pytest.fixture(scope="module")
def net(page):
    return Module(page, "net.js")


def play(net, *answers):
    """What posting a decision gives, what was asked, and the token afterwards."""
    body = f"""{SETUP}
    const answer = await net.post('decide', {{}});
    window.fetch = real;
    return [[answer.status, answer.body], asked, net.csrf]"""
    return net.run(body, list(answers))


def test_an_answer(net):
    answer, asked, _token = play(net, [200, '{"done": 1}'])

    assert answer == [200, {"done": 1}]
    assert asked == [["POST", "/decide", "old"]]


def test_a_line_that_is_cut_is_a_value(net):
    assert play(net)[0] == [0, {}]


def test_a_proxys_page_is_no_answer(net):
    assert play(net, [200, *PAGE])[0] == [0, {}]
    assert play(net, [502, *PAGE])[0] == [502, {}]


def test_being_sent_to_the_log_in_says_that_the_session_is_over(net):
    assert play(net, [302])[0] == [401, {}]


def test_an_old_token_is_renewed_once(net):
    state = '{"csrf": "fresh", "user": "sari"}'
    answer, asked, token = play(net, [403, *PAGE], [200, state], [200, '{"done": 1}'])

    assert answer == [200, {"done": 1}]
    assert asked == [
        ["POST", "/decide", "old"],
        ["GET", "/state", None],
        ["POST", "/decide", "fresh"],
    ]
    assert token == "fresh"


def test_nothing_is_sent_in_somebody_elses_name(net):
    state = '{"csrf": "fresh", "user": "made"}'
    answer, asked, token = play(net, [403, *PAGE], [200, state])

    assert (answer, len(asked), token) == ([401, {}], 2, "old")


def test_what_is_forbidden_is_not_tried_again(net):
    answer, asked, _token = play(net, [403, '{"problem": "forbidden"}'])

    assert answer == [403, {"problem": "forbidden"}]
    assert len(asked) == 1
