from __future__ import annotations

from typing import Any

from rest_framework import serializers

from feedbackhub.api.serializers.base import Strict, Text, Truth, Whole


class Vote(Strict):
    """A thumb, a rating from 1 to 5, or both. A rating alone sets is_positive: 4 and 5 are."""

    is_positive = Truth(required=False)
    rating = Whole(required=False, min_value=1, max_value=5)
    comment = Text(required=False, allow_blank=True, max_length=4000)
    segment = Text(required=False, allow_blank=True, max_length=40)
    subject = Text(
        required=False,
        allow_blank=True,
        max_length=200,
        help_text="Your reference to the person, for a later erasure; kept only as a keyed hash.",
    )


class StoredVote(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    request_id = serializers.UUIDField()
    is_positive = serializers.BooleanField()


class StatsInfo(serializers.Serializer[Any]):
    total_count = serializers.IntegerField()
    positive_count = serializers.IntegerField()
    unexported_count = serializers.IntegerField()
    cached_contexts = serializers.IntegerField()
    by_type = serializers.ListField(child=serializers.DictField())
    by_version = serializers.ListField(child=serializers.DictField())
    by_language = serializers.ListField(child=serializers.DictField())
    by_day = serializers.ListField(child=serializers.DictField())


class Stats(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    info = StatsInfo()
