from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from reviews.admin.base import HubAdmin, sent
from reviews.domain import keys
from reviews.enums import Scope
from reviews.models import Assistant, ClientKey


class NewKeyForm(forms.Form):
    assistant = forms.ModelChoiceField(
        Assistant.objects.all(), label=_("assistant"), widget=UnfoldAdminSelectWidget
    )
    name = forms.CharField(max_length=100, label=_("name"), widget=UnfoldAdminTextInputWidget)
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, f"{scope.value}: {scope.label}") for scope in Scope],
        label=_("scopes"),
        initial=[Scope.FEEDBACK],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    origins = forms.CharField(
        required=False,
        label=_("origins"),
        help_text=_("Web origins that may vote from a page, one a line: https://app.example.com"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )

    def clean_origins(self) -> list[str]:
        found: list[str] = self.cleaned_data["origins"].split()
        for origin in found:
            parts = urlsplit(origin)
            if (
                parts.scheme not in ("http", "https")
                or origin != f"{parts.scheme}://{parts.netloc}"
            ):
                raise forms.ValidationError(_("%s is not a web origin") % origin)
        return found


@admin.register(ClientKey)
class ClientKeyAdmin(HubAdmin):
    """Made with a page of its own, which shows the key once; then it can only be revoked."""

    list_display = ("name", "prefix", "assistant", "scope_list", "last_used_at", "usable")
    list_filter = ("assistant",)
    list_select_related = ("assistant",)
    search_fields = ("name", "prefix")
    fields = ("assistant", "name", "prefix", "scopes", "origins")
    readonly_fields = (*fields, "created_at", "last_used_at", "revoked_at")
    actions = ["revoke"]

    @display(description=_("scopes"))
    def scope_list(self, obj: ClientKey) -> str:
        return ", ".join(obj.scopes)

    @display(description=_("usable"), boolean=True)
    def usable(self, obj: ClientKey) -> bool:
        return obj.revoked_at is None

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self.may(request, "reviews.add_clientkey")
        form = NewKeyForm(sent(request))
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            row, secret = keys.create(
                data["assistant"], data["name"], scopes=data["scopes"], origins=data["origins"]
            )
            self.log_addition(request, row, "created")
            # Shown once; the admin lets no page of its own be stored.
            return self.page(request, "admin/reviews/key_made.html", row, secret=secret)
        return self.page(request, "admin/reviews/key_form.html", None, form=form)

    @admin.action(description=_("Revoke the chosen keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        now = timezone.now()
        for row in queryset:
            keys.revoke(row, now)
            self.log_change(request, row, "revoked")
        self.message_user(request, _("Revoked."))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
