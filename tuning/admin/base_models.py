from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from reviews.admin.base import HubAdmin, sent
from tuning.domain import base_models, succession
from tuning.enums import Ability
from tuning.models import BaseModel, ModelVersion
from tuning.models.runs import whole_numbers

ANSWERING = ("name", "provider", "remote_name", "endpoint", "region")
TUNING = ("backend", "abilities", "tune_region", "token_limit", "adapter_sizes", "price")
ENDING = ("retires_date", "successors", "note")
FIELDS = (*ANSWERING, *TUNING, *ENDING)


class SizesField(forms.CharField):
    """Whole numbers between commas, as a list."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[int]:
        words = [word.strip() for word in super().clean(value).split(",") if word.strip()]
        if not all(word.isascii() and word.isdecimal() for word in words):
            raise forms.ValidationError(_("Whole numbers between commas, such as 1, 2, 4."))
        sizes = sorted({int(word) for word in words})
        whole_numbers(sizes)
        return sizes

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))


class BaseModelForm(forms.ModelForm):  # type: ignore[type-arg]
    abilities = forms.MultipleChoiceField(
        label=capfirst(gettext_lazy("abilities")),
        required=False,
        choices=Ability.choices,
        initial=[Ability.SFT],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy("What its tuning backend can do with it."),
    )
    adapter_sizes = SizesField(
        label=capfirst(gettext_lazy("adapter sizes")),
        required=False,
        help_text=gettext_lazy("That Vertex takes for it, between commas: 1, 2, 4"),
    )
    # Declared, so that the admin puts no buttons beside it, which a phone has no room for.
    successors = forms.ModelMultipleChoiceField(
        BaseModel.objects.all(),
        label=capfirst(gettext_lazy("successors")),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy("What can take its place when it retires."),
    )

    class Meta:
        model = BaseModel
        fields = FIELDS

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if self.instance.pk and self.instance in found.get("successors", []):
            self.add_error("successors", _("A model does not succeed itself."))
        return found


@admin.register(BaseModel)
class BaseModelAdmin(HubAdmin):
    form = BaseModelForm
    list_display = ("name", "provider", "remote", "backend", "region", "ends")
    list_filter = ("provider", "backend")
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ANSWERING}),
        (gettext_lazy("Tuning"), {"fields": TUNING}),
        (gettext_lazy("Its end"), {"fields": ENDING}),
    )

    @admin.display(description=gettext_lazy("name at the provider"))
    def remote(self, obj: BaseModel) -> str:
        return obj.provider_name

    @display(
        description=gettext_lazy("retires on"),
        ordering="retires_date",
        label={"past": "danger", "soon": "warning", "later": "info"},
    )
    def ends(self, obj: BaseModel) -> tuple[str, str] | None:
        if obj.retires_date is None:
            return None
        told = date_format(obj.retires_date, "SHORT_DATE_FORMAT")
        return succession.urgency(obj.retires_date, timezone.now()), told

    def get_urls(self) -> Any:
        return [
            self.own_path("succession/", self.succession_view, "succession"),
            self.own_path("succession/<int:pk>/start/", self.start_view, "succeed"),
            self.own_path("known/", self.known_view, "known"),
            *super().get_urls(),
        ]

    def succession_view(self, request: HttpRequest) -> HttpResponse:
        """What ends, what takes its place, and what keeps it from that."""
        self.may(request, "tuning.view_basemodel")
        now = timezone.now()
        add = request.user.has_perm("tuning.add_basemodel")
        return self.page(
            request,
            "admin/tuning/succession.html",
            None,
            title=_("Succession of base models"),
            endings=succession.endings(now),
            steps=succession.plan(now),
            horizon=succession.horizon(now),
            absent=base_models.absent() if add else [],
            may_start=request.user.has_perm("tuning.add_tuningrun"),
        )

    def start_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST starts the run of one step."""
        self.may(request, "tuning.add_tuningrun")
        if request.method != "POST":
            raise Http404
        version, now = get_object_or_404(ModelVersion, pk=pk), timezone.now()
        self.act(
            request,
            _("The run is queued."),
            lambda: succession.start(version, now=now, by=request.user),
        )
        return self.to("succession")

    def known_view(self, request: HttpRequest) -> HttpResponse:
        """GET shows which known base models are missing, POST makes their rows."""
        self.may(request, "tuning.add_basemodel")
        if sent(request) is not None:
            count = len(base_models.absent())
            text = ngettext("%s base model was added.", "%s base models were added.", count)
            self.act(request, text % count, base_models.load)
            return self.to("changelist")
        return self.page(
            request,
            "admin/tuning/base_models_known.html",
            None,
            title=_("Add the known base models"),
            absent=base_models.absent(),
        )
