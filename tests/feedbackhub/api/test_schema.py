"""The OpenAPI schema says what the API does, and its pages need nothing from outside."""

from __future__ import annotations

import json
import re

import pytest
from django.core.management import call_command
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator

from feedbackhub.urls import ai

READING = "200 401 403 404 406 429 503"
CHANGING = "200 400 401 403 404 406 409 411 413 415 422 429 503"
PATHS = {
    "/api/v1/ai/contexts": {"post": "201 400 401 403 406 409 411 413 415 422 429 503"},
    "/api/v1/ai/feedback/export": {"get": "200 401 403 404 406 422 429 503"},
    "/api/v1/ai/feedback/stats": {"get": "200 401 403 404 406 422 429 503"},
    "/api/v1/ai/feedback/{request_id}": {
        "post": "200 201 400 401 403 404 406 409 410 411 413 415 422 429 503"
    },
    "/api/v1/ai/models": {"get": READING},
    "/api/v1/ai/models/{id}/stats": {"get": READING},
    "/api/v1/ai/models/{id}/traffic": {"put": CHANGING},
    "/api/v1/ai/models/{id}/deactivate": {"put": CHANGING},
    "/api/v1/ai/{request_type}": {
        "post": "200 400 401 403 404 406 411 413 415 422 429 502 503 504"
    },
    "/api/v1/assistants/{slug}/active": {"get": "200 304 401 403 404 406 429 503"},
    "/api/v1/interactions": {"post": "202 400 401 403 406 411 413 415 422 429 503"},
    "/v1/chat/completions": {"post": "200 400 401 403 404 411 413 415 429 502 503 504"},
    "/v1/models": {"get": "200 401 403 429 503"},
    "/v1/models/{name}": {"get": "200 401 403 404 429 503"},
}


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_schema_is_valid_and_generates_without_a_warning(tmp_path):
    target = tmp_path / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(target))
    assert target.read_text().startswith("openapi: 3.0")


def test_every_call_is_documented_with_every_status(schema):
    documented = {
        path: {
            method: " ".join(sorted(operation["responses"])) for method, operation in calls.items()
        }
        for path, calls in schema["paths"].items()
    }
    assert documented == PATHS


def test_no_address_of_the_api_is_left_out(schema):
    """Counted in the resolver itself, so that a new address must be documented, too."""
    own = [str(pattern.pattern) for pattern in get_resolver().url_patterns]
    beside = [route for route in own if route.startswith(("api/v1/", "v1/"))]
    beside.remove("api/v1/ai/")
    routes = {f"/{route}" for route in beside} | {f"/api/v1/ai/{entry.pattern}" for entry in ai}
    named = {re.sub(r"<\w+:(\w+)>", r"{\1}", route).replace("{pk}", "{id}") for route in routes}
    assert named == set(schema["paths"])


def test_each_error_says_what_shape_it_has(schema):
    """Ours are problems, those below /v1 are OpenAI's."""
    shapes = {
        (path.startswith("/v1/"), kind, content["schema"]["$ref"].rpartition("/")[2])
        for path, calls in schema["paths"].items()
        for operation in calls.values()
        for status, response in operation["responses"].items()
        for kind, content in response.get("content", {}).items()
        if status >= "400"
    }
    assert shapes == {
        (False, "application/problem+json", "Problem"),
        (True, "application/json", "OpenAIError"),
    }


def test_what_is_refused_by_name_is_closed_in_the_schema(schema):
    closed = {
        name
        for name, shape in schema["components"]["schemas"].items()
        if shape.get("additionalProperties") is False
    }
    assert closed == set("Ask Deactivation Message NewContext StreamOptions Traffic Vote".split())


def test_what_stands_between_fields_is_in_the_schema(schema):
    shapes = schema["components"]["schemas"]
    question = [{"required": ["prompt"]}, {"required": ["messages"]}]
    assert (shapes["Ask"]["oneOf"], shapes["NewContext"]["oneOf"]) == (question, question)
    assert shapes["Vote"]["anyOf"] == [{"required": ["is_positive"]}, {"required": ["rating"]}]


def test_each_call_says_what_it_needs(schema):
    security = {
        operation["operationId"]: [next(iter(way)) for way in operation["security"]]
        for calls in schema["paths"].values()
        for operation in calls.values()
    }
    assert security == {
        "register_context": ["clientKey"],
        "vote": ["clientKeyOrFeedbackToken"],
        "feedback_stats": ["clientKey", "staffSession"],
        "feedback_export": ["clientKey", "staffSession"],
        "models": ["clientKey", "staffSession"],
        "model_stats": ["clientKey", "staffSession"],
        "set_model_traffic": ["clientKey", "staffSession"],
        "deactivate_model": ["clientKey", "staffSession"],
        "active_configuration": ["clientKey", "staffSession"],
        "ask": ["clientKey"],
        "chat_completion": ["clientKey"],
        "list_models": ["clientKey"],
        "retrieve_model": ["clientKey"],
        "log_interactions": ["clientKey"],
    }


def test_the_id_of_a_vote_is_a_uuid(schema):
    [parameter] = schema["paths"]["/api/v1/ai/feedback/{request_id}"]["post"]["parameters"]
    assert parameter["schema"] == {"type": "string", "format": "uuid"}


@pytest.mark.parametrize("accept", ["*/*", "application/vnd.oai.openapi+json"])
def test_the_schema_is_served_to_anybody(client, accept):
    response = client.get("/api/schema/", headers={"accept": accept})
    assert response.status_code == 200
    if "json" in accept:
        assert sorted(json.loads(response.content)["paths"]) == sorted(PATHS)


def test_the_docs_need_no_outside_address(client):
    response = client.get("/api/docs/")
    assert response.status_code == 200
    page = response.content.decode()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert loaded
    assert [address for address in loaded if not address.startswith("/static/")] == []
    assert re.findall(r"https?://[^\s\"'<]+", page) == []


def test_what_the_docs_load_is_there(client):
    page = client.get("/api/docs/").content.decode()
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        assert client.get(address).status_code == 200, address
