"""The checklist's versions, readable for good, and the page on which a new one is written."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanWidget,
)

from reviews.admin.base import HubAdmin, OwnPage
from reviews.domain import checklists
from reviews.domain.errors import Conflict, Invalid
from reviews.enums import ChecklistPart
from reviews.models import Assistant, Checklist, Verdict

MOST_ROWS = 100
TEXTS = ("text_id", "text_en", "text_it")


def _wording(label: Any) -> forms.CharField:
    area = UnfoldAdminTextareaWidget(attrs={"rows": 2})
    return forms.CharField(label=label, max_length=300, required=False, widget=area)


class ItemForm(forms.Form):
    """One item. What it must hold is the domain's to say."""

    place = forms.IntegerField(
        label=gettext_lazy("order"),
        min_value=1,
        max_value=999,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    part = forms.ChoiceField(
        label=gettext_lazy("part"), choices=ChecklistPart.choices, widget=UnfoldAdminSelectWidget
    )
    text_id = _wording(gettext_lazy("wording (Indonesian)"))
    text_en = _wording(gettext_lazy("wording (English)"))
    text_it = _wording(gettext_lazy("wording (Italian)"))
    required = forms.BooleanField(
        label=gettext_lazy("required"), required=False, widget=UnfoldBooleanWidget
    )
    remove = forms.BooleanField(
        label=gettext_lazy("leave out"), required=False, widget=UnfoldBooleanWidget
    )

    @property
    def empty(self) -> bool:
        """A row that was added and not filled in is none."""
        return not any(self.cleaned_data.get(name, "").strip() for name in TEXTS)

    @property
    def left_out(self) -> bool:
        return bool(self.cleaned_data.get("remove"))

    def row(self) -> dict[str, Any]:
        data = self.cleaned_data
        texts = {name: data[name].strip() for name in TEXTS}
        return {"part": data["part"], "required": data["required"], **texts}


class _Rows(forms.BaseFormSet):  # type: ignore[type-arg]
    def in_order(self) -> list[ItemForm]:
        """The items that stay, by their place; equal places keep the order of the page."""
        fresh = range(self.initial_form_count(), self.total_form_count())
        kept = [
            form
            for number, form in enumerate(self.forms)
            if not form.left_out and not (form.empty and number in fresh)
        ]
        return sorted(kept, key=lambda form: form.cleaned_data["place"])


Items = forms.formset_factory(
    ItemForm, formset=_Rows, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS
)


def _initial(items: Any) -> list[dict[str, Any]]:
    names = ("part", "required", *TEXTS)
    return [
        {"place": 10 * place, **{name: getattr(item, name) for name in names}}
        for place, item in enumerate(items, start=1)
    ]


def _one_more(data: Any) -> Any:
    """What was sent, with one empty row more at the end."""
    more = data.copy()
    try:
        number = int(more.get("form-TOTAL_FORMS", ""))
    except ValueError:
        return more
    if 0 <= number < MOST_ROWS:
        places = [more.get(f"form-{row}-place", "") for row in range(number)]
        last = max((int(place) for place in places if place.isdecimal()), default=0)
        more[f"form-{number}-place"] = str(min(last + 10, 999))
        more[f"form-{number}-part"] = more.get(f"form-{number - 1}-part", "")
        more[f"form-{number}-required"] = "on"
        more["form-TOTAL_FORMS"] = str(number + 1)
    return more


@admin.register(Checklist)
class ChecklistAdmin(OwnPage, HubAdmin):
    """No version is edited: a change is a new one, and verdicts keep theirs."""

    list_display = ("version", "for_assistant", "item_count", "created_at")
    list_filter = ("assistant",)
    list_select_related = ("assistant",)
    search_fields = ("version__exact",)

    @admin.display(description=gettext_lazy("assistant"))
    def for_assistant(self, obj: Checklist) -> str:
        return str(obj.assistant or _("all without their own"))

    @admin.display(description=gettext_lazy("items"))
    def item_count(self, obj: Checklist) -> int:
        return len(obj.items.all())

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("items")

    def get_urls(self) -> Any:
        shared = self.own_path("<int:pk>/shared/", self.shared_view, "shared")
        return [shared, *super().get_urls()]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # --- a version -------------------------------------------------------------------------------
    def show(self, request: HttpRequest, item: Checklist) -> HttpResponse:
        lists = Checklist.objects.filter(assistant=item.assistant_id).order_by("-version")
        may_edit = self.has_add_permission(request)
        return self.page(
            request,
            "admin/reviews/checklist.html",
            item,
            title=f"{_('Checklist')} {item.version}",
            whose=self.for_assistant(item),
            items=item.items.order_by("position"),
            versions=lists[:50],
            used=Verdict.objects.filter(checklist=item).exists(),
            may_edit=may_edit,
            may_give_up=may_edit and item.assistant and checklists.current(item.assistant) == item,
        )

    def shared_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET confirms, POST gives the assistant's own list up for the shared one."""
        self.may(request, "reviews.add_checklist")
        item = self.row(request, pk)
        if request.method == "POST":
            done = _("The shared checklist is in force again.")
            self.act(request, done, lambda: checklists.give_up(item))
        if request.method == "POST" or item.assistant_id is None:
            return self.to("change", pk)
        return self.page(request, "admin/reviews/checklist_shared.html", item)

    # --- a new one -------------------------------------------------------------------------------
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The next version of the shared list, or of an assistant's own (`?assistant=`), begun with
        what is in force; `?item=` is the place to look at."""
        self.may(request, "reviews.add_checklist")
        assistant = self._assistant(request)
        before = checklists.items(assistant)
        if request.method != "POST":
            return self._editor(request, assistant, Items(initial=_initial(before)))
        if "more" in request.POST:
            more = Items(_one_more(request.POST), initial=_initial(before))
            return self._editor(request, assistant, more)
        rows = Items(request.POST, initial=_initial(before))
        if not rows.is_valid():
            return self._editor(request, assistant, rows, status=422)
        return self._publish(request, assistant, rows, before)

    def _assistant(self, request: HttpRequest) -> Assistant | None:
        pk = request.GET.get("assistant", "")
        return get_object_or_404(Assistant, pk=int(pk)) if pk.isdecimal() and len(pk) < 19 else None

    def _publish(
        self, request: HttpRequest, assistant: Assistant | None, rows: Any, before: Any
    ) -> HttpResponse:
        kept = rows.in_order()
        wanted = [form.row() for form in kept]
        own = before and before[0].checklist.assistant_id == (assistant and assistant.pk)
        names = ("part", "required", *TEXTS)
        if own and wanted == [{name: getattr(item, name) for name in names} for item in before]:
            messages.info(request, _("Nothing was changed."))
            return self.to("change", before[0].checklist_id)
        try:
            made = checklists.publish(assistant, wanted)
        except Invalid as error:
            _mark(kept, error)
            alone = [_(str(why)) for name, why in error.fields.items() if "." not in name]
            return self._editor(request, assistant, rows, errors=alone, status=422)
        except Conflict as error:
            return self._editor(request, assistant, rows, errors=[_(str(error))], status=409)
        messages.success(request, _("Version %s is in force.") % made.version)
        return self.to("change", made.pk)

    def _editor(
        self,
        request: HttpRequest,
        assistant: Assistant | None,
        rows: Any,
        errors: Any = (),
        status: int = 200,
    ) -> HttpResponse:
        place = request.GET.get("item", "")
        return self.page(
            request,
            "admin/reviews/checklist_new.html",
            None,
            status=status,
            title=_("New version of the checklist"),
            rows=rows,
            errors=errors,
            added="more" in request.POST,
            assistant=assistant,
            assistants=Assistant.objects.all(),
            whose=str(assistant or _("all without their own")),
            looked_at=int(place) if place.isdecimal() and len(place) < 5 else 0,
        )


def _mark(forms_kept: list[ItemForm], error: Invalid) -> None:
    """Put the domain's reasons, named `<row>.<field>`, on the rows that were sent."""
    for name, reason in error.fields.items():
        number, _dot, field = name.partition(".")
        if number.isdecimal():
            forms_kept[int(number)].add_error(field, _(str(reason)))
