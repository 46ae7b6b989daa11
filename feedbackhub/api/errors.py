"""Every error of the API as problem+json (RFC 9457), in one place."""

from __future__ import annotations

import logging
from typing import Any

import orjson
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework import status as codes
from rest_framework.settings import api_settings

from reviews.domain import errors as domain
from reviews.domain import transitions
from reviews.formats import FormatError
from tuning.providers.base import ProviderError, Trouble

log = logging.getLogger("hub.api")
RETRY_SECONDS = 5
_BY_KIND: tuple[tuple[type[Exception], int, str], ...] = (
    (domain.Invalid, codes.HTTP_422_UNPROCESSABLE_ENTITY, "The body is wrong"),
    (domain.Unknown, codes.HTTP_404_NOT_FOUND, "Not known"),
    (domain.Expired, codes.HTTP_410_GONE, "Expired"),
    (transitions.IllegalMove, codes.HTTP_409_CONFLICT, "Not in this status"),
    (domain.Conflict, codes.HTTP_409_CONFLICT, "Conflict"),
    (domain.Unavailable, codes.HTTP_503_SERVICE_UNAVAILABLE, "Try again"),
    (domain.Refused, codes.HTTP_403_FORBIDDEN, "Not allowed"),
)


_BY_TROUBLE = {
    Trouble.UNAVAILABLE: (codes.HTTP_502_BAD_GATEWAY, "No model answered"),
    Trouble.TIMEOUT: (codes.HTTP_504_GATEWAY_TIMEOUT, "The model took too long"),
    Trouble.RATE_LIMITED: (codes.HTTP_429_TOO_MANY_REQUESTS, "The model is asked too often"),
    Trouble.REJECTED: (codes.HTTP_422_UNPROCESSABLE_ENTITY, "The model refused the request"),
}


def problem(status: int, title: str, detail: str = "", **members: Any) -> HttpResponse:
    """A problem+json answer; `members` are its further fields."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    if detail:
        body["detail"] = detail
    response = HttpResponse(
        orjson.dumps(body | members), content_type="application/problem+json", status=status
    )
    if status == codes.HTTP_503_SERVICE_UNAVAILABLE:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _inner_path(field: str, name: str) -> str:
    if name == api_settings.NON_FIELD_ERRORS_KEY:
        return field
    return f"{field}.{name}" if field else name


def _flat(detail: Any, field: str = "") -> list[dict[str, str]]:
    """DRF's nested errors as a list of {field, detail}; a nested field by its path, such as
    messages.0.role, and the whole body as `body`."""
    if isinstance(detail, dict):
        return [
            line
            for name, inner in detail.items()
            for line in _flat(inner, _inner_path(field, str(name)))
        ]
    if isinstance(detail, list):
        return [{"field": field or "body", "detail": str(inner)} for inner in detail]
    return [{"field": field or "body", "detail": str(detail)}]


def _of_rest_framework(error: exceptions.APIException) -> HttpResponse:
    if isinstance(error, exceptions.ValidationError):
        wrong = _flat(error.detail)
        detail = "; ".join(f"{line['field']}: {line['detail']}" for line in wrong)
        return problem(422, "The body is wrong", detail, errors=wrong)
    response = problem(error.status_code, error.default_code.replace("_", " "), str(error.detail))
    if isinstance(error, (exceptions.NotAuthenticated, exceptions.AuthenticationFailed)):
        response["WWW-Authenticate"] = "Bearer"
    if isinstance(error, exceptions.Throttled):
        response["Retry-After"] = str(int(getattr(error, "wait", None) or RETRY_SECONDS))
    return response


def _of_provider(error: ProviderError) -> HttpResponse:
    status, title = _BY_TROUBLE[error.trouble]
    response = problem(status, title, str(error))
    if status == codes.HTTP_429_TOO_MANY_REQUESTS:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _of_domain(error: Exception) -> HttpResponse | None:
    if isinstance(error, ProviderError):
        return _of_provider(error)
    if isinstance(error, FormatError):
        error = domain.Invalid({error.field: error.reason})
    for kind, status, title in _BY_KIND:
        if isinstance(error, kind):
            fields = error.fields.items() if isinstance(error, domain.Invalid) else ()
            wrong = [{"field": name, "detail": reason} for name, reason in fields]
            return problem(status, title, str(error), **({"errors": wrong} if wrong else {}))
    return None


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler. None, for what is nobody's fault but ours, becomes a 500."""
    if isinstance(error, exceptions.APIException):
        return _of_rest_framework(error)
    if isinstance(error, Http404):
        return problem(404, "Not known")
    if isinstance(error, (OperationalError, InterfaceError)):
        log.error("database away", extra={"error": repr(error)})
        return problem(503, "Try again", "the database is away, try again in a moment")
    return _of_domain(error)
