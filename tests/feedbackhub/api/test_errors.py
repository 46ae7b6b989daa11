"""Whatever is sent, each endpoint answers in the same way: a status of its own and a problem."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reviews.domain import keys
from reviews.models import ClientKey, Feedback, Interaction
from tests.factories import NOW
from tests.feedbackhub.conftest import ANSWER, Caller, problem, wrong_fields
from tuning.models import Answer

JSON_EDGE = Path(__file__).parents[4] / "shared" / "data" / "json_edge"
EDGE_NAMES = sorted(file.name for file in JSON_EDGE.glob("[niy]_*.json")) or ["none"]
ID = "b3b1a1de-7c1f-4b0e-9d3c-0f7c1f4b0e9d"
RECORD = {"id": ID, "timestamp": "2026-11-21T10:00:00Z", "endpoint": "/a", "status": "success"}
POSTS = {
    "/api/v1/ai/contexts": ANSWER,
    f"/api/v1/ai/feedback/{ID}": {"is_positive": True},
    "/api/v1/ai/chat": {"prompt": "Apa itu KITAS?"},
    "/api/v1/interactions": RECORD,
}
BODIES = pytest.mark.parametrize("path", [path for path in POSTS if "interactions" not in path])
EVERY = pytest.mark.parametrize("path", list(POSTS))
GETS = ["/api/v1/ai/feedback/stats", "/api/v1/ai/feedback/export"]
SCOPES = {
    "/api/v1/ai/contexts": "feedback",
    f"/api/v1/ai/feedback/{ID}": "feedback",
    "/api/v1/ai/chat": "generate",
    "/api/v1/interactions": "log",
    GETS[0]: "read",
    GETS[1]: "read",
}
EVERYWHERE = pytest.mark.parametrize("path", list(SCOPES))


@pytest.fixture(autouse=True)
def _answer_that_waits(api):
    """So that a vote which is read would be stored."""
    api.answered(request_id=ID)


def rows() -> int:
    return Feedback.objects.count() + Interaction.objects.count() + Answer.objects.count()


def call(caller: Caller, path: str, **headers: str):
    if path in POSTS:
        return caller.post(path, POSTS[path], **headers)
    return caller.get(path, **headers)


# --- who calls -----------------------------------------------------------------------------------
@EVERYWHERE
def test_a_key_with_just_the_scope_may(with_scopes, path):
    assert call(with_scopes(SCOPES[path]), path).status_code in (200, 201, 202)


@EVERYWHERE
def test_a_key_without_the_scope_may_not(with_scopes, path):
    scope = SCOPES[path]
    caller = with_scopes(*{"feedback", "read", "generate", "log"} - {scope})
    response = call(caller, path)
    assert response.status_code == 403
    assert problem(response) == {
        "title": "permission denied",
        "detail": f"This key lacks the scope {scope!r}.",
    }
    assert rows() == 0


@EVERYWHERE
def test_without_a_key_nobody_may(nobody, path):
    response = call(nobody, path)
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert problem(response)["title"] == "not authenticated"
    assert rows() == 0


@EVERYWHERE
def test_a_revoked_key_is_unknown(api, key, path):
    keys.revoke(key[0], NOW)
    response = call(api, path)
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert problem(response) == {
        "title": "authentication failed",
        "detail": "This key is not known or was revoked.",
    }
    assert rows() == 0


@EVERYWHERE
@pytest.mark.parametrize(
    "header",
    [
        "Bearer fbh_",
        "Bearer fbh_x_y",
        "Bearer fbh_\x00_y",
        "Bearer fbh_é_ü",
        "Basic Zjpi",
        "Bearer",
    ],
)
def test_what_is_no_key_opens_nothing(nobody, path, header):
    assert call(nobody, path, authorization=header).status_code == 401
    assert rows() == 0


def test_a_key_with_anothers_secret_is_unknown(api, other):
    mark, prefix, _own = api.key.split("_", 2)
    forged = "_".join([mark, prefix, other.key.split("_", 2)[2]])
    assert Caller(forged).get(GETS[0]).status_code == 401


def test_the_scheme_is_read_in_any_case(api):
    caller = Caller()
    assert caller.get(GETS[0], authorization=f"bearer {api.key}").status_code == 200


def test_the_use_of_a_key_is_noted(api, key):
    assert ClientKey.objects.get(pk=key[0].pk).last_used_at is not None


# --- what is sent --------------------------------------------------------------------------------
NOT_JSON = {
    "text": b"halo",
    "cut short": b'{"is_positive": tru',
    "NaN": b'{"is_positive": NaN, "prompt": NaN, "rating": NaN}',
    "infinity": b'{"rating": Infinity}',
    "comma": b'{"is_positive": true,}',
    "single quotes": b"{'is_positive': true}",
    "comment": b'{"is_positive": true} // yes',
    "two": b'{"is_positive": true}{"is_positive": true}',
    "lone surrogate": b'{"is_positive": true, "comment": "\\ud800", "prompt": "\\udfff"}',
    "latin-1": '{"comment": "é"}'.encode("latin-1"),
    "utf-16": '{"is_positive": true}'.encode("utf-16"),
    "NUL outside": b'{"is_positive": true}\x00',
    "blank": b" \r\n ",
    "deep": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
}
NO_OBJECT = {
    "array": b"[]",
    "array of one": b'[{"is_positive": true}]',
    "string": b'"is_positive"',
    "null": b"null",
    "true": b"true",
    "number": b"1",
    "nested": b"[" * 500 + b"]" * 500,
}


@BODIES
@pytest.mark.parametrize("raw", NOT_JSON.values(), ids=list(NOT_JSON))
def test_what_is_not_json_is_a_400(api, path, raw):
    response = api.post(path, raw)
    assert response.status_code == 400
    found = problem(response)
    assert (found["title"], found["detail"][:21]) == ("parse error", "The body is not JSON:")
    assert rows() == 0


@BODIES
@pytest.mark.parametrize("raw", NO_OBJECT.values(), ids=list(NO_OBJECT))
def test_what_is_no_object_is_a_422(api, path, raw):
    assert (wrong_fields(api.post(path, raw)), rows()) == (["body"], 0)


@BODIES
def test_an_empty_body_is_an_empty_object(api, path):
    assert wrong_fields(api.post(path, b"")) == wrong_fields(api.post(path, b"{}"))


@EVERY
def test_a_byte_order_mark_and_crlf_are_accepted(api, path):
    pretty = json.dumps(POSTS[path], indent=2).replace("\n", "\r\n").encode()
    assert api.post(path, b"\xef\xbb\xbf" + pretty).status_code in (200, 201, 202)


@BODIES
def test_an_unknown_field_is_refused_by_name(api, path):
    response = api.post(path, POSTS[path] | {"tidak_dikenal": 1})
    assert problem(response) == {
        "title": "The body is wrong",
        "detail": "tidak_dikenal: this field is not known",
        "errors": [{"field": "tidak_dikenal", "detail": "this field is not known"}],
    }
    assert (response.status_code, rows()) == (422, 0)


@EVERY
@pytest.mark.parametrize("name", EDGE_NAMES)
def test_edge_cases_of_json_are_never_our_fault(api, shared_data, path, name):
    raw = (shared_data / "json_edge" / name).read_bytes()
    response = api.post(path, raw)
    assert response.status_code < 500
    if "interactions" in path and response.status_code == 202:
        assert response.json()["accepted"] == 0
        assert response.json()["refused"]
    else:
        assert response.status_code in (400, 422)
        assert problem(response)["title"]
    assert rows() == 0


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("name", EDGE_NAMES)
def test_edge_cases_inside_a_body_are_never_our_fault(api, shared_data, path, name):
    inner = (shared_data / "json_edge" / name).read_bytes()
    field = {"interactions": b"request_payload"}.get(path.rpartition("/")[2], b"prompt")
    field = b"is_positive" if "feedback" in path else field
    known = {n: v for n, v in POSTS[path].items() if n.encode() != field}
    head = json.dumps(known).encode()[:-1] + (b", " if known else b"")
    response = api.post(path, head + b'"' + field + b'": ' + inner + b"}")
    assert response.status_code < 500
    if name.startswith("n_"):
        assert response.status_code in (400, 422) or response.json()["accepted"] == 0
        assert rows() == 0


@BODIES
def test_a_body_over_the_limit_is_a_413(api, path):
    response = api.post(path, b'{"comment": "' + b"a" * 2 * 1024 * 1024 + b'"}')
    assert response.status_code == 413
    detail = "The body is larger than 2097152 bytes."
    assert problem(response) == {"title": "too large", "detail": detail}
    assert rows() == 0


@EVERY
def test_a_body_in_chunks_is_a_411(api, path):
    """As the web server hands it on; Django would take it for an empty one."""
    response = api.post(path, b"", **{"transfer-encoding": "chunked"})
    detail = "Send the body with a Content-Length, not in chunks."
    assert problem(response) == {"title": "length required", "detail": detail}
    assert (response.status_code, rows()) == (411, 0)


def test_the_log_takes_32_megabytes(api):
    blank = b" " * (32 * 1024 * 1024 - 200)
    line = json.dumps(RECORD).encode()
    assert api.post("/api/v1/interactions", line + blank).json()["accepted"] == 1
    response = api.post("/api/v1/interactions", line + blank + b" " * 200)
    assert response.status_code == 413
    assert problem(response)["detail"] == "The body is larger than 33554432 bytes."


@BODIES
@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "x"],
)
def test_another_content_type_is_a_415(api, path, kind):
    response = api.post(path, POSTS[path], content_type=kind)
    assert (response.status_code, rows()) == (415, 0)
    assert problem(response)["title"] == "unsupported media type"


@BODIES
def test_json_may_name_its_charset(api, path):
    kind = "application/json; charset=utf-8"
    assert api.post(path, POSTS[path], content_type=kind).status_code in (200, 201)


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WRONG_METHODS = [
    (path, method)
    for path in SCOPES
    for method in METHODS
    if method != ("POST" if path in POSTS else "GET")
]


@pytest.mark.parametrize(("path", "method"), WRONG_METHODS)
def test_another_method_is_a_405(api, path, method):
    response = api.send(method, path, {})
    assert response.status_code == 405
    assert problem(response)["title"] == "method not allowed"
    assert response.headers["Allow"] == ("POST, OPTIONS" if path in POSTS else "GET, HEAD, OPTIONS")


# --- what is away --------------------------------------------------------------------------------
@EVERYWHERE
def test_with_the_database_away_every_call_says_try_again(api, database_away, path):
    # The key is known for a moment; from then on the database has to say who calls.
    keys.forget()
    with database_away():
        response = call(api, path)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    detail = "the database is away, try again in a moment"
    assert problem(response) == {"title": "Try again", "detail": detail}


# --- addresses that there are not ----------------------------------------------------------------
@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/v1/",
        "/api/v1/ai/",
        "/api/v1/ai/chat/",
        "/api/v2/x",
        "/api/%00",
        "/api/é",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_address_of_the_api_is_a_problem(nobody, method, path):
    response = nobody.send(method, path)
    assert response.status_code == 404
    assert problem(response) == {"title": "Not known", "detail": "there is no such address"}


@pytest.mark.django_db(transaction=True)
def test_known_keys_register_answers_while_the_database_is_away(api, database_away):
    with database_away():
        assert api.answered()["request_id"]
        assert call(api, GETS[1]).status_code == 503


def test_an_unknown_address_elsewhere_is_a_page(nobody):
    response = nobody.get("/tidak-ada")
    assert (response.status_code, response.headers["Content-Type"]) == (
        404,
        "text/html; charset=utf-8",
    )


def test_a_foreign_host_is_a_problem_for_the_api_and_a_page_elsewhere(api):
    response = api.get(GETS[0], host="evil.example")
    assert response.status_code == 400
    assert problem(response) == {"title": "Not understood"}
    page = api.get("/admin/", host="evil.example")
    assert (page.status_code, page.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
