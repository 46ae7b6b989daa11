"""The embedded hub as a real process: web server, worker and beat in one, on data of its own."""

from __future__ import annotations

import shutil
import signal
import threading
import uuid

import pytest

from tests.feedbackhub import processes
from tests.feedbackhub.conftest import ANSWER, CONTEXTS
from tests.feedbackhub.processes import Hub, Place, until

pytestmark = pytest.mark.processes
STATS = "/api/v1/ai/feedback/stats"
MAKE_KEY = """
from reviews.domain import assistants, keys
from django_celery_beat.models import IntervalSchedule, PeriodicTask
assistant = assistants.ensure("bisnis", "Asisten Bisnis")
second = IntervalSchedule.objects.create(every=1, period="seconds")
PeriodicTask.objects.filter(task="reviews.link_feedback").update(interval=second)
print(keys.create(assistant, "test", scopes=["feedback", "read"])[1])
"""
LINKED = """
from reviews.models import Feedback
print(*Feedback.objects.order_by("id").values_list("pair__status", "correction__status"))
"""


@pytest.fixture(scope="module")
def prepared_with_key(tmp_path_factory, prepared) -> tuple:
    """(folder, key) of a prepared place whose beat links votes every second."""
    folder = shutil.copytree(prepared, tmp_path_factory.mktemp("hub") / "data")
    return folder, processes.ask(Place(folder), MAKE_KEY)


@pytest.fixture
def hub(prepared_with_key, tmp_path):
    folder, key = prepared_with_key
    with Hub(Place(shutil.copytree(folder, tmp_path / "data")), key) as running:
        yield running


def voted(client, body, request_id=None) -> int:
    """Register an answer and vote on it; the vote's status."""
    request_id = request_id or str(uuid.uuid4())
    status, _ticket = client.call("POST", CONTEXTS, ANSWER | {"request_id": request_id})
    assert status == 201
    return client.call("POST", f"/api/v1/ai/feedback/{request_id}", body)[0]


def together(count: int, work) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def log(hub: Hub) -> str:
    return hub.log.read_text()


def test_it_starts_from_nothing_answers_and_ends_cleanly(tmp_path):
    (tmp_path / "data").mkdir()
    with Hub(Place(tmp_path / "data")) as first:
        print(f"first start, migrations included: {first.seconds:.2f} s")
        parts = {"database": "ok", "cache": "ok"}
        assert first.client.call("GET", "/readyz") == (200, {"ok": True, "parts": parts})
        assert first.end(signal.SIGTERM) == 0
        first.start()
        print(f"second start: {first.seconds:.2f} s")
        assert first.end(signal.SIGINT) == 0
    assert "Traceback" not in log(first)


def test_its_beat_fires_and_its_worker_works(hub):
    """Nobody but the beat asks for the link; the memory broker carries it to the worker."""
    assert voted(hub.client, {"is_positive": True}) == 201
    assert voted(hub.client, {"is_positive": False}) == 201
    expected = "('draft', None) (None, 'open')"
    until(lambda: processes.ask(hub.place, LINKED) == expected, 20, "linked by the worker")


def test_killed_it_loses_no_vote(hub):
    for number in range(20):
        assert voted(hub.client, {"is_positive": number % 2 == 0}) == 201
    assert hub.end(signal.SIGKILL) == -signal.SIGKILL
    hub.start()
    info = hub.client.call("GET", STATS)[1]["info"]
    assert (info["total_count"], info["positive_count"]) == (20, 10)
    assert voted(hub.client, {"is_positive": True}) == 201


def test_eight_writers_at_once_meet_no_lock(hub):
    """With the beat's own writing every second between them."""
    statuses: list[int] = []

    def write(number: int) -> None:
        client = hub.connect()
        statuses.extend(voted(client, {"is_positive": vote % 2 == 0}) for vote in range(40))

    together(8, write)
    assert statuses == [201] * 320
    assert hub.client.call("GET", STATS)[1]["info"]["total_count"] == 320
    assert "locked" not in log(hub)


def votes_at_once(hub: Hub, bodies: list[dict]) -> list[int]:
    """Vote on one new answer with each body, all at the same moment; the statuses, sorted."""
    request_id = str(uuid.uuid4())
    hub.client.post(CONTEXTS, ANSWER | {"request_id": request_id})
    ready = threading.Barrier(len(bodies))
    statuses: list[int] = []

    def vote(place: int) -> None:
        client = hub.connect()
        client.call("GET", "/healthz")
        ready.wait()
        path = f"/api/v1/ai/feedback/{request_id}"
        statuses.append(client.call("POST", path, bodies[place])[0])

    together(len(bodies), vote)
    return sorted(statuses)


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ([{"is_positive": True}] * 6, [200, 200, 200, 200, 200, 201]),
        ([{"is_positive": True}, {"is_positive": False}], [201, 409]),
    ],
    ids=["the same", "opposite"],
)
def test_votes_at_once_on_one_answer_are_one_row(hub, bodies, expected):
    for number in range(5):
        assert votes_at_once(hub, bodies) == expected
        assert hub.client.call("GET", STATS)[1]["info"]["total_count"] == number + 1


def test_a_wrong_variable_stops_it_before_it_serves(tmp_path):
    place = Place(tmp_path, {"FEEDBACK_CACHE_TTL": "soon"})
    done = processes.manage(place, "hub", "--port", "1", check=False)
    [line] = done.stderr.splitlines()
    assert (done.returncode, line.split(":")[1]) == (1, " FEEDBACK_CACHE_TTL")


def test_a_thread_that_fails_starts_again(monkeypatch):
    from feedbackhub import embedded

    tries = []

    def fails():
        tries.append(1)
        if len(tries) == 3:
            raise SystemExit
        raise RuntimeError("the database is away")

    monkeypatch.setattr(embedded, "AGAIN_SECONDS", 0)
    with pytest.raises(SystemExit):
        embedded._keep(fails, "beat")
    assert len(tries) == 3
