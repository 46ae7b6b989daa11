"""What providers behind a network share: errors of statuses, pauses, words that must not leak."""

from __future__ import annotations

import pytest

from tuning.providers.base import (
    CompletionRequest,
    ProviderError,
    failure,
    pause,
    quoted,
    texts,
    twice,
)


def test_what_the_server_said_goes_along_where_it_helps():
    assert str(failure(400, "too long")) == "HTTP 400: too long"
    assert str(failure(404, "no such model")) == "HTTP 404: no such model"
    assert str(failure(401, "wrong key sk-123")) == "HTTP 401"
    assert str(failure(503, "<html>")) == "HTTP 503"


@pytest.mark.parametrize("wanted", ["2", "1.5", "Wed, 21 Oct 2026 07:28:00 GMT", "nan", "inf"])
def test_a_server_that_wants_a_long_pause_is_not_asked_again(wanted):
    assert failure(429, wanted=wanted).again is None


def test_pauses_differ_and_are_as_long_as_the_server_wants():
    assert len({pause() for _ in range(20)}) == 20
    assert all(0.05 <= (pause() or 0) <= 0.3 for _ in range(100))
    assert (pause("0.8"), pause("1")) == (0.8, 1.0)


def test_a_server_s_words_are_short_and_repeat_nothing():
    hidden = ['kata "rahasia"\nyang panjang', "sk-123456789"]
    said = f"bad input {hidden[0]!r}\n  for {hidden[1]} " + "x" * 500
    assert quoted(said, hidden) == ("bad input '…' for … " + "x" * 500)[:200]


def test_nothing_that_a_request_says_is_forgotten():
    request = CompletionRequest("satu", "dua", (("user", "tiga"), ("assistant", "empat")))
    assert texts(request) == ["satu", "dua", "tiga", "empat"]


def test_a_second_trouble_is_final(pauses):
    asked = []

    def ask():
        asked.append(1)
        raise failure(503)

    with pytest.raises(ProviderError):
        twice(ask)
    assert (len(asked), len(pauses)) == (2, 1)
