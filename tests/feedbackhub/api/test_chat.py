"""/v1 for OpenAI's clients: the official Python client, unmodified, against the hub over HTTP."""

from __future__ import annotations

import json

import openai
import pytest

from reviews.domain import assistants, contexts
from reviews.models import RequestType
from tests.feedbackhub.conftest import Caller
from tests.tuning import making
from tests.tuning.providers.standins import GeminiServer, OpenAIServer
from tuning.domain import exemplars, versions
from tuning.models import Answer, BaseModel, ModelVersion

pytestmark = pytest.mark.django_db(transaction=True)
CHAT = "/v1/chat/completions"
QUESTION = "Berapa modal minimum PT PMA?"
ASKED = {"model": "bisnis", "messages": [{"role": "user", "content": QUESTION}]}


@pytest.fixture(autouse=True)
def _no_kept_indexes():
    exemplars._indexes.clear()


@pytest.fixture
def client_of(live_server):
    def make(key: str, **options) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{live_server.url}/v1", api_key=key, **options)

    return make


@pytest.fixture
def gpt(client_of, key) -> openai.OpenAI:
    return client_of(key[1], max_retries=0)


@pytest.fixture
def far(assistant):
    """The assistant's base on an outside server that speaks OpenAI's protocol."""
    with OpenAIServer() as server:
        model = BaseModel.objects.create(name="jauh", provider="openai", endpoint=server.url)
        base = versions.ensure_base(assistant)
        ModelVersion.objects.filter(pk=base.pk).update(base_model=model)
        versions.serving.forget()
        yield server


def test_a_chat_is_answered_and_can_be_voted_on(gpt, assistant, key, api):
    canary = making.canary(assistant, 100, making.approved_many(assistant, 1))
    question = "Berapa biaya izin paspor KBLI 56101 di Jakarta?"
    raw = gpt.chat.completions.with_raw_response.create(
        model="bisnis", messages=[{"role": "user", "content": question}]
    )
    done = raw.parse()
    assert done.choices[0].message.content == "Biaya izin paspor KBLI 56101 adalah Rp1 juta."
    assert (done.choices[0].finish_reason, done.model) == ("stop", canary.reference)
    assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens > 0
    said = done.model_extra
    assert (said["model_version"], said["declined"]) == (canary.reference, False)
    assert raw.headers["x-request-id"] == said["request_id"] == done._request_id
    assert raw.headers["x-feedback-token"] == said["feedback_token"]
    assert raw.headers["x-model-version"] == canary.reference
    token = {"authorization": f"Bearer {said['feedback_token']}"}
    assert Caller().vote(said["request_id"], {"is_positive": True}, **token).status_code == 201


def test_an_app_s_own_messages_reach_the_model(gpt, far, assistant):
    far.answer = "Sepuluh miliar."
    done = gpt.chat.completions.create(
        model="bisnis",
        messages=[
            {"role": "system", "content": "Jawab singkat."},
            {"role": "user", "content": "Halo"},
            {"role": "assistant", "content": "Halo juga"},
            {"role": "user", "content": [{"type": "text", "text": QUESTION}]},
        ],
        temperature=0.2,
        max_tokens=50,
        stop=["\n\n"],
    )
    assert done.choices[0].message.content == "Sepuluh miliar."
    [asked] = far.requests
    prompt = assistant.prompts.get().text
    assert asked.body["messages"] == [
        {"role": "system", "content": f"{prompt}\n\nJawab singkat."},
        {"role": "user", "content": "Halo"},
        {"role": "assistant", "content": "Halo juga"},
        {"role": "user", "content": QUESTION},
    ]
    assert [asked.body[name] for name in ("temperature", "max_tokens", "stop")] == [
        0.2,
        50,
        ["\n\n"],
    ]
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (12, 5)
    context = contexts.read(done.model_extra["request_id"])
    assert (context.prompt, context.history) == (
        QUESTION,
        [["user", "Halo"], ["assistant", "Halo juga"]],
    )


def test_gemini_answers_through_the_gateway(gpt, assistant, operator, settings):
    """OpenAI's client before the hub, Google's own behind it."""
    with GeminiServer("Sepuluh miliar rupiah.") as server:
        settings.PROVIDER_API_KEYS = {server.origin: "kunci"}
        model = BaseModel.objects.create(
            name="gemini-3.5-flash", provider="gemini", endpoint=server.origin
        )
        versions.change_base(assistant, model, by=operator, now=making.NOW, reason="Gemini.")
        whole = gpt.chat.completions.create(**ASKED)
        pieces = list(gpt.chat.completions.create(**ASKED, stream=True))
    assert whole.choices[0].message.content == "Sepuluh miliar rupiah."
    told = [chunk.choices[0].delta.content for chunk in pieces]
    assert "".join(text or "" for text in told) == "Sepuluh miliar rupiah."
    assert whole.model == pieces[0].model == "bisnis/base-2"
    assert {asked.headers["x-goog-api-key"] for asked in server.requests} == {"kunci"}
    assert server.requests[0].body["contents"][-1]["parts"] == [{"text": QUESTION}]


# --- streams -------------------------------------------------------------------------------------
def test_a_stream_comes_piece_by_piece_with_usage(gpt, far):
    far.pieces = ["Sepuluh ", "miliar ", "rupiah."]
    stream = gpt.chat.completions.create(
        **ASKED, stream=True, stream_options={"include_usage": True}
    )
    first, *rest = list(stream)
    assert first.choices[0].delta.role == "assistant"
    said = first.model_extra
    assert said["model_version"] == first.model == "bisnis/base"
    texts = [chunk.choices[0].delta.content for chunk in rest if chunk.choices]
    assert [text for text in texts if text] == ["Sepuluh ", "miliar ", "rupiah."]
    assert [c.choices[0].finish_reason for c in rest if c.choices][-1] == "stop"
    assert (rest[-1].choices, rest[-1].usage.total_tokens) == ([], 17)
    assert {chunk.id for chunk in rest} == {first.id} == {f"chatcmpl-{said['request_id']}"}
    assert contexts.read(said["request_id"]).response == "Sepuluh miliar rupiah."


def test_without_asking_a_stream_bears_no_usage(gpt, far):
    chunks = list(gpt.chat.completions.create(**ASKED, stream=True))
    assert [chunk.usage for chunk in chunks] == [None] * len(chunks)
    assert all(chunk.choices for chunk in chunks)


def test_a_stream_s_headers_say_who_answers(gpt, assistant):
    canary = making.canary(assistant, 100)
    raw = gpt.chat.completions.with_raw_response.create(**ASKED, stream=True)
    assert raw.headers["x-model-version"] == canary.reference
    assert raw.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert raw.headers["x-accel-buffering"] == "no"
    [first, *_rest] = list(raw.parse())
    assert first.model_extra["request_id"] == raw.headers["x-request-id"]


def test_its_events_are_those_of_the_protocol(api, assistant, far):
    far.pieces = ["Ya\n", "„baik“"]
    response = api.post(CHAT, ASKED | {"stream": True})
    lines = b"".join(response.streaming_content).split(b"\n\n")
    response.close()
    assert [line[:6] for line in lines[:-1]] == [b"data: "] * (len(lines) - 1)
    assert lines[-2:] == [b"data: [DONE]", b""]
    events = [json.loads(line[6:]) for line in lines[:-2]]
    deltas = [event["choices"][0]["delta"] for event in events]
    assert deltas == [
        {"role": "assistant", "content": ""},
        {"content": "Ya\n"},
        {"content": "„baik“"},
        {},
    ]


def test_a_candidate_that_fails_before_it_begins_is_replaced(gpt, assistant, far):
    canary = making.canary(assistant, 100)
    down = BaseModel.objects.create(
        name="mati", provider="openai", endpoint="http://127.0.0.1:1/v1"
    )
    ModelVersion.objects.filter(pk=canary.pk).update(base_model=down)
    versions.serving.forget()
    chunks = list(gpt.chat.completions.create(**ASKED, stream=True))
    assert chunks[0].model == "bisnis/base"
    counted = Answer.objects.order_by("id").values_list("version__reference", "outcome")
    assert list(counted) == [(canary.reference, "failed"), ("bisnis/base", "answered")]


def test_a_stream_that_breaks_says_so(gpt, far):
    far.pieces, far.drop_after = ["Sepuluh ", "miliar ", "rupiah."], 2
    told = []
    with pytest.raises(openai.APIError) as broken:
        for chunk in gpt.chat.completions.create(**ASKED, stream=True):
            told.append(chunk.choices[0].delta.content)
    assert told[:2] == ["", "Sepuluh "]
    assert broken.value.type == "server_error"
    assert Answer.objects.get().outcome == "failed"


# --- errors --------------------------------------------------------------------------------------
def test_a_wrong_key_is_an_authentication_error(client_of, assistant):
    with pytest.raises(openai.AuthenticationError) as refused:
        client_of("fbh_12345678_salah", max_retries=0).chat.completions.create(**ASKED)
    assert (refused.value.code, refused.value.status_code) == ("invalid_api_key", 401)


def test_a_key_without_the_scope_is_denied(client_of, with_scopes):
    gpt = client_of(with_scopes("feedback").key, max_retries=0)
    for call in (lambda: gpt.chat.completions.create(**ASKED), gpt.models.list):
        with pytest.raises(openai.PermissionDeniedError):
            call()


def test_a_model_that_does_not_serve_is_not_found(gpt, assistant):
    with pytest.raises(openai.NotFoundError) as refused:
        gpt.chat.completions.create(**ASKED | {"model": "gpt-4o"})
    assert refused.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"messages": [{"role": "penyihir", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages.0.content",
        ),
        ({"temperature": 3}, "temperature"),
        ({"temperature": "0.5"}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"n": 2}, "n"),
        ({"messages": [{"role": "user", "content": " "}]}, "messages"),
        (
            {"messages": [{"role": "user", "content": "x", "audio": {"id": "1"}}]},
            "messages.0.audio",
        ),
        ({"tools": [{"type": "function", "function": {"name": "x"}}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"extra_body": {"penyihir": 1}}, "penyihir"),
        ({"stream_options": {"include_usage": "ya"}}, "stream_options.include_usage"),
    ],
)
def test_a_wrong_request_names_the_parameter(gpt, assistant, change, param):
    with pytest.raises(openai.BadRequestError) as refused:
        gpt.chat.completions.create(**ASKED | change)
    assert (refused.value.type, refused.value.param) == ("invalid_request_error", param)


def test_what_other_clients_leave_empty_is_taken(api, assistant):
    turns = [{"role": "assistant", "content": ""}, {"role": "user", "content": "Apa?"}]
    for user in (None, ""):
        body = {"model": "bisnis", "messages": turns, "user": user, "stop": None}
        assert api.post(CHAT, body).status_code == 200


def test_an_address_that_is_not_there_is_no_missing_model(api):
    for path in ("/v1/embeddings", f"{CHAT}/"):
        response = api.post(path, ASKED)
        assert (response.status_code, response.json()["error"]["code"]) == (404, None)


def test_what_changes_nothing_is_taken(gpt, assistant):
    done = gpt.chat.completions.create(
        **ASKED, n=1, seed=7, metadata={"a": "b"}, response_format={"type": "text"}, user="s-1"
    )
    assert done.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"model": "bisnis"}', b'"x"', b"\xff"])
def test_a_body_that_is_no_request_is_told_in_the_protocol_s_shape(api, body):
    response = api.post(CHAT, body)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", CHAT, 405), ("GET", "/v1/embeddings", 404), ("POST", "/v1/models", 405)],
)
def test_what_is_not_there_is_told_in_the_protocol_s_shape(api, method, path, status):
    response = api.send(method, path)
    assert response.status_code == status
    assert sorted(response.json()["error"]) == ["code", "message", "param", "type"]


@pytest.mark.parametrize(
    ("statuses", "raised", "status"),
    [
        ([500, 500], openai.InternalServerError, 502),
        ([429, 429], openai.RateLimitError, 429),
        ([400], openai.BadRequestError, 400),
        ([401], openai.InternalServerError, 502),
    ],
)
def test_an_error_of_the_provider_keeps_its_kind(gpt, far, statuses, raised, status):
    far.statuses = list(statuses)
    with pytest.raises(raised) as refused:
        gpt.chat.completions.create(**ASKED)
    assert refused.value.status_code == status
    assert "error" in refused.value.response.json()
    # What the caller asked wrongly speaks against no version.
    assert Answer.objects.get().outcome == ("rejected" if status == 400 else "failed")


def test_a_provider_that_says_nothing_times_out(gpt, far, settings):
    settings.GATEWAY_TIMEOUT_SECONDS = 1
    far.silent = True
    with pytest.raises(openai.InternalServerError) as refused:
        gpt.chat.completions.create(**ASKED)
    assert (refused.value.status_code, refused.value.code) == (504, "timeout")


def test_above_its_limit_a_key_is_told_when_to_come_back(client_of, with_scopes):
    gpt = client_of(with_scopes("generate", requests_per_minute=1).key, max_retries=0)
    gpt.models.list()
    with pytest.raises(openai.RateLimitError) as refused:
        gpt.models.list()
    assert 1 <= int(refused.value.response.headers["retry-after"]) <= 60


def test_no_free_place_is_unavailable(gpt, far, settings):
    settings.GATEWAY_MAX_OPEN = 0
    with pytest.raises(openai.InternalServerError) as refused:
        gpt.chat.completions.create(**ASKED)
    assert (refused.value.status_code, refused.value.code) == (503, "unavailable")
    assert refused.value.response.headers["retry-after"] == "5"


def test_a_session_stays_on_its_version(gpt, assistant):
    making.canary(assistant, 50)
    answered = {
        gpt.chat.completions.create(**ASKED, user=f"sesi-{number}").model for number in range(20)
    }
    assert len(answered) == 2
    for number in range(3):
        same = {gpt.chat.completions.create(**ASKED, user=f"s{number}").model for _ in range(4)}
        assert len(same) == 1


# --- models --------------------------------------------------------------------------------------
def test_the_models_are_the_assistant_and_what_serves(gpt, assistant):
    canary = making.canary(assistant, 10)
    making.version_of(assistant, {}, "gated")
    names = [model.id for model in gpt.models.list()]
    assert names == ["bisnis", canary.reference, "bisnis/base"]
    found = gpt.models.retrieve(canary.reference)
    assert (found.id, found.owned_by) == (canary.reference, "feedbackhub")
    assert gpt.chat.completions.create(**ASKED | {"model": canary.reference}).model == found.id


def test_a_model_that_is_not_there_is_not_found(gpt, assistant):
    with pytest.raises(openai.NotFoundError):
        gpt.models.retrieve("gpt-4o")


def test_another_assistant_s_models_are_not_seen(gpt, other, assistant):
    with pytest.raises(openai.NotFoundError):
        gpt.models.retrieve("lain")


def test_an_assistant_without_the_chat_type_chats(gpt, assistant):
    RequestType.objects.filter(slug="chat").delete()
    assistants.request_types.forget()
    assert gpt.chat.completions.create(**ASKED).model == "bisnis/base"
