"""What each reviewer reviews."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reviews.admin.base import HubAdmin
from reviews.domain import reviewers
from reviews.enums import Language
from reviews.models import Category, Reviewer


class ReviewerForm(forms.ModelForm):  # type: ignore[type-arg]
    languages = forms.MultipleChoiceField(
        label=capfirst(gettext_lazy("languages")),
        choices=Language.choices,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Reviewer
        fields = ("user", "languages", "skills", "daily_target")


def _category(row: Category) -> str:
    return f"{row.assistant}: {row}"


@admin.register(Reviewer)
class ReviewerAdmin(HubAdmin):
    """A change holds at once in this process, and within seconds in others."""

    form = ReviewerForm
    fields = ("user", "languages", "skills", "daily_target")
    list_display = ("user", "spoken", "skilled_in", "daily_target")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__first_name", "user__last_name")

    @admin.display(description=gettext_lazy("languages"))
    def spoken(self, obj: Reviewer) -> str:
        names = dict(Language.choices)
        return ", ".join(str(names.get(code, code)) for code in obj.languages)

    @admin.display(description=gettext_lazy("skills"))
    def skilled_in(self, obj: Reviewer) -> str:
        return ", ".join(str(row) for row in obj.skills.all()) or _("all")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("skills")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("user",) if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["queryset"] = get_user_model()._default_manager.filter(
                is_active=True, is_staff=True
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        kwargs["widget"] = forms.CheckboxSelectMultiple()
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field and db_field.name == "skills":
            field.queryset = Category.objects.select_related("assistant")
            field.label_from_instance = _category
        return field

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        transaction.on_commit(reviewers.known.forget)

    def delete_model(self, request: HttpRequest, obj: Reviewer) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(reviewers.known.forget)
