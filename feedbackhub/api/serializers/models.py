from __future__ import annotations

from typing import Any

from rest_framework import serializers

from feedbackhub.api.serializers.base import Strict, Text, Whole


class Traffic(Strict):
    """The share of the requests, in percent. The base takes what the others leave."""

    weight = Whole(min_value=1, max_value=100)
    reason = Text(required=False, allow_blank=True, max_length=4000)


class Deactivation(Strict):
    reason = Text(required=False, max_length=4000)


class Version(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    reference = serializers.CharField()
    name = serializers.CharField()
    is_base = serializers.BooleanField()
    status = serializers.CharField()
    traffic_weight = serializers.IntegerField()
    provider = serializers.CharField()
    base_model = serializers.CharField()
    prompt_version = serializers.CharField()
    dataset_version = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class Versions(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    models = Version(many=True)


class OneVersion(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    model = Version()


class Figures(serializers.Serializer[Any]):
    answered = serializers.IntegerField()
    declined = serializers.IntegerField()
    failed = serializers.IntegerField()
    rejected = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    positive = serializers.IntegerField()
    negative = serializers.IntegerField()
    mean_milliseconds = serializers.FloatField(allow_null=True)
    satisfaction = serializers.FloatField(allow_null=True)
    failure_rate = serializers.FloatField(allow_null=True)


class DayFigures(Figures):
    day = serializers.DateField()


class VersionStats(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    model = Version()
    total = Figures()
    by_day = DayFigures(many=True)


class ActiveRoute(serializers.Serializer[Any]):
    model_version = serializers.CharField()
    weight = serializers.IntegerField()
    is_base = serializers.BooleanField()
    provider = serializers.CharField()
    model = serializers.CharField()
    endpoint = serializers.CharField()
    region = serializers.CharField()
    prompt_version = serializers.CharField()
    prompt = serializers.CharField()
    lessons = serializers.ListField(child=serializers.IntegerField())


class ActiveLesson(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    question = serializers.CharField()
    answer = serializers.CharField()
    wrong_answer = serializers.CharField()
    why_wrong = serializers.CharField()
    lesson = serializers.CharField()


class Active(serializers.Serializer[Any]):
    assistant = serializers.CharField()
    languages = serializers.ListField(child=serializers.CharField())
    prompt = serializers.DictField()
    rules = serializers.ListField(child=serializers.CharField())
    routes = ActiveRoute(many=True)
    lessons = ActiveLesson(many=True)
