from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from reviews.admin.base import STATUS_COLORS, OwnPage, sent, short, unsaved
from reviews.admin.forms import ReasonForm, RemedyForm
from reviews.admin.long_lists import LongList
from reviews.admin.sheets import SheetMixin
from reviews.domain import corrections, sheet_exports, transitions
from reviews.domain.errors import Invalid, Refused
from reviews.models import Correction
from reviews.sheets.columns import CORRECTIONS


@admin.register(Correction)
class CorrectionAdmin(SheetMixin, LongList, OwnPage):
    sheet_source = "corrections-sheet"
    sheet_columns = CORRECTIONS
    sheet_rows = sheet_exports.corrections
    # A row with the right answer finishes its correction.
    import_permissions = ("reviews.add_importrun", "reviews.change_correction")
    list_display = ("asked", "wrong", "state", "category", "priority", "created_at")
    list_filter = ("status", "category", "assistant")
    list_select_related = ("category",)
    search_fields = ("question", "wrong_answer", "right_answer", "lesson")
    ordering = ("-priority", "-id")

    @display(description=gettext_lazy("question"))
    def asked(self, obj: Correction) -> str:
        return short(obj.question)

    @display(description=gettext_lazy("wrong answer"))
    def wrong(self, obj: Correction) -> str:
        return short(obj.wrong_answer)

    @display(description=gettext_lazy("status"), ordering="status", label=STATUS_COLORS)
    def state(self, obj: Correction) -> tuple[str, str]:
        return obj.status, obj.get_status_display()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> Any:
        return [
            self.own_path("<int:pk>/finish/", self.finish_view, "finish"),
            self.own_path("<int:pk>/dismiss/", self.step_view, "dismiss", step="dismiss"),
            self.own_path("<int:pk>/reopen/", self.step_view, "reopen", step="reopen"),
            *super().get_urls(),
        ]

    def show(
        self,
        request: HttpRequest,
        item: Correction,
        form: RemedyForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        return self.page(
            request,
            "admin/reviews/correction.html",
            item,
            status=status,
            title=_("Correction") + f" #{item.pk}",
            form=form or RemedyForm(item),
            votes=item.feedback.order_by("-id")[:5],
            hidden=corrections.hidden_from(item, request.user),
            moves=transitions.history(item),
            may_write=request.user.has_perm("reviews.change_correction"),
        )

    def finish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.may(request, "reviews.change_correction")
        correction = self.row(request, pk)
        if request.method != "POST":
            return self.to("change", pk)
        form = RemedyForm(correction, request.POST)
        if not form.is_valid():
            return self.show(request, correction, form, status=422)
        try:
            corrections.finish(correction, form.remedy(), by=request.user, now=timezone.now())
        except Invalid as error:
            unsaved(form, error)
            return self.show(request, correction, form, status=422)
        except Refused as error:
            messages.error(request, _(str(error)))
            return self.to("change", pk)
        messages.success(request, _("Finished. Another reviewer approves your answer."))
        return self.to("changelist")

    def step_view(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """Dismiss or reopen: GET asks why, POST does it."""
        steps = {
            "dismiss": (corrections.dismiss, _("Nothing to correct here"), _("Dismissed.")),
            "reopen": (corrections.reopen, _("Reopen this correction"), _("Open again.")),
        }
        self.may(request, "reviews.change_correction")
        call, title, done = steps[step]
        correction, form = self.row(request, pk), ReasonForm(sent(request))
        if request.method == "POST" and form.is_valid():
            why, now = form.cleaned_data["note"], timezone.now()
            self.act(request, done, lambda: call(correction, by=request.user, why=why, now=now))
            return self.to("change", pk)
        return self.ask_why(request, correction, title, form, correction.question)
