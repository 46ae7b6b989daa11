"""What reviewers hold, and the queue's state for curators."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from reviews.admin.base import ReadOnlyAdmin
from reviews.admin.long_lists import LongList
from reviews.domain import curation
from reviews.enums import Language
from reviews.models import Claim


@admin.register(Claim)
class ClaimAdmin(LongList, ReadOnlyAdmin):
    list_display = ("pair", "reviewer", "taken_at", "ended", "ended_at", "note")
    list_filter = ("end",)
    list_select_related = ("pair", "reviewer")
    search_fields = ("pair__id__exact", "reviewer__username")

    @display(description=gettext_lazy("end"))
    def ended(self, obj: Claim) -> str:
        return obj.get_end_display() if obj.end else "–"

    def get_urls(self) -> Any:
        return [
            self.own_path("state/", self.state_view, "state"),
            self.own_path("<int:pk>/back/", self.back_view, "back"),
            *super().get_urls(),
        ]

    def state_view(self, request: HttpRequest) -> HttpResponse:
        self.may(request, "reviews.view_claim")
        return self.page(
            request,
            "admin/reviews/queue_state.html",
            None,
            title=_("State of the queue"),
            **state_context(request),
        )

    def back_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give an item back to the queue that somebody else holds."""
        self.may(request, "reviews.change_claim")
        claim, now = self.row(request, pk), timezone.now()
        if request.method == "POST":
            self.act(
                request,
                _("Given back: whoever asks next may have it."),
                lambda: curation.take_back(claim, by=request.user, now=now),
            )
        return self.to("state")


def state_context(request: HttpRequest) -> dict[str, Any]:
    """What the template `queue_state_parts.html` shows."""
    now = timezone.now()
    return {
        "state": curation.state(now),
        "now": now,
        "counted": curation.COUNTED,
        "languages": Language.choices,
        "may_take_back": request.user.has_perm("reviews.change_claim"),  # type: ignore[union-attr]
    }
