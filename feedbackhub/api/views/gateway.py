from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from feedbackhub.api.serializers.gateway import Ask, AskAnswer
from feedbackhub.api.views.base import PROBLEMS, caller, checked, problems, ticket
from reviews.domain import assistants
from reviews.domain.errors import Invalid
from reviews.enums import Scope
from tuning.domain import serving


def check_size(sent: dict[str, Any]) -> None:
    """Raise Invalid for more than GATEWAY_MAX_PROMPT_CHARS in all messages."""
    size = len(sent["prompt"]) + len(sent["system"])
    size += sum(len(words) for _role, words in sent["history"])
    if size > settings.GATEWAY_MAX_PROMPT_CHARS:
        limit = settings.GATEWAY_MAX_PROMPT_CHARS
        raise Invalid({"messages": f"at most {limit} characters in all"})


def ticket_of(answered: serving.Answered, key_prefix: str) -> dict[str, Any]:
    """What an answer of the gateway bears beside its text."""
    return ticket(answered.context, key_prefix) | {
        "model_version": answered.context.model_version,
        "prompt_version": answered.context.prompt_version,
        "declined": answered.completion.declined,
    }


def headers(said: dict[str, Any]) -> dict[str, str]:
    """The same in headers, for callers that see no body of ours. OpenAI's clients show the first
    as an answer's `_request_id`."""
    return {
        "X-Request-ID": said["request_id"],
        "X-Feedback-Token": said["feedback_token"],
        "X-Model-Version": said["model_version"],
    }


class Gateway(APIView):
    scope = Scope.GENERATE

    @extend_schema(
        operation_id="ask",
        request=Ask,
        responses={200: AskAnswer, **problems(404, 502, 504), **PROBLEMS},
    )
    def post(self, request: Request, request_type: str) -> Response:
        """Ask through the hub: a model version is chosen by traffic weight, and the answer can be
        voted on."""
        sent, key = checked(Ask, request), caller(request)
        kind = assistants.request_type(key.assistant, request_type)
        if kind is None:
            raise NotFound(f"This assistant has no request type {request_type!r}.")
        check_size(sent)
        asked = serving.Asked(
            prompt=sent["prompt"],
            history=sent["history"],
            language=sent.get("language") or key.assistant.language,
            session=sent.get("session", ""),
            system=sent["system"],
        )
        answered = serving.answer(key.assistant, kind, asked, now=timezone.now())
        body = ticket_of(answered, key.prefix) | {"response": answered.completion.text}
        return Response(body, headers=headers(body))
