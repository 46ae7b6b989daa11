"""What every provider promises, over the real protocols."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from google.oauth2.credentials import Credentials

from tests.tuning.providers.standins import GeminiServer, OpenAIServer
from tuning.providers.base import (
    Chunk,
    Completion,
    CompletionRequest,
    ModelProvider,
    ProviderError,
    Sampling,
    Trouble,
    Usage,
)
from tuning.providers.exemplar import Exemplar, ExemplarProvider, Index
from tuning.providers.gemini import GeminiProvider
from tuning.providers.layered import LayeredProvider
from tuning.providers.openai import OpenAIProvider

ANSWER = "KITAS investor berlaku dua tahun – “lalu” diperpanjang. 🙂"
SECRET = "kunci-yang-rahasia"
CREDENTIALS = Credentials(token=SECRET)
ASKED = CompletionRequest(
    "Berapa lama KITAS investor berlaku?",
    system="Jawab singkat.",
    history=(("user", "Halo?"), ("assistant", "Halo juga.")),
    sampling=Sampling(temperature=0.2, top_p=0.9, max_tokens=64, stop=("###",)),
)


def _openai(url: str, timeout: float = 5.0) -> ModelProvider:
    return OpenAIProvider(f"{url}/v1", "sahabat", SECRET, timeout)


def _developer(url: str, timeout: float = 5.0) -> ModelProvider:
    return GeminiProvider("gemini-3.5-flash", SECRET, base_url=url, timeout=timeout)


def _vertex(url: str, timeout: float = 5.0) -> ModelProvider:
    return GeminiProvider(
        "gemini-3.5-flash",
        project="proyek",
        location="eu",
        base_url=url,
        timeout=timeout,
        credentials=CREDENTIALS,
    )


def _layered(url: str, timeout: float = 5.0) -> ModelProvider:
    return LayeredProvider(_openai(url, timeout), Index([]))


@dataclass(frozen=True)
class Kind:
    """A provider behind a network, with the server that stands in for it."""

    make: Callable[..., ModelProvider]
    server: type[OpenAIServer | GeminiServer]
    cut: str
    withheld: str


GOOGLE = (GeminiServer, "MAX_TOKENS", "SAFETY")
KINDS = {
    "openai": Kind(_openai, OpenAIServer, "length", "content_filter"),
    "layered": Kind(_layered, OpenAIServer, "length", "content_filter"),
    "gemini": Kind(_developer, *GOOGLE),
    "vertex": Kind(_vertex, *GOOGLE),
}
remote = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
ASKS: dict[str, Callable[[ModelProvider], Any]] = {
    "complete": lambda provider: provider.complete(ASKED),
    "stream": lambda provider: list(provider.stream(ASKED)),
}
either = pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)


def trouble_of(ask, provider) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        ask(provider)
    for told in (SECRET, ASKED.prompt, ASKED.system):
        assert told not in str(raised.value)
    return raised.value


def in_short(error: ProviderError) -> tuple[Trouble, bool]:
    return error.trouble, error.permanent


# --- answers -------------------------------------------------------------------------------------
@remote
def test_a_complete_answer_comes_with_its_usage(kind):
    with kind.server(ANSWER) as server:
        assert kind.make(server.origin).complete(ASKED) == Completion(ANSWER, usage=Usage(12, 5))


@remote
def test_a_stream_comes_piece_by_piece_and_its_end_says_why(kind):
    with kind.server(ANSWER) as server:
        chunks = list(kind.make(server.origin).stream(ASKED))
        assert chunks[:-1] == [Chunk(text) for text in server.parts]
        assert chunks[-1] == Chunk(finish_reason="stop", usage=Usage(12, 5))


def test_the_embedded_model_keeps_the_contract_too():
    provider = ExemplarProvider(Index([Exemplar(ASKED.prompt, ANSWER)]))
    done, chunks = provider.complete(ASKED), list(provider.stream(ASKED))
    assert done == Completion(ANSWER, usage=Usage(10, len(ANSWER.split())))
    assert "".join(chunk.text for chunk in chunks) == done.text
    assert [chunk.finish_reason for chunk in chunks] == ["", "stop"]
    assert chunks[-1].usage == done.usage


@remote
def test_without_usage_it_is_left_open(kind):
    with kind.server(ANSWER, usage=None) as server:
        provider = kind.make(server.origin)
        assert provider.complete(ASKED).usage is None
        assert list(provider.stream(ASKED))[-1] == Chunk(finish_reason="stop")


@remote
@pytest.mark.parametrize(("said", "read"), [("cut", "length"), ("withheld", "content_filter")])
def test_an_answer_that_was_cut_keeps_its_text(kind, said, read):
    with kind.server(ANSWER, finish=getattr(kind, said)) as server:
        provider = kind.make(server.origin)
        done, chunks = provider.complete(ASKED), list(provider.stream(ASKED))
        assert (done.text, done.finish_reason) == (ANSWER, read)
        assert ("".join(c.text for c in chunks), chunks[-1].finish_reason) == (ANSWER, read)


# --- what reaches the server ---------------------------------------------------------------------
OPENAI_BODY = {
    "model": "sahabat",
    "messages": [
        {"role": "system", "content": "Jawab singkat."},
        {"role": "user", "content": "Halo?"},
        {"role": "assistant", "content": "Halo juga."},
        {"role": "user", "content": "Berapa lama KITAS investor berlaku?"},
    ],
    "temperature": 0.2,
    "top_p": 0.9,
    "max_tokens": 64,
    "stop": ["###"],
}
GEMINI_BODY = {
    "systemInstruction": {"role": "user", "parts": [{"text": "Jawab singkat."}]},
    "contents": [
        {"role": "user", "parts": [{"text": "Halo?"}]},
        {"role": "model", "parts": [{"text": "Halo juga."}]},
        {"role": "user", "parts": [{"text": "Berapa lama KITAS investor berlaku?"}]},
    ],
    "generationConfig": {
        "temperature": 0.2,
        "topP": 0.9,
        "maxOutputTokens": 64,
        "stopSequences": ["###"],
    },
}
STREAMED = {"stream": True, "stream_options": {"include_usage": True}}
DEVELOPER_PATH = "/v1/models/gemini-3.5-flash"
VERTEX_PATH = "/v1beta1/projects/proyek/locations/eu/publishers/google/models/gemini-3.5-flash"


@pytest.mark.parametrize(
    ("name", "whole", "streamed", "signed"),
    [
        (
            "openai",
            ("/v1/chat/completions", OPENAI_BODY),
            ("/v1/chat/completions", OPENAI_BODY | STREAMED),
            ("authorization", f"Bearer {SECRET}"),
        ),
        (
            "gemini",
            (f"{DEVELOPER_PATH}:generateContent", GEMINI_BODY),
            (f"{DEVELOPER_PATH}:streamGenerateContent?alt=sse", GEMINI_BODY),
            ("x-goog-api-key", SECRET),
        ),
        (
            "vertex",
            (f"{VERTEX_PATH}:generateContent", GEMINI_BODY),
            (f"{VERTEX_PATH}:streamGenerateContent?alt=sse", GEMINI_BODY),
            ("authorization", f"Bearer {SECRET}"),
        ),
    ],
)
def test_everything_reaches_the_server_in_its_role(name, whole, streamed, signed):
    kind = KINDS[name]
    with kind.server() as server:
        provider = kind.make(server.origin)
        provider.complete(ASKED)
        list(provider.stream(ASKED))
        assert [(sent.path, sent.body) for sent in server.requests] == [whole, streamed]
        header, value = signed
        assert [sent.headers[header] for sent in server.requests] == [value, value]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        (
            "openai",
            {"model": "sahabat", "messages": [{"role": "user", "content": "Apa?"}]},
        ),
        (
            "gemini",
            {
                "contents": [{"role": "user", "parts": [{"text": "Apa?"}]}],
                "generationConfig": {},
            },
        ),
    ],
)
def test_what_is_not_set_is_not_sent(name, body):
    kind = KINDS[name]
    with kind.server() as server:
        kind.make(server.origin).complete(CompletionRequest("Apa?"))
        assert server.requests[0].body == body


# --- troubles ------------------------------------------------------------------------------------
@remote
@either
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, (Trouble.REJECTED, True)),
        (401, (Trouble.UNAVAILABLE, True)),
        (403, (Trouble.UNAVAILABLE, True)),
        (404, (Trouble.UNAVAILABLE, True)),
        (413, (Trouble.REJECTED, True)),
        (422, (Trouble.REJECTED, True)),
        (500, (Trouble.UNAVAILABLE, False)),
    ],
)
def test_a_refusal_is_final_at_once(kind, ask, status, expected):
    with kind.server(statuses=[status], said=f"{SECRET}: {ASKED.prompt} too long") as server:
        assert in_short(trouble_of(ask, kind.make(server.origin))) == expected
        assert len(server.requests) == 1


@remote
@either
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (429, (Trouble.RATE_LIMITED, False)),
        (502, (Trouble.UNAVAILABLE, False)),
        (503, (Trouble.UNAVAILABLE, False)),
        (504, (Trouble.UNAVAILABLE, False)),
    ],
)
def test_what_may_pass_is_asked_once_more(kind, ask, status, expected, pauses):
    with kind.server(statuses=[status]) as server:
        assert ask(kind.make(server.origin)) == ask(kind.make(server.origin))
        assert len(server.requests) == 3
        server.statuses = [status, status]
        assert in_short(trouble_of(ask, kind.make(server.origin))) == expected
        assert len(server.requests) == 5
    assert len(pauses) == 2
    assert all(0 < pause <= 0.3 for pause in pauses)


@remote
@either
def test_a_page_in_place_of_an_answer_is_no_answer(kind, ask):
    with kind.server(html=True) as server:
        error = trouble_of(ask, kind.make(server.origin))
        assert in_short(error) == (Trouble.UNAVAILABLE, False)
        assert "html" not in str(error)


@remote
@either
def test_a_page_with_status_200_is_no_answer_either(kind, ask):
    with kind.server(raw=[b"<html>Welcome</html>"]) as server:
        error = trouble_of(ask, kind.make(server.origin))
        assert in_short(error) == (Trouble.UNAVAILABLE, False)
        assert "Welcome" not in str(error)


@remote
@either
def test_silence_ends_with_the_time_out_and_is_not_tried_again(kind, ask):
    with kind.server(silent=True) as server:
        error = trouble_of(ask, kind.make(server.origin, timeout=0.2))
        assert in_short(error) == (Trouble.TIMEOUT, False)
        assert len(server.requests) == 1


@remote
def test_silence_between_two_pieces_ends_with_the_time_out(kind):
    with kind.server(ANSWER, stall_after=1) as server:
        stream = kind.make(server.origin, timeout=0.3).stream(ASKED)
        assert next(stream) == Chunk(server.parts[0])
        with pytest.raises(ProviderError) as raised:
            next(stream)
        assert in_short(raised.value) == (Trouble.TIMEOUT, False)


@remote
@either
def test_nobody_there(kind, ask, pauses):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        error = trouble_of(ask, kind.make(url))
    assert in_short(error) == (Trouble.UNAVAILABLE, False)
    assert len(pauses) == 1


@remote
@pytest.mark.parametrize("chunked", [True, False])
def test_a_stream_that_breaks_off_is_an_error_after_what_came(kind, chunked):
    with kind.server(ANSWER, drop_after=2, chunked=chunked) as server:
        stream = kind.make(server.origin).stream(ASKED)
        assert [next(stream), next(stream)] == [Chunk(text) for text in server.parts[:2]]
        with pytest.raises(ProviderError) as raised:
            next(stream)
        assert in_short(raised.value) == (Trouble.UNAVAILABLE, False)
        assert len(server.requests) == 1


# --- connections ---------------------------------------------------------------------------------
@remote
def test_a_stream_that_is_left_hangs_up(kind):
    with kind.server(ANSWER, delay=0.05) as server:
        stream = kind.make(server.origin).stream(ASKED)
        assert next(stream) == Chunk(server.parts[0])
        assert not server.gone.is_set()
        stream.close()
        assert server.gone.wait(5)


@remote
def test_what_was_read_to_its_end_gives_its_connection_back(kind):
    with kind.server(ANSWER) as server:
        for _ in range(3):
            kind.make(server.origin).complete(ASKED)
            list(kind.make(server.origin).stream(ASKED))
        assert (len(server.requests), server.connections) == (6, 1)


@remote
@pytest.mark.parametrize("chunked", [True, False])
def test_pieces_are_passed_on_one_by_one(kind, chunked):
    """The server holds the second piece back until the first one was read."""
    with kind.server(ANSWER, held=True, chunked=chunked) as server:
        stream = kind.make(server.origin).stream(ASKED)
        for text in server.parts:
            server.release.set()
            assert next(stream) == Chunk(text)


@remote
def test_threads_share_a_provider(kind):
    with kind.server(ANSWER, delay=0.01) as server:
        provider = kind.make(server.origin)
        ask = ASKS["stream"]
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: ask(provider), range(48)))
        assert answers == [ask(provider)] * 48
        assert server.connections <= 17
