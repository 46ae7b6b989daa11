"""JSON in and out, strictly: no NaN, no lone surrogates, a bounded body."""

from __future__ import annotations

from typing import IO, Any

import orjson
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

MAX_BODY = 2 * 1024 * 1024
"""Bytes of a request body, where a view sets no `max_body` of its own."""


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large."
    default_code = "too_large"


def read_body(stream: IO[bytes], context: dict[str, Any]) -> bytes:
    """The body's bytes, or TooLarge; reads no more than the limit, whatever its header says."""
    limit = getattr(context.get("view"), "max_body", MAX_BODY)
    raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise TooLarge(f"The body is larger than {limit} bytes.")
    return raw


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        raw = read_body(stream, parser_context or {})
        try:
            return orjson.loads(raw.removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}") from error


class RawParser(BaseParser):
    """The body as bytes, for views that read it line by line."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return read_body(stream, parser_context or {})


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, media_type: Any = None, context: Any = None) -> bytes:
        if data is None:
            return b""
        return orjson.dumps(data, default=str)
