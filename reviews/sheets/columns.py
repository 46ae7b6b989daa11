"""What stands in which column, by headers in any of the interface's languages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from reviews import sheets
from reviews.formats import FormatError
from reviews.sheets import Cell, Wrong
from reviews.sources import Refusal

Values = dict[str, str]
"""The texts of a row by the columns' names; a column that the file lacks is absent."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """`taken`: an import reads it; the others are for people. `needed`: never empty."""

    name: str
    header: Any
    taken: bool = True
    needed: bool = False

    @property
    def label(self) -> str:
        return str(capfirst(self.header))


def _told(name: str, header: Any) -> Column:
    return Column(name, header, taken=False)


_QUESTION = Column("question", gettext_lazy("question"), needed=True)
_CATEGORY = Column("category", gettext_lazy("category"))
_SORTED = (
    _CATEGORY,
    Column("register", gettext_lazy("register")),
    Column("language", gettext_lazy("language")),
)
_HISTORY = Column("history", gettext_lazy("earlier turns"))
_KEY = Column("family_key", gettext_lazy("family key (leave as it is)"))
_ASSISTANT = _told("assistant", gettext_lazy("assistant"))
_STATUS = _told("status", gettext_lazy("status"))
_AUTHOR = _told("author", gettext_lazy("author"))

QUESTIONS = (
    _QUESTION,
    _CATEGORY,
    _told("answered", gettext_lazy("answered")),
    _ASSISTANT,
    _KEY,
)
PAIRS = (
    _told("pair", gettext_lazy("pair number")),
    _QUESTION,
    Column("answer", gettext_lazy("answer"), needed=True),
    *_SORTED,
    _STATUS,
    _told("source", gettext_lazy("source")),
    _told("reviewers_needed", gettext_lazy("reviewers needed")),
    _told("reviewers", gettext_lazy("decided by")),
    _AUTHOR,
    _told("updated_at", gettext_lazy("updated at")),
    _ASSISTANT,
    _HISTORY,
    Column("system", gettext_lazy("system instruction")),
    Column("family", gettext_lazy("question family")),
    _KEY,
)
CORRECTIONS = (
    _told("correction", gettext_lazy("correction number")),
    _QUESTION,
    Column("wrong_answer", gettext_lazy("wrong answer"), needed=True),
    Column("right_answer", gettext_lazy("right answer")),
    Column("why_wrong", gettext_lazy("why it was wrong")),
    Column("lesson", gettext_lazy("lesson")),
    *_SORTED,
    _STATUS,
    _told("priority", gettext_lazy("votes")),
    _AUTHOR,
    _ASSISTANT,
    _HISTORY,
)
Columns = tuple[Column, ...]
_SURROGATE = re.compile("[\ud800-\udfff]")


def plain(text: str) -> str:
    return " ".join(text.split()).casefold()


@cache
def names(columns: Columns) -> dict[str, Column]:
    """Each column by its name and by its header in each language."""
    known = {column.name: column for column in columns}
    for language, _name in settings.LANGUAGES:
        with override(language):
            known |= {plain(column.label): column for column in columns}
    return known


@cache
def words(choices: Any) -> dict[str, str]:
    """The values of a TextChoices by their code and by their label in each language."""
    known = {value: value for value in choices.values}
    for language, _name in settings.LANGUAGES:
        with override(language):
            known |= {plain(str(label)): value for value, label in choices.choices}
    return known


def _head(cells: list[Cell], columns: Columns) -> list[Column | str]:
    """What each column of the file is: one of ours, or its unknown header."""
    known = names(columns)
    titles = [cell if isinstance(cell, str) else "" for cell in cells]
    head = [known.get(plain(title)) or title.strip()[:100] for title in titles]
    twice = [found.label for found, times in Counter(head).items() if _repeated(found, times)]  # type: ignore[union-attr]
    if twice:
        raise FormatError(", ".join(twice), _("this column is there twice"))
    missing = [column.label for column in columns if column.needed and column not in head]
    if missing:
        taken = ", ".join(column.label for column in columns if column.taken)
        told = _("this column is missing. Row 1 holds the headers; those read are: %s") % taken
        raise FormatError(", ".join(missing), told)
    return head


def _repeated(found: Column | str, times: int) -> bool:
    return isinstance(found, Column) and found.taken and times > 1


def _told_wrong(column: Column, cell: Cell) -> str:
    """Why the cell can't be taken; empty where it can."""
    if isinstance(cell, Wrong):
        return cell.reason
    if column.needed and not cell.strip():
        return _("is empty")
    if "\x00" in cell:
        return _("holds a NUL character")
    if len(cell) > sheets.MAX_CELL:
        return _("is longer than %s characters") % number_format(
            sheets.MAX_CELL, force_grouping=True
        )
    if _SURROGATE.search(cell):
        return _("holds half a character (a lone surrogate)")
    return ""


def _values(cells: list[Cell], head: list[Column | str]) -> Values:
    values: Values = {}
    for place, cell in enumerate(cells):
        column = head[place] if place < len(head) else ""
        if column == "" and cell:
            raise FormatError(_("Column %s") % (place + 1), _("has no header"))
        if isinstance(column, str) or not column.taken:
            continue
        if reason := _told_wrong(column, cell):
            raise FormatError(column.label, reason)
        values[column.name] = str(cell)
    return values


def _needed(values: Values, columns: Columns) -> Values:
    for column in columns:
        # A short row of a CSV file simply ends.
        if column.needed and column.name not in values:
            raise FormatError(column.label, _("is empty"))
    return values


def _rows(
    raw: bytes, columns: Columns, unknown: Counter[str]
) -> Iterator[tuple[int, Values | Refusal]]:
    rows = sheets.read(raw)
    number, cells = next(rows, (1, []))
    head = _head(cells, columns)
    unknown.update(title for title in head if isinstance(title, str) and title)
    for taken, (number, cells) in enumerate(rows, start=1):
        if taken > sheets.MAX_READ:
            told = _("At most %s rows a file: from here on nothing was read.")
            yield (
                number,
                Refusal(number, told % number_format(sheets.MAX_READ, force_grouping=True)),
            )
            return
        try:
            yield number, _needed(_values(cells, head), columns)
        except FormatError as error:
            yield number, Refusal(number, str(error))


def rows(
    raw: bytes, columns: Columns, unknown: Counter[str]
) -> Iterator[tuple[int, Values | Refusal]]:
    """(row number, texts or refusal) of each row; headers that say nothing go into `unknown`.

    A file that can't be read, or lacks a column, is one refusal, which says so.
    """
    try:
        yield from _rows(raw, columns, unknown)
    except FormatError as error:
        yield 1, Refusal(1, str(error))
    except sheets.Unreadable as error:
        yield error.row, Refusal(error.row, error.reason)
