"""For those who build on the hub: the thumbs widget, live, with no key and no row, and the
Python client as a file."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from feedbackhub.api.serializers.feedback import Vote
from feedbackhub.api.views.base import checked
from reviews.domain.errors import Conflict, Expired

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""As strict as a page with the widget can be: the page is its own proof."""

BUSY_SECONDS = 2

STATES = (
    ("idle", _("Waits for a vote")),
    ("sending", _("The vote is on its way")),
    ("up", _("Stored as helpful; no second vote")),
    ("down", _("Stored as not helpful; a reviewer looks at the answer")),
    ("failed", _("Not stored; the same vote can be sent again")),
    ("voted", _("Another vote was stored before")),
)


@require_safe
def widget(request: HttpRequest) -> HttpResponse:
    """The page shows the address that it was asked under, so that its examples can be copied."""
    hub = request.build_absolute_uri("/").rstrip("/")
    response = render(request, "docs/widget.html", {"hub": hub, "states": STATES})
    response["Content-Security-Policy"] = POLICY
    return response


@require_safe
def client(request: HttpRequest) -> HttpResponse:
    """The client's one file, to be put beside a service: `curl -O …/feedbackhub_client.py`."""
    source = Path(__file__).with_name("client.py").read_bytes()
    named = {"Content-Disposition": 'attachment; filename="feedbackhub_client.py"'}
    return HttpResponse(source, content_type="text/x-python; charset=utf-8", headers=named)


class Try(APIView):
    """Stands in for the API on the widget's page: it answers as the outcome in its address says,
    and stores nothing, whoever votes."""

    authentication_classes = []
    permission_classes = []
    max_body = 16 * 1024

    @extend_schema(exclude=True)
    def post(self, request: Request, outcome: str, request_id: uuid.UUID) -> Response:
        sent = checked(Vote, request)
        if outcome == "busy":
            # Not a 503, which would be an error in the hub's own log and figures.
            raise Throttled(wait=BUSY_SECONDS)
        if outcome == "taken":
            raise Conflict("this answer has another vote already")
        if outcome == "late":
            raise Expired("the time to vote on this answer is over")
        if outcome != "stored":
            raise NotFound
        positive = sent.get("is_positive", False)
        stored = {"ok": True, "request_id": request_id, "is_positive": positive}
        return Response(stored, status=201)
