"""The page on which reviewers decide on a pair, and the one on which they write an answer."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from reviews.admin.base import STATUS_COLORS, LongList, OwnPage, sent, short, unsaved
from reviews.admin.forms import (
    AnswerForm,
    ReasonForm,
    SortForm,
    TextForm,
    VerdictForm,
    newlines,
)
from reviews.domain import flags, pairs, transitions, verdicts
from reviews.domain.errors import Invalid, Refused
from reviews.enums import SORTABLE, PairSource, PairStatus
from reviews.models import Assistant, Correction, Pair, Question

SIDE_BY_SIDE = 5
"""Similar pairs and lessons shown beside the one under review."""
DONE = {
    PairStatus.APPROVED: gettext_lazy("Approved."),
    PairStatus.REJECTED: gettext_lazy("Rejected."),
    PairStatus.NEEDS_WORK: gettext_lazy("Sent back: needs work."),
    PairStatus.DISPUTED: gettext_lazy("Reviewers differ: a senior reviewer settles it."),
    PairStatus.IN_REVIEW: gettext_lazy("Noted. Another reviewer decides next."),
}


class QueueFilter(admin.SimpleListFilter):
    title = gettext_lazy("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mine", _("waits for my verdict")), ("open", _("waits for anybody"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "mine":
            return queryset.filter(pk__in=verdicts.waiting_for(request.user).values("pk"))
        return queryset.open() if self.value() == "open" else queryset


@admin.register(Pair)
class PairAdmin(LongList, OwnPage):
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
            self.own_path("next/", self.next_view, "next"),
            self.own_path("<int:pk>/verdict/", self.verdict_view, "verdict"),
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
        return self._review(request, item)

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

    def _review(
        self,
        request: HttpRequest,
        pair: Pair,
        verdict_form: VerdictForm | None = None,
        text_form: TextForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        revision = pair.current_revision
        standing = verdicts.standing(pair)
        mine = next((row for row in standing if row.reviewer_id == request.user.pk), None)
        may_review = request.user.has_perm("reviews.review_pair")
        disputed = pair.status == PairStatus.DISPUTED
        return self.page(
            request,
            "admin/reviews/pair.html",
            pair,
            status=status,
            title=f"{_('Pair')} #{pair.pk}",
            revision=revision,
            flags=flags.of(pair),
            verdict_form=verdict_form or VerdictForm(pair),
            text_form=text_form or TextForm.of(pair),
            sort_form=SortForm(pair),
            # Blind: a reviewer sees the others' verdicts only where they no longer sway theirs.
            shown_verdicts=standing if mine or disputed or not pair.waits else [],
            hidden_verdicts=0 if mine or disputed or not pair.waits else len(standing),
            mine=mine,
            may_sort=may_review and pair.status in SORTABLE,
            may_retire=request.user.has_perm("reviews.adjudicate_pair"),
            may_edit=may_review and pair.status != PairStatus.RETIRED,
            may_decide=may_review
            and pair.waits
            and (not disputed or request.user.has_perm("reviews.adjudicate_pair")),
            own_text=revision is not None and revision.author_id == request.user.pk,
            **self._beside(pair),
        )

    def verdict_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.may(request, "reviews.review_pair")
        pair = self.row(request, pk)
        if request.method != "POST":
            return self.to("change", pk)
        form = VerdictForm(pair, request.POST)
        if not form.is_valid():
            return self._review(request, pair, verdict_form=form, status=422)
        ruling = form.ruling(request.POST.get("decision", ""))
        seen = form.cleaned_data["seen"]
        try:
            verdicts.decide(pair, ruling, by=request.user, seen=seen, now=timezone.now())
        except Invalid as error:
            unsaved(form, error)
            return self._review(request, pair, verdict_form=form, status=422)
        except Refused as error:
            messages.error(request, _(str(error)))
            return self.to("change", pk)
        messages.success(request, f"#{pk}: {DONE[PairStatus(pair.status)]}")
        return self.to("next")

    def next_view(self, request: HttpRequest) -> HttpResponse:
        """The most urgent pair that this reviewer can decide on."""
        self.may(request, "reviews.review_pair")
        pair = verdicts.waiting_for(request.user).first()
        if pair is None:
            messages.info(request, _("Nothing waits for your verdict."))
            return redirect(f"{reverse('admin:reviews_pair_changelist')}?queue=open")
        return self.to("change", pair.pk)

    def text_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.may(request, "reviews.review_pair")
        pair = self.row(request, pk)
        if request.method != "POST":
            return self.to("change", pk)
        form = TextForm(request.POST)
        if not form.is_valid():
            return self._review(request, pair, text_form=form, status=422)
        data = form.cleaned_data
        if data["seen"] != pair.current_revision_id:
            messages.error(request, _(transitions.CHANGED))
            return self._review(request, pair, text_form=form, status=409)

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
