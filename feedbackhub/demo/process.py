"""The hub as a process of its own, and a small client of its HTTP API."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from django.conf import settings

_START_SECONDS = 30


class HubError(Exception):
    """The hub did not start, or refused what the demo asked."""


def free_port(wanted: int = 0) -> int:
    """`wanted` where it is free, else any free port of this machine."""
    with socket.socket() as probe:
        # As the server will bind it: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            if not wanted:
                raise
            return free_port()
        return int(probe.getsockname()[1])


class Client:
    """One keep-alive connection to the hub, with a client key."""

    def __init__(self, port: int, key: str = "") -> None:
        self.port, self.key = port, key
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """(status, decoded body). A connection that was closed meanwhile is opened again."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        raw = None if body is None else json.dumps(body).encode()
        try:
            self._connection.request(method, path, raw, headers)
            answer = self._connection.getresponse()
        except (HTTPException, ConnectionError):
            self._connection.close()
            self._connection.request(method, path, raw, headers)
            answer = self._connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    def post(self, path: str, body: Any, expect: tuple[int, ...] = (200, 201)) -> Any:
        status, answer = self.call("POST", path, body)
        if status not in expect:
            raise HubError(f"POST {path}: {status} {answer}")
        return answer


class Hub:
    """`manage.py hub` on a port, started and ended with the demo."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.log: Path = settings.DATA_DIR / "hub.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        manage = Path(settings.BASE_DIR) / "manage.py"
        command = [sys.executable, str(manage), "hub", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=settings.BASE_DIR,
                stdout=log,
                stderr=log,
                env=os.environ.copy(),
                # To gunicorn a closed terminal's HUP means reload: only the demo hears it, and
                # ends the hub.
                start_new_session=True,
            )
        self._await()

    def _await(self) -> None:
        assert self._process is not None
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            if self._process.poll() is not None:
                break
            try:
                if Client(self.port).call("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise HubError(f"the hub did not start, see {self.log}")

    def wait(self) -> None:
        """Until the hub ends."""
        if self._process:
            self._process.wait()

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
