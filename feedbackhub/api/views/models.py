"""Model versions for operators (A10), and what is active for applications (A11)."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from django.http import HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from feedbackhub.api.serializers.models import (
    Active,
    Deactivation,
    OneVersion,
    Traffic,
    Versions,
    VersionStats,
)
from feedbackhub.api.views.base import FOR_STAFF, NO_BODY, PROBLEMS, Reading, checked, problems
from reviews.enums import Scope
from reviews.models import ClientKey
from tuning.domain import operation, versions

_READ = problems(404) | NO_BODY
_CHANGE = problems(404, 409) | PROBLEMS


class _Operating(Reading):
    """For a key with the scope `operate`, or for staff who may."""

    scope = Scope.OPERATE
    staff_permission = "tuning.view_modelversion"

    def by(self, request: Request) -> Any:
        """Who acts: a member of staff, or nobody for a key, which the note names then."""
        return None if isinstance(request.auth, ClientKey) else request.user

    def note(self, request: Request, reason: str) -> str:
        if isinstance(request.auth, ClientKey):
            return f"[API, {request.auth}]" + (f" {reason}" if reason else "")
        return reason

    def told(self, version: Any) -> Response:
        left = versions.base_weight(version.assistant)
        return Response({"ok": True, "model": operation.described(version, left)})


class ModelVersions(_Operating):
    @extend_schema(
        operation_id="models", parameters=[FOR_STAFF], responses={200: Versions, **_READ}
    )
    def get(self, request: Request) -> Response:
        """Every model version of the assistant with its status and its share of the traffic."""
        return Response({"ok": True, "models": operation.listed(self.assistant(request))})


class ModelStats(_Operating):
    @extend_schema(
        operation_id="model_stats", parameters=[FOR_STAFF], responses={200: VersionStats, **_READ}
    )
    def get(self, request: Request, pk: int) -> Response:
        """Answers and votes of a version, whole and by day of the last 30."""
        version = operation.found(self.assistant(request), pk)
        left = versions.base_weight(version.assistant)
        figures = operation.stats(version, timezone.now())
        return Response({"ok": True, "model": operation.described(version, left), **figures})


class ModelTraffic(_Operating):
    staff_permission = "tuning.activate_modelversion"

    @extend_schema(
        operation_id="set_model_traffic",
        parameters=[FOR_STAFF],
        request=Traffic,
        responses={200: OneVersion, **_CHANGE},
    )
    def put(self, request: Request, pk: int) -> Response:
        """Give a version its first share of the traffic, or another one. Gates that the share
        needs and that were not passed can be overridden by staff alone, with a reason."""
        sent = checked(Traffic, request)
        version = operation.found(self.assistant(request), pk)
        reason = sent.get("reason", "")
        versions.set_traffic(
            version,
            sent["weight"],
            by=self.by(request),
            now=timezone.now(),
            reason=self.note(request, reason),
        )
        return self.told(version)


class ModelDeactivation(_Operating):
    staff_permission = "tuning.activate_modelversion"

    @extend_schema(
        operation_id="deactivate_model",
        parameters=[FOR_STAFF],
        request=Deactivation,
        responses={200: OneVersion, **_CHANGE},
    )
    def put(self, request: Request, pk: int) -> Response:
        """Take all traffic from a version at once; the base answers in its place. Again is
        harmless."""
        sent = checked(Deactivation, request)
        version = operation.found(self.assistant(request), pk)
        versions.deactivate(
            version,
            by=self.by(request),
            now=timezone.now(),
            reason=self.note(request, sent.get("reason", "deactivated")),
        )
        return self.told(version)


class ActiveConfiguration(Reading):
    scope = Scope.READ
    staff_permission = "tuning.view_modelversion"

    @extend_schema(
        operation_id="active_configuration",
        parameters=[
            OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER),
        ],
        responses={200: Active, 304: None, **_READ},
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """What an application that calls its model itself is to use now. Ask with the last
        answer's ETag in If-None-Match: 304 says that nothing changed."""
        assistant = self.assistant(request, slug)
        if assistant.slug != slug:
            raise NotFound("This key belongs to another assistant.")
        body = orjson.dumps(operation.active(assistant))
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        response = HttpResponse(body, content_type="application/json")
        response["ETag"] = etag
        # Of this caller alone, and to be asked about each time.
        response["Cache-Control"] = "private, no-cache"
        found = get_conditional_response(request._request, etag=etag, response=response)
        return found or response
