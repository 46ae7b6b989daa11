from __future__ import annotations

from django.contrib import admin

from reviews.admin.base import ReadOnlyAdmin
from reviews.admin.long_lists import LongList
from tuning.models import Answer, TrafficWindow


@admin.register(TrafficWindow)
class TrafficWindowAdmin(ReadOnlyAdmin):
    list_display = (
        "starts_at",
        "version",
        "answered",
        "declined",
        "failed",
        "mean_milliseconds",
        "positive",
        "negative",
    )
    list_filter = ("version__assistant", "version")
    list_select_related = ("version",)
    search_fields = ("version__reference",)


@admin.register(Answer)
class AnswerAdmin(LongList, ReadOnlyAdmin):
    list_display = ("at", "version", "outcome", "milliseconds")
    list_filter = ("outcome", "version")
    list_select_related = ("version",)
    search_fields = ("version__reference",)
