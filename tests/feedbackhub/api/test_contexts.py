"""POST /api/v1/ai/contexts: an answer is registered so that it can be voted on (A1)."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from reviews.domain import contexts
from reviews.models import Feedback
from tests.feedbackhub.conftest import ANSWER, CONTEXTS, Caller, problem, wrong_fields

ID = "0190163d-8694-7e4f-9a3b-1f6d5a2c7e10"
WITHOUT_PROMPT = {name: value for name, value in ANSWER.items() if name != "prompt"}


def test_a_registered_answer_has_a_ticket(api, key):
    before = datetime.now(UTC)
    ticket = api.answered()
    assert list(ticket) == ["request_id", "feedback_token", "expires_at"]
    request_id = uuid.UUID(ticket["request_id"])
    assert (request_id.version, ticket["request_id"]) == (7, str(request_id))
    assert contexts.read_token(ticket["feedback_token"]) == (ticket["request_id"], key[0].prefix)
    expires_at = datetime.fromisoformat(ticket["expires_at"])
    assert timedelta(seconds=898) < expires_at - before <= timedelta(seconds=902)


def test_the_answer_waits_in_the_cache_and_not_in_the_database(api, assistant):
    ticket = api.answered(model_version="v1", prompt_version="p1", language="en")
    found = contexts.read(uuid.UUID(ticket["request_id"]))
    assert found == contexts.Context(
        request_id=ticket["request_id"],
        assistant_id=assistant.pk,
        **ANSWER,
        asked_at=found.asked_at,
        model_version="v1",
        prompt_version="p1",
        language="en",
    )
    assert Feedback.objects.count() == 0


def test_messages_stand_for_a_prompt_with_its_history(api):
    messages = [
        {"role": "system", "content": "Jawab singkat."},
        {"role": "user", "content": "Apa itu KITAS?"},
        {"role": "assistant", "content": "Izin tinggal terbatas."},
        {"role": "user", "content": "Syaratnya?"},
    ]
    ticket = api.post(CONTEXTS, WITHOUT_PROMPT | {"messages": messages}).json()
    found = contexts.read(uuid.UUID(ticket["request_id"]))
    assert (found.prompt, found.history) == (
        "Syaratnya?",
        [["user", "Apa itu KITAS?"], ["assistant", "Izin tinggal terbatas."]],
    )


def test_the_language_is_the_assistants_unless_sent(api, assistant):
    assistant.languages = ["it", "id"]
    assistant.save()
    found = contexts.read(uuid.UUID(api.answered()["request_id"]))
    assert found.language == "it"


@pytest.mark.parametrize("sent", [ID, ID.upper(), ID.replace("-", "")])
def test_a_caller_may_choose_the_id(api, sent):
    assert api.answered(request_id=sent)["request_id"] == ID


def test_the_same_answer_again_is_harmless(api):
    first = api.answered(request_id=ID)
    again = api.answered(request_id=ID)
    assert again["request_id"] == first["request_id"]
    assert api.get("/api/v1/ai/feedback/stats").json()["info"]["cached_contexts"] == 1


def test_another_answer_under_the_same_id_is_a_conflict(api):
    api.answered(request_id=ID)
    response = api.post(CONTEXTS, ANSWER | {"request_id": ID, "response": "Lain."})
    assert response.status_code == 409
    assert problem(response) == {
        "title": "Conflict",
        "detail": "this request_id is registered with another answer",
    }
    assert contexts.read(uuid.UUID(ID)).response == ANSWER["response"]


def test_an_id_of_another_assistants_answer_is_a_conflict(api, other):
    other.answered(request_id=ID)
    assert api.post(CONTEXTS, ANSWER | {"request_id": ID}).status_code == 409


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"request_type": None}, ["request_type"]),
        ({"request_type": "dua kata"}, ["request_type"]),
        ({"request_type": "a" * 51}, ["request_type"]),
        ({"request_type": 5}, ["request_type"]),
        ({"prompt": ""}, ["prompt"]),
        ({"prompt": None}, ["prompt"]),
        ({"prompt": 5}, ["prompt"]),
        ({"prompt": True}, ["prompt"]),
        ({"prompt": ["a"]}, ["prompt"]),
        ({"prompt": "a\x00b"}, ["prompt"]),
        ({"prompt": "a" * 100_001}, ["prompt"]),
        ({"response": {}}, ["response"]),
        ({"response": "", "prompt": ""}, ["prompt", "response"]),
        ({"model_version": "v" * 121}, ["model_version"]),
        ({"prompt_version": 1.5}, ["prompt_version"]),
        ({"language": "jv"}, ["language"]),
        ({"language": ["id"]}, ["language"]),
        ({"request_id": "bukan-uuid"}, ["request_id"]),
        ({"request_id": 5}, ["request_id"]),
        ({"request_id": True}, ["request_id"]),
        ({"request_id": None}, ["request_id"]),
        ({"messages": [{"role": "user", "content": "Halo"}]}, ["messages"]),
        ({"mesages": [], "promt": ""}, ["mesages", "promt"]),
    ],
)
def test_each_wrong_field_is_named(api, change, named):
    assert sorted(wrong_fields(api.post(CONTEXTS, ANSWER | change))) == named


@pytest.mark.parametrize(
    ("messages", "named"),
    [
        (None, "messages"),
        ("Halo", "messages"),
        ([], "messages"),
        (["Halo"], "messages.0"),
        ([{"role": "user"}], "messages.0.content"),
        ([{"role": "user", "content": ""}], "messages.0.content"),
        ([{"role": "user", "content": 5}], "messages.0.content"),
        ([{"role": "robot", "content": "Halo"}], "messages.0.role"),
        ([{"role": "user", "content": "Halo", "name": "B"}], "messages.0.name"),
        ([{"role": "assistant", "content": "Halo"}], "messages"),
        ([{"role": "system", "content": "Halo"}], "messages"),
        ([{}] * 1_001, "messages"),
    ],
)
def test_wrong_messages_are_named_by_their_path(api, messages, named):
    response = api.post(CONTEXTS, WITHOUT_PROMPT | {"messages": messages})
    assert wrong_fields(response) == [named]


def test_neither_prompt_nor_messages_is_refused(api):
    response = api.post(CONTEXTS, WITHOUT_PROMPT)
    assert response.status_code == 422
    assert problem(response) == {
        "title": "The body is wrong",
        "detail": "messages: prompt or messages is needed, not both",
        "errors": [{"field": "messages", "detail": "prompt or messages is needed, not both"}],
    }


def test_texts_are_kept_exactly(api):
    text = "  Halo\r\n\t<b>&</b> é 你好 😀 \u2028 \ufeff"
    found = contexts.read(uuid.UUID(api.answered(prompt=text, response=text)["request_id"]))
    assert (found.prompt, found.response) == (text, text)


def test_naughty_strings_are_texts_like_any_other(api, shared_data):
    strings = json.loads((shared_data / "json_edge" / "naughty_strings_even.json").read_bytes())
    kept, refused = [], []
    for text in strings:
        response = api.post(CONTEXTS, ANSWER | {"prompt": text})
        if response.status_code == 422:
            refused.append(text)
            continue
        assert response.status_code == 201, (text, response.content)
        found = contexts.read(uuid.UUID(response.json()["request_id"]))
        kept.append(found.prompt == text)
    assert all(kept)
    assert all("\x00" in text or not text.strip() for text in refused)


def test_with_the_cache_away_the_caller_is_told_to_try_again(api, no_cache):
    no_cache()
    response = api.post(CONTEXTS, ANSWER)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert problem(response) == {
        "title": "Try again",
        "detail": "the cache is away, try again in a moment",
    }


@pytest.mark.usefixtures("recently_used")
def test_registering_costs_one_query(api, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert api.post(CONTEXTS, ANSWER).status_code == 201


def test_a_feedback_token_registers_nothing(api):
    token = api.answered()["feedback_token"]
    assert Caller(token).post(CONTEXTS, ANSWER).status_code == 401
