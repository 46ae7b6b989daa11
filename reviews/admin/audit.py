from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from reviews.admin.base import ReadOnlyAdmin
from reviews.admin.long_lists import LongList
from reviews.models import StatusChange


@admin.register(StatusChange)
class StatusChangeAdmin(LongList, ReadOnlyAdmin):
    list_display = ("at", "content_type", "object_id", "before", "after", "by", "note")
    fields = ("at", "content_type", "object_id", "before", "after", "by", "note")
    list_filter = ("content_type",)
    list_select_related = ("content_type", "by")
    search_fields = ("object_id__exact", "by__username")

    @admin.display(description=_("from"))
    def before(self, obj: StatusChange) -> str:
        return obj.from_label

    @admin.display(description=_("to"))
    def after(self, obj: StatusChange) -> str:
        return obj.to_label
