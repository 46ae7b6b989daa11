from __future__ import annotations

from operator import attrgetter

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from feedbackhub.api.json import RawParser
from feedbackhub.api.serializers.interactions import Interaction, Logged
from feedbackhub.api.views.base import PROBLEMS, body, caller
from reviews.domain import interactions
from reviews.enums import Scope
from reviews.sources import interactions as source


class Interactions(APIView):
    scope = Scope.LOG
    parser_classes = [RawParser]
    max_body = 32 * 1024 * 1024

    @extend_schema(
        operation_id="log_interactions",
        request={"application/json": Interaction, "application/x-ndjson": Interaction},
        responses={202: Logged, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Log interactions. Good records are kept, bad ones refused with line and reason; those
        that are there already are counted as duplicates."""
        # An empty body reaches no parser: REST framework gives an empty dict for it.
        sent = body(request)
        raw = sent if isinstance(sent, bytes) else b""
        new, refused = source.read(raw)
        recorded = interactions.record(caller(request).assistant, new)
        refused = sorted(refused + recorded.refused, key=attrgetter("line"))
        answer = {
            "accepted": recorded.accepted,
            "duplicates": recorded.duplicates,
            "refused": [{"line": item.line, "reason": item.reason} for item in refused],
        }
        return Response(answer, status=202)
