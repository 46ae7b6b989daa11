from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from reviews.admin.base import STATUS_COLORS, OwnPage, ReadOnlyAdmin
from reviews.domain import transitions
from reviews.domain.errors import Invalid
from reviews.models import Pair
from tuning.admin import curves, option_words, quantities
from tuning.admin.launching import LaunchForm
from tuning.domain import run_files, runs, versions
from tuning.enums import POINTS, RunStatus
from tuning.models import DatasetVersion, ModelVersion, TuningRun
from tuning.models.runs import told

SHOWN = 20
"""Dropped examples that the page leads to."""


def _likely(request: HttpRequest) -> dict[str, Any]:
    """What a run is begun with: what the link says, else the newest version and the base model that
    the hub tunes by itself."""
    version = request.GET.get("dataset_version")
    return {
        "dataset_version": version or DatasetVersion.objects.order_by("-id").first(),
        "base_model": request.GET.get("base_model") or versions.base_model(),
    }


def _points(run: TuningRun) -> dict[str, list[tuple[int, float]]]:
    """The points of each curve of the run's last attempt."""
    found: dict[str, list[tuple[int, float]]] = {kind: [] for kind in POINTS}
    rows = run.events.filter(attempt=run.attempt, step__isnull=False).order_by("step")
    for row in rows.only("kind", "step", "value"):
        found[row.kind].append((row.step or 0, row.value or 0.0))
    return found


def _dropped(run: TuningRun) -> dict[str, Any]:
    """What the job left out, with the pairs that it named."""
    found = run.actual.get("dropped")
    if not found:
        return {}
    ids = run_files.pairs_of_lines(run.dataset_version, found["lines"][:SHOWN], run.method)
    pairs = Pair.objects.filter(pk__in=ids).select_related("current_revision")
    return {**found, "pairs": list(pairs)}


@admin.register(TuningRun)
class TuningRunAdmin(OwnPage, ReadOnlyAdmin):
    list_display = (
        "id",
        "dataset_version",
        "base_model",
        "method",
        "state",
        "percent",
        "trigger",
        "by",
        "created_at",
    )
    list_filter = ("status", "trigger", "method", "assistant")
    list_select_related = ("dataset_version", "base_model", "by")
    search_fields = ("label", "dataset_version__reference")

    @display(description=gettext_lazy("status"), label=STATUS_COLORS)
    def state(self, obj: TuningRun) -> tuple[str, str]:
        return obj.status, obj.get_status_display()

    @display(description=gettext_lazy("progress"))
    def percent(self, obj: TuningRun) -> str:
        return f"{obj.progress:.0%}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("tuning.add_tuningrun"))

    def get_urls(self) -> Any:
        return [
            self.own_path("<int:pk>/cancel/", self.cancel_view, "cancel"),
            self.own_path("<int:pk>/retry/", self.retry_view, "retry"),
            self.own_path("<int:pk>/confirm/", self.confirm_view, "confirm"),
            self.own_path("<int:pk>/live/", self.live_view, "live"),
            *super().get_urls(),
        ]

    # --- starting --------------------------------------------------------------------------------
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """GET and a POST with `look` show what the run would be, another POST starts it."""
        self.may(request, "tuning.add_tuningrun")
        if request.method != "POST":
            return self._launch_page(request, LaunchForm(initial=_likely(request)))
        form = LaunchForm(request.POST)
        if "look" in request.POST:
            return self._launch_page(request, form)
        run = self._launched(request, form)
        return self.to("change", run.pk) if run else self._launch_page(request, form)

    def _launched(self, request: HttpRequest, form: LaunchForm) -> TuningRun | None:
        if not form.is_valid():
            return None
        order = form.order()
        try:
            run = runs.launch(
                order.version,
                order.base_model,
                options=order.options,
                method=order.method,
                continues=order.continues,
                checkpoint=order.checkpoint,
                by=request.user,
                now=timezone.now(),
            )
        except Invalid as error:
            form.refuse(error.fields)
            return None
        messages.success(request, _("The run is queued."))
        return run

    def _launch_page(self, request: HttpRequest, form: LaunchForm) -> HttpResponse:
        """The form, with what the run would take where nothing is wrong with it."""
        expected = None
        if form.is_bound and form.is_valid():
            wrong = runs.problems(form.order())
            if wrong:
                form.refuse(runs.refusal(wrong).fields)
            else:
                expected = runs.estimate(form.order())
        return self.page(
            request,
            "admin/tuning/launch.html",
            None,
            title=_("Start a tuning run"),
            form=form,
            expected=expected,
            takes=quantities.figures(asdict(expected), {}) if expected else [],
            needs_word=expected is not None and runs.needs_word(expected.cost),
        )

    # --- watching --------------------------------------------------------------------------------
    def _told(self, request: HttpRequest, run: TuningRun) -> dict[str, Any]:
        may_change = request.user.has_perm("tuning.change_tuningrun")
        return {
            "item": run,
            "phase": told(run.phase, {}),
            "events": run.events.filter(step=None).order_by("-id"),
            "moves": transitions.history(run),
            "chart": curves.of_run(_points(run)),
            "box": {"width": curves.WIDTH, "height": curves.HEIGHT},
            "figures": quantities.figures(run.estimate, run.actual),
            "options": option_words.chosen(run.options),
            "dropped": _dropped(run),
            "version": ModelVersion.objects.filter(run=run).first(),
            "waits": run.active and not run.confirmed,
            "may_cancel": may_change and run.active and run.status != RunStatus.CANCELLING,
            "may_retry": may_change and run.status == RunStatus.FAILED,
            "may_confirm": may_change,
        }

    def show(self, request: HttpRequest, item: TuningRun) -> HttpResponse:
        title = _("Tuning run") + f" #{item.pk}"
        context = self._told(request, item)
        context.pop("item")
        return self.page(request, "admin/tuning/run.html", item, title=title, **context)

    def live_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What changes on a run's page while it runs."""
        self.may(request, "tuning.view_tuningrun")
        run = self.row(request, pk)
        return render(request, "admin/tuning/run_live.html", self._told(request, run))

    # --- deciding --------------------------------------------------------------------------------
    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._decide(request, pk, _("Cancelling."), runs.cancel)

    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._decide(request, pk, _("The run is tried again."), runs.retry)

    def confirm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._decide(request, pk, _("The run begins."), runs.confirm)

    def _decide(self, request: HttpRequest, pk: int, done: str, call: Any) -> HttpResponse:
        self.may(request, "tuning.change_tuningrun")
        run = self.row(request, pk)
        if request.method == "POST":
            now = timezone.now()
            self.act(request, done, lambda: call(run, by=request.user, now=now))
        return self.to("change", pk)
