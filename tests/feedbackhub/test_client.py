"""The Python client: it never stops its service, and nothing that it spooled is lost or doubled."""

from __future__ import annotations

import contextlib
import gzip
import json
import logging
import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from feedbackhub import client
from feedbackhub.client import Hub, HubError, InteractionLog
from feedbackhub.demo.process import free_port
from tests.feedbackhub import processes
from tests.feedbackhub.processes import Place, until

SOURCE = Path(client.__file__)
NOBODY = "http://127.0.0.1:1"
MAKE_KEY = """
from reviews.domain import assistants, keys
assistant = assistants.ensure("bisnis", "Asisten Bisnis")
print(keys.create(assistant, "test", scopes=["feedback", "read", "generate", "log"])[1])
"""


class StandIn:
    """Answers as a hub does, or with the statuses in `answers` first, and keeps what it took."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.records: list[dict] = []
        self.requests: list[int] = []
        self.refuses = lambda record: ""
        self.hold = threading.Event()
        self.hold.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self, raw: bytes) -> dict:
        refused = []
        for number, line in enumerate(raw.splitlines(), start=1):
            record = json.loads(line)
            if reason := self.refuses(record):
                refused.append({"line": number, "reason": reason})
            else:
                self.records.append(record)
        return {"accepted": 0, "duplicates": 0, "refused": refused}

    @property
    def ids(self) -> list[str]:
        return [record["id"] for record in self.records]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(hub: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            hub.hold.wait(10)
            raw = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
            status = hub.answers.pop(0) if hub.answers else 202
            body = hub.take(raw) if status == 202 else {"title": "no", "detail": "not now"}
            hub.requests.append(status)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *arguments):
            pass

    return Handler


@pytest.fixture
def hub():
    with contextlib.closing(StandIn()) as standing:
        yield standing


@pytest.fixture
def spool(tmp_path) -> Path:
    return tmp_path / "log.spool"


@pytest.fixture
def log(spool, monkeypatch):
    """Make a log that is closed in the end; it comes back from a failure at once."""
    monkeypatch.setattr(client, "MAX_BACK_OFF", 0.05)
    made = []

    def make(url: str, **options) -> InteractionLog:
        options = {"interval": 0.02, "spool": str(spool), **options}
        made.append(InteractionLog(url, "fbh_x_y", **options))
        return made[-1]

    yield make
    for each in made:
        each.close(timeout=0.1)


def logged(log: InteractionLog, count: int, **fields) -> list[str]:
    return [log.log(endpoint="/a", status="success", **fields) for _record in range(count)]


def spooled(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_bytes().splitlines()]


# --- sent ----------------------------------------------------------------------------------------
def test_records_are_sent_in_batches_in_order(hub, log):
    ours = log(hub.url, batch=10, interval=30)
    ids = logged(ours, 25, request_payload={"b": 1, "a": [1.5]}, app_name="kasir")
    assert ours.flush()
    assert (hub.ids, ours.dropped) == (ids, 0)
    assert len(hub.requests) >= 3
    record = hub.records[0]
    assert record.pop("timestamp").endswith("+00:00")
    assert record == {
        "id": ids[0],
        "endpoint": "/a",
        "status": "success",
        "request_payload": {"b": 1, "a": [1.5]},
        "app_name": "kasir",
    }


def test_without_a_flush_they_go_after_the_interval(hub, log):
    ids = logged(log(hub.url), 3)
    until(lambda: hub.ids == ids, 10, "sent")


def test_an_id_and_a_time_of_ones_own_are_kept(hub, log):
    ours = log(hub.url)
    own = uuid.uuid4()
    assert ours.log(endpoint="/a", status="error", id=own, timestamp="2026-11-21") == str(own)
    ours.flush()
    assert (hub.ids, hub.records[0]["timestamp"]) == ([str(own)], "2026-11-21")


class Odd:
    def __str__(self) -> str:
        raise ValueError("no words")


LOOP: list = []
LOOP.append(LOOP)
DEEP: list = []
for _level in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("payload", "sent"),
    [
        ({"a": {1}}, {"a": "[set, not JSON] {1}"}),
        (Odd(), "[Odd, not JSON]"),
        ({"a": math.nan}, "[dict, not JSON] {'a': nan}"),
        ({("a",): 1}, "[dict, not JSON] {('a',): 1}"),
        ("half \ud800", "half ?"),
        (LOOP, "[list, not JSON] [[...]]"),
        (b"\xff", r"[bytes, not JSON] b'\xff'"),
        (5, "5"),
        (True, "true"),
        (uuid.UUID(int=1), str(uuid.UUID(int=1))),
        (("a", "b"), ["a", "b"]),
    ],
)
def test_whatever_a_payload_is_it_is_sent_as_well_as_it_can_be(hub, log, payload, sent):
    ours = log(hub.url)
    logged(ours, 1, request_payload=payload)
    ours.flush()
    assert (hub.records[0]["request_payload"], ours.dropped) == (sent, 0)


def test_a_payload_nested_without_end_stops_nobody(hub, log):
    ours = log(hub.url)
    logged(ours, 1, request_payload=DEEP)
    ours.flush()
    assert hub.records[0]["request_payload"].startswith("[list, not JSON]")


# --- refused -------------------------------------------------------------------------------------
def test_refused_records_are_dropped_counted_and_told(hub, log, caplog):
    hub.refuses = lambda record: "status: one of success" if record["status"] == "hm" else ""
    ours = log(hub.url)
    bad = [ours.log(endpoint="/a", status="hm") for _record in range(2)]
    good = logged(ours, 3)
    assert ours.flush()
    assert (hub.ids, ours.dropped, len(bad)) == (good, 2, 2)
    [record] = caplog.records
    assert (record.levelno, record.name) == (logging.WARNING, "feedbackhub.client")
    told = "2 dropped, refused by the hub: status: one of success (2 dropped in all)"
    assert record.message == f"interactions: {told}"


def test_a_body_refused_for_good_is_not_sent_for_ever(hub, log):
    hub.answers = [422]
    ours = log(hub.url, batch=2, interval=30)
    ids = logged(ours, 4)
    assert ours.flush()
    assert (hub.ids, ours.dropped) == (ids[2:], 2)


def test_a_body_too_large_for_a_proxy_goes_in_halves(hub, log):
    hub.answers = [413, 413]
    ours = log(hub.url, batch=4, interval=30)
    ids = logged(ours, 3)
    assert ours.flush()
    # Of the three one was too large by itself.
    assert hub.requests == [413, 413, 202]
    assert (hub.ids, ours.dropped) == (ids[1:], 1)


# --- kept ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [500, 502, 503, 429, 401, 403, 404])
def test_what_the_hub_can_not_take_now_is_kept_and_sent_later(hub, log, spool, status):
    hub.answers = [status] * 3
    ours = log(hub.url, batch=10)
    ids = logged(ours, 25)
    assert ours.flush(20)
    assert (hub.ids, ours.dropped) == (ids, 0)
    assert hub.requests[:4] == [status] * 3 + [202]
    assert spool.read_bytes() == b""


def test_what_is_no_hub_is_believed_nothing(hub, log, spool):
    hub.answers = [200]
    ours = log(hub.url)
    ids = logged(ours, 2)
    assert ours.flush()
    assert (hub.ids, hub.requests[0]) == (ids, 200)


def test_while_the_hub_is_away_records_are_in_the_file(log, spool):
    ids = logged(log(NOBODY), 5)
    until(lambda: spool.exists() and len(spooled(spool)) == 5, 10, "spooled")
    assert spooled(spool) == ids


def test_what_was_spooled_goes_first_and_once(hub, log, spool):
    first = log(NOBODY)
    ids = logged(first, 5)
    first.close()
    second = log(hub.url, batch=3)
    ids += logged(second, 2)
    assert second.flush()
    assert (hub.ids, spool.read_bytes()) == (ids, b"")


def test_a_new_log_sends_what_is_left_though_nothing_is_logged(hub, log):
    first = log(NOBODY)
    ids = logged(first, 3)
    first.close()
    log(hub.url)
    until(lambda: hub.ids == ids, 10, "sent")


def test_a_half_line_at_the_end_is_skipped(hub, log, spool):
    lines = [json.dumps({"id": str(n)}).encode() + b"\n" for n in range(3)]
    spool.write_bytes(b"".join(lines)[:-5])
    ours = log(hub.url)
    ids = logged(ours, 1)
    assert ours.flush()
    assert hub.ids == ["0", "1", *ids]


def test_a_full_spool_drops_the_newest(hub, log, spool):
    size = len(
        json.dumps({"id": str(uuid.uuid4()), "timestamp": "2026-11-21T10:00:00.000000+00:00"})
    )
    ours = log(NOBODY, max_spool_bytes=10 * (size + 60), interval=30)
    ids = logged(ours, 20)
    ours.close()
    kept = spooled(spool)
    assert kept == ids[: len(kept)]
    assert (5 < len(kept) < 20, ours.dropped) == (True, 20 - len(kept))
    assert spool.stat().st_size <= 10 * (size + 60)


def test_a_full_queue_drops_and_never_waits(hub, log, caplog):
    hub.hold.clear()
    ours = log(hub.url, queue_size=5, batch=5)
    logged(ours, 5)
    until(lambda: not ours._queue, 10, "on its way")
    logged(ours, 8)
    assert ours.dropped == 3
    assert caplog.messages == ["interactions: 1 dropped, the queue is full (1 dropped in all)"]
    hub.hold.set()
    assert ours.flush()
    assert len(hub.ids) == 10
    ours.close()
    assert caplog.messages[1:] == ["interactions: 2 dropped, the queue is full (3 dropped in all)"]


def test_a_spool_that_can_not_be_written_stops_nobody(hub, log, tmp_path):
    hub.answers = [500]
    ours = log(hub.url, spool=str(tmp_path / "missing" / "log.spool"))
    ids = logged(ours, 3)
    assert ours.flush()
    assert (hub.ids, ours.dropped) == (ids, 0)


def test_a_closed_log_drops(hub, log):
    ours = log(hub.url)
    ids = logged(ours, 2)
    ours.close()
    logged(ours, 1)
    assert (hub.ids, ours.dropped) == (ids, 1)


def test_a_record_larger_than_may_be_is_dropped(hub, log, monkeypatch):
    monkeypatch.setattr(client, "MAX_RECORD_BYTES", 1000)
    ours = log(hub.url)
    logged(ours, 1, steps="x" * 1000)
    assert ours.dropped == 1


# --- several processes ---------------------------------------------------------------------------
def test_two_with_one_spool_have_a_file_each(log, spool):
    first, second = log(NOBODY), log(NOBODY)
    ids = [logged(first, 2), logged(second, 2)]
    until(lambda: first._own is not None and second._own is not None, 10, "spooled")
    first.close()
    second.close()
    files = [spool, spool.with_name("log.spool.1")]
    assert sorted(spooled(file) for file in files) == sorted(ids)


def test_what_a_living_process_holds_is_left_alone_and_what_a_dead_one_left_is_sent(
    hub, log, spool, monkeypatch
):
    living, dead = log(NOBODY), log(NOBODY)
    held = logged(living, 2)
    until(lambda: spool.exists() and len(spooled(spool)) == 2, 10, "spooled")
    left = logged(dead, 2)
    dead.close()
    ours = log(hub.url)
    until(lambda: hub.ids == left, 10, "adopted")
    assert ours.flush()
    assert (hub.ids, spooled(spool)) == (left, held)


FORKED = """
import os, sys, threading
sys.path.insert(0, {folder!r})
from client import InteractionLog
log = InteractionLog({url!r}, "k", spool={spool!r}, interval=0.02)
print(log.log(endpoint="/parent", status="success"), flush=True)
child = os.fork()
if child == 0:
    print(log.log(endpoint="/child", status="success"), flush=True)
    sys.exit(0 if log.flush(10) else 1)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(log.log(endpoint="/parent", status="success"), flush=True)
assert not {{"django", "celery", "feedbackhub"}} & {{name.split(".")[0] for name in sys.modules}}
sys.exit(code)
"""


def alone(tmp_path, code: str, **values) -> subprocess.CompletedProcess[str]:
    """Run code with a copy of the client and nothing else of ours in reach."""
    shutil.copy(SOURCE, tmp_path / "client.py")
    script = code.format(folder=str(tmp_path), **values)
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
    )


@pytest.mark.processes
def test_the_file_alone_works_in_a_parent_and_in_its_forked_child(hub, spool, tmp_path):
    done = alone(tmp_path, FORKED, url=hub.url, spool=str(spool))
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.split()) == sorted(set(hub.ids))
    assert sorted(record["endpoint"] for record in hub.records) == ["/child", "/parent", "/parent"]


KILLED = """
import os, sys, time
sys.path.insert(0, {folder!r})
from client import InteractionLog
log = InteractionLog({url!r}, "k", spool={spool!r}, interval=0.01)
for number in range(10_000):
    log.log(endpoint="/a", status="success", steps="x" * 500)
    time.sleep(0.0002)
"""


@pytest.mark.processes
def test_killed_in_writing_the_spool_is_whole_but_for_its_last_line(hub, log, spool, tmp_path):
    shutil.copy(SOURCE, tmp_path / "client.py")
    script = KILLED.format(folder=str(tmp_path), url=NOBODY, spool=str(spool))
    running = subprocess.Popen([sys.executable, "-I", "-c", script], stderr=subprocess.DEVNULL)
    until(lambda: spool.exists() and spool.stat().st_size > 100_000, 30, "spooled")
    running.send_signal(signal.SIGKILL)
    running.wait()
    raw = spool.read_bytes()
    ids = [json.loads(line)["id"] for line in raw[: raw.rfind(b"\n") + 1].splitlines()]
    ours = log(hub.url)
    assert ours.flush()
    until(lambda: hub.ids == ids, 20, "sent")
    assert (len(set(ids)) == len(ids) > 100, ours.dropped) == (True, 0)


# --- against the hub -----------------------------------------------------------------------------
@pytest.fixture(scope="module")
def prepared_with_key(tmp_path_factory, prepared) -> tuple[Path, str]:
    folder = shutil.copytree(prepared, tmp_path_factory.mktemp("client") / "data")
    return folder, processes.ask(Place(folder), MAKE_KEY)


@pytest.fixture
def real(prepared_with_key, tmp_path) -> processes.Hub:
    """A hub that is not started yet."""
    folder, key = prepared_with_key
    return processes.Hub(Place(shutil.copytree(folder, tmp_path / "hub")), key)


def stored(real: processes.Hub) -> list[str]:
    with contextlib.closing(sqlite3.connect(real.place.folder / "hub.sqlite3")) as database:
        rows = database.execute("SELECT id FROM reviews_interaction ORDER BY id").fetchall()
    return [str(uuid.UUID(row[0])) for row in rows]


@pytest.mark.processes
def test_a_hub_killed_and_started_again_has_each_record_once(real, spool, monkeypatch):
    monkeypatch.setattr(client, "MAX_BACK_OFF", 0.2)
    url = f"http://127.0.0.1:{real.port}"
    log = InteractionLog(url, real.key, spool=str(spool), interval=0.05, batch=20)
    ids: list[str] = []

    def write(count: int) -> None:
        for number in range(count):
            ids.append(log.log(endpoint=f"/{number % 3}", status="failure", steps=[{"n": number}]))
            time.sleep(0.002)

    write(50)  # not started yet
    with real:
        write(50)
        until(lambda: len(stored(real)) >= 60, 20, "some stored")
        writer = threading.Thread(target=write, args=(300,))
        writer.start()
        real.end(signal.SIGKILL)
        writer.join()
        until(lambda: spool.stat().st_size > 0, 10, "spooled")
        real.start()
        assert log.flush(30)
        log.close()
        assert (stored(real), log.dropped) == (sorted(ids), 0)
        assert (len(ids), spool.read_bytes()) == (400, b"")


@pytest.mark.processes
def test_a_wrong_key_loses_nothing(real, spool, caplog, monkeypatch):
    monkeypatch.setattr(client, "MAX_BACK_OFF", 0.1)
    with real:
        url = f"http://127.0.0.1:{real.port}"
        wrong = InteractionLog(url, "fbh_salah_kunci", spool=str(spool))
        ids = logged(wrong, 3)
        wrong.flush(0.5)
        wrong.close()
        assert "401" in caplog.messages[0]
        assert (stored(real), spooled(spool), wrong.dropped) == ([], ids, 0)
        right = InteractionLog(url, real.key, spool=str(spool))
        assert right.flush()
        right.close()
        assert stored(real) == sorted(ids)


@pytest.mark.processes
def test_ask_register_vote_and_read_statistics(real):
    with real:
        hub = Hub(f"http://127.0.0.1:{real.port}/", real.key)
        ticket = hub.register("Berapa lama KITAS berlaku?", "Dua tahun.", model_version="v1")
        vote = hub.vote(ticket["request_id"], rating=5, comment="Bagus", segment="investor")
        assert vote == {"ok": True, "request_id": ticket["request_id"], "is_positive": True}
        with pytest.raises(HubError) as refused:
            hub.vote(ticket["request_id"], is_positive=False)
        assert (refused.value.status, refused.value.problem["title"]) == (409, "Conflict")
        with pytest.raises(HubError) as refused:
            hub.vote(str(uuid.uuid4()))
        assert refused.value.status == 422
        answer = hub.ask(
            "Apa itu NIB?", session="s", history=[("user", "Halo"), ("assistant", "Ya")]
        )
        assert {"request_id", "response", "declined", "model_version"} <= answer.keys()
        assert hub.vote(answer["request_id"], is_positive=False)["is_positive"] is False
        stats = hub.stats()
        assert (stats["total_count"], stats["positive_count"]) == (2, 1)


def test_a_hub_that_is_away_is_an_error_of_its_own():
    with pytest.raises(HubError) as away:
        Hub(f"http://127.0.0.1:{free_port()}", "k").stats()
    assert (away.value.status, away.value.problem["title"]) == (0, "no answer")
    assert os.strerror(111).lower() in str(away.value).lower()
