"""Servers of models outside the machine, which speak the real protocols over real sockets.

    with OpenAIServer("Dua tahun.") as server:
        OpenAIProvider(server.url, "sahabat").complete(CompletionRequest("Berapa lama?"))
        assert server.requests[0].body["messages"] == [...]

Everything that they do is set by their attributes, at any time. For a benchmark one runs by itself:
`python -m tests.tuning.providers.standins openai --answer "satu dua tiga" --delay 0.05`.
"""

from __future__ import annotations

import argparse
import json
import re
import select
import socket
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

HTML = "<html><body><h1>503 Service Unavailable</h1></body></html>"
_LONGEST = 60
"""Seconds of a silence, unless the stand-in is ended before."""


@dataclass(frozen=True)
class Received:
    """A request as it came. Names of headers are in small letters."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class _Sockets(ThreadingHTTPServer):
    daemon_threads = True
    # 200 streams that begin at once must not wait for a second SYN.
    request_queue_size = 512

    def __init__(self, handler: type[_Handler], standin: _Server) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.standin = standin
        self.opened: list[socket.socket] = []

    def get_request(self):
        found = super().get_request()
        self.opened.append(found[0])
        return found

    def handle_error(self, request, client_address):
        """A client that leaves is what some tests are about."""


class _Server:
    """What a stand-in does.

    `answer` is streamed in `pieces` (its words, unless set) with `delay` seconds before each; when
    `held`, each waits for `release` to be set. `statuses` are the errors of the next requests, one
    each, with the words `said` and `extra_headers`; `html` answers all with a page and 503. After
    `drop_after` pieces the connection breaks, after `stall_after` it falls silent; `silent` says
    nothing at all. `finish` is the protocol's own word, `usage` are the tokens of prompt and
    completion. `raw` is a body in the place of the protocol's, written as it is, part by part.
    Streams are `chunked`, or else end with their connection.

    `requests` came in, over so many `connections`; `gone` is set once a client left a stream.
    """

    handler: type[_Handler]
    root = ""

    def __init__(self, answer: str = "Halo dari luar.", **settings: Any) -> None:
        self.answer = answer
        self.pieces: list[str] | None = None
        self.delay = 0.0
        self.statuses: list[int] = []
        self.said = "server says no"
        self.extra_headers: dict[str, str] = {}
        self.html = False
        self.silent = False
        self.drop_after: int | None = None
        self.stall_after: int | None = None
        self.held = False
        self.chunked = True
        self.finish = ""
        self.usage: tuple[int, int] | None = (12, 5)
        self.raw: list[bytes] | None = None
        for name, value in settings.items():
            assert hasattr(self, name), name
            setattr(self, name, value)
        self.requests: list[Received] = []
        self.gone = threading.Event()
        self.release = threading.Event()
        self.closing = threading.Event()

    def __enter__(self) -> Self:
        self._sockets = _Sockets(self.handler, self)
        poll = {"poll_interval": 0.01}
        threading.Thread(target=self._sockets.serve_forever, kwargs=poll, daemon=True).start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.closing.set()
        self.release.set()
        self._sockets.shutdown()
        self._sockets.server_close()
        for opened in self._sockets.opened:
            opened.close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._sockets.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.origin}{self.root}"

    @property
    def connections(self) -> int:
        """Connections that were ever opened to it."""
        return len(self._sockets.opened)

    @property
    def parts(self) -> list[str]:
        return self.pieces if self.pieces is not None else re.findall(r"\S+\s*", self.answer)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Sockets

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read `requests`."""

    def do_POST(self) -> None:
        standin = self.server.standin
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        standin.requests.append(Received(self.path, headers, body))
        if standin.silent:
            standin.closing.wait(_LONGEST)
            self.close_connection = True
        elif standin.html:
            self._send(503, HTML.encode(), "text/html")
        elif standin.statuses:
            status = standin.statuses.pop(0)
            self._send(status, json.dumps(self.error(status)).encode())
        elif standin.raw is not None:
            self._stream(standin.raw)
        else:
            self._answer(body)

    def _answer(self, body: dict[str, Any]) -> None:
        refused = self.refuse(body)
        if refused:
            self._send(refused, json.dumps(self.error(refused)).encode())
        elif self.streams(body):
            self._stream(self.events(body))
        else:
            self.server.standin.closing.wait(self.server.standin.delay)
            self._send(200, json.dumps(self.whole()).encode())

    def _send(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status != 200:
            for name, value in self.server.standin.extra_headers.items():
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, parts: Iterable[bytes]) -> None:
        standin = self.server.standin
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        if standin.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        for number, part in enumerate(parts):
            if number == standin.stall_after:
                standin.closing.wait(_LONGEST)
            if standin.held:
                standin.release.wait(_LONGEST)
                standin.release.clear()
            if number == standin.drop_after or self._client_left(standin.delay):
                self.close_connection = True
                return
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if standin.chunked else part)
        self.wfile.write(b"0\r\n\r\n" if standin.chunked else b"")

    def _client_left(self, seconds: float) -> bool:
        """Whether the client hangs up within the time; nothing else may come from it now."""
        readable, _, _ = select.select([self.connection], [], [], seconds)
        left = bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        if left:
            self.server.standin.gone.set()
        return left

    def error(self, status: int) -> dict[str, Any]:
        raise NotImplementedError

    def refuse(self, body: dict[str, Any]) -> int:
        """The status of a request that the protocol does not know; 0 for a good one."""
        raise NotImplementedError

    def streams(self, body: dict[str, Any]) -> bool:
        raise NotImplementedError

    def whole(self) -> dict[str, Any]:
        raise NotImplementedError

    def events(self, body: dict[str, Any]) -> Iterator[bytes]:
        raise NotImplementedError


def event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


# --- OpenAI --------------------------------------------------------------------------------------
class _OpenAIHandler(_Handler):
    def error(self, status: int) -> dict[str, Any]:
        kind = "invalid_request_error" if status < 500 else "server_error"
        said = self.server.standin.said
        return {"error": {"message": said, "type": kind, "param": None, "code": None}}

    def refuse(self, body: dict[str, Any]) -> int:
        if self.path != "/v1/chat/completions":
            return 404
        return 0 if body.get("model") and body.get("messages") else 400

    def streams(self, body: dict[str, Any]) -> bool:
        return bool(body.get("stream"))

    def _row(self, kind: str, choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        head = {"id": "chatcmpl-1", "object": kind, "created": 1_795_255_200, "model": "m"}
        return {**head, "choices": choices, **more}

    def _usage(self) -> dict[str, int] | None:
        if self.server.standin.usage is None:
            return None
        asked, said = self.server.standin.usage
        names = ("prompt_tokens", "completion_tokens", "total_tokens")
        return dict(zip(names, (asked, said, asked + said), strict=True))

    def whole(self) -> dict[str, Any]:
        standin = self.server.standin
        message = {"role": "assistant", "content": "".join(standin.parts)}
        choice = {"index": 0, "message": message, "finish_reason": standin.finish or "stop"}
        return self._row("chat.completion", [choice], usage=self._usage())

    def events(self, body: dict[str, Any]) -> Iterator[bytes]:
        standin = self.server.standin
        head = self._delta({"role": "assistant", "content": ""})
        for text in standin.parts:
            yield head + self._delta({"content": text})
            head = b""
        end = {"index": 0, "delta": {}, "finish_reason": standin.finish or "stop"}
        tail = head + self._chunk([end])
        if (body.get("stream_options") or {}).get("include_usage") and standin.usage:
            tail += self._chunk([], usage=self._usage())
        yield tail + b"data: [DONE]\n\n"

    def _delta(self, delta: dict[str, str]) -> bytes:
        return self._chunk([{"index": 0, "delta": delta, "finish_reason": None}])

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        return event(self._row("chat.completion.chunk", choices, **more))


class OpenAIServer(_Server):
    """`POST /v1/chat/completions`, whole or as chunked server-sent events."""

    handler = _OpenAIHandler
    root = "/v1"


# --- Gemini --------------------------------------------------------------------------------------
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
# The SDK asks for v1 unless told otherwise, other clients for v1beta.
_CALL = r"[^/:]+:(?:generateContent|streamGenerateContent\?alt=sse)"
_DEVELOPER = re.compile(rf"/v1(?:beta)?/models/{_CALL}")
_VERTEX = re.compile(
    rf"/v1beta1/projects/[^/]+/locations/[^/]+/(?:publishers/google/models|endpoints)/{_CALL}"
)


class _GeminiHandler(_Handler):
    def error(self, status: int) -> dict[str, Any]:
        standin = self.server.standin
        told = {"code": status, "message": standin.said, "status": _STATUSES.get(status, "UNKNOWN")}
        details = standin.error_details  # type: ignore[attr-defined]
        return {"error": told | ({"details": details} if details else {})}

    def refuse(self, body: dict[str, Any]) -> int:
        if _DEVELOPER.fullmatch(self.path):
            known = "x-goog-api-key" in self.headers
        elif _VERTEX.fullmatch(self.path):
            known = self.headers.get("authorization", "").startswith("Bearer ")
        else:
            return 404
        if not known:
            return 401
        return 0 if body.get("contents") else 400

    def streams(self, body: dict[str, Any]) -> bool:
        return "streamGenerateContent" in self.path

    def _row(self, parts: list[dict[str, Any]], finish: str = "") -> dict[str, Any]:
        standin = self.server.standin
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        row: dict[str, Any] = {"candidates": [candidate], "modelVersion": "m", "responseId": "r"}
        if standin.usage:
            asked, said = standin.usage
            row["usageMetadata"] = {
                "promptTokenCount": asked,
                "candidatesTokenCount": said,
                "totalTokenCount": asked + said,
            }
        return row

    def whole(self) -> dict[str, Any]:
        standin = self.server.standin
        return self._row([{"text": "".join(standin.parts)}], standin.finish or "STOP")

    def events(self, body: dict[str, Any]) -> Iterator[bytes]:
        """The last words come with the reason of the end, as Google sends them."""
        standin = self.server.standin
        *first, last = standin.parts or [""]
        for text in first:
            yield event(self._row([{"text": text}]))
        yield event(self._row([{"text": last}], standin.finish or "STOP"))


class GeminiServer(_Server):
    """`generateContent` and `streamGenerateContent` of the Developer API and of Vertex.

    Like Google it wants a key for the one and a bearer token for the other.
    """

    handler = _GeminiHandler

    def __init__(self, answer: str = "Halo dari luar.", **settings: Any) -> None:
        self.error_details: list[dict[str, Any]] = []
        super().__init__(answer, **settings)


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in by itself, until it is ended.")
    parser.add_argument("kind", choices=("openai", "gemini"))
    parser.add_argument("--answer", default="Halo dari luar.")
    parser.add_argument("--delay", type=float, default=0.0)
    said = parser.parse_args()
    kind = {"openai": OpenAIServer, "gemini": GeminiServer}[said.kind]
    with kind(said.answer, delay=said.delay) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
