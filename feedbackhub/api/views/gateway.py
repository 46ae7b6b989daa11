from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from feedbackhub.api.serializers.base import Problem
from feedbackhub.api.serializers.gateway import Ask, AskAnswer
from feedbackhub.api.views.base import PROBLEMS, caller, checked, ticket
from reviews.domain.errors import Invalid
from reviews.enums import Scope
from reviews.models import RequestType
from tuning.domain import serving


class Gateway(APIView):
    scope = Scope.GENERATE

    @extend_schema(
        operation_id="ask",
        request=Ask,
        responses={200: AskAnswer, 404: Problem, 502: Problem, **PROBLEMS},
    )
    def post(self, request: Request, request_type: str) -> Response:
        """Ask through the hub: a model version is chosen by traffic weight, and the answer can be
        voted on."""
        sent, key = checked(Ask, request), caller(request)
        kind = RequestType.objects.filter(assistant=key.assistant, slug=request_type).first()
        if kind is None:
            raise NotFound(f"This assistant has no request type {request_type!r}.")
        size = len(sent["prompt"]) + sum(len(words) for _role, words in sent["history"])
        if size > settings.GATEWAY_MAX_PROMPT_CHARS:
            limit = settings.GATEWAY_MAX_PROMPT_CHARS
            raise Invalid({"messages": f"at most {limit} characters in all"})
        asked = serving.Asked(
            prompt=sent["prompt"],
            history=sent["history"],
            language=sent.get("language") or key.assistant.language,
            session=sent.get("session", ""),
        )
        answered = serving.answer(key.assistant, kind, asked, now=timezone.now())
        body = ticket(answered.context, key.prefix) | {
            "response": answered.completion.text,
            "declined": answered.completion.declined,
            "model_version": answered.context.model_version,
            "prompt_version": answered.context.prompt_version,
        }
        return Response(body)
