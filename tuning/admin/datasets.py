from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from reviews import formats
from reviews.admin.base import STATUS_COLORS, HubAdmin, OwnPage, ReadOnlyAdmin, sent
from reviews.enums import Language, PairSource, Register
from tuning.admin.rule_forms import CompareForm, ParentForm, RuleForm, wrong
from tuning.domain import datasets, differences, exports, leaks, selection
from tuning.domain.selection import Rule
from tuning.enums import ExportStatus
from tuning.models import Dataset, DatasetVersion, Export
from tuning.models.datasets import LeftOutReason

SHOWN, PER_PAGE = 50, 20
"""Rows of a list, and of a page of whole texts."""
_LABELS = {
    "registers": Register.choices,
    "languages": Language.choices,
    "sources": PairSource.choices,
}


@admin.register(Dataset)
class DatasetAdmin(HubAdmin):
    form = RuleForm
    change_form_template = "admin/tuning/dataset_form.html"
    list_display = ("name", "assistant", "slug", "only_unexported", "version_count")
    list_filter = ("assistant",)
    list_select_related = ("assistant",)
    search_fields = ("name", "slug")
    fieldsets = (
        (None, {"fields": ("assistant", "name", "slug")}),
        (
            gettext_lazy("Which approved pairs"),
            {"fields": ("categories", "registers", "languages", "sources", "only_unexported")},
        ),
        (
            gettext_lazy("What reviewers and users said"),
            {"fields": ("approvals", "unanimous", "min_rating")},
        ),
        (
            gettext_lazy("When"),
            {"fields": ("approved_from", "approved_to", "created_from", "created_to")},
        ),
        (
            gettext_lazy("General data"),
            {"fields": ("general_percent", "general_assistants", "general_categories")},
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # The references of its versions are made of these.
        return ("assistant", "slug") if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else {"slug": ("name",)}

    actions_detail = ["freeze"]

    @display(description=gettext_lazy("versions"))
    def version_count(self, obj: Dataset) -> int:
        return int(obj.version_total)  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(version_total=Count("versions"))

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
            self.own_path("preview/", self.preview_view, "preview_new"),
            self.own_path("<int:pk>/preview/", self.preview_view, "preview"),
            self.own_path("<int:pk>/freeze-now/", self.freeze_view, "freeze_now"),
            self.own_path("<int:pk>/freeze-now/preview/", self.freeze_preview, "freeze_preview"),
            *super().get_urls(),
        ]

    # --- what would be frozen --------------------------------------------------------------------
    def _preview(
        self, request: HttpRequest, rule: Rule | None, form: Any, parent: Any = None
    ) -> HttpResponse:
        found = datasets.preview(rule, parent) if rule else None
        context = {"preview": found, "wrong": wrong(form)}
        return render(request, "admin/tuning/dataset_preview.html", context)

    def preview_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """A part of the page: what the form, as it stands, would freeze."""
        self.may(request, "tuning.change_dataset" if pk else "tuning.add_dataset")
        dataset = self.row(request, pk) if pk else None
        made = self.get_form(request, dataset, change=pk is not None)
        form = made(request.POST, instance=dataset)
        return self._preview(request, form.rule(), form)

    def freeze_preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.may(request, "tuning.add_datasetversion")
        dataset = self.row(request, pk)
        form = ParentForm(dataset, request.POST)
        rule = selection.of(dataset) if form.is_valid() else None
        return self._preview(request, rule, form, form.cleaned_data.get("parent"))

    def freeze_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET shows what would be frozen, POST freezes it."""
        self.may(request, "tuning.add_datasetversion")
        dataset = self.row(request, pk)
        form = ParentForm(dataset, sent(request))
        if form.is_valid():
            return self._freeze(request, dataset, form.cleaned_data["parent"])
        return self.page(
            request,
            "admin/tuning/freeze.html",
            dataset,
            title=_("Freeze a version now"),
            form=form,
            count=datasets.selected(dataset).count(),
        )

    def _freeze(
        self, request: HttpRequest, dataset: Dataset, parent: DatasetVersion | None
    ) -> HttpResponse:
        last = dataset.versions.order_by("-number").first()
        version = datasets.freeze(dataset, now=timezone.now(), by=request.user, parent=parent)
        if version is None:
            messages.warning(request, _("Nothing approved to freeze."))
            return redirect("admin:tuning_dataset_changelist")
        if last and last.pk == version.pk:
            messages.info(request, _("Nothing has changed since the last version."))
        else:
            messages.success(request, _("Frozen."))
        return redirect("admin:tuning_datasetversion_change", version.pk)


def _rule(version: DatasetVersion) -> list[tuple[str, str]]:
    """The rule that the version was frozen by, in words; what chose nothing away is left out."""
    said = []
    for name, value in version.rule.items():
        # No general data at all is a choice; of the rest what is empty or 0 chooses nothing away.
        if name == "assistant" or not (value or name == "general_percent"):
            continue
        field: Any = Dataset._meta.get_field(name)
        labels = dict(_LABELS.get(name, ()))
        values = value if isinstance(value, list) else [value]
        words = ", ".join(str(labels.get(item, item)) for item in values)
        said.append((str(field.verbose_name), _("yes") if value is True else words))
    return said


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
            self.own_path("<int:pk>/leaks/", self.leaks_view, "leaks"),
            self.own_path("<int:pk>/left-out/", self.left_out_view, "left_out"),
            self.own_path("<int:pk>/differences/", self.differences_view, "differences"),
            *super().get_urls(),
        ]

    def show(self, request: HttpRequest, item: DatasetVersion) -> HttpResponse:
        members = item.members.select_related("revision", "revision__pair__category")
        reasons = item.left_out.order_by("reason").values_list("reason").annotate(Count("pk"))
        labels = dict(LeftOutReason.choices)
        return self.page(
            request,
            "admin/tuning/dataset_version.html",
            item,
            title=item.reference,
            members=members.order_by("position")[:PER_PAGE],
            rule=_rule(item),
            left_out=[(labels[reason], count) for reason, count in reasons],
            others=self._others(item),
            exports=item.exports.order_by("id"),
            runs=item.runs.order_by("-id"),
            formats=formats.NAMES,
            may_export=request.user.has_perm("tuning.add_export"),
            may_run=request.user.has_perm("tuning.add_tuningrun"),
        )

    def _others(self, item: DatasetVersion) -> Any:
        """What it may be held against: the assistant's other versions, the last ones first."""
        rows = DatasetVersion.objects.filter(dataset__assistant=item.dataset.assistant_id)
        return rows.exclude(pk=item.pk).order_by("-id")[:SHOWN]

    def leaks_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A part of the version's page, which need not wait for it."""
        self.may(request, "tuning.view_datasetversion")
        found = leaks.leaks(self.row(request, pk))
        context = {"leaks": found[:SHOWN], "more": len(found) - SHOWN}
        return render(request, "admin/tuning/dataset_leaks.html", context)

    def left_out_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.may(request, "tuning.view_datasetversion")
        version = self.row(request, pk)
        rows = version.left_out.select_related("revision", "against").order_by("id")
        return self.page(
            request,
            "admin/tuning/dataset_left_out.html",
            version,
            title=_("Left out of %(version)s") % {"version": version.reference},
            page=Paginator(rows, SHOWN).get_page(request.GET.get("p")),
        )

    def differences_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the version holds that another one, `?from=`, does not, and the other way round."""
        self.may(request, "tuning.view_datasetversion")
        version = self.row(request, pk)
        form = CompareForm(version, request.GET)
        if not form.is_valid():
            for reason in wrong(form):
                messages.error(request, reason)
            return self.to("change", pk)
        other, kind = form.cleaned_data["from"], form.cleaned_data["kind"]
        changes = differences.between(other, version)
        shown = [change for change in changes if change.kind == kind] if kind else changes
        page = Paginator(shown, PER_PAGE).get_page(request.GET.get("p"))
        return self.page(
            request,
            "admin/tuning/dataset_differences.html",
            version,
            title=_("What is different in %(version)s") % {"version": version.reference},
            other=other,
            total=len(changes),
            counts=differences.counts(changes).items(),
            kind=kind,
            query=f"from={other.pk}&kind={kind}&",
            page=page,
            rows=differences.with_texts(list(page.object_list)),
        )

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.may(request, "tuning.add_export")
        version = self.row(request, pk)
        name = request.POST.get("format", "")
        if request.method == "POST" and name in formats.NAMES:
            self.act(
                request,
                _("The file is being written."),
                lambda: exports.order(version, name, timezone.now()),
            )
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
