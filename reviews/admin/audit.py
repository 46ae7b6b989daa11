from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from reviews.admin.base import LongList, ReadOnlyAdmin
from reviews.models import ImportRun, StatusChange


@admin.register(StatusChange)
class StatusChangeAdmin(LongList, ReadOnlyAdmin):
    list_display = ("at", "content_type", "object_id", "before", "after", "by", "note")
    list_filter = ("content_type", "to_status")
    list_select_related = ("content_type", "by")
    search_fields = ("object_id__exact", "by__username")

    @admin.display(description=_("from"))
    def before(self, obj: StatusChange) -> str:
        return obj.from_label

    @admin.display(description=_("to"))
    def after(self, obj: StatusChange) -> str:
        return obj.to_label


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = (
        "at",
        "file_name",
        "source",
        "assistant",
        "created_count",
        "unchanged_count",
        "refused_count",
        "by",
    )
    list_filter = ("source", "assistant")
    list_select_related = ("assistant", "by")
    search_fields = ("file_name",)

    @admin.display(description=_("refused"))
    def refused_count(self, obj: ImportRun) -> int:
        return len(obj.refused)
