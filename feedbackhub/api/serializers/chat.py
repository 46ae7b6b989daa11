"""A chat completion's request in OpenAI's shape.

What the gateway can't honour is refused by name: taken in silence, a caller would get an answer
that is not what was asked for.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from feedbackhub.api.serializers.base import Number, Strict, Text, Truth, Whole
from feedbackhub.api.serializers.messages import MAX_MESSAGES
from tuning.providers.base import Sampling

_WORDS, _STOP_WORD = Text(allow_blank=True), Text(max_length=200)
LOST = ("tool_calls", "function_call", "audio")
"""What a message may hold besides its text, and would lose."""
IGNORED = ("metadata", "store", "service_tier", "prompt_cache_key", "safety_identifier", "seed")
"""Change nothing of the answer's meaning: taken and not used."""
DEFAULTS: dict[str, Any] = {
    "n": 1,
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "logprobs": False,
    "response_format": {"type": "text"},
    "modalities": ["text"],
}
"""Taken where they say what holds anyway."""
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


_PART = {
    "type": "object",
    "properties": {"type": {"type": "string", "enum": ["text"]}, "text": {"type": "string"}},
    "required": ["type", "text"],
}


@extend_schema_field(
    {"oneOf": [{"type": "string"}, {"type": "array", "items": _PART, "minItems": 1}]}
)
class Content(serializers.Field):  # type: ignore[type-arg]
    """A text, or a list of text parts. It may be empty, as after an answer that was cut off."""

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, str):
            return str(_WORDS.run_validation(data))
        if not isinstance(data, list) or not 1 <= len(data) <= MAX_MESSAGES:
            raise serializers.ValidationError("a text or a list of text parts is needed")
        return "".join(self._part(part) for part in data)

    def _part(self, part: Any) -> str:
        if not isinstance(part, dict) or part.get("type") != "text":
            raise serializers.ValidationError("only parts of type text can be answered")
        return str(_WORDS.run_validation(part.get("text")))

    def to_representation(self, value: Any) -> Any:
        return value


class ChatMessage(serializers.Serializer[Any]):
    role = serializers.ChoiceField(list(_ROLES))
    content = Content()
    name = Text(required=False, max_length=200)

    def to_internal_value(self, data: Any) -> Any:
        lost = [name for name in LOST if isinstance(data, dict) and data.get(name)]
        if lost:
            raise serializers.ValidationError({name: ["would be lost"] for name in lost})
        return super().to_internal_value(data)


class StreamOptions(Strict):
    include_usage = Truth(required=False)
    include_obfuscation = Truth(required=False)


_STOP = {"type": "string", "maxLength": 200}


@extend_schema_field({"oneOf": [_STOP, {"type": "array", "items": _STOP, "maxItems": 4}]})
class Stop(serializers.Field):  # type: ignore[type-arg]
    """One text, or up to four."""

    def to_internal_value(self, data: Any) -> tuple[str, ...]:
        texts = [data] if isinstance(data, str) else data
        if not isinstance(texts, list) or len(texts) > 4:
            raise serializers.ValidationError("a text or up to four of them")
        return tuple(_STOP_WORD.run_validation(text) for text in texts)

    def to_representation(self, value: Any) -> Any:
        return value


class ChatRequest(serializers.Serializer[Any]):
    """OpenAI's chat completion, as far as text goes."""

    model = Text(
        max_length=200,
        help_text="The assistant's slug: the traffic weights choose. Or a serving model version.",
    )
    messages = ChatMessage(many=True, allow_empty=False, max_length=MAX_MESSAGES)  # type: ignore[call-arg]
    stream = Truth(required=False, allow_null=True)
    stream_options = StreamOptions(required=False, allow_null=True)
    temperature = Number(required=False, allow_null=True, min_value=0, max_value=2)
    top_p = Number(required=False, allow_null=True, min_value=0, max_value=1)
    max_tokens = Whole(required=False, allow_null=True, min_value=1, max_value=10**6)
    max_completion_tokens = Whole(required=False, allow_null=True, min_value=1, max_value=10**6)
    stop = Stop(required=False, allow_null=True)
    user = Text(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=200,
        help_text="Keeps a caller on one model version; hashed, never stored.",
    )

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            self._refuse_the_rest(data)
        return super().to_internal_value(data)

    def _refuse_the_rest(self, data: dict[str, Any]) -> None:
        wrong = {}
        for name, value in data.items():
            if name in self.fields or name in IGNORED or value is None:
                continue
            if name not in DEFAULTS or value != DEFAULTS[name]:
                wrong[name] = ["the gateway does not support this parameter"]
        if wrong:
            raise serializers.ValidationError(wrong)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        told = [(_ROLES[message["role"]], message["content"]) for message in data["messages"]]
        turns = tuple(turn for turn in told if turn[0] != "system")
        if not turns or turns[-1][0] != "user" or not turns[-1][1].strip():
            raise serializers.ValidationError({"messages": ["must end with the user's message"]})
        return {
            "model": data["model"],
            "prompt": turns[-1][1],
            "history": turns[:-1],
            "system": "\n\n".join(words for role, words in told if role == "system"),
            "session": data.get("user") or "",
            "stream": bool(data.get("stream")),
            "with_usage": bool((data.get("stream_options") or {}).get("include_usage")),
            "sampling": Sampling(
                temperature=data.get("temperature"),
                top_p=data.get("top_p"),
                max_tokens=data.get("max_completion_tokens") or data.get("max_tokens"),
                stop=data.get("stop") or (),
            ),
        }


# --- answers, for the schema ---------------------------------------------------------------------
class TokenUsage(serializers.Serializer[Any]):
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    total_tokens = serializers.IntegerField()


class ChatCompletion(serializers.Serializer[Any]):
    id = serializers.CharField()
    object = serializers.ChoiceField(["chat.completion"])
    created = serializers.IntegerField()
    model = serializers.CharField()
    choices = serializers.ListField(child=serializers.DictField())
    usage = TokenUsage()
    request_id = serializers.UUIDField()
    feedback_token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    model_version = serializers.CharField()
    prompt_version = serializers.CharField()
    declined = serializers.BooleanField()


class OpenAIError(serializers.Serializer[Any]):
    class Inner(serializers.Serializer[Any]):
        message = serializers.CharField()
        type = serializers.CharField()
        param = serializers.CharField(allow_null=True)
        code = serializers.CharField(allow_null=True)

    error = Inner()


class ServedModel(serializers.Serializer[Any]):
    id = serializers.CharField()
    object = serializers.ChoiceField(["model"])
    created = serializers.IntegerField()
    owned_by = serializers.CharField()


class ServedModels(serializers.Serializer[Any]):
    object = serializers.ChoiceField(["list"])
    data = ServedModel(many=True)  # type: ignore[assignment]
