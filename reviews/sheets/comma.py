"""CSV: UTF-8 with a byte-order mark, each cell quoted.

A spreadsheet runs a cell that begins with '=' or its like, whether it is quoted or not. Such a cell
gets an apostrophe in front, and reading takes it off again. A text that has the apostrophe itself
gets one more, so every text comes back as it was: `'=1+1` is written `''=1+1`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import IO

from django.utils.translation import gettext as _

from reviews.sheets import Row, Unreadable

# What OWASP lists under CSV injection; the wide forms are formulas in East Asian spreadsheets.
_RUNS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_DELIMITERS = (",", ";", "\t")

# The default, 131,072, is less than a long answer; how long a cell may be is asked elsewhere.
csv.field_size_limit(2**31 - 1)


def guard(text: str) -> str:
    return f"'{text}" if _RUNS.match(text) else text


def unguard(text: str) -> str:
    return text[1:] if text.startswith("'") and _RUNS.match(text) else text


def _lines(text: str, delimiter: str) -> Iterator[list[str]]:
    # newline="": line ends inside cells stay as they are.
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _delimiter(text: str) -> str:
    """Excel writes ';' where the comma is the decimal sign, as in Indonesia and Italy."""

    def columns(delimiter: str) -> int:
        try:
            return len(next(_lines(text, delimiter), []))
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=columns)


def read(raw: bytes) -> Iterator[Row]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(
            1, _("The file is not UTF-8. In Excel, save it as XLSX or as “CSV UTF-8”.")
        ) from error
    number = 0
    try:
        for number, cells in enumerate(_lines(text, _delimiter(text)), start=1):
            if any(cells):
                yield number, [unguard(cell) for cell in cells]
    except csv.Error as error:
        raise Unreadable(
            number + 1, _("From here on it is no CSV: a quotation mark is missing or too many.")
        ) from error


def write(header: list[str], rows: Iterable[list[str]], to: IO[bytes]) -> None:
    out = io.TextIOWrapper(to, encoding="utf-8-sig", newline="")
    # All quoted: a spreadsheet that expects ';' must not see a cell's own as one between cells.
    lines = csv.writer(out, quoting=csv.QUOTE_ALL)
    lines.writerow(header)
    lines.writerows([guard(cell) for cell in row] for row in rows)
    out.flush()
    out.detach()
