"""Callers over HTTP that cost little themselves: on a small machine they share its processors.

Requests are whole byte strings made beforehand, sent over kept connections by one thread.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from urllib.parse import urlsplit


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of an HTTP/1.1 request. Underscores of header names stand for hyphens."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Result:
    """Rates are per second of the whole run, times in milliseconds."""

    seconds: float
    statuses: dict[int, int] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return sum(self.statuses.values()) / self.seconds

    def percentile(self, share: int) -> float:
        return quantiles(self.milliseconds, n=100)[share - 1]


class _Caller:
    """One connection with one request under way."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.began = 0.0

    def send(self, raw: bytes) -> None:
        self.received, self.began = b"", time.perf_counter()
        self.socket.sendall(raw)

    def take(self) -> int:
        """The answer's status once it is whole, else 0."""
        got = self.socket.recv(65536)
        assert got, "the server closed the connection"
        self.received += got
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return 0
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return int(head[9:12]) if len(body) >= int(length or 0) else 0


def run(url: str, requests: Sequence[bytes], clients: int = 8) -> Result:
    """Send all requests, `clients` at a time, and tell how it went."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    waiting: Iterator[bytes] = iter(requests)
    result, began = Result(0.0), time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for raw, _client in zip(waiting, range(clients), strict=False):
            caller = _Caller((parts.hostname, parts.port))
            selector.register(caller.socket, selectors.EVENT_READ, caller)
            caller.send(raw)
        while selector.get_map():
            for key, _events in selector.select():
                _answered(key.data, waiting, result, selector)
    result.seconds = time.perf_counter() - began
    return result


def _answered(
    caller: _Caller, waiting: Iterator[bytes], result: Result, selector: selectors.BaseSelector
) -> None:
    status = caller.take()
    if not status:
        return
    result.statuses[status] = result.statuses.get(status, 0) + 1
    result.milliseconds.append((time.perf_counter() - caller.began) * 1000)
    raw = next(waiting, None)
    if raw is None:
        selector.unregister(caller.socket)
        caller.socket.close()
    else:
        caller.send(raw)
