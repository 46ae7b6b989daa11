"""The desk's calls, as its page makes them: JSON both ways, each refusal with its own code."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reviews.admin import desk_items
from reviews.domain import briefly, calibration, claims, corrections, feedback, flags
from reviews.enums import Decision
from reviews.models import Claim, Pair, PairRevision, Suggestion, Verdict
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_calibration(monkeypatch):
    monkeypatch.setattr(calibration, "_draw", lambda: 100.0)


def url(name: str = "") -> str:
    return reverse(f"admin:reviews_pair_desk{'_' + name if name else ''}")


class Desk:
    """A reviewer's page, without the page."""

    def __init__(self, client, user) -> None:
        self.client = client
        client.force_login(user)

    def get(self, name, **query):
        return self.client.get(url(name), query)

    def post(self, name, **body):
        return self.client.post(url(name), json.dumps(body), content_type="application/json")

    def item(self) -> dict:
        return self.get("state").json()["item"]

    def decide(self, item, decision="approve", **fields):
        rows = [row for part in item["checklist"]["parts"] for row in part["items"]]
        whole = {
            "claim": item["claim"],
            "seen": item["seen"],
            "decision": decision,
            "answers": {row["id"]: True for row in rows},
            "facts": {fact["key"]: True for fact in item["facts"]},
            **fields,
        }
        return self.post("decide", **whole)


@pytest.fixture
def desk(client, reviewer, checklist) -> Desk:
    return Desk(client, reviewer)


def _one(assistant, *texts, **fields) -> Pair:
    made = factories.pair(assistant, *texts, **fields)
    Pair.objects.filter(pk=made.pk).update(reviewers_needed=1, slots=1)
    return Pair.objects.get(pk=made.pk)


def problem(response) -> tuple[int, str]:
    return response.status_code, response.json()["problem"]


# --- the item ------------------------------------------------------------------------------------
def test_an_item_holds_what_the_page_shows(assistant, desk):
    tax = assistant.categories.get(slug="tax")
    history = [["user", "Halo"], ["assistant", "Silakan"]]
    answer = "Rp10 juta 🙂, selesai 30 hari. Rp10 juta, ya. {{nama}}"
    pair = _one(assistant, "Berapa?", answer, category=tax, history=history, register="formal")
    item = desk.item()
    assert (item["pair"], item["question"], item["answer"]) == (pair.pk, "Berapa?", answer)
    assert (item["history"], item["category"]["slug"]) == (history, "tax")
    assert (item["register"]["code"], item["status"]) == ("formal", "in_review")
    assert item["came_in"] == {"question": "Berapa?", "answer": answer}
    # Offsets in UTF-16: the smile counts for two.
    units = answer.encode("utf-16-le")
    read = [
        (fact["value"], [units[a * 2 : b * 2].decode("utf-16-le") for a, b in fact["spans"]])
        for fact in item["facts"]
    ]
    assert read == [("IDR 10000000", ["Rp10 juta", "Rp10 juta"]), ("30 day", ["30 hari"])]
    [flag] = [flag for flag in item["flags"] if flag["kind"] == "placeholder"]
    assert units[flag["start"] * 2 : flag["end"] * 2].decode("utf-16-le") == "{{nama}}"
    assert [len(part["items"]) for part in item["checklist"]["parts"]] == [3, 3, 2, 3, 2]
    assert item["may"] == {
        "approve": True,
        "reject": True,
        "needs_work": True,
        "second": True,
        "edit": True,
        "correct": True,
    }


def test_the_first_text_is_what_an_edit_is_held_against(assistant, desk, second_reviewer):
    pair = _one(assistant, "Berapa?", "Dua tahun.")
    fresh = Pair.objects.select_related("current_revision").get(pk=pair.pk)
    factories.pairs.revise(
        fresh, answer="Tiga tahun.", by=second_reviewer, why="", now=factories.NOW
    )
    item = desk.item()
    assert (item["answer"], item["came_in"]["answer"]) == ("Tiga tahun.", "Dua tahun.")


def test_a_dispute_shows_both_verdicts(
    client, assistant, checklist, reviewer, second_reviewer, senior
):
    pair = factories.pair(assistant)
    factories.decide(pair, reviewer)
    factories.decide(pair, second_reviewer, Decision.REJECT, "tarifnya lama")
    item = Desk(client, senior).item()
    assert [(v["reviewer"], v["decision"]["code"], v["note"]) for v in item["dispute"]] == [
        (reviewer.username, "approve", ""),
        (second_reviewer.username, "reject", "tarifnya lama"),
    ]
    assert item["may"]["needs_work"] is False


def test_what_others_said_is_hidden_before_all_have_answered(
    assistant, desk, checklist, second_reviewer
):
    pair = factories.pair(assistant)
    factories.decide(pair, second_reviewer, note="catatan rahasia")
    response = desk.get("state")
    assert "catatan rahasia" not in response.content.decode()
    assert (response.json()["item"]["given"], response.json()["item"]["dispute"]) == (1, None)


def test_the_last_of_two_is_told_no_more_than_the_first(
    client, assistant, checklist, reviewer, second_reviewer
):
    """Whoever learnt that the other differs could undo within the minute, and agree."""
    factories.pair(assistant)
    factories.pair(assistant)
    told = []
    for user, decision in ((reviewer, "approve"), (second_reviewer, "reject")):
        desk = Desk(client, user)
        item = desk.item()
        told.append(desk.decide(item, decision, note="lama").json()["done"]["message"])
    assert told[0] == told[1] == "Dicatat. Berikutnya giliran peninjau lain."
    assert list(Pair.objects.order_by("status").values_list("status", flat=True)) == [
        "disputed",
        "draft",
    ]


def test_a_gold_item_looks_like_any_other(assistant, desk, curator, monkeypatch):
    made = factories.approved(assistant)
    calibration.make_gold(
        made.current_revision, decision="reject", wrong_items=[], why="lama", by=curator
    )
    Pair.objects.filter(pk=made.pk).update(given=2)
    ordinary = _one(assistant)
    plain = desk.item()
    assert plain["pair"] == ordinary.pk
    claims.release([plain["claim"]], Claim.objects.get().reviewer, timezone.now())
    monkeypatch.setattr(calibration, "_draw", lambda: 0.0)
    gold = desk.item()
    assert gold["pair"] == made.pk
    assert gold.keys() == plain.keys()
    assert gold["status"] == plain["status"] == "in_review"
    # However many verdicts it had on its way.
    assert gold["given"] == plain["given"] == 0
    assert "gold" not in json.dumps(gold)
    done = desk.decide(gold, "reject", note="tarif lama").json()["done"]
    assert "gold" not in json.dumps(done)


# --- deciding ------------------------------------------------------------------------------------
def test_a_decision_brings_the_item_after_the_ones_held(assistant, desk):
    pairs = [_one(assistant) for _number in range(3)]
    state = desk.get("state").json()
    assert (state["item"]["pair"], state["next"]["pair"]) == (pairs[0].pk, pairs[1].pk)
    answer = desk.decide(state["item"], holding=[state["next"]["claim"]], seconds=4.2)
    body = answer.json()
    assert (answer.status_code, body["next"]["pair"]) == (200, pairs[2].pk)
    assert body["done"]["undo"] is True
    assert body["progress"]["today"] == 1
    again = desk.decide(state["item"], holding=[state["next"]["claim"], body["next"]["claim"]])
    assert again.json()["done"] == body["done"]
    assert Verdict.objects.count() == 1


def test_wrong_fields_are_named(assistant, desk):
    _one(assistant, "Berapa?", "Rp10 juta.")
    item = desk.item()
    first = item["checklist"]["parts"][0]["items"][0]["id"]
    response = desk.decide(item, answers={}, facts={})
    assert problem(response) == (422, "invalid")
    assert f"item_{first}" in response.json()["fields"]
    assert "fact:amount:IDR 10000000" in response.json()["fields"]
    assert Verdict.objects.count() == 0


def test_what_goes_wrong_has_its_own_code(assistant, desk, second_reviewer):
    pair = _one(assistant)
    item = desk.item()
    assert problem(desk.decide(item | {"claim": 10**9})) == (404, "gone")
    fresh = Pair.objects.select_related("current_revision").get(pk=pair.pk)
    factories.pairs.revise(fresh, answer="Lain.", by=second_reviewer, why="", now=factories.NOW)
    stale = desk.decide(item)
    assert problem(stale) == (409, "stale")
    assert stale.json()["item"]["answer"] == "Lain."
    assert desk.decide(stale.json()["item"]).status_code == 200


def test_a_lost_item_says_so(assistant, desk, second_reviewer):
    pair = _one(assistant)
    item = desk.item()
    Claim.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert claims.take(pair, second_reviewer, timezone.now())
    assert problem(desk.decide(item)) == (409, "lost")
    assert desk.post("renew", claims=[item["claim"]]).json() == {"left": {str(item["claim"]): None}}


def test_an_edit_and_its_undo(assistant, desk, reviewer):
    pair = _one(assistant, "Berapa?", "Dua tahun.")
    item = desk.item()
    text = {"question": "Berapa lama?", "answer": "Tiga\ntahun. ", "why": "aturan baru"}
    response = desk.post(
        "decide", claim=item["claim"], seen=item["seen"], decision="edit", text=text
    )
    assert response.status_code == 200
    saved = PairRevision.objects.get(pair=pair, number=2)
    assert (saved.input, saved.output, saved.author) == ("Berapa lama?", "Tiga\ntahun. ", reviewer)
    back = desk.post("undo", claim=item["claim"]).json()["item"]
    assert (back["answer"], back["seen"]) == ("Dua tahun.", item["seen"])
    assert problem(desk.post("undo", claim=item["claim"])) == (409, "conflict")


def test_an_undo_after_a_minute_is_too_late(assistant, desk):
    _one(assistant)
    item = desk.item()
    desk.decide(item)
    Claim.objects.update(ended_at=timezone.now() - timedelta(seconds=61))
    Verdict.objects.update(at=timezone.now() - timedelta(seconds=61))
    assert problem(desk.post("undo", claim=item["claim"])) == (410, "too_late")


def test_a_skip_with_its_reason(assistant, desk):
    _one(assistant)
    item = desk.item()
    assert problem(desk.decide(item, "skip")) == (422, "invalid")
    response = desk.decide(item, "skip", note="bukan bidang saya")
    assert (response.status_code, response.json()["next"]) == (200, None)


def test_a_correction_from_the_desk(assistant, desk):
    pair = _one(assistant, "Berapa?", "Dua tahun.")
    item = desk.item()
    body = {
        "claim": item["claim"],
        "seen": item["seen"],
        "right_answer": "Tiga tahun.",
        "why_wrong": "aturan lama",
    }
    refused = desk.post("correct", **body, lesson="")
    assert (problem(refused), list(refused.json()["fields"])) == ((422, "invalid"), ["lesson"])
    assert desk.post("correct", **body, lesson="Cek PP terbaru.").status_code == 200
    row = pair.assistant.corrections.get()
    assert (row.wrong_answer, row.right_answer, row.pair.status) == (
        "Dua tahun.",
        "Tiga tahun.",
        "in_review",
    )


def test_a_text_that_could_not_be_saved_is_offered_to_the_next(
    client, assistant, desk, second_reviewer
):
    pair = _one(assistant)
    text = {"question": "Berapa?", "answer": "Tiga tahun.", "why": ""}
    sent = desk.post("suggest", pair=pair.pk, seen=pair.current_revision_id, **text)
    assert sent.status_code == 200
    assert Suggestion.objects.get().output == "Tiga tahun."
    [offered] = Desk(Client(), second_reviewer).item()["suggestions"]
    assert offered["answer"] == "Tiga tahun."


# --- who may, and what is refused ----------------------------------------------------------------
POSTS = ["decide", "undo", "renew", "next", "suggest", "correct"]
GETS = ["state", "beside"]


@pytest.mark.parametrize("name", POSTS + GETS)
def test_without_a_session_the_page_is_told_to_log_in(client, db, name):
    call = client.post if name in POSTS else client.get
    response = call(url(name), content_type="application/json")
    assert problem(response) == (401, "login")


@pytest.mark.parametrize("name", POSTS + GETS)
def test_each_call_asks_for_the_permission(client, operator, name):
    client.force_login(operator)
    call = client.post if name in POSTS else client.get
    assert problem(call(url(name), content_type="application/json")) == (403, "forbidden")


def test_the_page_asks_for_it_too(client, operator):
    client.force_login(operator)
    assert client.get(url()).status_code == 403
    client.logout()
    assert client.get(url()).status_code == 302


def test_calls_without_the_token_are_refused(assistant, reviewer):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(reviewer)
    sent = strict.post(url("next"), "{}", content_type="application/json")
    assert sent.status_code == 403
    token = strict.get(url("state")).json()["csrf"]
    headers = {"X-CSRFToken": token}
    sent = strict.post(url("next"), "{}", content_type="application/json", headers=headers)
    assert sent.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{",
        '{"claim": "1"}',
        '{"claim": true}',
        '{"claim": -1}',
        '{"claim": 99999999999999999999}',
        '{"claim": 1, "decision": 5}',
        '{"claim": 1, "seen": 1, "decision": "approve", "answers": [1]}',
        '{"claim": 1, "seen": 1, "decision": "approve", "answers": {"1": "ya"}}',
        '{"claim": 1, "seen": 1, "decision": "approve", "facts": {"x": 1}}',
        '{"claim": 1, "seen": 1, "decision": "edit"}',
        '{"claim": 1, "seen": 1, "decision": "edit", "text": {"answer": 5}}',
        "[" * 100_000,
    ],
)
def test_a_body_that_the_page_would_never_send(desk, body):
    response = desk.client.post(url("decide"), body, content_type="application/json")
    assert problem(response) == (422, "malformed")


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_what_cannot_be_stored_is_refused_by_name(assistant, desk, text):
    _one(assistant)
    item = desk.item()
    response = desk.decide(item, "reject", note=text)
    assert (problem(response), list(response.json()["fields"])) == ((422, "invalid"), ["note"])


def test_hostile_texts_come_back_as_they_were(assistant, desk, shared_data):
    strings = json.loads((shared_data / "json_edge/naughty_strings_even.json").read_text())
    usable = [text for text in strings if text.strip() and "\x00" not in text]
    whole = "\n".join(usable) + "\u202e" + "x" * 50_000
    _one(assistant, whole[:5000], whole)
    item = desk.item()
    assert (item["question"], item["answer"]) == (whole[:5000], whole)
    page = desk.client.get(url()).content.decode()
    assert "<script>alert(" not in page


# --- what it costs -------------------------------------------------------------------------------
def test_as_many_queries_however_many_wait(assistant, desk, reviewer, monkeypatch):
    # What is known for a moment stays known, however long a busy machine takes.
    monkeypatch.setattr(briefly.time, "monotonic", lambda: 1000.0)
    counts = []
    for more in (4, 4, 30):
        for _number in range(more):
            pair = _one(assistant)
            flags.examine(Pair.objects.select_related("current_revision").get(pk=pair.pk))
        state = desk.get("state").json()
        with CaptureQueriesContext(connection) as queries:
            desk.decide(state["item"], holding=[state["next"]["claim"]])
        counts.append(len(queries))
    assert counts[1] == counts[2]


def test_offsets_are_counted_in_utf16():
    assert desk_items.utf16("a🙂b", 0, 1, 2, 3) == [0, 1, 3, 4]
    assert desk_items.utf16("abc", 3) == [3]


def test_votes_and_corrections_are_shown_with_their_pair(
    assistant, desk, second_reviewer, answered
):
    context = answered("Berapa lama KITAS berlaku?")
    feedback.vote(
        uuid.UUID(context.request_id),
        feedback.Ballot(thumb=True),
        assistant_id=assistant.pk,
        now=factories.NOW,
    )
    feedback.link_pending(factories.NOW)
    voted = Pair.objects.get()
    task = corrections.open_task(assistant, "Berapa modal?", "Rp1 miliar.")
    category = assistant.categories.get(slug="tax")
    remedy = corrections.Remedy("Rp10 miliar.", "lama", "Cek PP.", category, "formal")
    corrections.finish(task, remedy, by=second_reviewer, now=factories.NOW)
    items = {item["pair"]: item for item in (desk.get("state").json()[n] for n in ("item", "next"))}
    assert [vote["positive"] for vote in items[voted.pk]["votes"]] == [True]
    [shown] = items[Pair.objects.exclude(pk=voted.pk).get().pk]["corrections"]
    assert (shown["wrong_answer"], shown["lesson"]) == ("Rp1 miliar.", "Cek PP.")


def test_a_correction_is_not_shown_to_who_may_still_judge_the_answer(
    client, assistant, checklist, reviewer, second_reviewer
):
    judged = factories.pair(assistant, "Berapa modal?", "Rp1 miliar.")
    task = corrections.open_task(assistant, "Berapa modal?", "Rp1 miliar.")
    category = assistant.categories.get(slug="tax")
    remedy = corrections.Remedy("Rp10 miliar.", "lama", "Cek PP.", category, "formal")
    corrections.finish(task, remedy, by=second_reviewer, now=factories.NOW)

    def shown() -> list:
        state = Desk(client, reviewer).get("state").json()
        items = [state[name] for name in ("item", "next") if state[name]]
        return next(i["corrections"] for i in items if i["pair"] == task.pair_id)

    assert shown() == []
    Pair.objects.filter(pk=judged.pk).update(status="rejected")
    assert [row["why_wrong"] for row in shown()] == ["lama"]
