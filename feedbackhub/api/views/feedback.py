from __future__ import annotations

import uuid
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from feedbackhub.api.authentication import VoteToken, VoteTokenAuthentication
from feedbackhub.api.serializers.feedback import ExportedVote, Stats, StoredVote, Vote
from feedbackhub.api.views.base import (
    FOR_STAFF,
    NO_BODY,
    PROBLEMS,
    Reading,
    caller,
    checked,
    problems,
)
from reviews.domain import contexts, feedback, feedback_export, feedback_stats, keys
from reviews.enums import Scope
from reviews.models import ClientKey
from tuning.domain import exports

BLOCK = 64 * 1024
MOST_DAYS, MOST_VOTES = 3650, 1_000_000


class Votes(APIView):
    scope = Scope.FEEDBACK
    authentication_classes = [VoteTokenAuthentication]

    @extend_schema(
        operation_id="vote",
        request=Vote,
        responses={201: StoredVote, 200: StoredVote, **problems(404, 409, 410), **PROBLEMS},
    )
    def post(self, request: Request, request_id: uuid.UUID) -> Response:
        """Vote on an answer. The same vote again is harmless."""
        key = self._voter(request, request_id)
        sent = checked(Vote, request)
        ballot = feedback.Ballot(
            thumb=sent.get("is_positive"),
            rating=sent.get("rating"),
            comment=sent.get("comment", ""),
            segment=sent.get("segment", ""),
            subject=sent.get("subject", ""),
        )
        row, created = feedback.vote(
            request_id, ballot, assistant_id=key.assistant_id, now=timezone.now()
        )
        stored = {"ok": True, "request_id": row.request_id, "is_positive": row.is_positive}
        return Response(stored, status=201 if created else 200)

    def _voter(self, request: Request, request_id: uuid.UUID) -> ClientKey:
        """The key that the vote comes from, by itself or through a token for this very answer."""
        token: Any = request.auth
        if not isinstance(token, VoteToken):
            return caller(request)
        if token.request_id != str(request_id):
            raise PermissionDenied("This feedback token is for another answer.")
        origin = request.headers.get("Origin")
        if origin and not self._welcome(origin, token.key.origins):
            raise PermissionDenied(f"The key behind this token does not list the origin {origin}.")
        return token.key

    def _welcome(self, origin: str, origins: list[str]) -> bool:
        ours = f"{self.request.scheme}://{self.request.get_host()}"
        return origin == ours or origin in origins

    def _may_read(self, origin: str) -> bool:
        try:
            return keys.may_vote_from(origin)
        except (DatabaseError, InterfaceError):
            # The answer is made by now: it must not become a 500 on its way out.
            return False

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        """The CORS preflight: it carries no token, so any usable key's origins are good."""
        response = HttpResponse(status=204)
        response["Access-Control-Allow-Methods"] = "POST"
        response["Access-Control-Allow-Headers"] = "authorization, content-type"
        response["Access-Control-Max-Age"] = "600"
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method != "OPTIONS":
            super().initial(request, *args, **kwargs)

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """A page must be able to read errors, too: the origin is allowed whatever the answer."""
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        origin = request.headers.get("Origin")
        if origin and self._may_read(origin):
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Expose-Headers"] = "Retry-After"
        patch_vary_headers(response, ["Origin"])
        return response


def _whole(request: Request, name: str, most: int) -> int | None:
    """The query parameter, a whole number from 1 to `most`; None where it is not given."""
    text = request.query_params.get(name)
    if text is None:
        return None
    # Its length first: Python refuses to read a number of thousands of digits.
    short = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
    if not (short and 1 <= int(text) <= most):
        raise ValidationError({name: f"a whole number from 1 to {most}"})
    return int(text)


class FeedbackStats(Reading):
    @extend_schema(
        operation_id="feedback_stats",
        parameters=[
            FOR_STAFF,
            OpenApiParameter(
                "days",
                int,
                description="Count only the last so many days (1 to 3650), today included. Unless "
                "told, everything is counted, and `by_day` holds the last 90.",
            ),
        ],
        responses={200: Stats, **problems(404, 422), **NO_BODY},
    )
    def get(self, request: Request) -> Response:
        """Counts of votes, whole and by type, model version, language and day.

        Breakdowns by type, version and language name the 100 largest; a last row whose name is
        null sums up the rest. Days are those of the hub's time zone.
        """
        assistant, now = self.assistant(request), timezone.now()
        days = _whole(request, "days", MOST_DAYS)
        counts = feedback_stats.stats(assistant, now, days) | {
            "unexported_count": exports.unexported_votes(assistant),
            "cached_contexts": contexts.count(assistant.pk, now),
        }
        return Response({"ok": True, "info": counts})


def _blocks(rows: Iterator[bytes]) -> Iterator[bytes]:
    """Rows gathered into blocks: a write a row would be most of the work."""
    waiting: list[bytes] = []
    size = 0
    for row in rows:
        waiting.append(row)
        size += len(row)
        if size >= BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


class FeedbackExport(Reading):
    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """`format` alone says what is sent: whoever accepts only NDJSON is not turned away."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        operation_id="feedback_export",
        parameters=[
            FOR_STAFF,
            OpenApiParameter("days", int, description="How far back, 1 to 3650; 7 unless told."),
            OpenApiParameter("format", str, enum=["jsonl", "json"]),
            OpenApiParameter(
                "limit",
                int,
                description="At most so many votes, 1 to 1000000. Pages by limit and cursor hold "
                "only votes that are at least 30 seconds old, and each of them once.",
            ),
            OpenApiParameter("cursor", str, description="Begin after the page that gave it."),
            OpenApiParameter(
                "X-Next-Cursor",
                str,
                OpenApiParameter.HEADER,
                description="Where the next page begins; empty where none follows.",
                response=[200],
            ),
        ],
        responses={
            (200, "application/x-ndjson"): OpenApiTypes.BINARY,
            (200, "application/json"): ExportedVote(many=True),
            **problems(404, 422),
            **NO_BODY,
        },
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Recent votes, by time: `jsonl` holds the positive ones in Gemini's form, `json` all.

        A file that breaks off, without the last chunk of its transfer, is not whole.
        """
        assistant, now = self.assistant(request), timezone.now()
        days, limit = _whole(request, "days", MOST_DAYS), _whole(request, "limit", MOST_VOTES)
        form = request.query_params.get("format", "jsonl")
        if form not in feedback_export.FORMS:
            raise ValidationError({"format": "jsonl or json"})
        cursor = request.query_params.get("cursor", "")
        page = feedback_export.page(
            assistant, form, days=days or 7, now=now, limit=limit, cursor=cursor
        )
        blocks = _blocks(page.lines)
        # The first one is read before anything is said: a database that is away is a 503.
        first = next(blocks, b"")
        response = StreamingHttpResponse(chain([first], blocks), content_type=page.media_type)
        response["X-Next-Cursor"] = page.next_cursor
        response["Content-Disposition"] = f'attachment; filename="feedback.{form}"'
        return response
