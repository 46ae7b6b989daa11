"""POST /api/v1/ai/{request_type}: ask through the hub, and vote on what it answered (G1)."""

from __future__ import annotations

import uuid

import pytest

from reviews.domain import assistants, contexts
from reviews.models import Feedback, RequestType
from tests.feedbackhub.conftest import problem, wrong_fields
from tests.tuning import making
from tuning.domain import exemplars, traffic, versions
from tuning.models import Answer, TrafficWindow
from tuning.providers.exemplar import DECLINES

CHAT = "/api/v1/ai/chat"
QUESTION = "Berapa biaya izin paspor KBLI 56101 di Jakarta?"
RIGHT = "Biaya izin paspor KBLI 56101 adalah Rp1 juta."


@pytest.fixture(autouse=True)
def _no_kept_indexes():
    """Databases roll their numbers back, so the next test's version may bear this one's."""
    exemplars._indexes.clear()


@pytest.fixture
def canary(assistant):
    """A version on trial that was taught five answers and takes every request."""
    return making.canary(assistant, weight=100, pairs=making.approved_many(assistant, 5))


def test_the_base_answers_that_it_does_not_know(api, assistant):
    response = api.post(CHAT, {"prompt": QUESTION})
    assert response.status_code == 200
    body = response.json()
    assert body == {
        "request_id": str(uuid.UUID(body["request_id"])),
        "feedback_token": body["feedback_token"],
        "expires_at": body["expires_at"],
        "response": DECLINES["id"],
        "declined": True,
        "model_version": "bisnis/base",
        "prompt_version": "bisnis/p1",
    }


def test_a_version_on_trial_answers_what_it_was_taught(api, canary):
    body = api.post(CHAT, {"prompt": QUESTION}).json()
    assert (body["response"], body["declined"]) == (RIGHT, False)
    assert body["model_version"] == canary.reference
    answer = Answer.objects.get()
    assert (answer.version, answer.outcome) == (canary, "answered")


def test_the_answer_waits_for_a_vote_without_the_template(api, assistant):
    body = api.post("/api/v1/ai/explain", {"prompt": QUESTION, "session": "s-1"}).json()
    found = contexts.read(uuid.UUID(body["request_id"]))
    assert found == contexts.Context(
        request_id=body["request_id"],
        assistant_id=assistant.pk,
        request_type="explain",
        prompt=QUESTION,
        response=DECLINES["id"],
        asked_at=found.asked_at,
        model_version="bisnis/base",
        prompt_version="bisnis/p1",
        declined=True,
    )
    assert "s-1" not in str(found)
    assert Feedback.objects.count() == 0


def test_a_vote_on_an_answer_comes_round_to_the_version_that_gave_it(api, canary):
    body = api.post(CHAT, {"prompt": QUESTION}).json()
    assert api.vote(body["request_id"], {"is_positive": True}).status_code == 201
    row = Feedback.objects.get()
    assert (row.model_version, row.prompt_version) == (canary.reference, "bisnis/p1")
    assert (row.prompt, row.response, row.request_type) == (QUESTION, RIGHT, "chat")
    traffic.roll_up(row.created_at)
    window = TrafficWindow.objects.get(version=canary)
    assert (window.answered, window.positive, window.negative) == (1, 1, 0)


def test_traffic_is_shared_by_weight_and_a_session_stays_where_it_is(api, assistant):
    making.canary(assistant, weight=50, pairs=making.approved_many(assistant, 1))
    by = set()
    for number in range(40):
        answered = {
            api.post(CHAT, {"prompt": QUESTION, "session": f"s-{number}"}).json()["model_version"]
            for _again in range(2)
        }
        assert len(answered) == 1
        by |= answered
    assert by == {"bisnis/base", "bisnis/v1.0"}


def test_earlier_turns_are_kept_with_the_context(api, assistant):
    messages = [
        {"role": "system", "content": "Abaikan."},
        {"role": "user", "content": "Apa itu KITAS?"},
        {"role": "assistant", "content": "Izin tinggal."},
        {"role": "user", "content": "Berapa lama?"},
    ]
    body = api.post(CHAT, {"messages": messages, "language": "en"}).json()
    found = contexts.read(uuid.UUID(body["request_id"]))
    assert (found.prompt, found.history, found.language) == (
        "Berapa lama?",
        [["user", "Apa itu KITAS?"], ["assistant", "Izin tinggal."]],
        "en",
    )
    assert body["response"] == DECLINES["en"]


def test_an_operators_own_request_type_works_at_once(api, assistant):
    assert api.post("/api/v1/ai/ringkas", {"prompt": "a"}).status_code == 404
    RequestType.objects.create(assistant=assistant, slug="ringkas", template="Ringkas: {prompt}")
    assert api.post("/api/v1/ai/ringkas", {"prompt": "a"}).status_code == 200


@pytest.mark.parametrize("slug", ["tidak-ada", "feedback", "chat2"])
def test_an_unknown_request_type(api, slug):
    response = api.post(f"/api/v1/ai/{slug}", {"prompt": QUESTION})
    assert response.status_code == 404
    assert problem(response) == {
        "title": "not found",
        "detail": f"This assistant has no request type {slug!r}.",
    }


def test_another_assistants_request_type_is_unknown(api, other):
    lain = assistants.ensure("lain", "Lain")
    RequestType.objects.create(assistant=lain, slug="khusus")
    assert other.post("/api/v1/ai/khusus", {"prompt": "a"}).status_code == 200
    assert api.post("/api/v1/ai/khusus", {"prompt": "a"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, ["messages"]),
        ({"prompt": "a", "messages": [{"role": "user", "content": "a"}]}, ["messages"]),
        ({"prompt": 5}, ["prompt"]),
        ({"prompt": ""}, ["prompt"]),
        ({"prompt": "a\x00"}, ["prompt"]),
        ({"prompt": "a", "session": 5}, ["session"]),
        ({"prompt": "a", "session": "s" * 201}, ["session"]),
        ({"prompt": "a", "language": "fr"}, ["language"]),
        ({"prompt": "a", "model": "gpt"}, ["model"]),
    ],
)
def test_each_wrong_field_is_named(api, body, named):
    assert wrong_fields(api.post(CHAT, body)) == named
    assert Answer.objects.count() == 0


def test_a_talk_that_is_too_long_is_refused_whole(api, settings):
    settings.GATEWAY_MAX_PROMPT_CHARS = 10
    talk = [
        {"role": "user", "content": "12345"},
        {"role": "assistant", "content": "12345"},
        {"role": "user", "content": "1"},
    ]
    response = api.post(CHAT, {"messages": talk})
    assert response.status_code == 422
    wrong = {"field": "messages", "detail": "at most 10 characters in all"}
    assert problem(response)["errors"] == [wrong]
    assert api.post(CHAT, {"messages": talk[:1]}).status_code == 200


def test_without_a_cache_there_still_is_an_answer(api, assistant, no_cache):
    no_cache()
    response = api.post(CHAT, {"prompt": QUESTION})
    assert (response.status_code, response.json()["model_version"]) == (200, "bisnis/base")


@pytest.mark.usefixtures("recently_used")
@pytest.mark.parametrize("taught", [1, 20])
def test_an_answer_costs_the_same_queries_whatever_was_taught(
    api, assistant, taught, django_assert_num_queries
):
    making.canary(assistant, weight=100, pairs=making.approved_many(assistant, taught))
    api.post(CHAT, {"prompt": QUESTION})
    # The row that counts it; the rest is known for a moment.
    with django_assert_num_queries(1):
        assert api.post(CHAT, {"prompt": QUESTION}).status_code == 200


def test_rolled_back_the_base_answers_the_next_request(api, canary, operator):
    assert api.post(CHAT, {"prompt": QUESTION}).json()["model_version"] == canary.reference
    versions.roll_back(canary, by=operator, now=making.NOW, reason="buruk")
    assert api.post(CHAT, {"prompt": QUESTION}).json()["model_version"] == "bisnis/base"
