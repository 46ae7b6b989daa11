"""Gold items: made by curators, and what they show of each reviewer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from reviews.admin import periods
from reviews.admin.base import DECISION_COLORS, HubAdmin, OwnPage, sent, short, unsaved
from reviews.domain import calibration, calibration_stats, checklists
from reviews.domain.errors import Invalid
from reviews.enums import Decision, Purpose
from reviews.models import ChecklistItem, GoldItem, PairRevision

DECISIONS = [
    (decision.value, decision.label)
    for decision in (Decision.APPROVE, Decision.REJECT, Decision.NEEDS_WORK)
]


class GoldForm(forms.Form):
    """What a curator says of a text."""

    decision = forms.ChoiceField(
        label=gettext_lazy("right verdict"), choices=DECISIONS, widget=UnfoldAdminSelectWidget
    )
    wrong_items = forms.ModelMultipleChoiceField(
        ChecklistItem.objects.none(),
        label=gettext_lazy("items that are wrong in it"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    why = forms.CharField(
        label=gettext_lazy("why"),
        max_length=4000,
        help_text=gettext_lazy("Shown to the reviewer afterwards."),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )

    def __init__(self, items: list[int], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = ChecklistItem.objects.filter(pk__in=items).order_by("checklist", "position")
        self.fields["wrong_items"].queryset = asked  # type: ignore[attr-defined]


class ActiveFilter(admin.SimpleListFilter):
    title = gettext_lazy("active")
    parameter_name = "active"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", _("active")), ("0", _("retired"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(active=self.value() == "1") if self.value() else queryset


@admin.register(GoldItem)
class GoldItemAdmin(OwnPage, HubAdmin):
    list_display = ("asked", "decided", "active", "answered", "author", "created_at")
    list_filter = (ActiveFilter, "decision")
    list_select_related = ("revision", "author")
    search_fields = ("revision__input", "why")

    @display(description=gettext_lazy("question"))
    def asked(self, obj: GoldItem) -> str:
        return short(obj.revision.input)

    @display(description=gettext_lazy("right verdict"), label=DECISION_COLORS)
    def decided(self, obj: GoldItem) -> tuple[str, str]:
        return obj.decision, obj.get_decision_display()

    @admin.display(description=gettext_lazy("answered"))
    def answered(self, obj: GoldItem) -> int:
        return int(obj.answered_by)  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> Any:
        given = Q(revision__verdicts__purpose=Purpose.GOLD, revision__verdicts__withdrawn_at=None)
        rows = super().get_queryset(request)
        return rows.annotate(answered_by=Count("revision__verdicts", filter=given))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> Any:
        return [
            self.own_path("mine/", self.mine_view, "mine"),
            self.own_path("calibration/", self.calibration_view, "calibration"),
            self.own_path("<int:pk>/retire/", self.retire_view, "retire"),
            self.own_path("<int:pk>/activate/", self.activate_view, "activate"),
            *super().get_urls(),
        ]

    # --- making one ------------------------------------------------------------------------------
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Make the text `?revision=` a gold item, or change what is said of it."""
        self.may(request, "reviews.add_golditem")
        pk = request.GET.get("revision", "")
        if not (pk.isdecimal() and len(pk) < 19):
            messages.info(request, _("Open a pair and make its text a gold item there."))
            return redirect("admin:reviews_pair_changelist")
        rows = PairRevision.objects.select_related("pair__assistant", "pair__category", "gold")
        revision = get_object_or_404(rows, pk=int(pk))
        gold: GoldItem | None = getattr(revision, "gold", None)
        form = _gold_form(revision, gold, sent(request))
        if request.method == "POST" and form.is_valid():
            return self._make(request, revision, gold, form)
        return self._gold_page(request, revision, gold, form)

    def _make(
        self, request: HttpRequest, revision: PairRevision, gold: GoldItem | None, form: GoldForm
    ) -> HttpResponse:
        data = form.cleaned_data
        try:
            made = calibration.make_gold(
                revision,
                decision=data["decision"],
                wrong_items=list(data["wrong_items"]),
                why=data["why"],
                by=request.user,
            )
        except Invalid as error:
            unsaved(form, error)
            return self._gold_page(request, revision, gold, form, status=422)
        messages.success(request, _("This text is a gold item now."))
        return self.to("change", made.pk)

    def _gold_page(
        self,
        request: HttpRequest,
        revision: PairRevision,
        gold: GoldItem | None,
        form: GoldForm,
        status: int = 200,
    ) -> HttpResponse:
        return self.page(
            request,
            "admin/reviews/gold_new.html",
            gold,
            status=status,
            title=_("Gold item"),
            revision=revision,
            form=form,
        )

    # --- one that is there -----------------------------------------------------------------------
    def show(self, request: HttpRequest, item: GoldItem) -> HttpResponse:
        given = item.revision.verdicts.filter(purpose=Purpose.GOLD, withdrawn_at=None)
        return self.page(
            request,
            "admin/reviews/gold.html",
            item,
            title=_("Gold item"),
            revision=item.revision,
            wrong_items=item.wrong_items.all(),
            verdicts=given.select_related("reviewer").order_by("-id")[:50],
            may_change=request.user.has_perm("reviews.change_golditem"),
        )

    def retire_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.may(request, "reviews.change_golditem")
        gold = self.row(request, pk)
        if request.method == "POST":
            done = _("It is shown to nobody any more.")
            self.act(request, done, lambda: calibration.retire_gold(gold))
        return self.to("change", pk)

    def activate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.may(request, "reviews.change_golditem")
        gold = self.row(request, pk)
        if request.method == "POST":
            done = _("This text is a gold item now.")
            self.act(request, done, lambda: calibration.activate_gold(gold))
        return self.to("change", pk)

    # --- figures ---------------------------------------------------------------------------------
    def calibration_view(self, request: HttpRequest) -> HttpResponse:
        """All reviewers, or `?reviewer=` alone with what is shown to them."""
        self.may(request, "reviews.view_golditem")
        period = periods.chosen(request, timezone.now())
        pk = request.GET.get("reviewer", "")
        people = get_user_model()._default_manager
        one = get_object_or_404(people, pk=int(pk)) if pk.isdecimal() and len(pk) < 19 else None
        return self.page(
            request,
            "admin/reviews/calibration.html",
            None,
            title=_("Calibration"),
            period=period,
            one=one,
            report=calibration_stats.report(period.since, one),
            reading=calibration_stats.READING,
        )

    def mine_view(self, request: HttpRequest) -> HttpResponse:
        """A reviewer's own, without anybody else's."""
        self.may(request, "reviews.review_pair")
        return self.page(
            request,
            "admin/reviews/my_calibration.html",
            None,
            title=_("My calibration"),
            own=calibration_stats.own(request.user),
        )


def _gold_form(revision: PairRevision, gold: GoldItem | None, data: Any) -> GoldForm:
    """With the items of the list in force, and those that the gold item has already."""
    chosen = [item.pk for item in gold.wrong_items.all()] if gold else []
    asked = [item.pk for item in checklists.items(revision.pair.assistant)]
    initial = (
        {"decision": gold.decision, "wrong_items": chosen, "why": gold.why}
        if gold
        else {"decision": Decision.REJECT}
    )
    return GoldForm([*asked, *chosen], data, initial=initial)
