"""A pair's record with the steps that it may take, and the page on which answers are written."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from reviews.admin import desk
from reviews.admin.base import STATUS_COLORS, OwnPage, sent, short
from reviews.admin.forms import AnswerForm, ReasonForm, SortForm, TextForm, newlines
from reviews.admin.long_lists import LongList
from reviews.admin.sheets import SheetMixin
from reviews.domain import (
    claims,
    flag_words,
    flags,
    pairs,
    queue,
    sheet_exports,
    transitions,
    verdicts,
)
from reviews.enums import QUEUED, SORTABLE, PairSource, PairStatus
from reviews.models import Assistant, Correction, Pair, Question
from reviews.sheets.columns import PAIRS

SIDE_BY_SIDE = 5
"""Similar pairs and lessons shown beside the one under review."""


SHOWN = 1000
"""Pairs of one's own queue that the list shows at the most."""


class QueueFilter(admin.SimpleListFilter):
    title = gettext_lazy("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mine", _("waits for my verdict")), ("open", _("waits for anybody"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "mine":
            # Read first: within another query the database would ask anew for each of its rows.
            mine = queue.waiting_for(request.user, timezone.now()).values_list("pk", flat=True)
            return queryset.filter(pk__in=list(mine[:SHOWN]))
        return queryset.open() if self.value() == "open" else queryset


@admin.register(Pair)
class PairAdmin(SheetMixin, LongList, OwnPage):
    sheet_source = "pairs-sheet"
    sheet_columns = PAIRS
    sheet_rows = sheet_exports.pairs
    list_display = (
        "asked",
        "category",
        "register",
        "state",
        "approvals_needed",
        "source",
        "priority",
        "updated_at",
    )
    list_filter = (QueueFilter, "status", "category", "register", "source", "language", "assistant")
    list_select_related = ("current_revision", "category")
    search_fields = ("current_revision__input", "current_revision__output", "id__exact")
    ordering = ("-priority", "id")
    fields = ("id",)

    @display(description=gettext_lazy("question"))
    def asked(self, obj: Pair) -> str:
        return short(obj.current_revision.input) if obj.current_revision else str(obj)

    @display(description=gettext_lazy("status"), ordering="status", label=STATUS_COLORS)
    def state(self, obj: Pair) -> tuple[str, str]:
        return obj.status, obj.get_status_display()

    @display(description=gettext_lazy("reviewers"), ordering="reviewers_needed")
    def approvals_needed(self, obj: Pair) -> int:
        return obj.reviewers_needed

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("reviews.review_pair"))

    def get_urls(self) -> Any:
        return [
            *desk.urls(self.admin_site.admin_view, self.may),
            self.own_path("<int:pk>/text/", self.text_view, "text"),
            self.own_path("<int:pk>/sort/", self.sort_view, "sort"),
            self.own_path("<int:pk>/submit/", self.submit_view, "submit"),
            self.own_path("<int:pk>/reopen/", self.step_view, "reopen", step="reopen"),
            self.own_path("<int:pk>/retire/", self.step_view, "retire", step="retire"),
            *super().get_urls(),
        ]

    # --- one pair --------------------------------------------------------------------------------
    def row(self, request: HttpRequest, pk: Any) -> Pair:
        related = ("assistant", "category", "question", "current_revision__author")
        found: Pair = get_object_or_404(self.get_queryset(request).select_related(*related), pk=pk)
        return found

    def show(self, request: HttpRequest, item: Pair) -> HttpResponse:
        return self._page(request, item)

    def _beside(self, pair: Pair) -> dict[str, Any]:
        """Approved pairs of the family and of the category, votes, lessons, revisions, moves."""
        approved = Pair.objects.approved().exclude(pk=pair.pk).select_related("current_revision")
        family = list(approved.filter(question=pair.question)[:SIDE_BY_SIDE])
        lessons = Correction.objects.in_force().filter(
            assistant=pair.assistant_id, category=pair.category_id
        )
        return {
            "family": family,
            "lessons": lessons.order_by("-id")[:SIDE_BY_SIDE],
            "corrections": pair.corrections.order_by("id")[:SIDE_BY_SIDE],
            "votes": pair.feedback.order_by("-id")[:SIDE_BY_SIDE],
            "revisions": pair.revisions.select_related("author").order_by("-number"),
            "moves": transitions.history(pair),
        }

    def _page(
        self,
        request: HttpRequest,
        pair: Pair,
        text_form: TextForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        standing = verdicts.standing(pair)
        may_review = request.user.has_perm("reviews.review_pair")
        hands = claims.in_hands(pair, timezone.now())
        others = [claim.reviewer for claim in hands if claim.reviewer_id != request.user.pk]
        # Blind until all have answered: what others said must not sway whoever decides next.
        blind = pair.status in QUEUED
        return self.page(
            request,
            "admin/reviews/pair.html",
            pair,
            status=status,
            title=f"{_('Pair')} #{pair.pk}",
            revision=pair.current_revision,
            flags=[(flag, flag_words.describe(flag)) for flag in flags.of(pair)],
            text_form=text_form or TextForm.of(pair),
            sort_form=SortForm(pair),
            shown_verdicts=[] if blind else standing,
            hidden_verdicts=len(standing) if blind else 0,
            in_hands_of=others,
            may_sort=may_review and pair.status in SORTABLE,
            may_retire=request.user.has_perm("reviews.adjudicate_pair"),
            # A text that changes under the eyes of whoever decides costs them their work.
            may_edit=may_review and pair.status != PairStatus.RETIRED and not others,
            may_decide=may_review
            and pair.waits
            and (
                pair.status != PairStatus.DISPUTED
                or request.user.has_perm("reviews.adjudicate_pair")
            ),
            **self._beside(pair),
        )

    def text_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.may(request, "reviews.review_pair")
        pair = self.row(request, pk)
        if request.method != "POST":
            return self.to("change", pk)
        form = TextForm(request.POST)
        if not form.is_valid():
            return self._page(request, pair, text_form=form, status=422)
        data = form.cleaned_data
        if data["seen"] != pair.current_revision_id:
            messages.error(request, _(transitions.CHANGED))
            return self._page(request, pair, text_form=form, status=409)

        question, answer = newlines(data["question"]), newlines(data["answer"])
        revision = pair.current_revision
        if revision and (question, answer) == (revision.input, revision.output):
            messages.info(request, _("Nothing was changed."))
            return self.to("change", pk)

        def save() -> None:
            pairs.revise(
                pair,
                question=question,
                answer=answer,
                by=request.user,
                why=data["why"],
                now=timezone.now(),
            )

        self.act(request, _("Saved. Another reviewer approves your text."), save)
        return self.to("change", pk)

    def sort_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.may(request, "reviews.review_pair")
        pair = self.row(request, pk)
        form = SortForm(pair, request.POST)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            if self.act(
                request, _("Sorted."), lambda: pairs.sort(pair, data["category"], data["register"])
            ):
                self.log_change(request, pair, f"{data['category'].slug}, {data['register']}")
        return self.to("change", pk)

    def submit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.may(request, "reviews.review_pair")
        if request.method == "POST":
            pair = self.row(request, pk)
            now = timezone.now()
            self.act(
                request, _("Back in review."), lambda: pairs.submit(pair, by=request.user, now=now)
            )
        return self.to("change", pk)

    def step_view(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """Reopen or retire: GET asks why, POST does it."""
        steps = {
            "reopen": (pairs.reopen, _("Reopen this pair"), _("Back in review.")),
            "retire": (pairs.retire, _("Retire this pair"), _("Retired.")),
        }
        # Retired is for good: that is a senior reviewer's to say.
        self.may(request, "reviews.adjudicate_pair" if step == "retire" else "reviews.review_pair")
        call, title, done = steps[step]
        pair, form = self.row(request, pk), ReasonForm(sent(request))
        if request.method == "POST" and form.is_valid():
            why, now = form.cleaned_data["note"], timezone.now()
            self.act(request, done, lambda: call(pair, by=request.user, why=why, now=now))
            return self.to("change", pk)
        text = pair.current_revision.input if pair.current_revision else ""
        return self.ask_why(request, pair, title, form, text)

    # --- a golden answer -------------------------------------------------------------------------
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Write an answer to a question of the bank (`?question=`), or to one of one's own."""
        self.may(request, "reviews.review_pair")
        question = self._asked_question(request)
        assistant = question.assistant if question else self._assistant(request)
        if assistant is None:
            messages.info(request, _("Make an assistant first."))
            return redirect("admin:reviews_assistant_changelist")
        initial = {"question": question.text, "category": question.category_id} if question else {}
        form = AnswerForm(assistant, sent(request), initial=initial)
        if request.method == "POST" and form.is_valid():
            return self._add(request, assistant, form, question)
        return self.page(
            request,
            "admin/reviews/answer.html",
            None,
            title=_("Write an answer"),
            form=form,
            question=question,
            assistant=assistant,
        )

    def _asked_question(self, request: HttpRequest) -> Question | None:
        pk = request.GET.get("question", "")
        rows = Question.objects.select_related("assistant", "category")
        return get_object_or_404(rows, pk=int(pk)) if pk.isdecimal() else None

    def _assistant(self, request: HttpRequest) -> Assistant | None:
        slug = request.GET.get("assistant", "")
        rows = Assistant.objects.order_by("id")
        return (rows.filter(slug=slug) if slug else rows).first()

    def _add(
        self,
        request: HttpRequest,
        assistant: Assistant,
        form: AnswerForm,
        question: Question | None,
    ) -> HttpResponse:
        new = form.new_pair(
            source=PairSource.GOLDEN,
            author=request.user,
            language=assistant.language,
            asked=question,
        )
        pair, created = pairs.add(assistant, new)
        if created:
            messages.success(request, _("Saved. Another reviewer approves your text."))
        else:
            messages.info(request, _("This pair is there already."))
        return self.to("change", pair.pk)
