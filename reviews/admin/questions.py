from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from reviews.admin.base import HubAdmin, short
from reviews.admin.long_lists import LongList
from reviews.admin.sheets import SheetMixin
from reviews.domain import sheet_exports
from reviews.models import Pair, Question
from reviews.sheets.columns import QUESTIONS


class AnsweredFilter(admin.SimpleListFilter):
    title = gettext_lazy("answer")
    parameter_name = "answered"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", _("not answered yet")), ("yes", _("answered"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "no":
            return queryset.unanswered()
        return queryset.exclude(pairs=None) if self.value() == "yes" else queryset


@admin.register(Question)
class QuestionAdmin(SheetMixin, LongList, HubAdmin):
    sheet_source = "questions-sheet"
    sheet_columns = QUESTIONS
    sheet_rows = sheet_exports.questions
    list_display = ("excerpt", "category", "assistant", "source_line", "answered", "answer_link")
    list_filter = (AnsweredFilter, "category", "assistant")
    list_select_related = ("category", "assistant", "import_run")
    search_fields = ("text",)
    readonly_fields = ("assistant", "import_run", "import_line", "answer_link")
    fields = ("text", "category", *readonly_fields)

    @display(description=gettext_lazy("question"))
    def excerpt(self, obj: Question) -> str:
        return short(obj.text)

    @display(description=gettext_lazy("answered"), boolean=True)
    def answered(self, obj: Question) -> bool:
        return bool(obj.has_pair)  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> Any:
        pairs = Pair.objects.filter(question=OuterRef("pk"))
        return super().get_queryset(request).annotate(has_pair=Exists(pairs))

    @display(description=gettext_lazy("from"))
    def source_line(self, obj: Question) -> str:
        return f"{obj.import_run.file_name}:{obj.import_line}" if obj.import_run else ""

    @display(description=gettext_lazy("answer"))
    def answer_link(self, obj: Question) -> str:
        url = f"{reverse('admin:reviews_pair_add')}?question={obj.pk}"
        return format_html('<a class="desk-link" href="{}">{}</a>', url, _("Write an answer"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
