"""Rows of questions, pairs and corrections as a sheet shows them, in the order of its columns.

What the import reads back is written as it is stored, with codes for register and language, so that
a file outlives a change of words. What is for people alone is in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import orjson
from django.db.models import Prefetch
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from reviews.models import Correction, Pair, Question, Verdict
from reviews.sheets.columns import CORRECTIONS, PAIRS, QUESTIONS, Columns

PORTION = 500
"""Rows fetched at a time."""
Values = dict[str, Any]


def _json(history: list[Any]) -> str:
    return orjson.dumps(history).decode() if history else ""


def _when(moment: datetime) -> str:
    return localtime(moment).strftime("%Y-%m-%d %H:%M")


def _question(row: Question) -> Values:
    return {
        "question": row.text,
        "category": row.category.slug,
        "answered": _("Yes") if row.has_pair else _("No"),  # type: ignore[attr-defined]
        "assistant": row.assistant.slug,
        "family_key": row.identity,
    }


def _reviewers(pair: Pair) -> str:
    """Who decided on this text. Nobody is named while it waits: reviewers judge blind."""
    if pair.waits or pair.current_revision is None:
        return ""
    standing = [row for row in pair.current_revision.verdicts.all() if row.round == pair.round]
    return ", ".join(dict.fromkeys(row.reviewer.get_username() for row in standing))


def _pair(row: Pair) -> Values:
    text = row.current_revision
    assert text is not None
    return {
        "pair": row.pk,
        "question": text.input,
        "answer": text.output,
        "category": row.category.slug,
        "register": row.register,
        "language": row.language,
        "status": row.get_status_display(),
        "source": row.get_source_display(),
        "reviewers_needed": row.reviewers_needed,
        "reviewers": _reviewers(row),
        "author": text.author.get_username() if text.author else "",
        "updated_at": _when(row.updated_at),
        "assistant": row.assistant.slug,
        "history": _json(text.history),
        "system": text.system,
        "family": row.question.text,
        "family_key": row.question.identity,
    }


def _correction(row: Correction) -> Values:
    return {
        "correction": row.pk,
        "question": row.question,
        "wrong_answer": row.wrong_answer,
        "right_answer": row.right_answer,
        "why_wrong": row.why_wrong,
        "lesson": row.lesson,
        "category": row.category.slug if row.category else "",
        "register": row.register,
        "language": row.language,
        "status": row.get_status_display(),
        "priority": row.priority,
        "author": row.author.get_username() if row.author else "",
        "assistant": row.assistant.slug,
        "history": _json(row.history),
    }


def _rows(queryset: Any, columns: Columns, values: Callable[[Any], Values]) -> Iterator[list[str]]:
    for row in queryset.iterator(chunk_size=PORTION):
        found = values(row)
        yield [str(found[column.name]) for column in columns]


def questions(queryset: Any) -> Iterator[list[str]]:
    """`queryset` holds questions with `has_pair`."""
    related = queryset.select_related("assistant", "category")
    return _rows(related, QUESTIONS, _question)


def pairs(queryset: Any) -> Iterator[list[str]]:
    counting = Verdict.objects.counting().select_related("reviewer").order_by("id")
    related = queryset.select_related(
        "assistant", "category", "question", "current_revision__author"
    )
    verdicts = Prefetch("current_revision__verdicts", counting)
    return _rows(related.prefetch_related(verdicts), PAIRS, _pair)


def corrections(queryset: Any) -> Iterator[list[str]]:
    return _rows(
        queryset.select_related("assistant", "category", "author"), CORRECTIONS, _correction
    )
