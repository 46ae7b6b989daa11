"""A log line and the metrics of each request: by route, never by path."""

from __future__ import annotations

import json
import logging

import pytest
from prometheus_client import REGISTRY

from feedbackhub.logs import JsonFormatter
from reviews.domain import contexts

VOTE = "api/v1/ai/feedback/<any_uuid:request_id>"


def counted(method: str, route: str, status: int) -> float:
    labels = {"method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("hub_requests_total", labels) or 0


@pytest.fixture
def lines(caplog):
    """The request lines so far, as the JSON that goes to standard error."""
    caplog.set_level(logging.INFO, "hub.request")

    def read() -> list[dict]:
        records = [record for record in caplog.records if record.name == "hub.request"]
        return [json.loads(JsonFormatter().format(record)) for record in records]

    return read


def test_a_request_is_one_line(api, lines):
    path = f"/api/v1/ai/feedback/{contexts.new_id()}"
    api.post(path, {"is_positive": True})
    [line] = lines()
    assert line == {
        "at": line["at"],
        "level": "info",
        "logger": "hub.request",
        "message": "request",
        "method": "POST",
        "route": VOTE,
        "status": 404,
        "ms": line["ms"],
        "path": path,
    }
    assert line["ms"] > 0


def test_a_request_holds_no_secret_and_no_text(api, lines):
    api.answered(prompt="Rahasia saya?")
    api.get("/api/v1/ai/feedback/stats?assistant=rahasia")
    written = json.dumps(lines()).lower()
    assert "rahasia" not in written
    assert api.key not in written


def test_requests_are_counted_by_route(api):
    before = counted("POST", VOTE, 404)
    for _call in range(2):
        api.vote(str(contexts.new_id()), {"is_positive": True})
    assert counted("POST", VOTE, 404) == before + 2


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/static/tidak-ada.css"])
def test_what_is_asked_every_second_is_counted_but_not_logged(nobody, lines, path):
    nobody.get(path)
    assert lines() == []


def test_a_probe_that_fails_is_logged(nobody, lines, no_cache):
    no_cache()
    nobody.get("/readyz")
    assert [(line["level"], line["status"]) for line in lines()] == [("error", 503)]


def test_unknown_addresses_share_one_route(nobody):
    before = counted("GET", "unmatched", 404)
    for path in ("/a", "/b", "/api/c"):
        nobody.get(path)
    assert counted("GET", "unmatched", 404) == before + 3


def test_made_up_methods_share_one_name(nobody):
    """A caller must not be able to make series without end."""
    before = counted("other", "healthz", 200)
    for method in ("BREW", "brew", "X1"):
        nobody.send(method, "/healthz")
    assert counted("other", "healthz", 200) == before + 3


def test_an_error_is_logged_with_its_trace():
    try:
        raise ValueError("rusak")
    except ValueError:
        import sys

        record = logging.LogRecord("hub", logging.ERROR, "", 1, "a %s", ("b",), sys.exc_info())
    record.run = {"id": 7}
    line = json.loads(JsonFormatter().format(record))
    assert (line["level"], line["message"], line["run"]) == ("error", "a b", {"id": 7})
    assert line["exception"].endswith("ValueError: rusak")
