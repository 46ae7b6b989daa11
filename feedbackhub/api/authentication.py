"""Who calls: an application by its key, a page by a feedback token, staff by their session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from reviews.domain import contexts, keys
from reviews.models import ClientKey


@dataclass(frozen=True, slots=True)
class VoteToken:
    """A signed permission to vote on one answer, made for `key`'s application."""

    request_id: str
    key: ClientKey


def bearer(request: Request) -> str:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


class ClientKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer fbh_…`; request.auth becomes the ClientKey."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        text = bearer(request)
        if not text:
            return None
        now = timezone.now()
        key = keys.verify(text, now)
        if key is None:
            raise AuthenticationFailed("This key is not known or was revoked.")
        keys.touch(key, now)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class VoteTokenAuthentication(ClientKeyAuthentication):
    """A client key, or a feedback token in its place."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        text = bearer(request)
        if not text or text.startswith(f"{keys.MARK}_"):
            return super().authenticate(request)
        found = contexts.read_token(text)
        key = found and keys.by_prefix(found[1])
        if not found or not key:
            raise AuthenticationFailed("This feedback token is not valid.")
        return None, VoteToken(found[0], key)


def _nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class StaffSession(SessionAuthentication):
    """A logged-in member of staff, for reading from the browser."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        raw = request._request
        if not hasattr(raw, "session"):
            # The API's calls go past these two; here they are needed.
            SessionMiddleware(_nothing).process_request(raw)
            AuthenticationMiddleware(_nothing).process_request(raw)
        found = super().authenticate(request)
        return found if found and found[0].is_staff else None


class _KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = ClientKeyAuthentication
    name = "clientKey"
    description = "A client key: Authorization: Bearer fbh_…"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": self.description}


class _VoteScheme(_KeyScheme):  # type: ignore[no-untyped-call]
    target_class = VoteTokenAuthentication
    name = "clientKeyOrFeedbackToken"
    description = "A client key, or the feedback_token that came with the answer."


class _StaffScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = StaffSession
    name = "staffSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
