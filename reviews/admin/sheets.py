"""CSV and XLSX in the lists of questions, pairs and corrections.

django-import-export gives addresses, upload, preview, confirmation and the export of what a list
shows. What a file's rows become is the domain's (`domain.imports`), as for every other import; what
an export holds is `domain.sheet_exports`.
"""

from __future__ import annotations

import tempfile
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from import_export.admin import (  # type: ignore[import-untyped]
    ExportActionMixin,
    ImportExportMixin,
    ImportMixin,
)
from import_export.formats.base_formats import Format  # type: ignore[import-untyped]
from import_export.forms import ConfirmImportForm  # type: ignore[import-untyped]
from import_export.resources import Resource  # type: ignore[import-untyped]
from import_export.results import Result  # type: ignore[import-untyped]
from import_export.tmp_storages import CacheStorage  # type: ignore[import-untyped]
from unfold.contrib.import_export.forms import ExportForm, ImportForm
from unfold.widgets import UnfoldAdminSelectWidget

from reviews import sheets
from reviews.domain import imports
from reviews.models import Assistant
from reviews.sheets.columns import Columns

MAX_FILE = 20 * 1024 * 1024
MAX_DIGITS = 19
MAX_SELECTED = 1_000
"""Rows that can be ticked for one export; a filtered list has no such limit."""


class Gone(Exception):
    """The uploaded file is no longer kept."""


class Uploads(CacheStorage):  # type: ignore[misc]
    """An upload between preview and confirmation: in the cache, where every process finds it and
    where it ends by itself. A name that nobody was given names nothing."""

    CACHE_LIFETIME = 3600

    def save(self, data: bytes) -> None:
        try:
            super().save(data)
        # Each cache has errors of its own; whatever it is, the answer is 'try again'.
        except Exception as error:
            raise Gone from error

    def read(self) -> bytes:
        try:
            found = super().read()
        except Exception as error:
            raise Gone from error
        if found is None:
            raise Gone
        return bytes(found)


# --- what the library asks for: formats, resource, forms -----------------------------------------
class Sheet(Format):  # type: ignore[misc]
    """A file as it came: `sheets.read` tells CSV from XLSX by its bytes."""

    def get_title(self) -> str:
        return "CSV, XLSX"

    def can_import(self) -> bool:
        return True

    def create_dataset(self, in_stream: bytes) -> bytes:
        return in_stream

    def __init__(self, encoding: str | None = None) -> None:
        self.encoding = encoding


class Xlsx(Format):  # type: ignore[misc]
    name = "xlsx"

    def get_title(self) -> Any:
        return gettext_lazy("XLSX (Excel, LibreOffice)")

    def can_export(self) -> bool:
        return True

    def get_extension(self) -> str:
        return self.name


class Csv(Xlsx):
    name = "csv"

    def get_title(self) -> Any:
        return gettext_lazy("CSV (UTF-8, with commas)")


class Outcome(Result):  # type: ignore[misc]
    """The library's result, with the domain's report in it. Refused rows are no error: the good
    ones are kept."""

    def __init__(self, report: imports.Report) -> None:
        super().__init__()
        self.report = report


class Rows(Resource):  # type: ignore[misc]
    """Hands a file to the domain, whole."""

    def __init__(self, source: str = "", **kwargs: Any) -> None:
        super().__init__()
        self.source = source

    @classmethod
    def get_display_name(cls) -> str:
        return cls.__name__

    def import_data(self, dataset: bytes, dry_run: bool = False, **kwargs: Any) -> Outcome:
        report = imports.run(
            kwargs["assistant"],
            self.source,
            dataset,
            file_name=kwargs["file_name"],
            by=kwargs["user"],
            dry_run=dry_run,
        )
        return Outcome(report)


def _no_format(form: forms.Form) -> None:
    """There is one format for every file: nothing to choose."""
    form.fields["format"].widget = forms.HiddenInput()
    form.fields["format"].required = False


class UploadForm(ImportForm):
    assistant = forms.ModelChoiceField(
        Assistant.objects.all(), label=gettext_lazy("assistant"), widget=UnfoldAdminSelectWidget
    )
    field_order = ("assistant", "import_file")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _no_format(self)
        self.fields["import_file"].label = _("file")
        self.fields["import_file"].widget.attrs["accept"] = ".csv,.xlsx"
        if len(self.fields["assistant"].queryset) == 1:
            self.fields["assistant"].initial = self.fields["assistant"].queryset[0]

    @property
    def media(self) -> forms.Media:
        # The library's script guesses the format, which nobody is asked for.
        return forms.Media()

    def clean_format(self) -> str:
        return "0"

    def clean_import_file(self) -> Any:
        file = self.cleaned_data["import_file"]
        if file.size > MAX_FILE:
            limit = MAX_FILE // 1024 // 1024
            raise forms.ValidationError(_("At most %s MB; larger files by command.") % limit)
        return file


class ConfirmForm(ConfirmImportForm):  # type: ignore[misc]
    assistant = forms.ModelChoiceField(Assistant.objects.all(), widget=forms.HiddenInput)
    format = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean_format(self) -> str:
        return "0"


class DownloadForm(ExportForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["format"].choices = self.fields["format"].choices[1:]
        self.fields["format"].label = _("format")


# --- the lists -----------------------------------------------------------------------------------
class SheetMixin(ImportMixin, ExportActionMixin):  # type: ignore[misc]
    """Import and export for a list: its source among the imports, its columns, and the function of
    `domain.sheet_exports` that makes rows of its queryset."""

    sheet_source: str
    sheet_columns: Columns
    sheet_rows: Any
    import_permissions: tuple[str, ...] = ("reviews.add_importrun",)

    import_export_change_list_template = ImportExportMixin.import_export_change_list_template
    change_form_template = None
    show_change_form_export = False
    resource_classes = [Rows]
    import_formats = [Sheet]
    export_formats = [Xlsx, Csv]
    import_form_class = UploadForm
    confirm_form_class = ConfirmForm
    export_form_class = DownloadForm
    tmp_storage_class = Uploads

    # --- who may ---
    def has_import_permission(self, request: HttpRequest) -> bool:
        return all(map(request.user.has_perm, self.import_permissions))

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))  # type: ignore[attr-defined]

    # --- import ---
    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        return {"source": self.sheet_source}

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"assistant": kwargs["form"].cleaned_data["assistant"]}

    def get_import_context_data(self, **kwargs: Any) -> dict[str, Any]:
        taken = [column for column in self.sheet_columns if column.taken]
        told = [column.label for column in self.sheet_columns if not column.taken]
        return {"taken": taken, "told": told, "max_rows": sheets.MAX_READ}

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_confirm_form_initial(request, import_form)
        if import_form is not None:
            initial["assistant"] = import_form.cleaned_data["assistant"].pk
        return initial

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            page: HttpResponse = super().import_action(request, **kwargs)
        except Gone:
            return self._choose_again(request)
        return page

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        if request.method != "POST" or not self.create_confirm_form(request).is_valid():
            return self._choose_again(request)
        try:
            done: HttpResponse = super().process_import(request, **kwargs)
        except Gone:
            return self._choose_again(request)
        return done

    def _choose_again(self, request: HttpRequest) -> HttpResponse:
        told = _("The file is not kept any more, or was imported already. Please choose it again.")
        messages.error(request, told)
        return redirect(f"admin:{'_'.join(self.get_model_info())}_import")

    def process_result(self, result: Outcome, request: HttpRequest) -> HttpResponse:
        report = result.report
        told = ngettext("%(count)s row imported.", "%(count)s rows imported.", report.created)
        messages.success(request, told % {"count": report.created})
        assert report.run is not None
        return redirect("admin:reviews_importrun_change", report.run.pk)

    # --- export ---
    def get_valid_export_item_pks(self, request: HttpRequest) -> Any:
        """The ticked rows that the reader may see. The library's own lists the whole table."""
        sent = request.POST.getlist("export_items")
        # Longer ones are no number of a row, and SQLite fails on them.
        ticked = [pk for pk in sent if pk.isdecimal() and len(pk) < MAX_DIGITS]
        rows = self.get_queryset(request).filter(pk__in=ticked)  # type: ignore[attr-defined]
        return rows.values_list("pk", flat=True)

    def export_admin_action(self, request: HttpRequest, queryset: Any) -> HttpResponse:
        if len(queryset[: MAX_SELECTED + 1]) > MAX_SELECTED:
            told = _("At most %s rows can be ticked. Filter the list and use “Export” above it.")
            messages.error(request, told % number_format(MAX_SELECTED, force_grouping=True))
            return redirect(request.get_full_path())
        page: HttpResponse = super().export_admin_action(request, queryset)
        return page

    def init_request_context_data(self, request: HttpRequest, form: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().init_request_context_data(request, form)
        ticked = form.initial.get("export_items") or request.POST.getlist("export_items")
        count = len(ticked) if ticked else self._count(self.get_export_queryset(request))
        labels = [column.label for column in self.sheet_columns]
        context |= {"ticked": ticked, "count": count, "labels": labels}
        return context | {"max_rows": sheets.MAX_WRITTEN}

    def _count(self, queryset: Any) -> int:
        """How many rows, up to one more than an export may hold."""
        return int(queryset[: sheets.MAX_WRITTEN + 1].count())

    def _do_file_export(
        self, file_format: Xlsx, request: HttpRequest, queryset: Any, export_form: Any = None
    ) -> FileResponse:
        """The library's makes the file in memory; here rows go to a temporary one as they come.

        A ValueError is shown above the form.
        """
        if self._count(queryset) > sheets.MAX_WRITTEN:
            told = _("At most %s rows an export: filter the list first.")
            raise ValueError(told % number_format(sheets.MAX_WRITTEN, force_grouping=True))
        header = [column.label for column in self.sheet_columns]
        # The response closes it.
        file = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            sheets.write(file_format.name, header, type(self).sheet_rows(queryset), file)
        except sheets.TooLong as error:
            file.close()
            raise ValueError(self._too_long(queryset, error)) from error
        file.seek(0)
        stem = f"{self.sheet_source.removesuffix('-sheet')}-{timezone.localdate():%Y-%m-%d}"
        return FileResponse(
            file,
            as_attachment=True,
            filename=f"{stem}.{file_format.name}",
            content_type=sheets.MEDIA_TYPES[file_format.name],
        )

    def _too_long(self, queryset: Any, error: sheets.TooLong) -> str:
        wanted = set(error.lines)
        pks = queryset.values_list("pk", flat=True).iterator()
        long = [f"#{pk}" for line, pk in enumerate(pks, start=2) if line in wanted]
        told = _(
            "Nothing was exported: XLSX holds 32,767 characters a cell, and these have more: %s. "
            "Choose CSV, which has no such limit."
        )
        return told % ", ".join(long)
