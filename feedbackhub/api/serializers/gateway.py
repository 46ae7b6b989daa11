from __future__ import annotations

from rest_framework import serializers

from feedbackhub.api.serializers.base import Text
from feedbackhub.api.serializers.messages import Question, Ticket


class Ask(Question):
    session = Text(
        required=False,
        max_length=200,
        help_text="Keeps a caller on one model version; hashed, never stored.",
    )


class AskAnswer(Ticket):
    response = serializers.CharField()
    declined = serializers.BooleanField()
    model_version = serializers.CharField()
    prompt_version = serializers.CharField()
