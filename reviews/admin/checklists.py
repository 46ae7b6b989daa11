from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from reviews.admin.base import DECISION_COLORS, HubAdmin, LongList, ReadOnlyAdmin
from reviews.models import Checklist, ChecklistItem, Verdict


class ItemInline(TabularInline):
    model = ChecklistItem
    extra = 0
    fields = ("position", "part", "text_id", "text_en", "text_it", "required")


@admin.register(Checklist)
class ChecklistAdmin(HubAdmin):
    """A version that reviewers have answered is not edited: a change is a new version."""

    list_display = ("version", "for_assistant", "item_count", "created_at")
    list_filter = ("assistant",)
    list_select_related = ("assistant",)
    search_fields = ("version__exact",)
    inlines = [ItemInline]

    @admin.display(description=_("assistant"))
    def for_assistant(self, obj: Checklist) -> str:
        return str(obj.assistant or _("all without their own"))

    @admin.display(description=_("items"))
    def item_count(self, obj: Checklist) -> int:
        return len(obj.items.all())

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("items")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        used = obj is not None and Verdict.objects.filter(checklist=obj).exists()
        return super().has_change_permission(request, obj) and not used

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self.has_change_permission(
            request, obj
        )


@admin.register(Verdict)
class VerdictAdmin(LongList, ReadOnlyAdmin):
    list_display = ("at", "pair_link", "decided", "reviewer", "round", "settles", "note")
    list_filter = ("decision", "settles", "reviewer")
    list_select_related = ("revision", "reviewer")
    search_fields = ("note", "reviewer__username")

    @display(description=_("pair"))
    def pair_link(self, obj: Verdict) -> str:
        return f"#{obj.revision.pair_id}.{obj.revision.number}"

    @display(description=_("decision"), label=DECISION_COLORS)
    def decided(self, obj: Verdict) -> tuple[str, str]:
        return obj.decision, obj.get_decision_display()
