"""JSON in and out, strictly: no NaN, no lone surrogates, no key twice, a bounded body.

A body may be gzipped; its limit is that of what is in it.
"""

from __future__ import annotations

import zlib
from typing import IO, Any

import orjson
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from reviews.formats import reject_duplicate_keys

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
    request = context.get("request")
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "") if request else ""
    if len(raw) <= limit and encoding:
        raw = _decoded(raw, encoding.strip().lower(), limit)
    if len(raw) > limit:
        raise TooLarge(f"The body is larger than {limit} bytes.")
    return raw


def _decoded(raw: bytes, encoding: str, limit: int) -> bytes:
    """What a body with a Content-Encoding holds, up to one byte over the limit: the gigabytes that
    a few kilobytes could stand for are never made."""
    if encoding == "identity":
        return raw
    if encoding not in ("gzip", "x-gzip"):
        raise UnsupportedMediaType("", "Content-Encoding: only gzip is read.")
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        found = inflate.decompress(raw, limit + 1)
    except zlib.error as error:
        raise ParseError(f"The body is not gzip: {error}") from error
    if len(found) <= limit and not inflate.eof:
        raise ParseError("The body is not gzip: it is cut short")
    if inflate.unused_data:
        raise ParseError("The body is not gzip: something follows it")
    return found


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        raw = read_body(stream, parser_context or {}).removeprefix(b"\xef\xbb\xbf")
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}") from error
        reject_duplicate_keys(raw)
        return value


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
