"""Verdicts, and how far those who gave them agree."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from reviews.admin import periods
from reviews.admin.base import DECISION_COLORS, ReadOnlyAdmin
from reviews.admin.long_lists import LongList
from reviews.domain import agreement
from reviews.enums import QUEUED
from reviews.models import Verdict


@admin.register(Verdict)
class VerdictAdmin(LongList, ReadOnlyAdmin):
    list_display = ("at", "pair_link", "decided", "reviewer", "round", "settles", "note")
    list_filter = ("decision", "settles", "reviewer")
    list_select_related = ("revision", "reviewer")
    search_fields = ("note", "reviewer__username")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Without what others said of pairs that wait, for who sees them reviews, too; and without
        calibration, or it could be told from the rest."""
        rows = super().get_queryset(request).counting()
        hidden = Q(
            revision__pair__status__in=QUEUED,
            revision=F("revision__pair__current_revision"),
            round=F("revision__pair__round"),
        )
        return rows.exclude(hidden & ~Q(reviewer=request.user))

    @display(description=gettext_lazy("pair"))
    def pair_link(self, obj: Verdict) -> str:
        return f"#{obj.revision.pair_id}.{obj.revision.number}"

    @display(description=gettext_lazy("decision"), label=DECISION_COLORS)
    def decided(self, obj: Verdict) -> tuple[str, str]:
        return obj.decision, obj.get_decision_display()

    def get_urls(self) -> Any:
        return [
            self.own_path("agreement/", self.agreement_view, "agreement"),
            *super().get_urls(),
        ]

    def agreement_view(self, request: HttpRequest) -> HttpResponse:
        self.may(request, "reviews.view_verdict")
        period = periods.chosen(request, timezone.now())
        return self.page(
            request,
            "admin/reviews/agreement.html",
            None,
            title=_("Agreement"),
            period=period,
            report=agreement.report(period.since),
            low=agreement.LOW,
            enough=agreement.ENOUGH,
            may_reword=request.user.has_perm("reviews.add_checklist"),
        )
