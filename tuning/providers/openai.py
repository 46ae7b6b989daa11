"""Any OpenAI-compatible server (vLLM, Ollama, llama.cpp), spoken to directly.

The protocol is `POST {endpoint}/chat/completions`, streamed as server-sent events
(platform.openai.com/docs/api-reference/chat). A gateway passes thousands of pieces a second on, so
a piece costs one read of the socket, one split and one JSON parse.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import orjson
import urllib3
from urllib3 import exceptions

from tuning.providers.base import (
    Chunk,
    Completion,
    CompletionRequest,
    ProviderError,
    Sampling,
    Trouble,
    Usage,
    failure,
    pause,
    quoted,
    texts,
    twice,
)

_CONNECT_SECONDS = 5.0
_DRAIN_SECONDS = 1.0
"""How long the end of a body may take after the last event; then its connection is dropped."""
_ERROR_BYTES = 65_536
_CONNECTIONS = 256
"""Idle connections that are kept for each server; more are opened as needed."""
_SERVERS = 32
_MALFORMED = (AttributeError, IndexError, KeyError, TypeError)
_pools: dict[int, urllib3.PoolManager] = {}
_uncounted: set[tuple[str, str]] = set()
"""(address, model) that refused `stream_options`; a provider may live for one request only."""


def _pool() -> urllib3.PoolManager:
    """One a process: a forked child must not speak on its parent's connections."""
    process = os.getpid()
    found = _pools.get(process)
    if found is None:
        made = urllib3.PoolManager(num_pools=_SERVERS, maxsize=_CONNECTIONS, block=False)
        found = _pools.setdefault(process, made)
    return found


class OpenAIProvider:
    """`timeout` is the silence in seconds that is borne, before the first byte or between two."""

    def __init__(self, endpoint: str, model: str, api_key: str = "", timeout: float = 60.0) -> None:
        self.model = model
        self._url = f"{endpoint.rstrip('/')}/chat/completions"
        self._key = api_key
        self._headers = {"Content-Type": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._timeout = urllib3.Timeout(connect=min(_CONNECT_SECONDS, timeout), read=timeout)

    def complete(self, request: CompletionRequest) -> Completion:
        response = self._open(request, _body(self.model, request))
        with _translated():
            answer = _parsed(response.data)
        self._check(answer, request)
        try:
            choice = answer["choices"][0]
            text, reason = _text(choice["message"].get("content")), choice.get("finish_reason")
        except _MALFORMED as error:
            raise _strange() from error
        return Completion(text, finish_reason=_finish(reason), usage=_usage(answer.get("usage")))

    def stream(self, request: CompletionRequest) -> Iterator[Chunk]:
        response = self._open_stream(request)
        try:
            with _translated():
                yield from self._chunks(response, request)
        finally:
            # Read to its end, the connection is back in the pool and this closes nothing.
            response.close()

    def _chunks(
        self, response: urllib3.BaseHTTPResponse, request: CompletionRequest
    ) -> Iterator[Chunk]:
        reason, usage = None, None
        events = _events(response)
        for data in events:
            if data == b"[DONE]":
                yield Chunk(finish_reason=_finish(reason), usage=usage)
                _drain(response, events)
                return
            event = _parsed(data)
            self._check(event, request)
            text, ended = _delta(event)
            reason = ended or reason
            usage = _usage(event.get("usage")) or usage
            if text:
                yield Chunk(text)
        raise ProviderError("the stream broke off", permanent=False)

    def _open_stream(self, request: CompletionRequest) -> urllib3.BaseHTTPResponse:
        """A stream with its token count; without it from a server that does not know it."""
        counted = (self._url, self.model) not in _uncounted
        try:
            return self._open(request, _body(self.model, request, stream=True, counted=counted))
        except ProviderError as error:
            words = str(error).lower().replace(" ", "_")
            if error.trouble != Trouble.REJECTED or not counted or "stream_options" not in words:
                raise
        _uncounted.add((self._url, self.model))
        return self._open(request, _body(self.model, request, stream=True, counted=False))

    def _open(self, request: CompletionRequest, body: bytes) -> urllib3.BaseHTTPResponse:
        """The response with status 200, its body still unread."""

        def ask() -> urllib3.BaseHTTPResponse:
            with _translated():
                response = _pool().urlopen(
                    "POST",
                    self._url,
                    body=body,
                    headers=self._headers,
                    timeout=self._timeout,
                    retries=False,
                    redirect=False,
                    preload_content=False,
                )
                if response.status == 200:
                    return response
                raise self._refusal(response, request)

        return twice(ask)

    def _refusal(
        self, response: urllib3.BaseHTTPResponse, request: CompletionRequest
    ) -> ProviderError:
        try:
            said = _message(_parsed(response.read(_ERROR_BYTES)))
        except (ProviderError, exceptions.HTTPError):
            said = ""
        finally:
            response.close()
        wanted = response.headers.get("Retry-After", "")
        return failure(response.status, self._quoted(said, request), wanted)

    def _check(self, answer: dict[str, Any], request: CompletionRequest) -> None:
        """Raise the error that came in the place of an answer or of a piece of it."""
        inner = answer.get("error")
        if not inner and answer.get("object") != "error":
            return
        code = (inner if isinstance(inner, dict) else answer).get("code")
        status = code if isinstance(code, int) and 400 <= code < 600 else 500
        raise failure(status, self._quoted(_message(answer), request))

    def _quoted(self, said: object, request: CompletionRequest) -> str:
        return quoted(said, [self._key, *texts(request)])


# --- what goes out -------------------------------------------------------------------------------
def _body(
    model: str, request: CompletionRequest, *, stream: bool = False, counted: bool = False
) -> bytes:
    turns = [("system", request.system)] if request.system else []
    turns += [*request.history, ("user", request.prompt)]
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": role, "content": words} for role, words in turns],
        **_options(request.sampling),
    }
    if stream:
        body["stream"] = True
    if counted:
        body["stream_options"] = {"include_usage": True}
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        # Half of a character (a lone surrogate) passes JSON's escapes and no server's decoder.
        message = "a text that is no Unicode"
        raise ProviderError(message, permanent=True, trouble=Trouble.REJECTED) from error


def _options(sampling: Sampling) -> dict[str, Any]:
    options = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "stop": list(sampling.stop) or None,
    }
    return {name: value for name, value in options.items() if value is not None}


# --- what comes back -----------------------------------------------------------------------------
def _events(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """The data of each server-sent event, as soon as its line is whole.

    A line is split as bytes, so no character is torn.
    """
    rest = b""
    for piece in _pieces(response):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()
    if rest.startswith(b"data:"):
        yield rest[5:].strip()


def _pieces(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """The body as it arrives; `read` and `stream` would wait for a full buffer without chunks.

    `read1` would serve both kinds, at about a fifth more of a processor's time for each piece.
    """
    if response.chunked:
        return response.read_chunked(decode_content=True)
    return iter(response.read1, b"")


def _drain(response: urllib3.BaseHTTPResponse, events: Iterator[bytes]) -> None:
    """Read the end of the body, which gives the connection back to the pool."""
    socket = getattr(response.connection, "sock", None)
    if socket is not None:
        socket.settimeout(_DRAIN_SECONDS)
    with suppress(exceptions.HTTPError):
        for _ in events:
            pass


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _strange() from error
    if not isinstance(found, dict):
        raise _strange()
    return found


def _delta(event: dict[str, Any]) -> tuple[str, str | None]:
    """(text, reason of the end) of a piece; the last one may bear usage and no choice."""
    try:
        choices = event.get("choices")
        if not choices:
            return "", None
        choice = choices[0]
        # Its neighbour `reasoning_content` is the model's own and no part of the answer.
        content = (choice.get("delta") or {}).get("content")
        return _text(content), choice.get("finish_reason")
    except _MALFORMED as error:
        raise _strange() from error


def _text(content: Any) -> str:
    """The words of a content, which is a text or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    words = (part.get("text") for part in parts if part.get("type") == "text")
    return "".join(text for text in words if isinstance(text, str))


def _finish(reason: str | None) -> str:
    return reason if reason in ("length", "content_filter") else "stop"


def _usage(raw: Any) -> Usage | None:
    if not isinstance(raw, dict):
        return None
    return Usage(raw.get("prompt_tokens") or 0, raw.get("completion_tokens") or 0)


def _message(answer: dict[str, Any]) -> Any:
    """What an error says: OpenAI's `error.message`, Ollama's `error`, FastAPI's `detail`."""
    error = answer.get("error")
    if isinstance(error, dict):
        return error.get("message") or ""
    return error or answer.get("message") or answer.get("detail") or ""


def _strange() -> ProviderError:
    return ProviderError("an answer that is not OpenAI's protocol", permanent=False)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except exceptions.HTTPError as error:
        raise _trouble(error) from error


def _trouble(error: exceptions.HTTPError) -> ProviderError:
    name = type(error).__name__
    # urllib3 counts a refused connection among the connect time-outs.
    refused = exceptions.NewConnectionError
    if isinstance(error, exceptions.TimeoutError) and not isinstance(error, refused):
        return ProviderError(f"silence: {name}", permanent=False, trouble=Trouble.TIMEOUT)
    if isinstance(error, exceptions.LocationValueError):
        return ProviderError(f"no address: {name}", permanent=True)
    return ProviderError(f"no connection: {name}", permanent=False, again=pause())
