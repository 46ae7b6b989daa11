"""Model versions for operators (A10) and the active configuration (A11), over HTTP."""

from __future__ import annotations

import pytest

from reviews.domain import transitions
from reviews.enums import Scope
from tests import factories
from tests.feedbackhub.conftest import Caller, problem, wrong_fields
from tests.tuning import making
from tests.tuning.domain.test_traffic import vote
from tuning.domain import traffic, versions
from tuning.enums import AnswerOutcome, VersionStatus
from tuning.models import Answer, ModelVersion

pytestmark = pytest.mark.django_db
MODELS = "/api/v1/ai/models"
ACTIVE = "/api/v1/assistants/bisnis/active"


@pytest.fixture
def gated(assistant) -> ModelVersion:
    return making.version_of(assistant, {}, VersionStatus.GATED)


@pytest.fixture
def staff(client, operator):
    """An operator in the browser: cookies, and the token that a change needs."""
    client.force_login(operator)
    return client


def put(staff, path: str, body) -> object:
    return staff.put(path, body, content_type="application/json")


def weights(api) -> dict[str, tuple[str, int]]:
    body = api.get(MODELS).json()
    assert body["ok"] is True
    return {row["reference"]: (row["status"], row["traffic_weight"]) for row in body["models"]}


# --- list and figures ----------------------------------------------------------------------------
def test_every_version_with_its_share(api, assistant, gated):
    canary = making.canary(assistant, 20)
    base = versions.ensure_base(assistant)
    assert weights(api) == {
        base.reference: ("live", 80),
        canary.reference: ("canary", 20),
        gated.reference: ("gated", 0),
    }


def test_a_former_base_holds_no_share(api, assistant, operator):
    old = versions.ensure_base(assistant)
    new = versions.change_base(
        assistant, old.base_model, by=operator, now=making.NOW, reason="Prompt baru."
    )
    assert weights(api) == {old.reference: ("retired", 0), new.reference: ("live", 100)}


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries(api, assistant, count, django_assert_num_queries):
    for _ in range(count):
        making.canary(assistant, 10)
    api.get(MODELS)
    with django_assert_num_queries(3):
        api.get(MODELS)


def test_figures_are_those_of_answers_and_votes(api, assistant, monkeypatch):
    version = making.canary(assistant, 10)
    outcomes = [AnswerOutcome.ANSWERED] * 3 + [AnswerOutcome.DECLINED, AnswerOutcome.FAILED]
    for outcome in [*outcomes, AnswerOutcome.REJECTED, AnswerOutcome.CANCELLED]:
        Answer.objects.create(version=version, at=factories.NOW, milliseconds=20, outcome=outcome)
    for positive in (True, True, True, False):
        vote(version, factories.NOW, positive)
    traffic.roll_up(factories.NOW)
    monkeypatch.setattr("django.utils.timezone.now", lambda: factories.NOW)
    body = api.get(f"{MODELS}/{version.pk}/stats").json()
    figures = {
        "answered": 3,
        "declined": 1,
        "failed": 1,
        "rejected": 1,
        "cancelled": 1,
        "positive": 3,
        "negative": 1,
        "mean_milliseconds": 20.0,
        "satisfaction": 0.75,
        "failure_rate": 0.2,
    }
    assert body["total"] == figures
    assert body["by_day"] == [{"day": "2026-11-21", **figures}]
    assert body["model"]["reference"] == version.reference


def test_figures_of_nothing_are_nothing(api, gated):
    body = api.get(f"{MODELS}/{gated.pk}/stats").json()
    assert (body["total"]["answered"], body["total"]["satisfaction"], body["by_day"]) == (
        0,
        None,
        [],
    )


# --- traffic -------------------------------------------------------------------------------------
def test_a_key_sets_the_traffic_and_the_audit_names_it(api, key, gated):
    response = api.send("PUT", f"{MODELS}/{gated.pk}/traffic", {"weight": 10, "reason": "Mulai."})
    assert (response.status_code, response.json()["model"]["traffic_weight"]) == (200, 10)
    [change] = transitions.history(gated)
    assert (change.by, change.to_status) == (None, "canary")
    assert change.note == f"0 % → 10 %. [API, {key[0]}] Mulai."


def test_staff_set_the_traffic_from_their_session(staff, operator, gated):
    response = put(staff, f"{MODELS}/{gated.pk}/traffic?assistant=bisnis", {"weight": 10})
    assert response.status_code == 200
    [change] = transitions.history(gated)
    assert (change.by, change.note) == (operator, "0 % → 10 %.")


def test_a_page_of_another_site_sets_nothing(operator, gated, client):
    client.handler.enforce_csrf_checks = True
    client.force_login(operator)
    response = put(client, f"{MODELS}/{gated.pk}/traffic?assistant=bisnis", {"weight": 10})
    assert response.status_code == 403
    gated.refresh_from_db()
    assert gated.status == "gated"


def test_a_key_overrides_no_gate(api, gated):
    for weight in (50, 100):
        body = {"weight": weight, "reason": "Cepat."}
        response = api.send("PUT", f"{MODELS}/{gated.pk}/traffic", body)
        assert (response.status_code, problem(response)["title"]) == (403, "Not allowed")


def test_staff_override_a_gate_with_a_reason(staff, gated):
    path = f"{MODELS}/{gated.pk}/traffic?assistant=bisnis"
    assert wrong_fields(put(staff, path, {"weight": 50})) == ["reason"]
    assert put(staff, path, {"weight": 50, "reason": "Diuji sendiri."}).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "weight"),
        ({"weight": 0}, "weight"),
        ({"weight": 101}, "weight"),
        ({"weight": "10"}, "weight"),
        ({"weight": 10.5}, "weight"),
        ({"weight": True}, "weight"),
        ({"weight": 10, "alasan": "x"}, "alasan"),
    ],
)
def test_a_wrong_share_is_refused_by_field(api, gated, body, field):
    assert wrong_fields(api.send("PUT", f"{MODELS}/{gated.pk}/traffic", body)) == [field]


def test_no_more_than_is_left(api, assistant, gated):
    making.canary(assistant, 95)
    response = api.send("PUT", f"{MODELS}/{gated.pk}/traffic", {"weight": 10})
    assert response.status_code == 409


def test_a_version_that_was_never_gated_does_not_start(api, assistant):
    version = making.version_of(assistant, {}, VersionStatus.CANDIDATE)
    response = api.send("PUT", f"{MODELS}/{version.pk}/traffic", {"weight": 10})
    assert (response.status_code, problem(response)["title"]) == (409, "Not in this status")


def test_deactivated_the_base_answers_and_again_is_harmless(api, assistant):
    version = making.canary(assistant, 40)
    for _ in range(2):
        response = api.send("PUT", f"{MODELS}/{version.pk}/deactivate", {})
        assert response.json()["model"]["status"] == "rolled_back"
    assert weights(api)["bisnis/base"] == ("live", 100)
    assert len(transitions.history(version)) == 1


@pytest.mark.parametrize("call", ["traffic", "deactivate"])
def test_the_base_is_not_moved(api, assistant, call):
    base = versions.ensure_base(assistant)
    body = {"weight": 10} if call == "traffic" else {}
    assert api.send("PUT", f"{MODELS}/{base.pk}/{call}", body).status_code == 403


# --- who -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("call", ["", "/{}/stats", "/{}/traffic", "/{}/deactivate"])
def test_it_takes_the_scope(nobody, with_scopes, gated, call):
    path, method = MODELS + call.format(gated.pk), "GET" if call in ("", "/{}/stats") else "PUT"
    others = [scope for scope in Scope.values if scope != Scope.OPERATE]
    assert nobody.send(method, path).status_code == 401
    assert with_scopes(*others).send(method, path).status_code == 403


def test_another_assistant_s_versions_are_not_there(other, gated):
    for method, call in [("GET", "stats"), ("PUT", "traffic"), ("PUT", "deactivate")]:
        body = {"weight": 10} if call == "traffic" else {}
        response = other.send(method, f"{MODELS}/{gated.pk}/{call}", body)
        assert response.status_code == 404
    assert gated.reference not in weights(other)


@pytest.mark.parametrize("pk", ["0", "999999", "9" * 40])
def test_a_number_of_no_version_is_not_known(api, assistant, pk):
    assert api.get(f"{MODELS}/{pk}/stats").status_code == 404


def test_a_reviewer_may_not_see_them(client, reviewer, assistant):
    client.force_login(reviewer)
    assert client.get(f"{MODELS}?assistant=bisnis").status_code == 403


def test_a_curator_sees_and_does_not_set(client, curator, gated):
    client.force_login(curator)
    assert client.get(f"{MODELS}?assistant=bisnis").status_code == 200
    response = put(client, f"{MODELS}/{gated.pk}/traffic?assistant=bisnis", {"weight": 10})
    assert response.status_code == 403


# --- what is active ------------------------------------------------------------------------------
QUESTION, WRONG, RIGHT = "Berapa biaya visa investor?", "Rp1 juta.", "Rp5 juta."


def test_routes_prompt_and_lessons(api, assistant, reviewer, second_reviewer):
    people = {"by": reviewer, "approver": second_reviewer}
    task = making.corrected(assistant, QUESTION, WRONG, RIGHT, **people)
    trained = making.canary(assistant, 30, [task.pair])
    prompt = assistant.prompts.get()
    body = api.get(ACTIVE).json()
    lesson = {
        "id": task.pk,
        "question": QUESTION,
        "answer": RIGHT,
        "wrong_answer": WRONG,
        "why_wrong": "angka salah",
        "lesson": "Periksa angkanya.",
    }
    common = {"provider": "exemplar", "model": "exemplar", "endpoint": "", "region": ""}
    common |= {"prompt_version": "bisnis/p1", "prompt": prompt.text}
    assert body == {
        "assistant": "bisnis",
        "languages": ["id"],
        "prompt": {"version": "bisnis/p1", "text": prompt.text},
        "rules": [],
        "routes": [
            {
                **common,
                "model_version": trained.reference,
                "weight": 30,
                "is_base": False,
                "lessons": [],
            },
            {
                **common,
                "model_version": "bisnis/base",
                "weight": 70,
                "is_base": True,
                "lessons": [task.pk],
            },
        ],
        "lessons": [lesson],
    }


def test_unchanged_it_costs_no_body(api, assistant):
    first = api.get(ACTIVE)
    tag = first.headers["ETag"]
    again = api.get(ACTIVE, **{"if-none-match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert api.get(ACTIVE).headers["ETag"] == tag
    making.canary(assistant, 10)
    changed = api.get(ACTIVE, **{"if-none-match": tag})
    assert (changed.status_code, len(changed.json()["routes"])) == (200, 2)
    assert changed.headers["Cache-Control"] == "private, no-cache"


def test_of_another_assistant_nothing_is_told(other, assistant):
    assert other.get(ACTIVE).status_code == 404


def test_it_takes_the_scope_read(with_scopes, nobody, assistant):
    assert with_scopes("read").get(ACTIVE).status_code == 200
    assert with_scopes("generate").get(ACTIVE).status_code == 403
    assert nobody.get(ACTIVE).status_code == 401


def test_an_operator_reads_it_from_the_browser(staff, assistant):
    assert staff.get(ACTIVE).json()["assistant"] == "bisnis"


def test_it_takes_a_caller(assistant):
    assert Caller("fbh_salah_salah").get(ACTIVE).status_code == 401
