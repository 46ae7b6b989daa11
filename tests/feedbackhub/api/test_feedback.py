"""Votes, their statistics and their export (A2, A3, A5, A6) as applications and pages see them."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reviews.domain import contexts, feedback, keys, transitions
from reviews.enums import PairStatus
from reviews.models import Feedback, Pair
from tests.factories import NOW
from tests.feedbackhub.conftest import ANSWER, Caller, problem, wrong_fields
from tuning.domain import datasets, exports

STATS = "/api/v1/ai/feedback/stats"
EXPORT = "/api/v1/ai/feedback/export"
PAGE = "https://app.example.com"
# One of ours, made in 2024, and one that carries no time.
ID = "0190163d-8694-7e4f-9a3b-1f6d5a2c7e10"
UNKNOWN = "b3b1a1de-7c1f-4b0e-9d3c-0f7c1f4b0e9d"


def stored() -> list[tuple]:
    return list(Feedback.objects.order_by("id").values_list("is_positive", "thumb", "rating"))


def old_votes(assistant, count: int) -> None:
    """Votes of the last seven days, every other one positive."""
    Feedback.objects.bulk_create(
        Feedback(
            request_id=uuid.uuid4(),
            assistant=assistant,
            request_type="chat",
            prompt=f"Pertanyaan {number}?",
            response=f"Jawaban {number}.",
            model_version="bisnis/base",
            is_positive=number % 2 == 0,
            thumb=number % 2 == 0,
            asked_at=timezone.now(),
            created_at=timezone.now() - timedelta(days=number % 7),
        )
        for number in range(count)
    )


# --- a vote --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "row"),
    [
        ({"is_positive": True}, (True, True, None)),
        ({"is_positive": False}, (False, False, None)),
        ({"rating": 5}, (True, None, 5)),
        ({"rating": 4}, (True, None, 4)),
        ({"rating": 3}, (False, None, 3)),
        ({"rating": 1}, (False, None, 1)),
        ({"is_positive": True, "rating": 2}, (True, True, 2)),
        ({"is_positive": False, "rating": 5}, (False, False, 5)),
    ],
)
def test_a_vote_is_stored_once_and_the_answer_leaves_the_cache(api, body, row):
    request_id = api.answered()["request_id"]
    response = api.vote(request_id, body)
    assert (response.status_code, response.headers["Content-Type"]) == (201, "application/json")
    assert response.json() == {"ok": True, "request_id": request_id, "is_positive": row[0]}
    assert stored() == [row]
    assert contexts.read(uuid.UUID(request_id)) is None


def test_everything_that_a_vote_may_say(api, settings):
    ticket = api.answered(model_version="v1")
    said = {"comment": "Surel saya budi@contoh.id", "segment": "investor", "subject": "p-42"}
    assert api.vote(ticket["request_id"], {"is_positive": True, **said}).status_code == 201
    row = Feedback.objects.get()
    assert (row.prompt, row.response, row.model_version) == (
        ANSWER["prompt"],
        ANSWER["response"],
        "v1",
    )
    assert (row.segment, row.subject_hash) == ("investor", feedback.subject_hash("p-42"))
    assert "budi@contoh.id" not in row.comment
    assert row.linked_at is None


@pytest.mark.parametrize("body", [{}, {"comment": "bagus"}, {"segment": "investor"}])
def test_a_missing_is_positive_is_never_a_thumbs_down(api, body):
    response = api.vote(api.answered()["request_id"], body)
    assert response.status_code == 422
    wrong = {"field": "is_positive", "detail": "is_positive or rating is needed"}
    assert problem(response) == {
        "title": "The body is wrong",
        "detail": "is_positive: is_positive or rating is needed",
        "errors": [wrong],
    }
    assert stored() == []


NOT_A_TRUTH = ["true", "false", "", 1, 0, 1.0, "yes", None, [], {}, [True], {"is_positive": True}]
NOT_A_RATING = ["5", "", 5.0, 4.5, True, False, 0, 6, -1, 10**12, 10**40, None, [], {}, [5]]


@pytest.mark.parametrize("value", NOT_A_TRUTH)
def test_what_is_no_thumb_is_refused(api, value):
    response = api.vote(api.answered()["request_id"], {"is_positive": value})
    assert (wrong_fields(response), stored()) == (["is_positive"], [])


@pytest.mark.parametrize("value", NOT_A_RATING)
def test_what_is_no_rating_is_refused(api, value):
    response = api.vote(api.answered()["request_id"], {"is_positive": True, "rating": value})
    assert (wrong_fields(response), stored()) == (["rating"], [])


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"is_positive": True, "segment": "siapa-saja"}, ["segment"]),
        ({"is_positive": True, "segment": 5}, ["segment"]),
        ({"is_positive": True, "comment": None}, ["comment"]),
        ({"is_positive": True, "comment": "a\x00b"}, ["comment"]),
        ({"is_positive": True, "comment": "a" * 4001}, ["comment"]),
        ({"is_positive": True, "subject": ["p-42"]}, ["subject"]),
        ({"is_positve": True}, ["is_positve"]),
        ({"is_positive": True, "user_id": 7, "email": "a@b.id"}, ["email", "user_id"]),
        ({"is_positive": "true", "rating": "5"}, ["is_positive", "rating"]),
    ],
)
def test_each_wrong_field_is_named(api, body, named):
    response = api.vote(api.answered()["request_id"], body)
    assert (sorted(wrong_fields(response)), stored()) == (named, [])


# --- again and late ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "same"),
    [
        ({"is_positive": True}, {"is_positive": True}),
        ({"rating": 2}, {"rating": 2, "comment": ""}),
        ({"is_positive": False, "comment": "x@y.id"}, {"comment": "x@y.id", "is_positive": False}),
    ],
)
def test_the_same_vote_again_is_harmless(api, body, same):
    request_id = api.answered()["request_id"]
    first = api.vote(request_id, body)
    again = api.vote(request_id, same)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert len(stored()) == 1


@pytest.mark.parametrize(
    "another", [{"is_positive": False}, {"rating": 5}, {"is_positive": True, "comment": "Oh"}]
)
def test_another_vote_is_a_conflict(api, another):
    request_id = api.answered()["request_id"]
    api.vote(request_id, {"is_positive": True})
    response = api.vote(request_id, another)
    assert response.status_code == 409
    assert problem(response) == {
        "title": "Conflict",
        "detail": "this answer has another vote already",
    }
    assert stored() == [(True, True, None)]


@pytest.mark.django_db(transaction=True)
def test_a_vote_on_an_answer_that_was_registered_again_is_the_same_vote(api):
    api.answered(request_id=ID)
    assert api.vote(ID, {"is_positive": True}).status_code == 201
    api.answered(request_id=ID)
    assert api.vote(ID, {"is_positive": True}).status_code == 200
    assert stored() == [(True, True, None)]


def test_an_unknown_answer(api):
    response = api.vote(str(contexts.new_id()), {"is_positive": True})
    assert response.status_code == 404
    assert problem(response) == {
        "title": "Not known",
        "detail": "no answer with this request_id waits for a vote",
    }


def test_a_late_vote(api, settings):
    old = contexts.new_id(timezone.now().timestamp() - settings.FEEDBACK_CACHE_TTL - 1)
    response = api.vote(str(old), {"is_positive": True})
    assert response.status_code == 410
    assert problem(response) == {
        "title": "Expired",
        "detail": "the time to vote on this answer is over",
    }


@pytest.mark.parametrize("text", ["bukan-uuid", "1", f"{ID}x", ID[:-1], f"{ID}/"])
def test_an_id_that_is_none_is_an_address_that_is_none(api, text):
    response = api.vote(text, {"is_positive": True})
    assert response.status_code == 404
    assert problem(response) == {"title": "Not known", "detail": "there is no such address"}


def test_an_id_may_be_written_in_capitals(api):
    """As some platforms write theirs."""
    api.answered(request_id=ID.upper())
    assert api.vote(ID.upper(), {"is_positive": True}).json()["request_id"] == ID


def test_another_assistants_answer_is_unknown(api, other):
    request_id = api.answered()["request_id"]
    assert other.vote(request_id, {"is_positive": True}).status_code == 404
    api.vote(request_id, {"is_positive": True})
    assert other.vote(request_id, {"is_positive": True}).status_code == 404
    assert stored() == [(True, True, None)]


# --- parts that are away -------------------------------------------------------------------------
def test_with_the_cache_away_nothing_is_stored(api, no_cache):
    request_id = api.answered()["request_id"]
    no_cache()
    response = api.vote(request_id, {"is_positive": True})
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert problem(response) == {
        "title": "Try again",
        "detail": "the cache is away, try again in a moment",
    }
    assert stored() == []


def test_an_emptied_cache_knows_the_answer_no_more(api, emptied_cache):
    request_id = api.answered()["request_id"]
    emptied_cache()
    assert api.vote(request_id, {"is_positive": True}).status_code == 404
    assert stored() == []


# As in a request: each statement commits by itself.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("origin", [{}, {"origin": PAGE}])
def test_with_the_database_away_the_caller_is_told_to_try_again(api, database_away, origin):
    request_id = api.answered()["request_id"]
    with database_away():
        response = api.vote(request_id, {"is_positive": True}, **origin)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert problem(response) == {
        "title": "Try again",
        "detail": "the database is away, try again in a moment",
    }
    assert api.vote(request_id, {"is_positive": True}).status_code == 201


# --- what a vote costs ---------------------------------------------------------------------------
@pytest.mark.usefixtures("recently_used")
@pytest.mark.parametrize("there", [1, 50])
def test_a_vote_costs_one_insert(api, assistant, there, django_assert_num_queries):
    old_votes(assistant, there)
    request_id = api.answered()["request_id"]
    with django_assert_num_queries(1) as queries:
        assert api.vote(request_id, {"is_positive": True}).status_code == 201
    assert [query["sql"].split()[0] for query in queries.captured_queries] == ["INSERT"]
    assert Feedback.objects.count() == there + 1


@pytest.mark.usefixtures("recently_used")
def test_a_vote_reads_the_cache_once_and_deletes_after_the_insert(api, cache_calls):
    request_id = api.answered()["request_id"]
    cache_calls.clear()
    api.vote(request_id, {"is_positive": True})
    assert cache_calls == ["get", "delete"]


@pytest.mark.usefixtures("recently_used")
@pytest.mark.parametrize("there", [1, 50])
def test_the_same_vote_again_costs_a_look_more(api, assistant, there, django_assert_num_queries):
    old_votes(assistant, there)
    request_id = api.answered()["request_id"]
    api.vote(request_id, {"is_positive": True})
    with django_assert_num_queries(1):
        assert api.vote(request_id, {"is_positive": True}).status_code == 200


def test_a_vote_sends_no_hint(api, sent_hints, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        api.vote(api.answered()["request_id"], {"is_positive": True})
    assert sent_hints == []


# --- from a page, with a feedback token ----------------------------------------------------------
@pytest.fixture
def page_key(assistant):
    """(row, application) of a key that lists a page's origin."""
    row, text = keys.create(assistant, "web", scopes=["feedback"], origins=[PAGE])
    return row, Caller(text)


def test_a_token_votes_on_its_answer(page_key):
    ticket = page_key[1].answered()
    page = Caller(ticket["feedback_token"])
    response = page.vote(ticket["request_id"], {"is_positive": True}, origin=PAGE)
    assert (response.status_code, stored()) == (201, [(True, True, None)])
    assert response.headers["Access-Control-Allow-Origin"] == PAGE
    assert "Origin" in response.headers["Vary"]
    again = page.vote(ticket["request_id"], {"is_positive": True}, origin=PAGE)
    assert again.status_code == 200


def test_a_token_of_a_key_that_may_only_generate_votes_too(assistant, with_scopes):
    """The gateway gives the ticket, whatever else its caller may do."""
    asked = with_scopes("generate").post("/api/v1/ai/chat", {"prompt": "Apa itu KITAS?"}).json()
    response = Caller(asked["feedback_token"]).vote(asked["request_id"], {"is_positive": True})
    assert response.status_code == 201


def test_a_token_is_for_no_other_answer(page_key):
    first, second = page_key[1].answered(), page_key[1].answered()
    response = Caller(first["feedback_token"]).vote(
        second["request_id"], {"is_positive": True}, origin=PAGE
    )
    assert response.status_code == 403
    assert problem(response)["detail"] == "This feedback token is for another answer."
    assert response.headers["Access-Control-Allow-Origin"] == PAGE
    assert stored() == []


def test_a_token_dies_with_its_key(page_key):
    ticket = page_key[1].answered()
    keys.revoke(page_key[0], NOW)
    response = Caller(ticket["feedback_token"]).vote(ticket["request_id"], {"is_positive": True})
    assert (response.status_code, stored()) == (401, [])
    assert problem(response)["detail"] == "This feedback token is not valid."


def test_a_forged_token_is_refused(page_key):
    row, application = page_key
    ticket = application.answered()
    changed = ticket["feedback_token"][:-1] + ("A" if ticket["feedback_token"][-1] != "A" else "B")
    swapped = contexts.token(str(contexts.new_id()), row.prefix).split(":")[0]
    for token in (changed, swapped + ticket["feedback_token"][len(swapped) :], "x", "a:b:c"):
        response = Caller(token).vote(ticket["request_id"], {"is_positive": True})
        assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert stored() == []


def test_a_foreign_page_may_not_vote(page_key):
    ticket = page_key[1].answered()
    response = Caller(ticket["feedback_token"]).vote(
        ticket["request_id"], {"is_positive": True}, origin="https://evil.example"
    )
    assert response.status_code == 403
    detail = "The key behind this token does not list the origin https://evil.example."
    assert problem(response)["detail"] == detail
    assert "Access-Control-Allow-Origin" not in response.headers
    assert stored() == []


def test_the_origin_of_another_key_is_foreign_to_this_one(page_key, assistant):
    keys.create(assistant, "lain", scopes=["feedback"], origins=["https://lain.example"])
    ticket = page_key[1].answered()
    response = Caller(ticket["feedback_token"]).vote(
        ticket["request_id"], {"is_positive": True}, origin="https://lain.example"
    )
    assert (response.status_code, stored()) == (403, [])


def test_the_hubs_own_pages_may_vote(page_key):
    ticket = page_key[1].answered()
    response = Caller(ticket["feedback_token"]).vote(
        ticket["request_id"], {"is_positive": True}, origin="http://testserver"
    )
    assert response.status_code == 201


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (UNKNOWN, b"not json", 400),
        (UNKNOWN, b"{}", 422),
        (UNKNOWN, b'{"is_positive": true}', 404),
        (ID, b'{"is_positive": true}', 410),
    ],
)
def test_a_page_can_read_the_errors(page_key, path, body, status):
    token = contexts.token(path, page_key[0].prefix)
    response = Caller(token).vote(path, body, origin=PAGE)
    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == PAGE
    assert "Origin" in response.headers["Vary"]
    assert problem(response)["title"]


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [(PAGE, PAGE), ("https://evil.example", None), ("null", None), (f"{PAGE}.evil.example", None)],
)
@pytest.mark.usefixtures("page_key")
def test_the_preflight_allows_only_origins_of_usable_keys(nobody, origin, allowed):
    headers = {"origin": origin, "access-control-request-method": "POST"}
    response = nobody.send("OPTIONS", f"/api/v1/ai/feedback/{ID}", **headers)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers.get("Access-Control-Allow-Origin") == allowed
    assert response.headers["Access-Control-Allow-Methods"] == "POST"
    assert response.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_the_origin_of_a_revoked_key_is_foreign(page_key, nobody):
    keys.revoke(page_key[0], NOW)
    response = nobody.send("OPTIONS", f"/api/v1/ai/feedback/{ID}", origin=PAGE)
    assert "Access-Control-Allow-Origin" not in response.headers


# --- statistics ----------------------------------------------------------------------------------
def test_statistics_of_an_assistant_that_has_nothing(api):
    response = api.get(STATS)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert response.json() == {
        "ok": True,
        "info": {
            "total_count": 0,
            "positive_count": 0,
            "by_type": [],
            "by_version": [],
            "by_language": [],
            "by_day": [],
            "unexported_count": 0,
            "cached_contexts": 0,
        },
    }


def test_statistics_count_whole_and_by_part(api, other):
    api.vote(api.answered(model_version="v1")["request_id"], {"is_positive": True})
    api.vote(api.answered(model_version="v2", language="en")["request_id"], {"rating": 2})
    api.vote(api.answered(model_version="v2", request_type="hint")["request_id"], {"rating": 4})
    other.vote(other.answered()["request_id"], {"is_positive": True})
    api.answered()
    today = timezone.localdate().isoformat()
    assert api.get(STATS).json()["info"] == {
        "total_count": 3,
        "positive_count": 2,
        "by_type": [
            {"request_type": "chat", "total": 2, "positive": 1},
            {"request_type": "hint", "total": 1, "positive": 1},
        ],
        "by_version": [
            {"model_version": "v1", "total": 1, "positive": 1},
            {"model_version": "v2", "total": 2, "positive": 1},
        ],
        "by_language": [
            {"language": "en", "total": 1, "positive": 0},
            {"language": "id", "total": 2, "positive": 2},
        ],
        "by_day": [{"day": today, "total": 3, "positive": 2}],
        "unexported_count": 3,
        "cached_contexts": 1,
    }


def test_a_vote_counts_as_exported_once_its_pair_is_in_a_completed_export(api, assistant):
    api.vote(api.answered()["request_id"], {"is_positive": True})
    api.vote(api.answered(response="Salah.")["request_id"], {"is_positive": False})
    feedback.link_pending(NOW)
    pair = Pair.objects.get()
    transitions.move(pair, PairStatus.IN_REVIEW, now=NOW)
    transitions.move(pair, PairStatus.APPROVED, now=NOW)
    version = datasets.freeze(datasets.ensure(assistant, datasets.EVERYTHING), now=NOW)
    exports.request(version, "gemini", NOW)
    assert api.get(STATS).json()["info"]["unexported_count"] == 2
    exports.write_pending(NOW)
    assert api.get(STATS).json()["info"]["unexported_count"] == 1


@contextmanager
def asked_beside_the_key() -> Iterator[list[str]]:
    """The tables that statements read meanwhile, in order, but for the check of the key."""
    tables: list[str] = []
    with CaptureQueriesContext(connection) as queries:
        yield tables
    read = [re.findall(r'FROM "(\w+)"', query["sql"])[0] for query in queries.captured_queries]
    tables += [table for table in read if table != "reviews_clientkey"]


@pytest.mark.usefixtures("recently_used")
@pytest.mark.parametrize("there", [1, 50])
def test_statistics_cost_the_same_for_any_number(api, assistant, there):
    old_votes(assistant, there)
    votes, exports = "reviews_feedback", "tuning_export"
    # Days that are over are grouped the first time only; the last look is at answers that wait.
    for groups in (3, 2):
        with asked_beside_the_key() as tables:
            assert api.get(STATS).json()["info"]["total_count"] == there
        assert tables == [votes] * groups + [exports, votes, votes]


@pytest.mark.parametrize(("days", "total"), [(1, 1), (3, 3), (7, 7), (3650, 7)])
def test_statistics_of_so_many_days(api, assistant, days, total):
    old_votes(assistant, 7)
    info = api.get(f"{STATS}?days={days}").json()["info"]
    assert (info["total_count"], len(info["by_day"])) == (total, total)


@pytest.mark.parametrize("days", ["0", "", "3651", "x", "7.0", "9" * 4301])
def test_statistics_of_wrong_days(api, days):
    assert wrong_fields(api.get(f"{STATS}?days={days}")) == ["days"]


def test_statistics_with_the_cache_away(api, no_cache):
    no_cache()
    response = api.get(STATS)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


# --- staff read from the browser -----------------------------------------------------------------
def browser(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def test_staff_read_an_assistants_figures_by_its_slug(api, reviewer):
    api.vote(api.answered()["request_id"], {"is_positive": True})
    response = browser(reviewer).get(STATS, {"assistant": "bisnis"})
    assert response.json() == api.get(STATS).json()
    export = browser(reviewer).get(EXPORT, {"assistant": "bisnis", "format": "json"})
    assert [row["is_positive"] for row in json.loads(export.getvalue())] == [True]


@pytest.mark.parametrize("slug", [None, "", "tidak-ada", "a\x00b", "\ud800"])
@pytest.mark.usefixtures("assistant")
def test_staff_must_name_an_assistant_that_there_is(reviewer, slug):
    query = {} if slug is None else {"assistant": slug.encode("utf-8", "surrogatepass")}
    response = browser(reviewer).get(STATS, query)
    assert response.status_code == 404
    assert problem(response)["detail"] == "assistant: its slug is needed"


@pytest.mark.usefixtures("assistant")
def test_staff_without_the_permission_may_not_read(db):
    user = User.objects.create_user("baru", is_staff=True)
    response = browser(user).get(STATS, {"assistant": "bisnis"})
    assert (response.status_code, problem(response)["title"]) == (403, "permission denied")


@pytest.mark.usefixtures("assistant")
def test_who_is_no_staff_may_not_read(db):
    user = User.objects.create_superuser("luar")
    user.is_staff = False
    user.save()
    assert browser(user).get(STATS, {"assistant": "bisnis"}).status_code == 401


@pytest.mark.parametrize("path", [STATS, EXPORT])
def test_a_key_reads_its_own_assistant_whatever_it_names(api, other, path):
    api.vote(api.answered()["request_id"], {"is_positive": True})
    own = other.get(f"{path}?format=json").getvalue() if path == EXPORT else other.get(path).content
    named = other.get(f"{path}?format=json&assistant=bisnis")
    assert (named.getvalue() if path == EXPORT else named.content) == own


# --- the export ----------------------------------------------------------------------------------
def test_jsonl_holds_the_positive_votes_in_geminis_form(api):
    messages = [
        {"role": "user", "content": "Apa itu KITAS?"},
        {"role": "assistant", "content": "Izin tinggal."},
        {"role": "user", "content": "Berapa <lama> & é?"},
    ]
    talk = {"request_type": "chat", "messages": messages, "response": "Dua tahun."}
    request_id = api.post("/api/v1/ai/contexts", talk).json()["request_id"]
    api.vote(request_id, {"is_positive": True})
    api.vote(api.answered()["request_id"], {"is_positive": False})
    api.vote(api.answered()["request_id"], {"rating": 5})
    response = api.get(EXPORT)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/x-ndjson")
    assert response.headers["Content-Disposition"] == 'attachment; filename="feedback.jsonl"'
    assert response.streaming
    first = (
        '{"contents":[{"role":"user","parts":[{"text":"Apa itu KITAS?"}]},'
        '{"role":"model","parts":[{"text":"Izin tinggal."}]},'
        '{"role":"user","parts":[{"text":"Berapa <lama> & é?"}]},'
        '{"role":"model","parts":[{"text":"Dua tahun."}]}]}\n'
    )
    second = (
        '{"contents":[{"role":"user","parts":[{"text":"Berapa lama KITAS investor berlaku?"}]},'
        '{"role":"model","parts":[{"text":"KITAS investor berlaku dua tahun."}]}]}\n'
    )
    assert response.getvalue().decode() == first + second


def test_json_holds_every_vote_for_inspection(api):
    ids = [api.answered(model_version="v1")["request_id"] for _answer in range(2)]
    api.vote(ids[0], {"is_positive": False, "comment": "Kurang", "segment": "investor"})
    api.vote(ids[1], {"rating": 5})
    response = api.get(f"{EXPORT}?format=json&days=1")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    raw = response.getvalue()
    assert raw.endswith(b"]\n")
    rows = json.loads(raw)
    assert rows[0] == {
        "request_id": ids[0],
        "request_type": "chat",
        "history": [],
        "prompt": ANSWER["prompt"],
        "response": ANSWER["response"],
        "model_version": "v1",
        "prompt_version": "",
        "language": "id",
        "is_positive": False,
        "rating": None,
        "comment": "Kurang",
        "segment": "investor",
        "created_at": rows[0]["created_at"],
    }
    assert [row["request_id"] for row in rows] == ids


@pytest.mark.parametrize(("query", "raw"), [("", b""), ("?format=json", b"[]\n")])
def test_an_empty_export_has_the_same_form(api, query, raw):
    response = api.get(EXPORT + query)
    assert (response.status_code, response.getvalue()) == (200, raw)


@pytest.mark.parametrize(
    ("query", "count"), [("", 7), ("days=1", 1), ("days=3", 3), ("days=90", 8)]
)
def test_the_export_looks_so_many_days_back(api, assistant, query, count):
    old_votes(assistant, 8)
    for number, row in enumerate(Feedback.objects.order_by("id")):
        row.created_at = timezone.now() - timedelta(days=number, hours=1)
        row.save()
    rows = json.loads(api.get(f"{EXPORT}?format=json&{query}").getvalue())
    assert len(rows) == count


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("days=0", "days"),
        ("days=-1", "days"),
        ("days=3651", "days"),
        ("days=7.0", "days"),
        ("days=1e2", "days"),
        ("days=", "days"),
        ("days=%C2%B2", "days"),
        ("days=%D9%A7", "days"),
        ("days=%00", "days"),
        ("days=" + "9" * 4301, "days"),
        ("format=csv", "format"),
        ("format=", "format"),
        ("format=JSONL", "format"),
        ("format=api", "format"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=", "limit"),
        ("limit=1000001", "limit"),
        ("limit=10000000", "limit"),
        ("limit=1.0", "limit"),
        ("limit=" + "9" * 4301, "limit"),
        ("cursor=x", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=1", "cursor"),
        ("cursor=" + "f" * 15 + "-1", "cursor"),
    ],
)
def test_a_wrong_parameter_is_named(api, query, named):
    assert wrong_fields(api.get(f"{EXPORT}?{query}")) == [named]


def test_the_export_by_pages(api, assistant):
    old_votes(assistant, 10)
    Feedback.objects.update(created_at=F("created_at") - timedelta(minutes=1))
    whole = json.loads(api.get(f"{EXPORT}?format=json").getvalue())
    pages, cursor = [], ""
    while not pages or cursor:
        query = f"format=json&limit=4{cursor and f'&cursor={cursor}'}"
        response = api.get(f"{EXPORT}?{query}")
        pages.append(json.loads(response.getvalue()))
        cursor = response.headers["X-Next-Cursor"]
    assert [len(page) for page in pages] == [4, 4, 2]
    assert [vote for page in pages for vote in page] == whole


def test_a_page_leaves_out_the_votes_of_the_last_half_minute(api):
    api.vote(api.answered()["request_id"], {"is_positive": True})
    response = api.get(f"{EXPORT}?limit=1000000")
    assert (response.headers["X-Next-Cursor"], response.getvalue()) == ("", b"")
    response = api.get(EXPORT)
    assert response.headers["X-Next-Cursor"] == ""
    assert response.getvalue().count(b"\n") == 1


def test_an_export_that_breaks_off_is_no_whole_answer(api, assistant, database_away):
    old_votes(assistant, 3000)
    blocks = iter(api.get(f"{EXPORT}?format=json").streaming_content)
    next(blocks)
    with database_away(), pytest.raises(OperationalError):
        list(blocks)


@pytest.mark.parametrize("accept", ["application/x-ndjson", "text/plain", "*/*", "text/html"])
def test_what_the_caller_accepts_does_not_hinder_the_export(api, accept):
    assert api.get(EXPORT, accept=accept).status_code == 200


@pytest.mark.usefixtures("recently_used")
def test_the_export_streams_in_blocks_and_reads_in_portions(api, assistant):
    old_votes(assistant, 3000)
    with asked_beside_the_key() as tables:
        response = api.get(f"{EXPORT}?format=json")
        blocks = list(response.streaming_content)
    # Two for each portion of 2000.
    assert tables == ["reviews_feedback"] * 4
    assert len(json.loads(b"".join(blocks))) == 3000
    assert len(blocks) > 5
    assert {64 * 1024 <= len(block) < 65 * 1024 for block in blocks[:-1]} == {True}
