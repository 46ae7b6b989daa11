"""A question with its earlier turns, as `messages` or, short, as `prompt`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from feedbackhub.api.serializers.base import Strict, Text
from reviews.enums import Language

MAX_MESSAGES = 1_000
"""Turns of one conversation: errors are told of each, and a body holds 700,000 empty ones."""


class Message(Strict):
    role = serializers.ChoiceField(["system", "user", "assistant"])
    content = Text()


class Question(Strict):
    """`prompt`, or `messages` that end with the user's.

    A system message is not kept with the answer: the prompt version stands for it. The gateway
    sends it to the model after the prompt version's own.
    """

    between_fields = {"oneOf": [{"required": ["prompt"]}, {"required": ["messages"]}]}
    prompt = Text(required=False)
    messages = Message(  # type: ignore[call-arg]  # many=True makes a list serializer of it
        many=True, required=False, allow_empty=False, max_length=MAX_MESSAGES
    )
    language = serializers.ChoiceField(Language.choices, required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        messages = data.pop("messages", None)
        if (messages is None) == ("prompt" not in data):
            raise serializers.ValidationError(
                {"messages": ["prompt or messages is needed, not both"]}
            )
        if messages is None:
            return data | {"history": (), "system": ""}
        if messages[-1]["role"] != "user":
            raise serializers.ValidationError({"messages": ["must end with the user's message"]})
        turns = tuple((m["role"], m["content"]) for m in messages if m["role"] != "system")
        system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
        return data | {"prompt": turns[-1][1], "history": turns[:-1], "system": system}


class Ticket(serializers.Serializer[Any]):
    """What a vote on an answer needs."""

    request_id = serializers.UUIDField()
    feedback_token = serializers.CharField()
    expires_at = serializers.DateTimeField()
