from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from reviews.admin.base import STATUS_COLORS, ReadOnlyAdmin, short
from reviews.admin.long_lists import LongList
from reviews.models import Feedback, Interaction, OutcomeCount


@admin.register(Feedback)
class FeedbackAdmin(LongList, ReadOnlyAdmin):
    list_display = (
        "question",
        "is_positive",
        "rating",
        "remark",
        "request_type",
        "model_version",
        "segment",
        "created_at",
    )
    # Not by model version or type: their filters would list every name that was ever sent.
    list_filter = ("is_positive", "assistant", "language", "rating")
    list_select_related = ("assistant",)
    search_fields = ("prompt", "response", "comment", "model_version", "request_type__exact")
    exclude = ("subject_hash",)

    @display(description=_("question"))
    def question(self, obj: Feedback) -> str:
        return short(obj.prompt)

    @display(description=_("comment"))
    def remark(self, obj: Feedback) -> str:
        return short(obj.comment)


@admin.register(Interaction)
class InteractionAdmin(LongList, ReadOnlyAdmin):
    list_display = ("timestamp", "endpoint", "app_name", "outcome", "processing", "linked")
    list_filter = ("status", "processing_status", "assistant")
    list_select_related = ("assistant", "feedback")
    search_fields = ("app_name", "input_description", "endpoint")

    @display(
        description=_("outcome"),
        label={"success": "success", "failure": "danger", "error": "danger"},
    )
    def outcome(self, obj: Interaction) -> tuple[str, str]:
        return obj.status, obj.get_status_display()

    @display(description=_("processing"), label=STATUS_COLORS)
    def processing(self, obj: Interaction) -> tuple[str, str]:
        return obj.processing_status, obj.get_processing_status_display()

    @display(description=_("feedback"), boolean=True)
    def linked(self, obj: Interaction) -> bool | None:
        return obj.feedback.is_positive if obj.feedback else None


@admin.register(OutcomeCount)
class OutcomeCountAdmin(ReadOnlyAdmin):
    list_display = ("day", "endpoint", "model_version", "assistant", "success", "failure", "error")
    list_filter = ("assistant",)
    list_select_related = ("assistant",)
    search_fields = ("endpoint", "model_version")
