from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from reviews import formats
from reviews.admin.base import STATUS_COLORS, HubAdmin, OwnPage, ReadOnlyAdmin
from tuning.domain import datasets, exports
from tuning.enums import ExportStatus
from tuning.models import Dataset, DatasetVersion, Export


@admin.register(Dataset)
class DatasetAdmin(HubAdmin):
    list_display = ("name", "assistant", "slug", "only_unexported", "version_count")
    list_filter = ("assistant",)
    list_select_related = ("assistant",)
    search_fields = ("name", "slug")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # The references of its versions are made of these.
        return ("assistant", "slug") if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else {"slug": ("name",)}

    actions_detail = ["freeze"]

    @display(description=gettext_lazy("versions"))
    def version_count(self, obj: Dataset) -> int:
        return len(obj.versions.all())

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("versions")

    def has_freeze_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("tuning.add_datasetversion"))

    @action(
        description=gettext_lazy("Freeze a version now"), permissions=["freeze"], icon="ac_unit"
    )
    def freeze(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The theme's actions are links: this one leads to the page that asks."""
        return self.to("freeze_now", object_id)

    def get_urls(self) -> Any:
        return [
            self.own_path("<int:pk>/freeze-now/", self.freeze_view, "freeze_now"),
            *super().get_urls(),
        ]

    def freeze_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET shows what would be frozen, POST freezes it."""
        self.may(request, "tuning.add_datasetversion")
        dataset = self.row(request, pk)
        if request.method != "POST":
            count = datasets.selected(dataset).count()
            return self.page(
                request,
                "admin/tuning/freeze.html",
                dataset,
                title=_("Freeze a version now"),
                count=count,
            )
        last = dataset.versions.order_by("-number").first()
        version = datasets.freeze(dataset, now=timezone.now(), by=request.user)
        if version is None:
            messages.warning(request, _("Nothing approved to freeze."))
            return redirect("admin:tuning_dataset_changelist")
        if last and last.pk == version.pk:
            messages.info(request, _("Nothing has changed since the last version."))
        else:
            messages.success(request, _("Frozen."))
        return redirect("admin:tuning_datasetversion_change", version.pk)


@admin.register(DatasetVersion)
class DatasetVersionAdmin(OwnPage, ReadOnlyAdmin):
    list_display = (
        "reference",
        "train_count",
        "validation_count",
        "test_count",
        "paraphrase_count",
        "short_hash",
        "by",
        "frozen_at",
    )
    list_filter = ("dataset__assistant",)
    list_select_related = ("dataset", "by")
    search_fields = ("reference", "content_hash")

    @display(description=gettext_lazy("content hash"))
    def short_hash(self, obj: DatasetVersion) -> str:
        return obj.content_hash[:12]

    def get_urls(self) -> Any:
        return [
            self.own_path("<int:pk>/export/", self.export_view, "export"),
            *super().get_urls(),
        ]

    def show(self, request: HttpRequest, item: DatasetVersion) -> HttpResponse:
        members = item.members.select_related("revision", "revision__pair__category")
        return self.page(
            request,
            "admin/tuning/dataset_version.html",
            item,
            title=item.reference,
            members=members.order_by("position")[:50],
            exports=item.exports.order_by("id"),
            runs=item.runs.order_by("-id"),
            formats=formats.NAMES,
            may_export=request.user.has_perm("tuning.add_export"),
            may_run=request.user.has_perm("tuning.add_tuningrun"),
        )

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.may(request, "tuning.add_export")
        version = self.row(request, pk)
        name = request.POST.get("format", "")
        if request.method == "POST" and name in formats.NAMES:
            exports.order(version, name, timezone.now())
            messages.success(request, _("The file is being written."))
        return self.to("change", pk)


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    list_display = ("file_name", "version", "format", "state", "rows", "completed_at", "download")
    list_filter = ("status", "format")
    list_select_related = ("version",)
    search_fields = ("file_name", "sha256")

    @display(description=gettext_lazy("status"), label=STATUS_COLORS)
    def state(self, obj: Export) -> tuple[str, str]:
        return obj.status, obj.get_status_display()

    @display(description=gettext_lazy("file"))
    def download(self, obj: Export) -> str:
        if obj.status != ExportStatus.COMPLETED:
            return ""
        return format_html('<a class="desk-link" href="{}/download/">{}</a>', obj.pk, _("Download"))

    def get_urls(self) -> Any:
        return [
            self.own_path("<int:pk>/download/", self.download_view, "download"),
            *super().get_urls(),
        ]

    def download_view(self, request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
        self.may(request, "tuning.view_export")
        export = self.row(request, pk)
        file = exports.path(export)
        if export.status != ExportStatus.COMPLETED or not file.is_file():
            messages.error(request, _("The file is not on this machine."))
            return self.to("changelist")
        return FileResponse(file.open("rb"), as_attachment=True, filename=export.file_name)
