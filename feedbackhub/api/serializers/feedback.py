from __future__ import annotations

from typing import Any

from rest_framework import serializers

from feedbackhub.api.serializers.base import Strict, Text, Truth, Whole


class Vote(Strict):
    """A thumb, a rating from 1 to 5, or both. A rating alone sets is_positive: 4 and 5 are."""

    between_fields = {"anyOf": [{"required": ["is_positive"]}, {"required": ["rating"]}]}
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


class ExportedVote(serializers.Serializer[Any]):
    """A vote with the answer that it is on. `history` holds the earlier turns as (role, text)."""

    history = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    request_id = serializers.UUIDField()
    request_type = serializers.CharField()
    prompt = serializers.CharField()
    response = serializers.CharField()
    model_version = serializers.CharField()
    prompt_version = serializers.CharField()
    language = serializers.CharField()
    is_positive = serializers.BooleanField()
    rating = serializers.IntegerField(allow_null=True)
    comment = serializers.CharField()
    segment = serializers.CharField()
    created_at = serializers.DateTimeField()


class Tally(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    positive = serializers.IntegerField()


class TypeTally(Tally):
    request_type = serializers.CharField(allow_null=True)


class VersionTally(Tally):
    model_version = serializers.CharField(allow_null=True)


class LanguageTally(Tally):
    language = serializers.CharField(allow_null=True)


class DayTally(Tally):
    day = serializers.DateField()


class StatsInfo(serializers.Serializer[Any]):
    total_count = serializers.IntegerField()
    positive_count = serializers.IntegerField()
    unexported_count = serializers.IntegerField(
        help_text="Votes of any age whose pair is in no export yet."
    )
    cached_contexts = serializers.IntegerField(help_text="Answers that wait for a vote.")
    by_type = TypeTally(many=True)
    by_version = VersionTally(many=True)
    by_language = LanguageTally(many=True)
    by_day = DayTally(many=True)


class Stats(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    info = StatsInfo()
