"""What the views share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from feedbackhub.api.authentication import ClientKeyAuthentication, StaffSession
from feedbackhub.api.serializers.base import Problem
from reviews.domain import contexts
from reviews.enums import Scope
from reviews.models import Assistant, ClientKey


def problems(*statuses: int) -> dict[Any, Any]:
    """These statuses as problems, for the schema's `responses`."""
    return dict.fromkeys(((status, "application/problem+json") for status in statuses), Problem)


NO_BODY = problems(401, 403, 406, 429, 503)
"""What any call may answer, for the schema."""
PROBLEMS = problems(400, 401, 403, 406, 411, 413, 415, 422, 429, 503)
"""What any call with a body may answer, for the schema."""
FOR_STAFF = OpenApiParameter("assistant", str, description="Staff only: the assistant's slug.")


class LengthRequired(APIException):
    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_detail = "Send the body with a Content-Length, not in chunks."
    default_code = "length_required"


def body(request: Request) -> Any:
    """What the parser made of the body. Django takes one that comes in chunks for an empty one,
    and its sender would be told of fields that are missing."""
    if request.headers.get("Transfer-Encoding"):
        raise LengthRequired
    return request.data


_checkers: dict[type[Serializer[Any]], Serializer[Any]] = {}


def checked(serializer: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """The body in the serializer's shape, or a 422 that names each wrong field."""
    # One of each kind is made, once: a new one copies every field, and holds nothing of a request.
    if serializer not in _checkers:
        _checkers[serializer] = serializer()
    return dict(_checkers[serializer].run_validation(body(request)))


def caller(request: Request) -> ClientKey:
    """The key that the call came with; authentication has made sure of it."""
    key: Any = request.auth
    return cast(ClientKey, key)


class Reading(APIView):
    """For a key with the view's scope, or for staff who name the assistant."""

    scope = Scope.READ
    staff_permission = "reviews.view_feedback"
    authentication_classes = [ClientKeyAuthentication, StaffSession]

    @property
    def default_response_headers(self) -> dict[str, str]:
        # Told by whoever asks: nothing between may keep it for another.
        return {**super().default_response_headers, "Vary": "Accept, Authorization, Cookie"}

    def assistant(self, request: Request, slug: str = "") -> Assistant:
        """The key's own, or the one that staff name."""
        if isinstance(request.auth, ClientKey):
            return request.auth.assistant
        # PostgreSQL can't be asked for a NUL.
        slug = slug or request.query_params.get("assistant", "").replace("\x00", "")
        found = Assistant.objects.filter(slug=slug).first()
        if found is None:
            raise NotFound("assistant: its slug is needed")
        return found


def ticket(context: contexts.Context, key_prefix: str) -> dict[str, Any]:
    """What a vote on the answer needs."""
    return ticket_for(context.request_id, datetime.fromisoformat(context.asked_at), key_prefix)


def ticket_for(request_id: str, asked_at: datetime, key_prefix: str) -> dict[str, Any]:
    expires_at = asked_at + timedelta(seconds=settings.FEEDBACK_CACHE_TTL)
    return {
        "request_id": request_id,
        "feedback_token": contexts.token(request_id, key_prefix),
        "expires_at": expires_at.isoformat(timespec="seconds"),
    }
