from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from reviews.admin.base import OwnPage, sent
from reviews.domain import keys
from reviews.enums import Scope
from reviews.models import Assistant, ClientKey

OVERLAPS = [
    (0, gettext_lazy("none: the old secret ends now")),
    (1, gettext_lazy("one hour")),
    (24, gettext_lazy("one day")),
    (24 * 7, gettext_lazy("one week")),
]
"""Hours that an old secret stays good."""


class Origins(forms.CharField):
    """Web origins, one a line."""

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
        told = gettext_lazy(
            "Web origins that may vote from a page, one a line: https://app.example.com"
        )
        whole = {"required": False, "label": gettext_lazy("origins"), "help_text": told}
        super().__init__(**{"widget": widget, **whole, **options})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        found: list[str] = super().clean(value).split()
        for origin in found:
            if not keys.is_origin(origin):
                raise forms.ValidationError(_("%s is not a web origin") % origin)
        return found


def _limit() -> forms.IntegerField:
    return forms.IntegerField(
        min_value=1,
        # What the column of either database holds.
        max_value=2**31 - 1,
        initial=6_000,
        label=gettext_lazy("requests a minute"),
        help_text=gettext_lazy("Above this the hub answers 429 until the next minute."),
        widget=UnfoldAdminIntegerFieldWidget,
    )


def _scopes() -> list[tuple[str, str]]:
    """Asked for each form: the labels are in the reader's language, not in the server's."""
    return [(scope.value, f"{scope.value}: {scope.label}") for scope in Scope]


class NewKeyForm(forms.Form):
    assistant = forms.ModelChoiceField(
        Assistant.objects.all(), label=gettext_lazy("assistant"), widget=UnfoldAdminSelectWidget
    )
    name = forms.CharField(
        max_length=100, label=gettext_lazy("name"), widget=UnfoldAdminTextInputWidget
    )
    scopes = forms.MultipleChoiceField(
        choices=_scopes,
        label=gettext_lazy("scopes"),
        initial=[Scope.FEEDBACK],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    origins = Origins()
    requests_per_minute = _limit()


class ChangeKeyForm(forms.Form):
    origins = Origins()
    requests_per_minute = _limit()


class RotateForm(forms.Form):
    hours = forms.TypedChoiceField(
        choices=OVERLAPS,
        coerce=int,
        initial=24,
        label=gettext_lazy("How long the old secret stays good"),
        widget=UnfoldAdminSelectWidget,
    )


@admin.register(ClientKey)
class ClientKeyAdmin(OwnPage):
    """Made and rotated on pages of its own, which show the key once."""

    list_display = ("name", "prefix", "assistant", "scope_list", "last_used_at", "usable")
    list_filter = ("assistant",)
    list_select_related = ("assistant",)
    search_fields = ("name", "prefix")
    actions = ["revoke"]

    @display(description=gettext_lazy("scopes"))
    def scope_list(self, obj: ClientKey) -> str:
        return ", ".join(obj.scopes)

    @display(description=gettext_lazy("usable"), boolean=True)
    def usable(self, obj: ClientKey) -> bool:
        return obj.revoked_at is None

    def get_urls(self) -> Any:
        return [
            self.own_path("<int:pk>/rotate/", self.rotate_view, "rotate"),
            self.own_path("<int:pk>/revoke/", self.revoke_view, "revoke"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self.may(request, "reviews.add_clientkey")
        form = NewKeyForm(sent(request))
        if request.method == "POST" and form.is_valid():
            row, secret = keys.create(**form.cleaned_data)
            self.log_addition(request, row, "created")
            # Shown once; the admin lets no page of its own be stored.
            return self.page(request, "admin/reviews/key_made.html", row, secret=secret)
        return self.page(request, "admin/reviews/key_form.html", None, form=form)

    def show(self, request: HttpRequest, item: ClientKey) -> HttpResponse:
        may_change = request.user.has_perm("reviews.change_clientkey") and not item.revoked_at
        initial = {"origins": item.origins, "requests_per_minute": item.requests_per_minute}
        form = ChangeKeyForm(sent(request), initial=initial)
        if request.method == "POST":
            self.may(request, "reviews.change_clientkey")
            if form.is_valid():
                keys.change(item, **form.cleaned_data)
                self.log_change(request, item, f"changed: {form.cleaned_data}")
                self.message_user(request, _("Saved. It holds within seconds."))
                return self.to("change", item.pk)
        overlaps = item.previous_until and item.previous_until > timezone.now()
        return self.page(
            request,
            "admin/reviews/key.html",
            item,
            title=item.name,
            form=form,
            may_change=may_change,
            overlaps=overlaps,
        )

    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET asks how long the old secret stays good, POST makes the new one."""
        self.may(request, "reviews.change_clientkey")
        item, form = self.row(request, pk), RotateForm(sent(request))
        if request.method == "POST" and form.is_valid():
            overlap = timedelta(hours=form.cleaned_data["hours"])
            made: list[str] = []

            def rotate() -> None:
                made.append(keys.rotate(item, overlap=overlap, now=timezone.now()))

            if not self.act(request, _("The key has a new secret."), rotate):
                return self.to("change", pk)
            self.log_change(request, item, f"rotated, overlap {overlap}")
            return self.page(request, "admin/reviews/key_made.html", item, secret=made[0])
        return self.page(request, "admin/reviews/key_rotate.html", item, form=form)

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET confirms, POST revokes."""
        self.may(request, "reviews.change_clientkey")
        item = self.row(request, pk)
        if request.method == "POST":
            self._revoke(request, item)
            self.message_user(request, _("Revoked."))
            return self.to("change", pk)
        return self.page(request, "admin/reviews/key_revoke.html", item)

    def _revoke(self, request: HttpRequest, item: ClientKey) -> None:
        keys.revoke(item, timezone.now())
        self.log_change(request, item, "revoked")

    @admin.action(description=gettext_lazy("Revoke the chosen keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            self._revoke(request, row)
        self.message_user(request, _("Revoked."))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
