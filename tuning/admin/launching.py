"""The form that starts a run: its options are those of the base model's backend."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from tuning import backends
from tuning.admin import option_words
from tuning.backends import TrainingBackend
from tuning.backends.options import kinds
from tuning.domain.runs import Order
from tuning.enums import Method
from tuning.models import BaseModel, DatasetVersion, ModelVersion

OPTION, OPTIONS_OF = "option-", "options-of"


class _Choices(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Rows in a select of the theme."""

    widget = UnfoldAdminSelectWidget


class LaunchForm(forms.Form):
    dataset_version = _Choices(
        DatasetVersion.objects.select_related("dataset"), label=gettext_lazy("dataset version")
    )
    base_model = _Choices(BaseModel.objects.exclude(backend=""), label=gettext_lazy("base model"))
    method = forms.ChoiceField(
        choices=Method, label=gettext_lazy("teaches"), widget=UnfoldAdminSelectWidget
    )
    continues = _Choices(
        ModelVersion.objects.exclude(artifact="").filter(deleted_at=None),
        label=gettext_lazy("continues"),
        required=False,
        empty_label=gettext_lazy("from the base model"),
    )
    checkpoint = forms.CharField(
        max_length=40,
        required=False,
        label=gettext_lazy("from its checkpoint"),
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, data: QueryDict | None = None, **named: Any) -> None:
        super().__init__(data, **named)
        self.backend = self._backend()
        if self.backend:
            for name, field in _option_fields(self.backend):
                self.fields[OPTION + name] = field
        if data is not None and data.get(OPTIONS_OF, "") != self.options_of:
            # They were not on the page that sent this: an empty box would say no.
            self.data = self._with_defaults(data)

    def _backend(self) -> TrainingBackend | None:
        """That of the base model that is chosen now."""
        chosen = self.fields["base_model"].prepare_value(self["base_model"].value())
        if not str(chosen or "").isdecimal():
            return None
        row = BaseModel.objects.filter(pk=chosen).exclude(backend="").first()
        return backends.get(row.backend) if row and row.backend in backends.BACKENDS else None

    def _with_defaults(self, data: QueryDict) -> QueryDict:
        filled = data.copy()
        for name, field in self.fields.items():
            if name.startswith(OPTION) and field.initial not in (None, False):
                filled[name] = str(field.initial)
        return filled

    @property
    def options_of(self) -> str:
        """The base model (id) whose options the form shows; empty where it shows none."""
        chosen = self.fields["base_model"].prepare_value(self["base_model"].value())
        return str(chosen or "") if self.backend else ""

    @property
    def what(self) -> Iterator[forms.BoundField]:
        """The fields that are the same for each backend."""
        return (self[name] for name in self.fields if not name.startswith(OPTION))

    @property
    def how(self) -> list[forms.BoundField]:
        """The backend's options."""
        return [self[name] for name in self.fields if name.startswith(OPTION)]

    def options(self) -> dict[str, Any]:
        """The options that were given; what is empty or as it was is left to the backend."""
        given = {}
        for name, value in self.cleaned_data.items():
            left = ("", str(self.fields[name].initial))
            if name.startswith(OPTION) and str(value) not in left:
                given[name.removeprefix(OPTION)] = value
        return given

    def order(self) -> Order:
        """The run as asked for. The form is valid."""
        data = self.cleaned_data
        return Order(
            data["dataset_version"],
            data["base_model"],
            self.options(),
            data["method"],
            data["continues"],
            data["checkpoint"],
        )

    def refuse(self, fields: dict[str, str]) -> None:
        """Put the domain's reasons on the fields. Of the options, each reason begins with its
        option's name."""
        for name, words in fields.items():
            if name != "options":
                self.add_error(name if name in self.fields else None, words)
                continue
            for reason in words.split("; "):
                option, _colon, rest = reason.partition(": ")
                known = OPTION + option in self.fields
                self.add_error(OPTION + option if known else None, rest if known else reason)


def _bounds(about: Mapping[str, Any]) -> str:
    """The least and the most that an option takes, in figures."""
    low, high = about.get("low"), about.get("high")
    if low is None or high is None:
        return ""
    return f"{option_words.figure(low)} – {option_words.figure(high)}"


def _option_fields(backend: TrainingBackend) -> Iterator[tuple[str, forms.Field]]:
    types = kinds(backend.options)
    for field in dataclasses.fields(backend.options):
        kind, about = types[field.name], field.metadata
        hint = _(about["help"]) if about.get("help") else ""
        if kind is bool:
            made: forms.Field = forms.BooleanField(
                required=False, initial=field.default, widget=UnfoldBooleanSwitchWidget
            )
        elif about.get("choices"):
            choices = [(value, option_words.word(value)) for value in about["choices"]]
            if field.default is None:
                choices.insert(0, ("", _("the backend's choice")))
            made = forms.ChoiceField(
                choices=choices,
                required=False,
                initial=field.default,
                widget=UnfoldAdminSelectWidget,
            )
        else:
            # A text: what is wrong with it the backend says, with what it allows.
            made = forms.CharField(
                required=False,
                initial=field.default,
                widget=UnfoldAdminTextInputWidget(
                    attrs={"inputmode": "text" if kind is str else "decimal"}
                ),
            )
            hint = " ".join(filter(None, [hint, _bounds(about)]))
        # Beside the words its name, as options are given everywhere.
        words = option_words.word(field.name)
        made.label, made.help_text = format_html("{} <code>{}</code>", words, field.name), hint
        yield field.name, made
