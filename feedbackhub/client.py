"""A client of FeedbackHub for Python services: one file to copy, nothing to install.

    hub = Hub("https://hub.example.com", "fbh_…")
    answer = hub.ask("Berapa lama KITAS berlaku?")
    hub.vote(answer["request_id"], is_positive=True)

    log = InteractionLog("https://hub.example.com", "fbh_…", spool="/var/lib/app/log.spool")
    log.log(endpoint="/generate-app", status="success", request_payload=sent)

Python 3.9 or newer. It imports nothing of the hub's, and nothing but the standard library.
"""

from __future__ import annotations

import atexit
import glob
import gzip
import http.client
import io
import json
import logging
import os
import random
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import weakref
from collections import Counter, deque
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows: one process a spool file
    fcntl = None  # type: ignore[assignment]

logger = logging.getLogger("feedbackhub.client")
TIMEOUT = 10.0
"""Seconds until a call without an answer has failed."""
MAX_BATCH_BYTES = 8 * 1024 * 1024
MAX_RECORD_BYTES = 16 * 1024 * 1024
MAX_QUEUE_BYTES = 64 * 1024 * 1024
WARN_EVERY = 60.0
ADOPT_EVERY = 30.0
MAX_BACK_OFF = 60.0
# The body itself is refused: sent again it would be refused again.
_HOPELESS = (400, 411, 415, 422)


class HubError(Exception):
    """The hub refused a call, or did not answer: then `status` is 0.

    `problem` is its answer (RFC 9457): title, detail and, of a wrong body, `errors` by field.
    """

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('detail') or problem.get('title', '')}".strip())
        self.status, self.problem = status, problem


def _call(
    method: str, url: str, key: str, body: bytes | None = None, **headers: str
) -> dict[str, Any]:
    """The decoded answer; HubError where it is none of success."""
    headers = {"Authorization": f"Bearer {key}", **headers}
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            found = json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise HubError(error.code, _problem(error)) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise HubError(0, {"title": "no answer", "detail": str(error) or repr(error)}) from error
    if not isinstance(found, dict):
        raise HubError(0, {"title": "no answer of a hub"})
    return found


def _problem(error: urllib.error.HTTPError) -> dict[str, Any]:
    problem: dict[str, Any] = {"title": str(error.reason)}
    try:
        found = json.loads(error.read())
    except (OSError, http.client.HTTPException, ValueError):
        found = None
    if isinstance(found, dict):
        problem.update(found)
    if (wait := error.headers.get("Retry-After", "")).isdigit():
        problem["retry_after"] = int(wait)
    return problem


class Hub:
    """Ask, register answers, vote, read statistics. Each call raises HubError."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url.rstrip("/"), key

    def _ai(self, path: str, body: Any = None) -> dict[str, Any]:
        url = f"{self.url}/api/v1/ai/{path}"
        if body is None:
            return _call("GET", url, self.key)
        raw = json.dumps({name: value for name, value in body.items() if value not in (None, "")})
        return _call("POST", url, self.key, raw.encode(), **{"Content-Type": "application/json"})

    def ask(
        self,
        prompt: str,
        request_type: str = "chat",
        session: str | None = None,
        history: Any = (),
        language: str | None = None,
    ) -> dict[str, Any]:
        """The answer with its `request_id`. `history`: earlier turns, oldest first, as
        (role, text) or {"role", "content"}."""
        body = {**_question(prompt, history), "session": session, "language": language}
        return self._ai(urllib.parse.quote(request_type, safe=""), body)

    def register(
        self,
        prompt: str,
        response: str,
        request_type: str = "chat",
        *,
        request_id: str | None = None,
        history: Any = (),
        model_version: str = "",
        prompt_version: str = "",
        language: str | None = None,
    ) -> dict[str, Any]:
        """Register an answer of your own, so that it can be voted on."""
        body = {
            **_question(prompt, history),
            "response": response,
            "request_type": request_type,
            "request_id": request_id,
            "model_version": model_version,
            "prompt_version": prompt_version,
            "language": language,
        }
        return self._ai("contexts", body)

    def vote(
        self,
        request_id: str,
        is_positive: bool | None = None,
        rating: int | None = None,
        comment: str = "",
        *,
        segment: str = "",
        subject: str = "",
    ) -> dict[str, Any]:
        """Vote on an answer; the same vote again is harmless."""
        body = {"is_positive": is_positive, "rating": rating, "comment": comment}
        path = f"feedback/{urllib.parse.quote(str(request_id), safe='')}"
        return self._ai(path, {**body, "segment": segment, "subject": subject})

    def stats(self) -> dict[str, Any]:
        """Counts of the assistant's votes."""
        info: dict[str, Any] = self._ai("feedback/stats")["info"]
        return info


def _question(prompt: str, history: Any) -> dict[str, Any]:
    turns = [
        turn if isinstance(turn, dict) else {"role": turn[0], "content": turn[1]}
        for turn in history or ()
    ]
    return (
        {"messages": [*turns, {"role": "user", "content": prompt}]} if turns else {"prompt": prompt}
    )


# --- the interaction log -------------------------------------------------------------------------
def _marked(value: Any) -> str:
    """What JSON does not know, as a text that says so."""
    try:
        return f"[{type(value).__name__}, not JSON] {value}"
    except Exception:
        return f"[{type(value).__name__}, not JSON]"


def _sayable(value: Any) -> Any:
    """A field's value as the hub takes it: a text, an object or an array."""
    if isinstance(value, (str, dict, list, tuple)):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    return json.dumps(value) if isinstance(value, (bool, int, float)) else _marked(value)


def _dumped(record: dict[str, Any], **options: Any) -> bytes:
    return json.dumps(record, ensure_ascii=False, allow_nan=False, **options).encode() + b"\n"


def _line(record: dict[str, Any]) -> bytes:
    """The record's line, whatever is in it: what can't be written as JSON becomes a marked text."""
    said = {name: _sayable(value) for name, value in record.items() if value is not None}
    try:
        return _dumped(said, default=_marked)
    except (ValueError, TypeError, RecursionError):
        # NaN, half of a surrogate pair, a key that is no text, an object inside itself.
        texts = {name: v if isinstance(v, str) else _marked(v) for name, v in said.items()}
        return _dumped({n: v.encode(errors="replace").decode() for n, v in texts.items()})


class _Spool:
    """Lines in a file that one process holds by a lock; what a dead one left is read again.

    It is never removed, only emptied: another process may have it open, about to lock it.
    """

    def __init__(self, path: str) -> None:
        """Raises OSError where another process holds the file or it can't be written."""
        self.path = path
        self._file = open(path, "a+b", buffering=0)  # noqa: SIM115
        try:
            if fcntl is not None:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._at, self.size = 0, self._cut()
        except BaseException:
            self._file.close()
            raise

    def _cut(self) -> int:
        """Take off the half line of a process that died in writing; returns the file's size."""
        self._file.seek(0)
        whole = self._file.readall().rfind(b"\n") + 1
        self._file.truncate(whole)
        return whole

    @property
    def empty(self) -> bool:
        return self._at >= self.size

    def append(self, lines: list[bytes], limit: int) -> int:
        """Write what fits into `limit` bytes; returns how many lines did. OSError: none did."""
        fitting, size = [], self.size
        for line in lines:
            if size + len(line) > limit:
                break
            fitting.append(line)
            size += len(line)
        try:
            rest = memoryview(b"".join(fitting))
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
        except OSError:
            self._file.truncate(self.size)
            raise
        self.size = size
        return len(fitting)

    def peek(self, count: int) -> list[bytes]:
        """The oldest lines, at most `count`; at least one where there is one."""
        self._file.seek(self._at)
        raw = self._file.read(min(MAX_BATCH_BYTES, self.size - self._at))
        if b"\n" not in raw:
            self._file.seek(self._at)
            raw = self._file.read(self.size - self._at)
        lines = io.BytesIO(raw).readlines()[:count]
        return [line for line in lines if line.endswith(b"\n")]

    def done(self, lines: list[bytes]) -> None:
        self._at += sum(map(len, lines))
        if self.empty:
            self._file.truncate(0)
            self._at = self.size = 0

    def close(self) -> None:
        # Closing gives the lock back; taking it off by name would take it from a fork's parent.
        self._file.close()


class _Warnings:
    """Counts what was lost and why, and says it at most once a minute."""

    def __init__(self) -> None:
        self.dropped = 0
        self._counts: Counter[str] = Counter()
        self._told = float("-inf")
        self._lock = threading.Lock()

    def lost(self, number: int, reason: str) -> None:
        with self._lock:
            self.dropped += number
        self.say(f"dropped, {reason}", number)

    def say(self, what: str, number: int) -> None:
        with self._lock:
            self._counts[what if len(self._counts) < 20 else "for other reasons"] += number
        self.tell()

    def tell(self, now: bool = False) -> None:
        with self._lock:
            if not self._counts or (not now and time.monotonic() < self._told + WARN_EVERY):
                return
            said = "; ".join(f"{number} {what}" for what, number in self._counts.items())
            self._counts.clear()
            self._told = time.monotonic()
        logger.warning("interactions: %s (%d dropped in all)", said, self.dropped)


class InteractionLog:
    """Sends records to the hub in the background; `log` never waits and never raises.

    While the hub is away or refuses the key, records wait in `spool`, a file of at most
    `max_spool_bytes` which outlives the process, and are sent when it answers again: the ids make
    sending twice harmless. What did not reach the file yet, a second's records, dies with a killed
    process. Several processes may name the same spool: each takes a file of its own beside it
    (`….1`, `….2`), and a living one sends what a dead one left. Records are dropped only where the
    queue or the spool is full or the hub refuses the record itself; `dropped` counts them, and a
    warning says so, once a minute at most.
    """

    def __init__(
        self,
        url: str,
        key: str,
        spool: str = "interactions.spool",
        *,
        max_spool_bytes: int = 16 * 1024 * 1024,
        batch: int = 500,
        interval: float = 1.0,
        queue_size: int = 10_000,
    ) -> None:
        self._url, self._key = f"{url.rstrip('/')}/api/v1/interactions", key
        self._spool_path, self._max_spool = os.path.abspath(spool), max_spool_bytes
        self._batch, self._interval, self._queue_size = batch, interval, queue_size
        self._fresh()
        _alive.add(self)
        atexit.register(self.close)
        if self._left():
            self._start()

    def _fresh(self) -> None:
        """Nothing queued, no thread, no file: as a new process has it."""
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._sending: list[bytes] = []
        self._lock, self._work, self._files = threading.Lock(), threading.Lock(), threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = self._hurry = False
        self._own: _Spool | None = None
        self._adopted: list[_Spool] = []
        self._looked = float("-inf")
        self._failures, self._retry_at = 0, 0.0
        self._warnings = _Warnings()

    @property
    def dropped(self) -> int:
        """How many records were lost since the start of the process."""
        return self._warnings.dropped

    def log(self, *, endpoint: str, status: str, **fields: Any) -> str:
        """Queue a record; returns its id. `fields` are those of `POST /api/v1/interactions`; an id
        and the present time are added where they are missing."""
        name = str(fields.pop("id", None) or uuid.uuid4())
        try:
            now = datetime.now(timezone.utc).isoformat()  # noqa: UP017
            own = {"id": name, "timestamp": now, "endpoint": endpoint, "status": status}
            self._put(_line({**own, **fields}))
        except Exception as error:
            self._warnings.lost(1, f"not written: {error!r}"[:200])
        return name

    def _put(self, line: bytes) -> None:
        if len(line) > min(MAX_RECORD_BYTES, self._max_spool):
            return self._warnings.lost(1, "larger than a record may be")
        with self._lock:
            full = len(self._queue) >= self._queue_size
            full = full or self._queued_bytes + len(line) > MAX_QUEUE_BYTES
            if not (full or self._closed):
                self._queue.append(line)
                self._queued_bytes += len(line)
        if full or self._closed:
            return self._warnings.lost(
                1, "the log is closed" if self._closed else "the queue is full"
            )
        self._start()
        if len(self._queue) >= self._batch:
            self._wake.set()
        return None

    # --- the background ---------------------------------------------------------------------------
    def _start(self) -> None:
        if self._running():
            return
        with self._lock:
            if not self._running():
                thread = threading.Thread(target=self._run, name="interaction-log", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    # The interpreter is about to end: `close` does the work.
                    return
                self._thread = thread

    def _running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait(self._interval)
            self._wake.clear()
            self._look()
        self._let_go()

    def _look(self) -> None:
        """Send what there is to send, or put it by."""
        try:
            with self._work:
                if self._closed:
                    return
                self._adopt()
                hurry, self._hurry = self._hurry, False
                if hurry or time.monotonic() >= self._retry_at:
                    self._send_all()
                if time.monotonic() < self._retry_at:
                    self._put_by()
        except Exception as error:
            self._warnings.say(f"times something went wrong: {error!r}"[:200], 1)
        self._warnings.tell()

    def _take(self) -> list[bytes]:
        """The oldest of the queue, for one request; they are in `_sending` until they are done."""
        lines: list[bytes] = []
        size = 0
        with self._lock:
            while self._queue and len(lines) < self._batch:
                size += len(self._queue[0])
                if lines and size > MAX_BATCH_BYTES:
                    break
                lines.append(self._queue.popleft())
                self._queued_bytes -= len(lines[-1])
            self._sending = lines
        return lines

    def _send_all(self) -> None:
        """The spools, oldest first, then the queue; ends with the first failure."""
        for spool in self._spools():
            while not spool.empty:
                lines = spool.peek(self._batch)
                if not self._sent(lines):
                    return
                with self._files:
                    spool.done(lines)
                if len(self._queue) > self._queue_size // 2:
                    self._put_by()
            if spool is not self._own:
                spool.close()
                self._adopted.remove(spool)
        while lines := self._sending or self._take():
            if not self._sent(lines):
                return
            self._sending = []

    def _sent(self, lines: list[bytes]) -> bool:
        """Whether the lines are done with: stored, or refused for good and counted."""
        body = gzip.compress(b"".join(lines), 3)
        headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        try:
            answer = _call("POST", self._url, self._key, body, **headers)
            refused = [str(line["reason"]) for line in answer["refused"]]
        except HubError as error:
            return self._failed(lines, error)
        except (KeyError, TypeError):
            return self._failed(lines, HubError(0, {"title": "no answer of a hub"}))
        for reason, number in Counter(refused).items():
            self._warnings.lost(number, f"refused by the hub: {reason[:100]}")
        self._failures, self._retry_at = 0, 0.0
        return True

    def _failed(self, lines: list[bytes], error: HubError) -> bool:
        if error.status == 413 and len(lines) > 1:
            half = len(lines) // 2
            return self._sent(lines[:half]) and self._sent(lines[half:])
        if error.status == 413 or error.status in _HOPELESS:
            self._warnings.lost(len(lines), f"refused by the hub: {error}"[:200])
            return True
        self._failures += 1
        wait = min(MAX_BACK_OFF, 2.0 ** min(self._failures, 10) / 2) * random.uniform(0.5, 1.5)
        wait = max(wait, min(error.problem.get("retry_after", 0), 10 * MAX_BACK_OFF))
        self._retry_at = time.monotonic() + wait
        self._warnings.say(f"times the hub took nothing, and all is kept: {error}"[:200], 1)
        return False

    # --- the files --------------------------------------------------------------------------------
    def _spools(self) -> list[_Spool]:
        """The files that this process holds, the oldest first."""
        return [*self._adopted, *([self._own] if self._own else [])]

    def _put_by(self) -> None:
        """Everything that waits in memory into the spool; what it has no room for is dropped.

        OSError, where the disk is full, leaves it in memory.
        """
        with self._files:
            while lines := self._sending or self._take():
                self._own = self._own or self._spool_of_ours()
                written = self._own.append(lines, self._max_spool)
                self._sending = []
                if written < len(lines):
                    self._warnings.lost(len(lines) - written, "the spool is full")

    def _spool_of_ours(self) -> _Spool:
        for number in range(1_000):
            try:
                return _Spool(f"{self._spool_path}.{number}" if number else self._spool_path)
            except BlockingIOError:
                continue
        raise OSError(f"{self._spool_path}: a thousand processes hold it")

    def _left(self) -> list[str]:
        """Spool files of this name with something in them, ours or others'."""
        name = re.compile(re.escape(self._spool_path) + r"(\.\d+)?")
        found = glob.glob(glob.escape(self._spool_path) + "*")
        return sorted(path for path in found if name.fullmatch(path) and Path(path).stat().st_size)

    def _adopt(self) -> None:
        """Take over what processes that are no more left behind."""
        if time.monotonic() < self._looked + ADOPT_EVERY:
            return
        self._looked = time.monotonic()
        held = {spool.path for spool in self._spools()}
        for path in self._left():
            try:
                if fcntl is None:
                    self._own = self._own or _Spool(path)
                elif path not in held:
                    self._adopted.append(_Spool(path))
            except OSError:
                continue

    # --- the end ----------------------------------------------------------------------------------
    def _waiting(self) -> bool:
        if self._hurry and not self._closed:
            # Nobody has looked yet: a dead process may have left something.
            return True
        held = any(not spool.empty for spool in self._spools())
        return bool(held or self._queue or self._sending)

    def flush(self, timeout: float = TIMEOUT) -> bool:
        """Try to send everything now; whether it all reached the hub within the seconds given."""
        return self._emptied(timeout, patient=True)

    def _emptied(self, timeout: float, patient: bool) -> bool:
        end = time.monotonic() + timeout
        self._hurry = True
        while self._waiting() and time.monotonic() < end:
            if not (patient or self._hurry) and time.monotonic() < self._retry_at:
                break
            self._start()
            if self._running():
                self._wake.set()
                time.sleep(0.01)
            else:
                self._look()
        return not self._waiting()

    def close(self, timeout: float = 5.0) -> None:
        """Send what is left, or put it by; afterwards records are dropped. Called at exit, too."""
        atexit.unregister(self.close)
        _alive.discard(self)
        if self._closed:
            return
        end = time.monotonic() + timeout
        if time.monotonic() >= self._retry_at:
            self._emptied(timeout, patient=False)
        self._closed = True
        self._wake.set()
        try:
            # A call may still wait for its answer: what it sends is put by, too, and sent twice.
            self._put_by()
        except OSError as error:
            left = len(self._queue) + len(self._sending)
            self._warnings.lost(left, f"not put by at the end: {error}"[:200])
        self._warnings.tell(now=True)
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            # It gives the files back as it ends; whoever opens the same spool next needs them.
            thread.join(max(0.1, end - time.monotonic()))
        if not self._running():
            self._let_go()

    def _let_go(self) -> None:
        with self._work, self._files:
            for spool in self._spools():
                spool.close()


_alive: weakref.WeakSet[InteractionLog] = weakref.WeakSet()


def _in_a_fork() -> None:
    """The child of a fork has the parent's records and files but not its thread: it starts anew,
    and its parent sends what is its own."""
    for log in list(_alive):
        for spool in log._spools():
            spool.close()
        log._fresh()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_a_fork)
