"""CSV and XLSX files: every text comes back as it was, and none runs as a formula."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from reviews import sheets
from reviews.sheets import Unreadable, Wrong, comma, workbook

HEADER = ["Pertanyaan", "Jawaban"]
HOSTILE = [
    "=1+1",
    "'=1+1",
    "''=1+1",
    "+62 812",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "#N/A",
    "'kutipan'",
    'kata "kutip", koma; titik koma',
    "a;=1+1;b",
    "baris\nbaris\r\nbaris\rbaris",
    " spasi di tepi ",
    " ",
    "\x01\x08\x0b\x1b\x7f\x85\u2028\ufeff\ufffe\uffff",
    "_x000D_ _x005F_ _xZZZZ_ x005F_ _x0041_",
    "007",
    "1E5",
    "TRUE",
    "</t></is>&amp;<![CDATA[",
    "👩‍👩‍👧 ẞ İ ﷽",
]


def written(name, rows, header=HEADER):
    file = io.BytesIO()
    sheets.write(name, header, rows, file)
    return file.getvalue()


def back(raw):
    return list(sheets.read(raw))


def workbook_of(*rows):
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("name", sheets.NAMES)
def test_hostile_texts_come_back_as_they_were(name):
    rows = [[text, "x"] for text in HOSTILE]
    numbered = [(number, row) for number, row in enumerate([HEADER, *rows], start=1)]
    assert back(written(name, rows)) == numbered


@pytest.mark.parametrize("name", sheets.NAMES)
def test_naughty_strings_come_back_as_they_were(name, shared_data):
    naughty = json.loads((shared_data / "json_edge/naughty_strings_even.json").read_bytes())
    rows = [[text, "x"] for text in naughty]
    assert [cells for _number, cells in back(written(name, rows))][1:] == rows


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS.filter(bool)), max_size=5), st.sampled_from(sheets.NAMES))
def test_any_texts_come_back_as_they_were(rows, name):
    assert [tuple(cells) for _number, cells in back(written(name, rows))][1:] == rows


def test_no_cell_of_a_csv_begins_like_a_formula():
    raw = written("csv", [[text, "x"] for text in HOSTILE]).decode("utf-8-sig")
    starts = {row[0][0] for row in comma._lines(raw, ",") if row[0]}
    assert starts.isdisjoint("=+-@\t\r\n＝＋－＠")


def test_no_cell_of_a_workbook_is_a_formula():
    book = load_workbook(io.BytesIO(written("xlsx", [[text, "=2"] for text in HOSTILE])))
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s"}
    # So that it stays a text when a person edits the cell.
    assert book.active["A2"].quotePrefix == 1


def test_a_csv_says_its_encoding_and_quotes_each_cell():
    assert written("csv", [["=1", ""]]) == (b'\xef\xbb\xbf"Pertanyaan","Jawaban"\r\n"\'=1",""\r\n')


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_excel_writes_between_cells_is_told_from_the_header(delimiter):
    raw = delimiter.join(["Pertanyaan", "Jawaban"]) + "\r\n" + delimiter.join(["a, b", "c"])
    raw = raw.replace("a, b", '"a, b; c"')
    assert back(raw.encode()) == [(1, HEADER), (2, ["a, b; c", "c"])]


def test_rows_are_counted_as_a_spreadsheet_shows_them():
    assert back(b'a,b\n"x\ny",1\n\n,\nz,2\n') == [
        (1, ["a", "b"]),
        (2, ["x\ny", "1"]),
        (5, ["z", "2"]),
    ]
    found = back(workbook_of(["a"], [], ["x"], [None, ""], ["y"]))
    assert [(number, cells[0]) for number, cells in found] == [(1, "a"), (3, "x"), (5, "y")]


def test_cells_that_are_no_texts_are_told():
    import datetime as dt

    found = back(workbook_of(["h"] * 6, ["=A1", 12, 1.5, True, dt.date(2026, 1, 2), "#REF!"]))[1][1]
    formula, number, *others = found
    assert formula == Wrong("is a formula: put its result there as a text")
    assert number == "12"
    assert others == [Wrong("is no text: format the cell as text and type it anew")] * 4


@pytest.fixture(autouse=True)
def _in_english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.mark.parametrize(
    "raw",
    [
        "a,b\nAn\xe9,c\n".encode("latin-1"),
        "a,b\n".encode("utf-16"),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old",
        b"PK\x03\x04 and nothing more",
    ],
)
def test_what_is_neither_is_refused(raw):
    with pytest.raises(Unreadable) as told:
        back(raw)
    assert told.value.row == 1
    assert "save it as XLSX or as “CSV UTF-8”" in told.value.reason


def test_a_quotation_mark_that_is_missing_ends_the_reading_there():
    rows = sheets.read(b'a,b\n1,2\n"open,3\n4,5\n')
    assert [next(rows), next(rows)] == [(1, ["a", "b"]), (2, ["1", "2"])]
    with pytest.raises(Unreadable) as told:
        next(rows)
    assert told.value.row == 3


def test_a_workbook_without_its_sheet_is_refused():
    whole = io.BytesIO(workbook_of(["a"]))
    cut = io.BytesIO()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(cut, "w") as new:
        for name in old.namelist():
            if "sheet1" not in name:
                new.writestr(name, old.read(name))
    with pytest.raises(Unreadable):
        back(cut.getvalue())


def test_a_small_file_that_unpacks_to_a_large_one_is_refused(monkeypatch):
    monkeypatch.setattr(workbook, "MAX_UNPACKED", 100)
    with pytest.raises(Unreadable) as told:
        back(workbook_of(["a"]))
    assert told.value.reason == "The file is too large."


def test_a_claimed_size_costs_nothing():
    whole, claimed = io.BytesIO(workbook_of(["a"])), io.BytesIO()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(claimed, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if "sheet1" in name:
                assert b'ref="A1' in part
                part = part.replace(b'ref="A1:A1"', b'ref="A1:XFD1048576"')
                part = part.replace(b'ref="A1"', b'ref="A1:XFD1048576"')
            new.writestr(name, part)
    assert back(claimed.getvalue()) == [(1, ["a"])]


def test_xlsx_names_the_rows_that_it_can_not_hold():
    limit = workbook.MAX_CELL
    fits = ["x" * limit, "👍" * (limit // 2)]
    assert back(written("xlsx", [fits]))[1:] == [(2, fits)]
    for text in ("x" * (limit + 1), "👍" * (limit // 2 + 1), "\r" * (limit // 7 + 1)):
        with pytest.raises(sheets.TooLong) as told:
            written("xlsx", [["a", "b"], [text, "b"], ["c", text]])
        assert told.value.lines == [3, 4]
        assert back(written("csv", [[text, "b"]]))[1:] == [(2, [text, "b"])]


def test_texts_that_excel_keeps_in_a_table_are_read():
    """openpyxl writes texts into their cells; Excel writes a table of shared ones, some of them in
    several fonts, and numbers that refer to it."""
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    table = (
        f"<sst {space}><si><t>Pertanyaan</t></si>"
        "<si><r><t>Apa </t></r><r><rPr><b/></rPr><t>itu?</t></r></si>"
        '<si><t xml:space="preserve"> baris_x000D_\nlain </t></si></sst>'
    )
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>{n - 1}</v></c></row>' for n in (1, 2, 3))
    sheet = f"<worksheet {space}><sheetData>{cells}</sheetData></worksheet>"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    whole, made = io.BytesIO(workbook_of(["a"])), io.BytesIO()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            if "sheet1" in name:
                text = sheet
            elif name == "[Content_Types].xml" and "sharedStrings" not in text:
                text = text.replace("</Types>", part)
            if name != "xl/sharedStrings.xml":
                new.writestr(name, text)
        new.writestr("xl/sharedStrings.xml", table)
    assert back(made.getvalue()) == [
        (1, ["Pertanyaan"]),
        (2, ["Apa itu?"]),
        (3, [" baris\r\nlain "]),
    ]
