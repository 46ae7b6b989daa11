"""A tuned model is taken off its endpoints and deleted, however long the service takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.standins.server import BROKEN_DOWN, Fault, error
from tests.standins.vertex import NUMBER, Vertex
from tests.tuning.backends import vertexes
from tuning.backends import BackendError
from tuning.backends.vertex import VertexBackend
from tuning.backends.vertex_google import Google, _origin

MODEL = f"projects/{NUMBER}/locations/us/models/{6 * 10**18}"
ENDPOINTS = [f"projects/{NUMBER}/locations/us/endpoints/{6 * 10**18}00{n}" for n in (1, 2)]


@pytest.fixture
def result(vertex, backend, tmp_path) -> dict[str, Any]:
    """Of a job of two epochs, so two checkpoints with an endpoint each."""
    spec = vertexes.spec(tmp_path, options={"epochs": 2})
    backend.upload(spec)
    job = backend.start(spec)
    vertex.clock.forward(60)
    return dict(backend.poll(job).result)


def refusal(call: Any, *args: Any) -> tuple[bool, str]:
    with pytest.raises(BackendError) as raised:
        call(*args)
    return raised.value.permanent, str(raised.value)


def asked(vertex: Vertex) -> list[tuple[str, str]]:
    """Method and resource of what the serving location was asked."""
    start = f"projects/{NUMBER}/locations/us/"
    return [(one.method, one.path.partition(start)[2]) for one in vertex.serving.requests]


def test_a_deployed_model_leaves_its_endpoints_first(vertex, backend, result):
    assert list(vertex.endpoints().values()) == [MODEL, MODEL]
    backend.delete(result)
    last, first = (f"endpoints/{6 * 10**18}00{n}" for n in (2, 1))
    assert asked(vertex) == [
        ("GET", last),
        ("POST", f"{last}:undeployModel"),
        ("DELETE", last),
        ("GET", first),
        ("POST", f"{first}:undeployModel"),
        ("DELETE", first),
        ("DELETE", f"models/{6 * 10**18}"),
    ]
    assert vertex.deleted == {*ENDPOINTS, f"{MODEL}@1"}


def test_what_is_gone_already_is_well(vertex, backend, result):
    backend.delete(result)
    gone = set(vertex.deleted)
    backend.delete(result)
    backend.delete({})
    assert vertex.deleted == gone


def test_a_service_that_takes_its_time_is_asked_again(vertex, backend, result):
    vertex.undeploys_in = 30
    assert refusal(backend.delete, result) == (
        False,
        "Google is taking the model off its endpoints: ask again later",
    )
    # Both were asked, and nothing is deleted yet.
    assert (len(vertex.undeployed), vertex.deleted) == (2, set())
    vertex.clock.forward(30)
    backend.delete(result)
    assert vertex.deleted == {*ENDPOINTS, f"{MODEL}@1"}


def test_an_endpoint_with_another_model_stays(monkeypatch, vertex, backend, result):
    monkeypatch.setattr(vertex, "endpoints", lambda: {ENDPOINTS[0]: "projects/1/models/9"})
    backend.delete(result | {"model": ENDPOINTS[0], "checkpoints": []})
    assert vertex.deleted == {f"{MODEL}@1"}
    assert ("POST", f"endpoints/{6 * 10**18}001:undeployModel") not in asked(vertex)


def test_a_model_on_an_endpoint_that_nobody_named_is_told(vertex, backend, result):
    names = {"model": "", "checkpoints": []}
    assert refusal(backend.delete, result | names) == (
        True,
        f"Google answered 400: The Model {MODEL} is deployed at an endpoint.",
    )


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (error(403, "PERMISSION_DENIED", "No."), (True, "Google answered 403: No.")),
        (BROKEN_DOWN, (False, "Google answered 503: Service Unavailable")),
        (None, (False, "no answer from Google (ConnectionError)")),
    ],
    ids=["403", "html 503", "dropped"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_whatever_breaks_is_told_and_asking_again_ends_it(
    vertex, backend, result, reply, expected, method
):
    vertex.serving.faults.append(Fault(method, "/endpoints/", reply))
    assert refusal(backend.delete, result) == expected
    assert f"{MODEL}@1" not in vertex.deleted
    backend.delete(result)
    assert vertex.deleted == {*ENDPOINTS, f"{MODEL}@1"}


def test_without_credentials_no_path_is_told(monkeypatch, tmp_path, vertex, result):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    google: Google = replace(vertexes.google(vertex), credentials=None)
    assert refusal(VertexBackend(google).delete, result) == (
        True,
        "no Google credentials that work (DefaultCredentialsError); the log says more",
    )


@pytest.mark.parametrize(
    ("place", "origin"),
    [
        ("us", "https://aiplatform.us.rep.googleapis.com"),
        ("eu", "https://aiplatform.eu.rep.googleapis.com"),
        ("europe-west4", "https://europe-west4-aiplatform.googleapis.com"),
    ],
)
def test_the_addresses_are_those_of_google_s_own_client(place, origin):
    from google.genai import Client
    from google.oauth2.credentials import Credentials

    own = Client(enterprise=True, project="p", location=place, credentials=Credentials(token="uji"))
    assert own._api_client._http_options.base_url.rstrip("/") == origin
    assert _origin(place) == origin
