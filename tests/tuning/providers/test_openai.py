"""The protocol as servers really speak it: torn lines, odd events, options that they don't know."""

from __future__ import annotations

import json
import multiprocessing

import pytest

from tests.tuning.providers.standins import OpenAIServer, event
from tuning.providers.base import (
    Chunk,
    Completion,
    CompletionRequest,
    ProviderError,
    Trouble,
    Usage,
)
from tuning.providers.openai import OpenAIProvider, _pool

ASKED = CompletionRequest("Berapa lama KITAS berlaku?")
DONE = b"data: [DONE]\n\n"


def piece(text: str, **more) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": text} | more}]})


def streamed(*parts: bytes, **settings) -> list[Chunk]:
    with OpenAIServer(raw=list(parts), **settings) as server:
        return list(OpenAIProvider(server.url, "m", timeout=5).stream(ASKED))


def completed(answer: dict) -> Completion:
    with OpenAIServer(raw=[json.dumps(answer).encode()]) as server:
        return OpenAIProvider(server.url, "m", timeout=5).complete(ASKED)


def choice(content, reason="stop") -> dict:
    return {"choices": [{"message": {"content": content}, "finish_reason": reason}]}


def trouble(ask, *args, **more) -> tuple[Trouble, bool, str]:
    with pytest.raises(ProviderError) as raised:
        ask(*args, **more)
    return raised.value.trouble, raised.value.permanent, str(raised.value)


def test_lines_and_characters_may_be_torn_anywhere():
    whole = piece("Dua tahun – “ya” 🙂") + piece(" lalu") + DONE
    torn = [whole[at : at + 1] for at in range(len(whole))]
    assert streamed(*torn) == [
        Chunk("Dua tahun – “ya” 🙂"),
        Chunk(" lalu"),
        Chunk(finish_reason="stop"),
    ]


def test_many_events_may_come_at_once():
    assert streamed(piece("a") + piece("b") + DONE) == [
        Chunk("a"),
        Chunk("b"),
        Chunk(finish_reason="stop"),
    ]


def test_comments_and_other_line_ends_are_no_text():
    parts = [b": keep-alive\r\n\r\n", b"event: message\r\nid: 7\r\n", b"retry: 3\r\n"]
    parts += [piece("Dua").replace(b"\n", b"\r\n"), b"data:[DONE]\r\n\r\n"]
    assert streamed(*parts) == [Chunk("Dua"), Chunk(finish_reason="stop")]


def test_the_last_line_may_lack_its_end():
    assert streamed(piece("Dua"), b"data: [DONE]") == [Chunk("Dua"), Chunk(finish_reason="stop")]


def test_thoughts_and_empty_pieces_are_no_answer():
    parts = [
        event({"choices": [{"delta": {"role": "assistant"}}]}),
        event({"choices": [{"delta": {"reasoning_content": "Hmm …", "content": None}}]}),
        event({"choices": [{"delta": {"reasoning": "Hmm …"}}]}),
        event({"choices": []}),
        event({"choices": None}),
        event({"choices": [{"delta": None}]}),
        piece("Dua", reasoning_content="Hmm …"),
        event({"choices": [{"delta": {}, "finish_reason": "length"}], "error": None}),
        event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}),
    ]
    assert streamed(*parts, DONE) == [
        Chunk("Dua"),
        Chunk(finish_reason="length", usage=Usage(3, 2)),
    ]


def test_what_comes_after_done_is_read_and_left():
    with OpenAIServer(raw=[piece("Dua"), DONE, b": bye\n\n", piece("lagi")]) as server:
        provider = OpenAIProvider(server.url, "m", timeout=5)
        for _ in range(3):
            assert list(provider.stream(ASKED)) == [Chunk("Dua"), Chunk(finish_reason="stop")]
        assert server.connections == 1


@pytest.mark.parametrize(
    "last",
    [b"", piece(" tahun"), event({"choices": [{"delta": {}, "finish_reason": "stop"}]})],
)
def test_a_stream_without_done_broke_off(last):
    assert trouble(streamed, piece("Dua"), last or b": x\n") == (
        Trouble.UNAVAILABLE,
        False,
        "the stream broke off",
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            {"error": {"message": "too long", "code": 400}},
            (Trouble.REJECTED, True, "HTTP 400: too long"),
        ),
        ({"error": {"message": "x", "code": "oom"}}, (Trouble.UNAVAILABLE, False, "HTTP 500")),
        ({"error": "model runner gone"}, (Trouble.UNAVAILABLE, False, "HTTP 500")),
        (
            {"object": "error", "message": "slow down", "code": 429},
            (Trouble.RATE_LIMITED, False, "HTTP 429: slow down"),
        ),
    ],
)
def test_an_error_may_come_in_the_place_of_a_piece(error, expected):
    assert trouble(streamed, piece("Dua"), event(error), DONE) == expected
    assert trouble(completed, error) == expected


@pytest.mark.parametrize(
    "odd",
    [
        b"data: {\n\n",
        b"data: [1]\n\n",
        b'data: {"choices": [1]}\n\n',
        b'data: {"choices": {"a": 1}}\n\n',
        b'data: {"choices": [{"delta": "x"}]}\n\n',
        b"data: \xff\n\n",
    ],
)
def test_what_is_no_event_is_an_error(odd):
    expected = (Trouble.UNAVAILABLE, False, "an answer that is not OpenAI's protocol")
    assert trouble(streamed, odd, DONE) == expected


@pytest.mark.parametrize(
    "odd", [{}, {"choices": []}, {"choices": [{}]}, {"choices": [{"message": None}]}]
)
def test_what_is_no_answer_is_an_error(odd):
    expected = (Trouble.UNAVAILABLE, False, "an answer that is not OpenAI's protocol")
    assert trouble(completed, odd) == expected


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Dua", "Dua"),
        (None, ""),
        (
            [
                {"type": "thinking", "thinking": "Hmm", "text": "Hmm"},
                {"type": "text", "text": "Dua "},
                {"type": "text", "text": "tahun"},
            ],
            "Dua tahun",
        ),
    ],
)
def test_a_content_may_be_a_list_of_parts(content, text):
    assert completed(choice(content)).text == text
    parts = [Chunk(text)] if text else []
    sent = event({"choices": [{"delta": {"content": content}}]})
    assert streamed(sent, DONE) == [*parts, Chunk(finish_reason="stop")]


@pytest.mark.parametrize(
    ("said", "read"),
    [("tool_calls", "stop"), ("length", "length"), (None, "stop"), ("content_filter",) * 2],
)
def test_reasons_of_the_end_are_openai_s_three(said, read):
    assert completed(choice("Dua", said)).finish_reason == read


def test_a_server_that_does_not_know_stream_options_streams_without():
    refused = "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options')}]"
    with OpenAIServer("Dua tahun", statuses=[400], said=refused) as server:
        expected = [Chunk("Dua "), Chunk("tahun"), Chunk(finish_reason="stop")]
        for _ in range(2):
            assert list(OpenAIProvider(server.url, "old").stream(ASKED)) == expected
        assert ["stream_options" in sent.body for sent in server.requests] == [True, False, False]


@pytest.mark.parametrize(("wanted", "requests"), [("0", 2), ("1", 2), ("2", 1), ("soon", 1)])
def test_a_server_says_when_to_come_back(wanted, requests, pauses):
    with OpenAIServer(statuses=[429, 429], extra_headers={"Retry-After": wanted}) as server:
        assert trouble(OpenAIProvider(server.url, "m").complete, ASKED)[0] == Trouble.RATE_LIMITED
        assert len(server.requests) == requests
    assert pauses == ([1.0] if wanted == "1" else pauses)


def test_a_wrong_address_is_final():
    provider = OpenAIProvider("ftp://127.0.0.1/v1", "m")
    assert trouble(provider.complete, ASKED) == (
        Trouble.UNAVAILABLE,
        True,
        "no address: URLSchemeUnknown",
    )


def test_half_a_character_is_a_wrong_request():
    provider = OpenAIProvider("http://127.0.0.1:9/v1", "m")
    expected = (Trouble.REJECTED, True, "a text that is no Unicode")
    assert trouble(provider.complete, CompletionRequest("\ud83d")) == expected


def test_no_key_sends_none():
    with OpenAIServer() as server:
        OpenAIProvider(server.url, "m").complete(ASKED)
        assert "authorization" not in server.requests[0].headers


def _ask_in_child(url: str, answers) -> None:
    answers.put(OpenAIProvider(url, "m", timeout=5).complete(ASKED).text)


def test_a_forked_child_speaks_on_connections_of_its_own():
    with OpenAIServer("Dua tahun") as server:
        provider = OpenAIProvider(server.url, "m", timeout=5)
        provider.complete(ASKED)
        fork = multiprocessing.get_context("fork")
        answers = fork.Queue()
        child = fork.Process(target=_ask_in_child, args=(server.url, answers))
        child.start()
        assert answers.get(timeout=20) == "Dua tahun"
        child.join(20)
        assert provider.complete(ASKED).text == "Dua tahun"
        assert server.connections == 2
    assert _pool() is _pool()
