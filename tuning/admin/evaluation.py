from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import floatformat
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from reviews.admin.base import HubAdmin, OwnPage, ReadOnlyAdmin
from tuning.models import Evaluation, Gate

PER_PAGE = 50

METRICS = (
    ("exact_match", _("Exact match"), "share"),
    ("bleu", "BLEU", "number"),
    ("chrf", "chrF", "number"),
    ("accuracy", _("Answers whose facts agree"), "share"),
    ("fact_precision", _("Precision on critical facts"), "share"),
    ("consistency", _("Same facts in other words"), "share"),
    ("coverage", _("Taught questions answered"), "share"),
    ("unseen_declined", _("Unknown questions declined"), "share"),
)
"""Key in Evaluation.metrics, label, and how it is written."""


def written(value: float | None, kind: str) -> str:
    if value is None:
        return "–"
    return f"{value:.0%}" if kind == "share" else str(floatformat(value, 1))


def metric_rows(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """Base beside tuned, as the pages show them."""
    base, tuned = metrics.get("base", {}), metrics.get("tuned", {})
    return [
        {
            "label": label,
            "base": written(base.get(key), kind),
            "tuned": written(tuned.get(key), kind),
        }
        for key, label, kind in METRICS
    ]


@admin.register(Evaluation)
class EvaluationAdmin(OwnPage, ReadOnlyAdmin):
    list_display = ("version", "dataset_version", "match", "declined", "finished_at")
    list_filter = ("version__assistant",)
    list_select_related = ("version", "dataset_version")
    search_fields = ("version__reference",)

    @display(description=_("exact match"))
    def match(self, obj: Evaluation) -> str:
        return written(obj.metrics.get("tuned", {}).get("exact_match"), "share")

    @display(description=_("unknown questions declined"))
    def declined(self, obj: Evaluation) -> str:
        return written(obj.metrics.get("tuned", {}).get("unseen_declined"), "share")

    def show(self, request: HttpRequest, item: Evaluation) -> HttpResponse:
        answers = item.answers.select_related("member__revision").order_by("slice", "id")
        return self.page(
            request,
            "admin/tuning/evaluation.html",
            item,
            title=str(item.version),
            metrics=metric_rows(item.metrics),
            slices=item.metrics.get("slices", {}),
            gates=item.gates.order_by("stage", "id"),
            page=Paginator(answers, PER_PAGE).get_page(request.GET.get("p")),
        )


@admin.register(Gate)
class GateAdmin(HubAdmin):
    list_display = ("measure", "stage", "target", "requirement", "assistant")
    list_filter = ("assistant", "stage", "requirement")
    list_select_related = ("assistant",)
    search_fields = ("measure",)
