"""OpenAI's shapes, for callers that speak to /v1 with its clients: errors, answers, pieces.

Source: the API reference of chat completions and models, and what the official Python client reads
of an error (its status decides the exception, `error` its message, type, param and code).
"""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpResponse

from feedbackhub.api import errors
from tuning.providers.base import Chunk, Completion, ProviderError, Trouble, Usage

OWNER = "feedbackhub"
_KINDS: dict[int, tuple[str, str | None]] = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("permission_error", None),
    413: ("invalid_request_error", "request_too_large"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
    503: ("server_error", "unavailable"),
    504: ("server_error", "timeout"),
}
_OTHER: tuple[str, str | None] = ("server_error", None)


def error_body(
    status: int, message: str, param: str | None = None, code: str | None = None
) -> dict[str, Any]:
    kind, usual = _KINDS.get(status, _KINDS[400] if status < 500 else _OTHER)
    return {"error": {"message": message, "type": kind, "param": param, "code": code or usual}}


def error(
    status: int, message: str, param: str | None = None, code: str | None = None
) -> HttpResponse:
    body = orjson.dumps(error_body(status, message, param, code))
    return HttpResponse(body, content_type="application/json", status=status)


def handle(problem: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """The exception handler of /v1: what the rest of the API says, in OpenAI's shape."""
    told = errors.handle(problem, context)
    if told is None:
        return None
    body = orjson.loads(told.content)
    # A wrong body is 400 there, and 422 with us.
    status = 400 if told.status_code == 422 else told.status_code
    wrong = body.get("errors") or [{}]
    # What is asked for by name here is a model; an address that is not there is none.
    code = "model_not_found" if status == 404 else None
    response = error(status, body.get("detail") or body["title"], wrong[0].get("field"), code)
    for name in ("Retry-After", "WWW-Authenticate", "Allow"):
        if name in told:
            response[name] = told[name]
    return response


# --- answers -------------------------------------------------------------------------------------
def usage(counted: Usage | None) -> dict[str, int]:
    counted = counted or Usage()
    return {
        "prompt_tokens": counted.prompt_tokens,
        "completion_tokens": counted.completion_tokens,
        "total_tokens": counted.prompt_tokens + counted.completion_tokens,
    }


def completion(
    request_id: str, created: int, done: Completion, ticket: dict[str, Any]
) -> dict[str, Any]:
    """A chat completion; `ticket` holds our own fields beside OpenAI's."""
    message = {"role": "assistant", "content": done.text, "refusal": None}
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": done.finish_reason,
    }
    return {
        "id": f"chatcmpl-{request_id}",
        "object": "chat.completion",
        "created": created,
        "model": ticket["model_version"],
        "choices": [choice],
        "usage": usage(done.usage),
        **ticket,
    }


class Pieces:
    """The lines of a streamed answer, as server-sent events."""

    def __init__(self, request_id: str, created: int, model: str) -> None:
        self._head = {
            "id": f"chatcmpl-{request_id}",
            "object": "chat.completion.chunk",
            "created": created,
            "model": model,
        }
        # Of the many pieces in the middle only the text differs: the rest is written once.
        whole = self._choice({"content": "\x00"}, None)
        self._before, self._after = whole.split(b'"\\u0000"')

    def _line(self, **fields: Any) -> bytes:
        return b"data: " + orjson.dumps(self._head | fields) + b"\n\n"

    def _choice(self, delta: dict[str, Any], reason: str | None, **fields: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return self._line(choices=[choice], **fields)

    def first(self, ticket: dict[str, Any]) -> bytes:
        """The role, and our own fields."""
        return self._choice({"role": "assistant", "content": ""}, None, **ticket)

    def text(self, words: str) -> bytes:
        return self._before + orjson.dumps(words) + self._after

    def last(self, reason: str) -> bytes:
        return self._choice({}, reason)

    def usage(self, counted: Usage | None) -> bytes:
        return self._line(choices=[], usage=usage(counted))

    def piece(self, chunk: Chunk, *, with_usage: bool) -> bytes:
        lines = self.text(chunk.text) if chunk.text else b""
        if not chunk.finish_reason:
            return lines
        lines += self.last(chunk.finish_reason)
        return lines + (self.usage(chunk.usage) if with_usage else b"") + DONE


DONE = b"data: [DONE]\n\n"


def broken(problem: ProviderError) -> bytes:
    """An error after the stream began: the status is out, so the event itself says it."""
    status = 504 if problem.trouble is Trouble.TIMEOUT else 502
    return b"data: " + orjson.dumps(error_body(status, str(problem))) + b"\n\n"


def model(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": OWNER}
