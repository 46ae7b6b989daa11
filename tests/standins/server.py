"""A server on loopback whose answers a stand-in makes, and the faults of any service."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

PAGE = b"<html><body><h1>503 Service Unavailable</h1></body></html>"


@dataclass(frozen=True)
class Received:
    """A request as it came. Names of headers are in small letters."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    promised: int = 0
    """Bytes that the headers promise where the connection breaks off before them."""

    @property
    def raw(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Fault:
    """What happens to the next request whose method and path match, once.

    `reply` goes out in the place of the true one, and None breaks the connection. `heard` says that
    the request was carried out all the same.
    """

    method: str
    path: str = ""
    reply: Reply | None = None
    heard: bool = False

    def hits(self, request: Received) -> bool:
        return request.method == self.method and self.path in request.path


def error(status: int, word: str, message: str, details: list[Any] | None = None) -> Reply:
    """Google's error object."""
    told = {"code": status, "message": message, "status": word}
    return Reply(status, {"error": told | ({"details": details} if details else {})})


UNAUTHENTICATED = error(401, "UNAUTHENTICATED", "Request is missing required credentials.")
BROKEN_DOWN = Reply(503, PAGE, {"Content-Type": "text/html"})
QUOTA = error(
    429,
    "RESOURCE_EXHAUSTED",
    "Quota exceeded for concurrent tuning jobs.",
    [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "13s"}],
)


class Server:
    """Whatever `answer` says, over HTTP. `requests` came in; `faults` are still to happen."""

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self.requests: list[Received] = []
        self.faults: list[Fault] = []
        self.guard = threading.Lock()

    def answer(self, request: Received) -> Reply:
        raise NotImplementedError

    def reply(self, request: Received) -> Reply | None:
        """One request at a time: what a stand-in knows needs no locks of its own."""
        with self.guard:
            self.requests.append(request)
            fault = next((one for one in self.faults if one.hits(request)), None)
            if fault is None:
                return self.answer(request)
            self.faults.remove(fault)
            if fault.heard:
                self.answer(request)
            return fault.reply

    def __enter__(self) -> Self:
        self._sockets = _Sockets(self, self._port)
        poll = {"poll_interval": 0.01}
        threading.Thread(target=self._sockets.serve_forever, kwargs=poll, daemon=True).start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._sockets.shutdown()
        self._sockets.server_close()
        for opened in self._sockets.opened:
            # Clients keep connections; the next server at this port must not inherit them.
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._sockets.server_address[1]}"


class _Sockets(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, standin: Server, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.standin = standin
        self.opened: list[socket.socket] = []

    def get_request(self):
        found = super().get_request()
        self.opened.append(found[0])
        return found

    def handle_error(self, request, client_address):
        """A client that leaves is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Sockets

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read `requests`."""

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        reply = self.server.standin.reply(
            Received(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                self._body(),
            )
        )
        if reply is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(reply.status)
        for name, value in ({"Content-Type": "application/json"} | reply.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(reply.promised or len(reply.raw)))
        self.end_headers()
        self.wfile.write(reply.raw)
        if reply.promised:
            self.close_connection = True

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815
