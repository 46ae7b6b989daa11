from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
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
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from reviews.admin.base import STATUS_COLORS, OwnPage, ReadOnlyAdmin, sent, unsaved
from reviews.admin.forms import ReasonForm
from reviews.domain import transitions
from reviews.domain.errors import Invalid
from tuning.admin.evaluation import metric_rows
from tuning.domain import automation, lineage, registry, versions
from tuning.enums import SERVING, VERSION_MOVES, Stage, Trigger, VersionStatus
from tuning.models import BaseModel, DatasetVersion, Evaluation, ModelVersion


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


class RegisterForm(forms.Form):
    base_model = forms.ModelChoiceField(
        BaseModel.objects.filter(provider__in=registry.ANSWERING),
        label=gettext_lazy("base model"),
        help_text=gettext_lazy("What it was tuned from. Its provider, address and region serve."),
        widget=UnfoldAdminSelectWidget,
    )
    artifact = forms.CharField(
        label=gettext_lazy("name at the provider"),
        max_length=255,
        help_text=gettext_lazy(
            "What requests name: a Vertex endpoint (projects/…/endpoints/…), or the model of an "
            "OpenAI-compatible server."
        ),
        widget=UnfoldAdminTextInputWidget,
    )
    measured_by = forms.ModelChoiceField(
        DatasetVersion.objects.select_related("dataset"),
        label=gettext_lazy("dataset version"),
        help_text=gettext_lazy("Its questions measure the model, for its assistant."),
        widget=UnfoldAdminSelectWidget,
    )
    taught = forms.BooleanField(
        label=gettext_lazy("it learned the train part of this dataset version"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
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
            self.own_path("<int:pk>/checkpoint/", self.checkpoint_view, "checkpoint"),
            self.own_path("<int:pk>/delete-model/", self.delete_model_view, "delete_model"),
            self.own_path("retrain/", self.retrain_view, "retrain"),
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
        ours = item.run_id is not None or item.origin_id is not None
        deletes = request.user.has_perm("tuning.delete_tuned_model")
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
            lineage=lineage.of(item.dataset_version) if item.dataset_version else None,
            checkpoints=registry.checkpoints(item),
            may_take=request.user.has_perm("tuning.add_modelversion") and not item.deleted_at,
            may_delete=deletes and ours and registry.deletable(item),
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("tuning.add_modelversion"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Register a model that was tuned elsewhere."""
        self.may(request, "tuning.add_modelversion")
        form = RegisterForm(sent(request))
        if request.method == "POST" and form.is_valid():
            try:
                made = registry.register(**form.cleaned_data, now=timezone.now())
            except Invalid as error:
                unsaved(form, error)
            else:
                messages.success(request, _("Registered: it is asked the questions now."))
                return self.to("change", made.pk)
        return self.page(
            request,
            "admin/tuning/version_register.html",
            None,
            title=_("Register a tuned model"),
            form=form,
        )

    def checkpoint_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST makes a version of another checkpoint."""
        self.may(request, "tuning.add_modelversion")
        version, made = self._version(request, pk), []
        if request.method == "POST":
            name, now = request.POST.get("checkpoint", ""), timezone.now()
            done = _("Made: it is asked the questions now.")
            if self.act(
                request,
                done,
                lambda: made.append(registry.of_checkpoint(version, name, now=now)),
            ):
                return self.to("change", made[0].pk)
        return self.to("change", pk)

    def delete_model_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET asks why, POST deletes the tuned model at its provider."""
        self.may(request, "tuning.delete_tuned_model")
        version, form = self._version(request, pk), ReasonForm(sent(request))
        if request.method == "POST" and form.is_valid():
            reason, now = form.cleaned_data["note"], timezone.now()
            self.act(
                request,
                _("The tuned model is deleted."),
                lambda: registry.delete_model(version, by=request.user, now=now, reason=reason),
            )
            return self.to("change", pk)
        title = _("Delete the tuned model")
        about = f"{version.reference}: {version.artifact}"
        return self.ask_why(request, version, title, form, about)

    def retrain_view(self, request: HttpRequest) -> HttpResponse:
        """What the machine would tune by itself, and why not. A POST tries it wholly, for whoever
        may start a run: it costs as much as freezing each dataset."""
        now, whole = timezone.now(), request.method == "POST"
        self.may(request, "tuning.add_tuningrun" if whole else "tuning.view_tuningrun")
        triggers = [
            (title, automation.forecast(trigger, now, whole=whole))
            for trigger, title in Trigger.choices
            if trigger in (Trigger.WEEKLY, Trigger.EXPORT)
        ]
        return self.page(
            request,
            "admin/tuning/retrain.html",
            None,
            title=_("Automatic tuning"),
            triggers=triggers,
            whole=whole,
            may_try=request.user.has_perm("tuning.add_tuningrun"),
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
