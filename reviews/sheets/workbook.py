"""XLSX through openpyxl: the first sheet, a row at a time.

Cells are written as texts, never as formulas. Characters that XML can't hold are written as the
standard has it (ECMA-376, ST_Xstring): `_x000D_` for CR, `_x005F_` for the underscore of what only
looks like that.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from django.utils.translation import gettext as _

from reviews.sheets import MAX_CELL as READ_CELL
from reviews.sheets import MAX_COLUMNS, Cell, Row, TooLong, Unreadable, Wrong

MAX_CELL = 32_767
"""UTF-16 units, Excel's limit."""
MAX_UNPACKED = 200 * 1024 * 1024
"""Bytes of an unpacked file: a small archive may hold a very large sheet."""
_NEEDS_ESCAPE = re.compile("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
# Error values look like texts; the others would become formulas when a person edits the cell.
_TYPED = tuple("=+-@#\t\n'")
TOLD = 20
"""Rows named in one TooLong."""


def escape(text: str) -> str:
    return _NEEDS_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unescape(text: str) -> str:
    """The text, lone surrogates among it where the file names such."""
    if "_x" not in text:
        return text
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    # Two escapes may be the halves of one character.
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


# --- reading -------------------------------------------------------------------------------------
def _text(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return Wrong(_("is a formula: put its result there as a text"))
    if cell.data_type == "s":
        found = str(value)
        return found if len(found) > READ_CELL else unescape(found)
    # A whole number is what was typed; a date or a fraction looks different in each country.
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return Wrong(_("is no text: format the cell as text and type it anew"))


def _opened(raw: bytes) -> Any:
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
            raise Unreadable(1, _("The file is too large."))
    # Formulas and not their last results: a result may be as old as it likes.
    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=False)
    return book.worksheets[0]


def _to_the_last(cells: Sequence[Any]) -> Sequence[Any]:
    """Without what openpyxl fills up a row with."""
    end = len(cells)
    while end and cells[end - 1].value is None:
        end -= 1
    return cells[:end]


def read(raw: bytes) -> Iterator[Row]:
    number = 1
    try:
        sheet = _opened(raw)
        # The size that a file claims may be a million rows of nothing.
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
            texts = [_text(cell) for cell in _to_the_last(cells)]
            if any(texts):
                yield number, texts
    except Unreadable:
        raise
    # openpyxl raises whatever a broken part of the file makes it raise.
    except Exception as error:
        reason = _("It can't be read as XLSX. In Excel, save it as XLSX or as “CSV UTF-8”.")
        raise Unreadable(number, reason) from error


# --- writing -------------------------------------------------------------------------------------
def _fits(text: str) -> bool:
    """openpyxl cuts off what is too long and says nothing, so escapes count, too."""
    if len(text) * len("_x000D_") <= MAX_CELL:
        return True
    return max(len(escape(text)), len(text.encode("utf-16-le")) // 2) <= MAX_CELL


def _cell(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]

    text = escape(text)
    if not text.startswith(_TYPED):
        return text or None
    cell = WriteOnlyCell(sheet, text)
    cell.data_type, cell.quotePrefix = "s", True
    return cell


def _append(sheet: Any, rows: Iterable[list[str]]) -> None:
    long: list[int] = []
    for number, row in enumerate(rows, start=2):
        if not all(map(_fits, row)):
            long.append(number)
        elif not long:
            sheet.append([_cell(sheet, text) for text in row])
        if len(long) == TOLD:
            break
    if long:
        raise TooLong(long)


def write(header: list[str], rows: Iterable[list[str]], to: IO[bytes]) -> None:
    from openpyxl import Workbook  # type: ignore[import-untyped]
    from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
    from openpyxl.styles import Font  # type: ignore[import-untyped]
    from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    for number in range(1, len(header) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = 24
    cells = [WriteOnlyCell(sheet, name) for name in header]
    for cell in cells:
        cell.font = Font(bold=True)
    sheet.append(cells)
    try:
        _append(sheet, rows)
    finally:
        # Also where it is given up: else its temporary file stays.
        book.save(to)
