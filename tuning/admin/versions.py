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
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from reviews.admin.base import STATUS_COLORS, OwnPage, ReadOnlyAdmin, sent
from reviews.admin.forms import ReasonForm
from reviews.domain import transitions
from tuning.admin.evaluation import metric_rows
from tuning.domain import versions
from tuning.enums import SERVING, VERSION_MOVES, Stage, VersionStatus
from tuning.models import BaseModel, Evaluation, ModelVersion


class TrafficForm(forms.Form):
    """A share of the traffic; the reason is needed where a gate is overridden."""

    weight = forms.IntegerField(
        label=gettext_lazy("traffic share"),
        min_value=1,
        max_value=100,
        help_text=gettext_lazy("In percent. Each wider stage (10, 50, 100) has gates of its own."),
        widget=UnfoldAdminIntegerFieldWidget,
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        required=False,
        max_length=4000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


class BaseForm(forms.Form):
    base_model = forms.ModelChoiceField(
        BaseModel.objects.all(),
        label=gettext_lazy("base model"),
        widget=UnfoldAdminSelectWidget,
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
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
            self.own_path("<int:pk>/traffic/", self.traffic_view, "traffic"),
            self.own_path("<int:pk>/base/", self.base_view, "base"),
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
            rejected=Sum("rejected"),
            cancelled=Sum("cancelled"),
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
            may_start=may and startable and not item.is_base,
            may_change_base=may and item.is_base and item.status in SERVING,
            may_roll_back=may and item.status in SERVING and not item.is_base,
        )

    def traffic_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET confirms, POST acts."""
        self.may(request, "tuning.activate_modelversion")
        version = self._version(request, pk)
        initial = {"weight": version.traffic_weight or Stage.TEN}
        form = TrafficForm(sent(request), initial=initial)
        if request.method == "POST" and form.is_valid():
            sent_data, now = form.cleaned_data, timezone.now()
            if self.act(
                request,
                _("It answers %s %% of the requests from now on.") % sent_data["weight"],
                lambda: versions.set_traffic(version, **sent_data, by=request.user, now=now),
            ):
                return self.to("change", pk)
        return self.page(
            request,
            "admin/tuning/traffic.html",
            version,
            title=_("Share of the traffic"),
            form=form,
            barred=versions.overrides(version),
            base_weight=versions.base_weight(version.assistant),
        )

    def base_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET asks which base model and why, POST makes the new base."""
        self.may(request, "tuning.activate_modelversion")
        version, form = self._version(request, pk), BaseForm(sent(request))
        if request.method == "POST" and form.is_valid():
            model, reason = form.cleaned_data["base_model"], form.cleaned_data["reason"]
            made: list[ModelVersion] = []

            def change() -> None:
                made.append(
                    versions.change_base(
                        version.assistant, model, by=request.user, now=timezone.now(), reason=reason
                    )
                )

            if self.act(request, _("The new base answers from the next request on."), change):
                return self.to("change", made[0].pk)
        return self.page(
            request,
            "admin/tuning/base.html",
            version,
            title=_("Another base model"),
            form=form,
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
