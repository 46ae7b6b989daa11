"""The gateway for OpenAI's clients: chat completions, streamed or whole, and the models list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from feedbackhub.api import openai
from feedbackhub.api.serializers.chat import (
    ChatCompletion,
    ChatRequest,
    OpenAIError,
    ServedModel,
    ServedModels,
)
from feedbackhub.api.views import gateway
from feedbackhub.api.views.base import caller, checked, ticket_for
from reviews.domain import assistants
from reviews.enums import Scope
from reviews.models import Assistant, RequestType
from tuning.domain import routing, serving
from tuning.models import ModelVersion
from tuning.providers.base import ProviderError

_BODY = dict.fromkeys((400, 401, 403, 411, 413, 415, 429, 503), OpenAIError)


class _ForOpenAI(APIView):
    scope = Scope.GENERATE

    def get_exception_handler(self) -> Callable[[Exception, Any], HttpResponse | None]:
        return openai.handle

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """`stream` alone says what is sent: whoever accepts only events is not turned away."""
        return super().perform_content_negotiation(request, force=True)


class _Events:
    """The bytes of a streamed answer. An object, not a generator: closed before it began, a
    generator would close nothing."""

    def __init__(self, stream: serving.AnswerStream, pieces: openai.Pieces, **said: Any) -> None:
        self._stream, self._pieces = stream, pieces
        self._ticket: dict[str, Any] = said["ticket"]
        self._with_usage: bool = said["with_usage"]

    def __iter__(self) -> Iterator[bytes]:
        waiting = self._pieces.first(self._ticket)
        try:
            for chunk in self._stream:
                told = waiting + self._pieces.piece(chunk, with_usage=self._with_usage)
                waiting = b""
                if told:
                    yield told
        except ProviderError as error:
            yield waiting + openai.broken(error)

    def close(self) -> None:
        self._stream.close()


# One event of a stream: a chunk as JSON, and `[DONE]` in the end.
EVENT = {"type": "object", "properties": {"data": {"type": "string"}}, "required": ["data"]}


class ChatCompletions(_ForOpenAI):
    @extend_schema(
        operation_id="chat_completion",
        request=ChatRequest,
        responses={
            (200, "application/json"): ChatCompletion,
            (200, "text/event-stream"): EVENT,
            404: OpenAIError,
            502: OpenAIError,
            504: OpenAIError,
            **_BODY,
        },
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Chat as with OpenAI. Beside its fields the answer bears `request_id`, `feedback_token`
        and `model_version`, in the body (of a stream: in its first event) and in headers."""
        sent, key = checked(ChatRequest, request), caller(request)
        gateway.check_size(sent)
        asked = serving.Asked(
            prompt=sent["prompt"],
            history=sent["history"],
            language=key.assistant.language,
            session=sent["session"],
            reference="" if sent["model"] == key.assistant.slug else sent["model"],
            system=sent["system"],
            sampling=sent["sampling"],
        )
        chat = _chat_type(key.assistant)
        if sent["stream"]:
            return self._streamed(key, chat, asked, with_usage=sent["with_usage"])
        now = timezone.now()
        answered = serving.answer(key.assistant, chat, asked, now=now)
        ticket = gateway.ticket_of(answered, key.prefix)
        body = openai.completion(
            ticket["request_id"], int(now.timestamp()), answered.completion, ticket
        )
        return Response(body, headers=gateway.headers(ticket))

    def _streamed(
        self, key: Any, chat: RequestType, asked: serving.Asked, *, with_usage: bool
    ) -> StreamingHttpResponse:
        now = timezone.now()
        stream = serving.open_stream(key.assistant, chat, asked, now=now)
        try:
            return _streaming(stream, key, int(now.timestamp()), with_usage=with_usage)
        except BaseException:
            # Nobody will read it: its place must not be lost with it.
            stream.close()
            raise


def _streaming(
    stream: serving.AnswerStream, key: Any, created: int, *, with_usage: bool
) -> StreamingHttpResponse:
    asked_at = datetime.fromtimestamp(created, UTC)
    ticket = ticket_for(stream.request_id, asked_at, key.prefix) | {
        "model_version": stream.model_version,
        "prompt_version": stream.prompt_version,
    }
    pieces = openai.Pieces(stream.request_id, created, stream.model_version)
    events = _Events(stream, pieces, ticket=ticket, with_usage=with_usage)
    response = StreamingHttpResponse(
        events, content_type="text/event-stream; charset=utf-8", headers=gateway.headers(ticket)
    )
    response["Cache-Control"] = "no-cache"
    # A proxy that gathers the pieces would undo the streaming.
    response["X-Accel-Buffering"] = "no"
    return response


def _chat_type(assistant: Assistant) -> RequestType:
    """The assistant's own, or, where somebody removed it, one that leaves the prompt as it is."""
    found = assistants.request_type(assistant, "chat")
    return found or RequestType(assistant=assistant, slug="chat", template="{prompt}")


def _served(assistant: Assistant) -> list[dict[str, Any]]:
    own = openai.model(assistant.slug, int(assistant.created_at.timestamp()))
    return [own, *(_as_model(version) for version in routing.serving(assistant))]


def _as_model(version: ModelVersion) -> dict[str, Any]:
    return openai.model(version.reference, int(version.created_at.timestamp()))


class Models(_ForOpenAI):
    @extend_schema(
        operation_id="list_models",
        responses={200: ServedModels, **dict.fromkeys((401, 403, 429, 503), OpenAIError)},
    )
    def get(self, request: Request) -> Response:
        """What a chat may name as `model`: the assistant, and its serving model versions."""
        return Response({"object": "list", "data": _served(caller(request).assistant)})


class Model(_ForOpenAI):
    @extend_schema(
        operation_id="retrieve_model",
        responses={200: ServedModel, **dict.fromkeys((401, 403, 404, 429, 503), OpenAIError)},
    )
    def get(self, request: Request, name: str) -> Response:
        """One of them."""
        for found in _served(caller(request).assistant):
            if found["id"] == name:
                return Response(found)
        raise NotFound(f"The model {name!r} does not exist.")
