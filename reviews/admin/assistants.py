from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from reviews.admin.base import HubAdmin, short
from reviews.domain import assistants, calibration, queue
from reviews.models import Assistant, Category, PromptVersion, RequestType


@admin.register(Assistant)
class AssistantAdmin(HubAdmin):
    list_display = ("name", "slug", "languages", "created_at")
    search_fields = ("name", "slug")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # References of versions, files and keys are made of the slug: it stays what it is.
        return ("slug",) if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else {"slug": ("name",)}

    def save_model(self, request: HttpRequest, obj: Assistant, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        assistants.prepare(obj)
        # How often reviewers meet a calibration item may have changed.
        transaction.on_commit(calibration.rates.forget)


@admin.register(Category)
class CategoryAdmin(HubAdmin):
    list_display = (
        "name",
        "assistant",
        "reviewers_needed",
        "agreement",
        "confirm_facts",
        "target",
    )
    list_filter = ("assistant", "confirm_facts")
    list_select_related = ("assistant",)
    search_fields = ("name", "slug")
    fieldsets = (
        (None, {"fields": ("assistant", "name", "slug", "aliases")}),
        (
            _("How its pairs are reviewed"),
            {
                "fields": ("reviewers_needed", "agreement", "confirm_facts", "target"),
                "description": _("Reviewers needed holds for pairs that come in from now on."),
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("assistant", "slug") if obj else ()

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        # A new target moves the category in the queue now, not at the next look.
        queue.weigh_targets()


@admin.register(PromptVersion)
class PromptVersionAdmin(HubAdmin):
    """A new prompt is a new number; none is edited."""

    list_display = ("__str__", "assistant", "excerpt", "why", "author", "created_at")
    list_filter = ("assistant",)
    list_select_related = ("assistant", "author")
    search_fields = ("text", "why")
    fields = ("assistant", "text", "why")

    @admin.display(description=_("system instruction"))
    def excerpt(self, obj: PromptVersion) -> str:
        return short(obj.text)

    def save_model(self, request: HttpRequest, obj: PromptVersion, form: Any, change: bool) -> None:
        last = PromptVersion.objects.filter(assistant=obj.assistant).order_by("-number").first()
        obj.number = last.number + 1 if last else 1
        obj.author = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(RequestType)
class RequestTypeAdmin(HubAdmin):
    """A change holds within seconds."""

    list_display = ("slug", "assistant", "excerpt")
    list_filter = ("assistant",)
    list_select_related = ("assistant",)
    search_fields = ("slug", "template")

    @admin.display(description=_("template"))
    def excerpt(self, obj: RequestType) -> str:
        return short(obj.template)
