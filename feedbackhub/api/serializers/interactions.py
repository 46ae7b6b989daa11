from __future__ import annotations

from typing import Any

from rest_framework import serializers

from reviews.enums import Outcome


class Interaction(serializers.Serializer[Any]):
    """One call of an agent. Send one object, an array, or one object a line."""

    id = serializers.UUIDField()
    timestamp = serializers.DateTimeField()
    endpoint = serializers.CharField(max_length=200)
    status = serializers.ChoiceField(Outcome.choices)
    input_description = serializers.CharField(required=False)
    request_payload = serializers.CharField(required=False)
    response_payload = serializers.CharField(required=False)
    test_results = serializers.CharField(required=False)
    app_name = serializers.CharField(required=False, max_length=200)
    model_version = serializers.CharField(required=False, max_length=120)
    request_id = serializers.UUIDField(required=False)


class RefusedLine(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    reason = serializers.CharField()


class Logged(serializers.Serializer[Any]):
    accepted = serializers.IntegerField()
    refused = RefusedLine(many=True)
