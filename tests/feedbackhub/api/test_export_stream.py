"""The export over a real connection: whole, or seen to be cut off."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse, IncompleteRead

import pytest

from tests.feedbackhub import processes
from tests.feedbackhub.processes import Hub

pytestmark = pytest.mark.processes
VOTES = 4000
# Each answer has 8 KB: more than the sockets between the two can hold.
MAKE_VOTES = f"""
import uuid
from django.utils import timezone
from reviews.domain import assistants, keys
from reviews.models import Feedback
assistant = assistants.ensure("bisnis", "Asisten Bisnis")
Feedback.objects.bulk_create(
    Feedback(request_id=uuid.uuid4(), assistant=assistant, request_type="chat", prompt="Apa?",
        response="Jawaban " * 1000, is_positive=True, thumb=True, asked_at=timezone.now(),
        created_at=timezone.now(), linked_at=timezone.now())
    for _vote in range({VOTES})
)
print(keys.create(assistant, "test", scopes=["read"])[1])
"""


@pytest.fixture
def hub(embedded):
    key = processes.ask(embedded, MAKE_VOTES)
    with Hub(embedded, key) as running:
        yield running


def export(hub: Hub, form: str) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", hub.port, timeout=30)
    headers = {"Authorization": f"Bearer {hub.key}"}
    connection.request("GET", f"/api/v1/ai/feedback/export?format={form}", headers=headers)
    response = connection.getresponse()
    assert (response.status, response.headers["Transfer-Encoding"]) == (200, "chunked")
    return response


def test_a_database_that_dies_cuts_the_file_off(hub):
    assert export(hub, "jsonl").read().count(b"\n") == VOTES
    answers = [export(hub, form) for form in ("jsonl", "json")]
    begun = [answer.read(1000) for answer in answers]
    with closing(sqlite3.connect(hub.place.folder / "hub.sqlite3", timeout=20)) as database:
        database.execute("ALTER TABLE reviews_feedback RENAME TO away")
    for answer, first in zip(answers, begun, strict=True):
        assert len(first) == 1000
        with pytest.raises(IncompleteRead):
            answer.read()
    # The server lives on.
    assert hub.client.call("GET", "/healthz")[0] == 200
