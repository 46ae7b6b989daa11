"""Whole files of a format: what is written of examples, and the examples of what another wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from itertools import zip_longest
from types import ModuleType
from typing import Any

from reviews import sheets
from reviews.formats import Example, FormatError, by_name, csv, only, read_object
from reviews.sources import Refusal, objects

Found = tuple[int, Example | Refusal]


def suffix(name: str) -> str:
    return ".csv" if name == csv.NAME else ".jsonl"


def lines(name: str, examples: Iterable[Example]) -> Iterator[bytes]:
    """The file in pieces, one for each example; a header comes with the first."""
    codec = by_name(name)
    dumps, header = codec.dumps, getattr(codec, "HEADER", b"")
    for example in examples:
        yield header + dumps(example)
        header = b""


def read(name: str, raw: bytes, without: AbstractSet[str] = frozenset()) -> Iterator[Found]:
    """(line, example or why it is refused) of each row of a file: JSON objects, one a line or in
    one array or one alone, or for 'csv' a table as `reviews.sheets` reads it, header and all.

    A row with a key that the format does not know is refused. `without` names keys to leave unread,
    for a caller who knows what they are.
    """
    codec = by_name(name)
    rows = _table(raw, codec.KEYS | without) if name == csv.NAME else _objects(raw)
    for line, value in rows:
        yield line, value if isinstance(value, Refusal) else _parsed(codec, line, value, without)


def _objects(raw: bytes) -> Iterator[objects.Row]:
    """As `objects.read`, and a file that is one object over several lines is one row."""
    try:
        alone = read_object(raw.removeprefix(objects.BOM))
    except FormatError:
        return objects.read(raw)
    return iter([(1, alone)])


def _parsed(
    codec: ModuleType, line: int, value: dict[str, Any], without: AbstractSet[str]
) -> Example | Refusal:
    kept = {key: held for key, held in value.items() if key not in without}
    try:
        example: Example = codec.parse(only(kept, codec.KEYS))
    except FormatError as error:
        return Refusal(line, str(error))
    return example


def _table(raw: bytes, known: AbstractSet[str]) -> Iterator[tuple[int, dict[str, Any] | Refusal]]:
    """The cells of each row by their columns' names. Where the table ends, or its header is wrong,
    the last row is a refusal."""
    try:
        rows = sheets.read(raw)
        number, header = next(rows, (1, []))
        names = _columns(header, number, known)
        for number, cells in rows:
            yield number, _cells(names, cells, number)
    except sheets.Unreadable as error:
        yield error.row, Refusal(error.row, str(error))


def _columns(header: list[sheets.Cell], number: int, known: AbstractSet[str]) -> list[str]:
    names = [str(name) for name in header]
    if unknown := [name for name in names if name not in known]:
        reason = f"header: {unknown[0]!r:.50} is none of {', '.join(sorted(known))}"
        raise sheets.Unreadable(number, reason)
    if len(set(names)) < len(names):
        raise sheets.Unreadable(number, "header: a column is there twice")
    return names


def _cells(names: list[str], cells: list[sheets.Cell], number: int) -> dict[str, Any] | Refusal:
    if len(cells) > len(names):
        return Refusal(number, f"row: {len(cells)} cells under {len(names)} columns")
    # A spreadsheet saves no empty cells at a row's end.
    return dict(zip_longest(names, cells, fillvalue=""))
