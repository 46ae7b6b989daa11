from __future__ import annotations

from feedbackhub.api.serializers.base import Id, Slug, Text
from feedbackhub.api.serializers.messages import Question


class NewContext(Question):
    """An answer that an application gave, to be voted on within FEEDBACK_CACHE_TTL seconds."""

    request_id = Id(required=False, help_text="Your own id; the hub makes one where you send none.")
    request_type = Slug(max_length=50)
    response = Text()
    model_version = Text(max_length=120, required=False)
    prompt_version = Text(max_length=120, required=False)
