from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from reviews.admin.base import OwnPage, ReadOnlyAdmin, sent
from reviews.domain import imports
from reviews.models import Assistant, ImportRun

MAX_FILE = 20 * 1024 * 1024
SOURCES = (
    ("alpaca", gettext_lazy("pairs (Alpaca, JSON or JSONL)")),
    ("questions", gettext_lazy("question bank (Markdown)")),
    ("interactions", gettext_lazy("interaction log (SQLite)")),
)


class UploadForm(forms.Form):
    assistant = forms.ModelChoiceField(
        Assistant.objects.all(), label=gettext_lazy("assistant"), widget=UnfoldAdminSelectWidget
    )
    source = forms.ChoiceField(
        choices=SOURCES, label=gettext_lazy("source"), widget=UnfoldAdminSelectWidget
    )
    file = forms.FileField(label=gettext_lazy("file"), widget=UnfoldAdminFileFieldWidget)
    dry_run = forms.BooleanField(
        label=gettext_lazy("only try it"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy("Shows what would happen and changes nothing."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE:
            limit = MAX_FILE // 1024 // 1024
            raise forms.ValidationError(_("At most %s MB; larger files by command.") % limit)
        return file


@admin.register(ImportRun)
class ImportRunAdmin(OwnPage, ReadOnlyAdmin):
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

    @admin.display(description=gettext_lazy("refused"))
    def refused_count(self, obj: ImportRun) -> int:
        return len(obj.refused)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("reviews.add_importrun"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Choose a file; what it did, or would do, is shown below the form."""
        self.may(request, "reviews.add_importrun")
        form = UploadForm(sent(request), request.FILES or None)
        report = None
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            report = imports.run(
                data["assistant"],
                data["source"],
                data["file"].read(),
                file_name=data["file"].name,
                by=request.user,
                dry_run=data["dry_run"],
            )
        return self.page(
            request,
            "admin/reviews/import.html",
            None,
            title=_("Import a file"),
            form=form,
            report=report,
            tried=bool(report and form.cleaned_data["dry_run"]),
        )

    def show(self, request: HttpRequest, item: ImportRun) -> HttpResponse:
        return self.page(request, "admin/reviews/import_run.html", item, title=item.file_name)
