from __future__ import annotations

from django.contrib import admin
from django.template.defaultfilters import floatformat
from django.utils.translation import gettext_lazy as _

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
        "milliseconds",
        "positive",
        "negative",
    )
    list_filter = ("version__assistant", "version")
    list_select_related = ("version",)
    search_fields = ("version__reference",)

    @admin.display(description=_("milliseconds (mean)"), ordering="mean_milliseconds")
    def milliseconds(self, obj: TrafficWindow) -> str:
        mean = obj.mean_milliseconds
        return "–" if mean is None else str(floatformat(mean, "0g"))


@admin.register(Answer)
class AnswerAdmin(LongList, ReadOnlyAdmin):
    list_display = ("at", "version", "outcome", "milliseconds")
    list_filter = ("outcome", "version")
    list_select_related = ("version",)
    search_fields = ("version__reference",)
