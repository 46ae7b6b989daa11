"""Tables that people edit in a spreadsheet: CSV and XLSX, both directions.

Pure functions between bytes and rows of texts. A text comes back exactly as it was written, inner
line ends, spaces and formulas' first characters included. Rows are counted as a spreadsheet shows
them: the header is row 1. Reasons are in the reader's language: they tell a person what to mend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import IO, cast

MAX_READ = 10_000
"""Rows that one file may bring: each is looked up and checked, about 4 ms of processor time."""
MAX_WRITTEN = 50_000
"""Rows that one file may take away."""
MAX_CELL = 1_000_000
"""Characters of a cell that is read. XLSX holds fewer (`workbook.MAX_CELL`)."""
MAX_COLUMNS = 100
NAMES = ("xlsx", "csv")
MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A cell that holds something else than a text, and why it is not taken."""

    reason: str


class Unreadable(ValueError):
    """The file can't be read from `row` on."""

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(reason)
        self.row, self.reason = row, reason


class TooLong(ValueError):
    """The format can't hold a text of these rows (`lines`, the header being row 1)."""

    def __init__(self, lines: list[int]) -> None:
        super().__init__(f"rows {lines}")
        self.lines = lines


Cell = str | Wrong
Row = tuple[int, list[Cell]]


def read(raw: bytes) -> Iterator[Row]:
    """The rows of a file that are not blank, each with its number. What it is, its bytes tell.

    Raises Unreadable where it ends.
    """
    # An XLSX file is a ZIP archive; the older XLS, and one behind a password, an OLE2 file.
    zipped = raw[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
    kind = import_module(f"reviews.sheets.{'workbook' if zipped else 'comma'}")
    return cast(Iterator[Row], kind.read(raw))


def write(name: str, header: list[str], rows: Iterable[list[str]], to: IO[bytes]) -> None:
    """Write the rows as `name` ('csv' or 'xlsx'), one at a time, so that memory stays small.

    Raises TooLong where a text does not fit; `to` then holds nothing useful.
    """
    kind = import_module(f"reviews.sheets.{'workbook' if name == 'xlsx' else 'comma'}")
    put: Callable[..., None] = kind.write
    put(header, rows, to)
