from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reviews.enums import Outcome


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string"},
            {"type": "object", "additionalProperties": True},
            {"type": "array", "items": {}},
        ],
    }
)
class Payload(serializers.Field[Any, Any, Any, Any]):
    """A text, or an object or array, which is kept as the very text that was sent. Personal data in
    it is replaced by placeholders."""


def _payload(help_text: str = "") -> Payload:
    return Payload(required=False, help_text=help_text)


class Interaction(serializers.Serializer[Any]):
    """One call of an agent. Send one object, an array, or one object a line; up to 10,000 records
    and 32 MB a request, gzipped or not. A key that is there twice is refused."""

    id = serializers.UUIDField(help_text="Your own: the same record sent again is stored once.")
    timestamp = serializers.DateTimeField(help_text="UTC where it names no zone.")
    endpoint = serializers.CharField(max_length=200)
    status = serializers.ChoiceField(Outcome.choices)
    input_description = _payload()
    request_payload = _payload()
    response_payload = _payload()
    steps = _payload("The generative steps: prompt sent, raw output, accepted output, error.")
    generated_code = _payload("Of the code that was made: language, framework, file tree.")
    test_results = _payload()
    analysis_results = _payload()
    explicit_feedback = _payload()
    app_name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    app_path = serializers.CharField(required=False, allow_blank=True, max_length=500)
    model_version = serializers.CharField(required=False, allow_blank=True, max_length=120)
    request_id = serializers.UUIDField(required=False, help_text="Of the answer that it gave.")


class RefusedLine(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    reason = serializers.CharField()


class Logged(serializers.Serializer[Any]):
    accepted = serializers.IntegerField(help_text="Stored now.")
    duplicates = serializers.IntegerField(help_text="There already, with the same content.")
    refused = RefusedLine(many=True)
