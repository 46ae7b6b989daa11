from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from reviews.admin.base import STATUS_COLORS, OwnPage, ReadOnlyAdmin, sent
from reviews.admin.forms import ReasonForm
from reviews.domain import transitions
from tuning.admin.evaluation import metric_rows
from tuning.domain import versions
from tuning.enums import SERVING, VERSION_MOVES, VersionStatus
from tuning.models import Evaluation, ModelVersion


class ActivateForm(forms.Form):
    """Confirms a first share of the traffic; the reason is needed where a gate is overridden."""

    reason = forms.CharField(
        label=gettext_lazy("Why"),
        required=False,
        max_length=4000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


@admin.register(ModelVersion)
class ModelVersionAdmin(OwnPage, ReadOnlyAdmin):
    list_display = ("reference", "state", "share", "base_model", "dataset_version", "created_at")
    list_filter = ("status", "assistant")
    list_select_related = ("base_model", "dataset_version", "assistant")
    search_fields = ("reference",)

    @display(description=gettext_lazy("status"), label=STATUS_COLORS)
    def state(self, obj: ModelVersion) -> tuple[str, str]:
        return obj.status, obj.get_status_display()

    @display(description=gettext_lazy("traffic share"))
    def share(self, obj: ModelVersion) -> str:
        if obj.is_base:
            return gettext_lazy("the rest")  # type: ignore[return-value]
        return f"{obj.traffic_weight} %"

    def get_urls(self) -> Any:
        return [
            self.own_path("<int:pk>/activate/", self.activate_view, "activate"),
            self.own_path("<int:pk>/roll-back/", self.roll_back_view, "roll_back"),
            *super().get_urls(),
        ]

    def _version(self, request: HttpRequest, pk: int) -> ModelVersion:
        found: ModelVersion = self.row(request, pk)
        return found

    def show(self, request: HttpRequest, item: ModelVersion) -> HttpResponse:
        evaluation = Evaluation.objects.filter(version=item).first()
        totals = item.windows.aggregate(
            answered=Sum("answered"),
            declined=Sum("declined"),
            failed=Sum("failed"),
            positive=Sum("positive"),
            negative=Sum("negative"),
        )
        may = request.user.has_perm("tuning.activate_modelversion")
        startable = VersionStatus.CANARY in VERSION_MOVES[item.status]
        return self.page(
            request,
            "admin/tuning/version.html",
            item,
            title=item.reference,
            evaluation=evaluation,
            metrics=metric_rows(evaluation.metrics) if evaluation else [],
            gates=evaluation.gates.order_by("stage", "id") if evaluation else [],
            totals=totals,
            base_weight=versions.base_weight(item.assistant),
            moves=transitions.history(item),
            may_activate=may and startable and not item.is_base,
            may_roll_back=may and item.status in SERVING and not item.is_base,
        )

    def activate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET confirms, POST acts."""
        self.may(request, "tuning.activate_modelversion")
        version, form = self._version(request, pk), ActivateForm(sent(request))
        if request.method == "POST" and form.is_valid():
            reason, now = form.cleaned_data["reason"], timezone.now()
            if self.act(
                request,
                _("It answers a tenth of the requests from now on."),
                lambda: versions.set_traffic(version, by=request.user, now=now, reason=reason),
            ):
                return self.to("change", pk)
        return self.page(
            request,
            "admin/tuning/activate.html",
            version,
            title=_("Start the trial with a tenth of the traffic"),
            form=form,
            barred=versions.overrides(version),
        )

    def roll_back_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET asks why, POST acts."""
        self.may(request, "tuning.activate_modelversion")
        version, form = self._version(request, pk), ReasonForm(sent(request))
        if request.method == "POST" and form.is_valid():
            reason, now = form.cleaned_data["note"], timezone.now()
            done = _("Rolled back: the base answers again.")
            self.act(
                request,
                done,
                lambda: versions.roll_back(version, by=request.user, now=now, reason=reason),
            )
            return self.to("change", pk)
        title = _("Roll back to the base")
        return self.ask_why(request, version, title, form, version.reference)
