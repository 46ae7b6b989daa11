"""What the admin pages of both floors share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from reviews.domain.errors import Invalid, Refused

SHORT = 90
"""Characters of a text in a list."""

DECISION_COLORS = {
    "approve": "success",
    "reject": "danger",
    "needs_work": "warning",
    "second": "info",
}
STATUS_COLORS = {
    "draft": "info",
    "in_review": "info",
    "open": "info",
    "queued": "info",
    "pending": "info",
    "candidate": "info",
    "needs_work": "warning",
    "disputed": "warning",
    "cancelling": "warning",
    "barred": "danger",
    "rejected": "danger",
    "failed": "danger",
    "error": "danger",
    "rolled_back": "danger",
    "approved": "success",
    "finished": "success",
    "succeeded": "success",
    "completed": "success",
    "processed": "success",
    "gated": "success",
    "canary": "primary",
    "live": "success",
}


def short(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[: SHORT - 1].rstrip()}…"


class HubAdmin(ModelAdmin):
    """A list that keeps its filters in a sheet, and pages of our own beside Django's."""

    list_filter_submit = True
    list_filter_sheet = True
    warn_unsaved_form = True
    show_full_result_count = False

    def may(self, request: HttpRequest, permission: str) -> None:
        """admin_view asks only for staff; each page and act asks for its own permission."""
        if not request.user.has_perm(permission):
            raise PermissionDenied

    def row(self, request: HttpRequest, pk: Any) -> Any:
        return get_object_or_404(self.get_queryset(request), pk=pk)

    def page(
        self, request: HttpRequest, template: str, item: Any, status: int = 200, **context: Any
    ) -> TemplateResponse:
        """A page of our own in the admin's frame."""
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": item,
            "title": self.opts.verbose_name,
            "item": item,
            **context,
        }
        return TemplateResponse(request, template, whole, status=status)

    def own_path(
        self, route: str, view: Callable[..., HttpResponseBase], name: str, **fixed: str
    ) -> URLPattern:
        """A page of our own, for staff alone; `fixed` arguments go to the view as they are."""
        full = f"{self.opts.app_label}_{self.opts.model_name}_{name}"
        made: URLPattern = path(route, self.admin_site.admin_view(view), fixed, name=full)
        return made

    def act(self, request: HttpRequest, done: str, call: Callable[[], Any]) -> bool:
        """Run one domain call and tell how it went. Returns whether it was not refused."""
        try:
            call()
        except Invalid as error:
            for reason in error.fields.values():
                messages.error(request, _(str(reason)))
            return False
        except Refused as error:
            messages.error(request, _(str(error)))
            return False
        messages.success(request, done)
        return True

    def ask_why(
        self, request: HttpRequest, item: Any, title: str, form: Any, about: str
    ) -> TemplateResponse:
        """The page that asks for a reason before something is done."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return self.page(
            request,
            "admin/reviews/reason.html",
            item,
            title=title,
            form=form,
            about=about,
            back=reverse(name, args=[item.pk]),
        )

    def to(self, name: str, *args: Any) -> HttpResponse:
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}", *args)


class ReadOnlyAdmin(HubAdmin):
    """Rows that only the domain writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OwnPage(HubAdmin):
    """A row's page is one of ours: `show` renders it, for whoever may see the row."""

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        self.may(request, f"{self.opts.app_label}.view_{self.opts.model_name}")
        if not object_id.isdecimal():
            raise Http404
        return self.show(request, self.row(request, int(object_id)))

    def show(self, request: HttpRequest, item: Any) -> HttpResponse:
        raise NotImplementedError


def sent(request: HttpRequest) -> QueryDict | None:
    """What a POST sent, be it nothing, as where every field is optional; None for a GET."""
    return request.POST if request.method == "POST" else None


def unsaved(form: Any, error: Invalid) -> None:
    """Put the domain's reasons on the form's fields, or on the form where it has no such field."""
    for name in [name for name in error.fields if name in form.fields][:1]:
        form.fields[name].widget.attrs["autofocus"] = True
    for name, reason in error.fields.items():
        form.add_error(name if name in form.fields else None, _(reason))
