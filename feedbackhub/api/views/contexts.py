from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from feedbackhub.api.serializers.contexts import NewContext
from feedbackhub.api.serializers.messages import Ticket
from feedbackhub.api.views.base import PROBLEMS, caller, checked, problems, ticket
from reviews.domain import contexts
from reviews.enums import Scope


class Contexts(APIView):
    scope = Scope.FEEDBACK

    @extend_schema(
        operation_id="register_context",
        request=NewContext,
        responses={201: Ticket, **problems(409), **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Register an answer so that it can be voted on."""
        sent = checked(NewContext, request)
        now, key = timezone.now(), caller(request)
        context = contexts.Context(
            request_id=str(sent.get("request_id") or contexts.new_id(now.timestamp())),
            assistant_id=key.assistant_id,
            request_type=sent["request_type"],
            prompt=sent["prompt"],
            response=sent["response"],
            asked_at=now.isoformat(),
            history=[list(turn) for turn in sent["history"]],
            model_version=sent.get("model_version", ""),
            prompt_version=sent.get("prompt_version", ""),
            language=sent.get("language") or key.assistant.language,
        )
        return Response(ticket(contexts.register(context), key.prefix), status=201)
