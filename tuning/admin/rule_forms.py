"""Forms of a dataset's pages: shape here, rules in `selection`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from reviews.admin.base import unsaved
from reviews.domain.errors import Invalid
from reviews.enums import Language, PairSource, Register
from reviews.models import Assistant, Category
from tuning.domain import differences, selection
from tuning.models import Dataset, DatasetVersion

_DIGITS = 18
"""Of an id at most."""
_RELATED = ("general_assistants", "categories", "general_categories")


class _Boxes(UnfoldAdminCheckboxSelectMultipleWidget):
    def __init__(self) -> None:
        super().__init__(attrs={"class": "rule-box"})


def _choices(name: str, choices: Any) -> forms.MultipleChoiceField:
    field: Any = Dataset._meta.get_field(name)
    return forms.MultipleChoiceField(
        choices=choices,
        required=False,
        label=capfirst(field.verbose_name),
        widget=_Boxes,
        help_text=_("None ticked: all."),
    )


class _Rows(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Rows to tick; a category says whose it is."""

    def __init__(self, name: str, queryset: Any) -> None:
        field: Any = Dataset._meta.get_field(name)
        super().__init__(
            queryset,
            required=False,
            label=capfirst(field.verbose_name),
            help_text=field.help_text,
            widget=_Boxes,
        )

    own: int | None = None

    def clean(self, value: Any) -> Any:
        # SQLite's driver raises at a number that is no id's.
        for pk in value or ():
            if len(str(pk)) > _DIGITS:
                reason = self.error_messages["invalid_choice"]
                raise forms.ValidationError(reason, code="invalid_choice", params={"value": pk})
        return super().clean(value)

    def label_from_instance(self, obj: Any) -> str:
        if isinstance(obj, Category) and obj.assistant_id != self.own:
            return f"{obj.assistant.name}: {obj.name}"
        return str(obj.name)


def _categories() -> Any:
    return Category.objects.select_related("assistant").order_by("assistant__name", "name")


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A dataset with its rule."""

    registers = _choices("registers", Register.choices)
    languages = _choices("languages", Language.choices)
    sources = _choices("sources", PairSource.choices)
    general_assistants = _Rows("general_assistants", Assistant.objects.order_by("name"))
    categories = _Rows("categories", _categories())
    general_categories = _Rows("general_categories", _categories())

    class Meta:
        model = Dataset
        fields = ("assistant", "slug", "name", *selection.FIELDS, *_RELATED)

    _rule: selection.Rule | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "categories" in self.fields:
            self._for_one(self.instance.assistant_id)

    def _for_one(self, own: int) -> None:
        """The assistant never changes: its own categories, and those of whom it takes from, the
        ticked of now among them."""
        fields: Any = self.fields
        fields["general_assistants"].queryset = Assistant.objects.exclude(pk=own).order_by("name")
        fields["categories"].own = fields["general_categories"].own = own
        fields["general_categories"].queryset = _categories().filter(assistant=own)
        others = self.instance.general_assistants.values("pk")
        if self.is_bound:
            data: Any = self.data
            ticked = data.getlist("general_assistants")
            others = [pk for pk in ticked if pk.isdecimal() and len(pk) <= _DIGITS]
        fields["categories"].queryset = _categories().filter(
            Q(assistant=own) | Q(assistant__in=others)
        )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        assistant = said.get("assistant") or getattr(self.instance, "assistant", None)
        wrong = set(self.errors) - {"slug", "name"}
        if assistant is None or wrong:
            return said
        chosen: dict[str, Any] = {name: said[name] for name in selection.FIELDS}
        chosen |= {name: tuple(said[name]) for name in ("registers", "languages", "sources")}
        chosen |= {name: tuple(said[name]) for name in _RELATED}
        rule = selection.Rule(assistant, **chosen)
        try:
            selection.check(rule)
        except Invalid as error:
            unsaved(self, error)
        else:
            self._rule = rule
        return said

    def rule(self) -> selection.Rule | None:
        """What the form says now, where that makes sense: it may lack a name still."""
        return None if set(self.errors) - {"slug", "name"} else self._rule


def wrong(form: forms.BaseForm) -> list[str]:
    """What is wrong with what the form chooses, each field by its name."""
    told = []
    for name, errors in form.errors.items():
        if name not in ("name", "slug"):
            label = form.fields[name].label if name in form.fields else ""
            told += [f"{label}: {error}" if label else str(error) for error in errors]
    return told


class ParentForm(forms.Form):
    """Which version the next one builds on."""

    parent = forms.ModelChoiceField(
        DatasetVersion.objects.none(),
        required=False,
        label=_("builds on"),
        empty_label=_("nothing: all anew"),
        widget=UnfoldAdminSelectWidget,
        help_text=_("Its members stay, in their parts, as long as their pairs are approved."),
    )

    def __init__(self, dataset: Dataset, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["parent"]
        own = DatasetVersion.objects.filter(dataset__assistant=dataset.assistant_id)
        field.queryset = own.order_by("-id")


class CompareForm(forms.Form):
    """Which version another one is held against, and which changes are shown."""

    kind = forms.ChoiceField(
        choices=[("", ""), *differences.Kind.choices], required=False, label=_("kind")
    )

    def __init__(self, version: DatasetVersion, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = DatasetVersion.objects.filter(dataset__assistant=version.dataset.assistant_id)
        self.fields["from"] = forms.ModelChoiceField(own, label=_("Earlier version"))
