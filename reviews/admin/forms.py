"""The reviewers' forms: shape here, rules in the domain."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from reviews.domain import corrections, pairs
from reviews.enums import Register
from reviews.models import Assistant, Category, Correction, Pair


def _area(rows: int) -> UnfoldAdminTextareaWidget:
    return UnfoldAdminTextareaWidget(attrs={"rows": rows})


class TextForm(forms.Form):
    """A new text of a pair."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    question = forms.CharField(label=_("Question"), widget=_area(3), strip=False)
    answer = forms.CharField(label=_("Answer"), widget=_area(9), strip=False)
    why = forms.CharField(
        required=False,
        label=_("Why it changes"),
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
    )

    @classmethod
    def of(cls, pair: Pair) -> TextForm:
        revision = pair.current_revision
        assert revision is not None
        return cls(
            initial={"seen": revision.pk, "question": revision.input, "answer": revision.output}
        )


def newlines(text: str) -> str:
    """Browsers send CRLF; texts came in with LF, and a diff must not show what nobody changed."""
    return text.replace("\r\n", "\n")


class _CategoryForm(forms.Form):
    category = forms.ModelChoiceField(
        Category.objects.none(), label=_("Category"), widget=UnfoldAdminSelectWidget
    )
    register = forms.ChoiceField(
        choices=Register.choices, label=_("Register"), widget=UnfoldAdminSelectWidget
    )

    def for_assistant(self, assistant: Assistant | int) -> None:
        field = self.fields["category"]
        field.queryset = Category.objects.filter(assistant=assistant)  # type: ignore[attr-defined]


class SortForm(_CategoryForm):
    """Category and register of a pair."""

    def __init__(self, pair: Pair, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"category": pair.category_id, "register": pair.register}
        super().__init__(*args, **kwargs)
        self.for_assistant(pair.assistant_id)


class AnswerForm(_CategoryForm):
    """A golden answer, to a question of the bank or to one of the reviewer's own."""

    question = forms.CharField(label=_("Question"), widget=_area(3), strip=False)
    answer = forms.CharField(label=_("Answer"), widget=_area(8), strip=False)
    field_order = ("question", "answer", "category", "register")

    def __init__(self, assistant: Assistant, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.for_assistant(assistant)

    def new_pair(self, **fields: Any) -> pairs.NewPair:
        data = self.cleaned_data
        return pairs.NewPair(
            question=newlines(data["question"]),
            answer=newlines(data["answer"]),
            category=data["category"],
            register=data["register"],
            **fields,
        )


class RemedyForm(_CategoryForm):
    """What finishes a correction."""

    right_answer = forms.CharField(label=_("Right answer"), widget=_area(7), strip=False)
    why_wrong = forms.CharField(label=_("Why it was wrong"), widget=_area(3))
    lesson = forms.CharField(
        label=_("Lesson"),
        widget=_area(2),
        help_text=_("The rule behind it, in one or two sentences."),
    )
    field_order = ("right_answer", "why_wrong", "lesson", "category", "register")

    def __init__(self, correction: Correction, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "right_answer": correction.right_answer or correction.wrong_answer,
            "why_wrong": correction.why_wrong,
            "lesson": correction.lesson,
            "category": correction.category_id,
            "register": correction.register,
        }
        super().__init__(*args, **kwargs)
        self.for_assistant(correction.assistant_id)

    def remedy(self) -> corrections.Remedy:
        data = self.cleaned_data
        return corrections.Remedy(
            right_answer=newlines(data["right_answer"]),
            why_wrong=newlines(data["why_wrong"]),
            lesson=newlines(data["lesson"]),
            category=data["category"],
            register=data["register"],
        )


class ReasonForm(forms.Form):
    """Why something is reopened, retired or dismissed."""

    note = forms.CharField(label=_("Why"), widget=_area(3), max_length=4000)
