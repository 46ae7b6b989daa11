"""Whatever is sent, the API answers what its OpenAPI document says, and never a 5xx."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck
from hypothesis import settings as given
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi import checks

from feedbackhub.wsgi import application
from reviews.domain import contexts
from tests.feedbackhub.conftest import ANSWER
from tests.tuning import making
from tuning.enums import VersionStatus

DOCUMENT = SchemaGenerator().get_schema(request=None, public=True)
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
SCHEMA.app = application
# The same requests in each run, and none is kept for a later one.
FEW = given(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def wrong_data_is_rejected(context: Any, response: Any, case: Any) -> bool | None:
    """Schemathesis's own check, to which a body that is too large is not rejected by a 413."""
    return response.status_code == 413 or checks.negative_data_rejection(context, response, case)


CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.allow_header_conformance,
    checks.ignored_auth,
    wrong_data_is_rejected,
]
# Left out: `positive_data_acceptance`, for some rules stand between fields or in the settings (a
# prompt or messages, a thumb or a rating, the segments) and a schema can't say them;
# `use_after_free` and `ensure_resource_availability`, for nothing here is deleted or read by the
# address where it was made; `missing_required_header`, for no call needs one besides the key.
LENIENT = {"log_interactions"}
"""Refuses by line: a wrong record is named inside a 202, beside those that were kept."""


@schemathesis.serializer("application/x-ndjson")
def ndjson(context: Any, record: Any) -> bytes:
    return json.dumps(record).encode() + b"\n"


@pytest.fixture(autouse=True)
def _one_transaction() -> Iterator[None]:
    """Around a request Django closes a connection that is in a transaction, as the test's is."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def auth(key) -> dict[str, str]:
    row, text = key
    row.requests_per_minute = 10**9
    row.save()
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def there(assistant) -> Callable[[], dict[str, Any]]:
    """Values of the addresses' parameters that name what there is; each call a new answer."""
    gated = making.version_of(assistant, {}, VersionStatus.GATED)

    def names() -> dict[str, Any]:
        now = timezone.now()
        request_id = str(contexts.new_id())
        contexts.register(
            contexts.Context(request_id, assistant.pk, asked_at=now.isoformat(), **ANSWER)
        )
        return {
            "request_id": request_id,
            "request_type": "chat",
            "id": gated.pk,
            "slug": assistant.slug,
            "name": assistant.slug,
        }

    return names


@pytest.fixture
def statuses() -> Iterator[set[int]]:
    """Those that were answered. One at least must be good, or nothing but refusals was tried."""
    seen: set[int] = set()
    yield seen
    assert any(200 <= status < 300 for status in seen), sorted(seen)


def _checks(case: Any) -> list[Any]:
    if case.operation.definition.raw["operationId"] in LENIENT:
        return [check for check in CHECKS if check is not wrong_data_is_rejected]
    return list(CHECKS)


@SCHEMA.parametrize()
@FEW
def test_any_request_is_answered_as_documented(case, auth):
    case.call_and_validate(headers=auth, checks=_checks(case))


@SCHEMA.parametrize()
@FEW
def test_any_request_on_what_is_there_is_answered_as_documented(case, auth, there, statuses):
    names = there()
    case.path_parameters = {name: names[name] for name in case.path_parameters}
    if isinstance(case.body, dict) and isinstance(case.body.get("model"), str):
        case.body["model"] = names["name"]
        if not case.meta.is_negative_at(ParameterLocation.BODY):
            # That the last turn asks something is a rule of its place, which a schema can't say.
            case.body["messages"].append({"role": "user", "content": "Apa?"})
    wanted = _checks(case)
    if not case.meta.is_negative_at(ParameterLocation.BODY):
        # What was wrong with it may have been its address.
        wanted = [check for check in wanted if check is not wrong_data_is_rejected]
    response = case.call_and_validate(headers=auth, checks=wanted)
    if case.method.upper() == case.operation.method.upper():
        statuses.add(response.status_code)


def test_whoever_accepts_only_what_is_documented_is_not_turned_away(api, there):
    tried = []
    for path, calls in DOCUMENT["paths"].items():
        for method, operation in calls.items():
            content = operation["responses"].get("200", {}).get("content", {})
            for kind in content:
                address = path.format(**there())
                response = api.send(method.upper(), address, {}, accept=kind)
                tried.append((operation["operationId"], kind, response.status_code == 406))
    assert [call for call in tried if call[2]] == []
    assert ("chat_completion", "text/event-stream", False) in tried
    assert ("feedback_export", "application/x-ndjson", False) in tried
