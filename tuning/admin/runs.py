from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from reviews.admin.base import STATUS_COLORS, HubAdmin, OwnPage, ReadOnlyAdmin, sent, unsaved
from reviews.domain import transitions
from reviews.domain.errors import Invalid
from tuning.domain import runs
from tuning.enums import EventKind
from tuning.models import BaseModel, DatasetVersion, ModelVersion, TuningRun

CHART_WIDTH, CHART_HEIGHT = 600, 160


@admin.register(BaseModel)
class BaseModelAdmin(HubAdmin):
    list_display = ("name", "provider", "remote", "backend", "retires_date")
    list_filter = ("provider",)
    search_fields = ("name",)

    @admin.display(description=gettext_lazy("name at the provider"))
    def remote(self, obj: BaseModel) -> str:
        return obj.provider_name


class LaunchForm(forms.Form):
    dataset_version = forms.ModelChoiceField(
        DatasetVersion.objects.select_related("dataset"),
        label=gettext_lazy("dataset version"),
        widget=UnfoldAdminSelectWidget,
    )
    base_model = forms.ModelChoiceField(
        BaseModel.objects.exclude(backend=""),
        label=gettext_lazy("base model"),
        widget=UnfoldAdminSelectWidget,
    )
    options = forms.JSONField(
        label=gettext_lazy("options"),
        required=False,
        initial=dict,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("What the backend takes, as a JSON object; empty for its defaults."),
    )

    def clean_options(self) -> dict[str, Any]:
        found = self.cleaned_data["options"] or {}
        if not isinstance(found, dict):
            raise forms.ValidationError(_("A JSON object is needed."))
        return found


def loss_line(points: list[tuple[Any, Any]]) -> str:
    """The points of an SVG polyline, CHART_WIDTH by CHART_HEIGHT, the highest loss at the top."""
    if len(points) < 2:
        return ""
    top = max(loss for _step, loss in points) or 1.0
    first, last = points[0][0], points[-1][0]
    span = max(last - first, 1)
    places = (
        ((step - first) / span * CHART_WIDTH, CHART_HEIGHT - loss / top * CHART_HEIGHT)
        for step, loss in points
    )
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


@admin.register(TuningRun)
class TuningRunAdmin(OwnPage, ReadOnlyAdmin):
    list_display = (
        "id",
        "dataset_version",
        "base_model",
        "state",
        "percent",
        "trigger",
        "by",
        "created_at",
    )
    list_filter = ("status", "trigger", "assistant")
    list_select_related = ("dataset_version", "base_model", "by")
    search_fields = ("label", "dataset_version__reference")

    @display(description=gettext_lazy("status"), label=STATUS_COLORS)
    def state(self, obj: TuningRun) -> tuple[str, str]:
        return obj.status, obj.get_status_display()

    @display(description=gettext_lazy("progress"))
    def percent(self, obj: TuningRun) -> str:
        return f"{obj.progress:.0%}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("tuning.add_tuningrun"))

    def get_urls(self) -> Any:
        return [
            self.own_path("<int:pk>/cancel/", self.cancel_view, "cancel"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self.may(request, "tuning.add_tuningrun")
        initial = {"dataset_version": request.GET.get("dataset_version")}
        form = LaunchForm(sent(request), initial=initial)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            try:
                run = runs.launch(
                    data["dataset_version"],
                    data["base_model"],
                    options=data["options"],
                    by=request.user,
                    now=timezone.now(),
                )
            except Invalid as error:
                unsaved(form, error)
            else:
                messages.success(request, _("The run is queued."))
                return self.to("change", run.pk)
        return self.page(
            request, "admin/tuning/launch.html", None, title=_("Start a tuning run"), form=form
        )

    def show(self, request: HttpRequest, item: TuningRun) -> HttpResponse:
        events = item.events.exclude(kind=EventKind.LOSS).order_by("id")
        points = list(
            item.events.filter(kind=EventKind.LOSS).order_by("step").values_list("step", "loss")
        )
        return self.page(
            request,
            "admin/tuning/run.html",
            item,
            title=_("Tuning run") + f" #{item.pk}",
            events=events,
            moves=transitions.history(item),
            points=points,
            line=loss_line(points),
            chart={"width": CHART_WIDTH, "height": CHART_HEIGHT},
            version=ModelVersion.objects.filter(run=item).first(),
            may_cancel=item.active and request.user.has_perm("tuning.change_tuningrun"),
        )

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.may(request, "tuning.change_tuningrun")
        run = self.row(request, pk)
        if request.method == "POST":
            now = timezone.now()
            self.act(request, _("Cancelling."), lambda: runs.cancel(run, by=request.user, now=now))
        return self.to("change", pk)
