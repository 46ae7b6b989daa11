"""Gemini's own words, read through the real client."""

from __future__ import annotations

import json

import pytest
from google.auth.exceptions import DefaultCredentialsError, TransportError
from google.oauth2.credentials import Credentials

from tests.tuning.providers.standins import GeminiServer, event
from tuning.providers.base import (
    Chunk,
    Completion,
    CompletionRequest,
    ProviderError,
    Trouble,
    Usage,
)
from tuning.providers.gemini import GeminiProvider

ASKED = CompletionRequest("Berapa lama KITAS berlaku?")
TUNED = "projects/123/locations/us/endpoints/99"


def provider(server: GeminiServer, **more) -> GeminiProvider:
    return GeminiProvider("gemini-3.5-flash", "kunci", base_url=server.url, timeout=5, **more)


def candidate(*parts: dict, reason: str = "") -> dict:
    row = {"content": {"role": "model", "parts": list(parts)}}
    return {"candidates": [row | ({"finishReason": reason} if reason else {})]}


def completed(answer: dict) -> Completion:
    with GeminiServer(raw=[json.dumps(answer).encode()]) as server:
        return provider(server).complete(ASKED)


def streamed(*answers: dict) -> list[Chunk]:
    with GeminiServer(raw=[event(answer) for answer in answers]) as server:
        return list(provider(server).stream(ASKED))


def trouble(ask, *args) -> tuple[Trouble, bool, str]:
    with pytest.raises(ProviderError) as raised:
        ask(*args)
    return raised.value.trouble, raised.value.permanent, str(raised.value)


def test_thoughts_are_no_answer_but_count():
    thought, said = {"text": "Hmm …", "thought": True}, {"text": "Dua tahun"}
    answer = candidate(thought, said, reason="STOP") | {
        "usageMetadata": {
            "promptTokenCount": 7,
            "candidatesTokenCount": 2,
            "thoughtsTokenCount": 30,
        }
    }
    assert completed(answer) == Completion("Dua tahun", usage=Usage(7, 32))
    assert streamed(candidate(thought), answer) == [
        Chunk("Dua tahun"),
        Chunk(finish_reason="stop", usage=Usage(7, 32)),
    ]


@pytest.mark.parametrize(
    ("reason", "read"),
    [
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("MAX_TOKENS", "length"),
        ("STOP", "stop"),
        ("OTHER", "stop"),
    ],
)
def test_reasons_of_the_end_are_read_with_the_text_so_far(reason, read):
    first, last = candidate({"text": "Dua"}), candidate(reason=reason)
    assert completed(candidate({"text": "Dua"}, reason=reason)) == Completion("Dua", False, read)
    assert streamed(first, last) == [Chunk("Dua"), Chunk(finish_reason=read)]


def test_a_blocked_question_gets_an_empty_answer():
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}}
    assert completed(blocked) == Completion("", finish_reason="content_filter")
    assert streamed(blocked) == [Chunk(finish_reason="content_filter")]


def test_an_answer_without_a_candidate_is_none():
    expected = (Trouble.UNAVAILABLE, False, "an answer that is not Gemini's protocol")
    assert trouble(completed, {"modelVersion": "m"}) == expected


@pytest.mark.parametrize("answers", [[], [candidate({"text": "Dua"})]])
def test_a_stream_without_a_reason_of_its_end_broke_off(answers):
    assert trouble(streamed, *answers) == (Trouble.UNAVAILABLE, False, "the stream broke off")


def test_an_error_may_come_in_the_middle_of_a_stream():
    error = {"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}
    expected = (Trouble.RATE_LIMITED, False, "HTTP 429: slow")
    assert trouble(streamed, candidate({"text": "Dua"}), error) == expected


def test_a_wrong_key_is_no_wrong_request():
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
    with GeminiServer(statuses=[400], error_details=details) as server:
        expected = (Trouble.UNAVAILABLE, True, "HTTP 401")
        assert trouble(provider(server).complete, ASKED) == expected


@pytest.mark.parametrize(("delay", "requests"), [("0.5s", 2), ("13s", 1)])
def test_google_says_when_to_come_back(delay, requests, pauses):
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}]
    with GeminiServer(statuses=[429, 429], error_details=details) as server:
        assert trouble(provider(server).complete, ASKED)[0] == Trouble.RATE_LIMITED
        assert len(server.requests) == requests
    assert pauses == [0.5][: requests - 1]


def test_neither_key_nor_project_names_both():
    assert trouble(GeminiProvider("gemini-3.5-flash").complete, ASKED) == (
        Trouble.UNAVAILABLE,
        True,
        "neither GEMINI_API_KEY nor GEMINI_PROJECT_ID is set",
    )


def test_a_key_alone_can_t_reach_a_tuned_model():
    found = trouble(lambda: list(GeminiProvider(TUNED, "kunci").stream(ASKED)))
    assert found == (
        Trouble.UNAVAILABLE,
        True,
        "a tuned model needs GEMINI_PROJECT_ID; GEMINI_API_KEY can't reach it",
    )


def test_a_tuned_model_is_asked_at_its_endpoint_even_where_there_is_a_key():
    with GeminiServer("Dua") as server:
        tuned = GeminiProvider(
            TUNED, "kunci", "proyek", "us-central1", server.url, credentials=Credentials("token")
        )
        assert tuned.complete(ASKED).text == "Dua"
        assert server.requests[0].path == f"/v1beta1/{TUNED}:generateContent"
        assert server.requests[0].headers["authorization"] == "Bearer token"
        # The client's host comes from this and not from the name of the model.
        assert tuned.location == "us"


def test_of_key_and_project_the_key_answers_for_a_model_that_is_not_tuned():
    with GeminiServer("Dua") as server:
        assert provider(server, project="proyek").complete(ASKED).text == "Dua"
        assert server.requests[0].path == "/v1/models/gemini-3.5-flash:generateContent"
        assert server.requests[0].headers["x-goog-api-key"] == "kunci"


def test_the_environment_does_not_send_a_key_elsewhere(monkeypatch):
    monkeypatch.setenv("GOOGLE_GENAI_USE_ENTERPRISE", "true")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "lain")
    with GeminiServer("Dua") as server:
        assert provider(server).complete(ASKED).text == "Dua"
        assert server.requests[0].path == "/v1/models/gemini-3.5-flash:generateContent"


@pytest.mark.parametrize(
    ("error", "permanent"), [(DefaultCredentialsError, True), (TransportError, False)]
)
def test_without_google_credentials_there_is_no_answer(error, permanent):
    class Locked(Credentials):
        def refresh(self, request):
            raise error("token sk-rahasia")

    with GeminiServer() as server:
        locked = GeminiProvider(
            "m", project="proyek", base_url=server.url, credentials=Locked(token=None)
        )
        assert trouble(locked.complete, ASKED) == (
            Trouble.UNAVAILABLE,
            permanent,
            f"no Google credentials: {error.__name__}",
        )
