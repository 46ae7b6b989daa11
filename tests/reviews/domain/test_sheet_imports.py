"""Sheets of questions, pairs and corrections: through the domain, never a status, nothing twice."""

from __future__ import annotations

import io

import pytest

from reviews import sheets
from reviews.domain import corrections, imports, pairs
from reviews.models import Category, Correction, ImportRun, Pair, Question
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english(settings):
    settings.LANGUAGE_CODE = "en"


def bring(assistant, what, header, *rows, name="csv", **options):
    file = io.BytesIO()
    sheets.write(name, header, list(rows), file)
    source = f"{what}-sheet"
    return imports.run(assistant, source, file.getvalue(), file_name="meja.csv", **options)


def told(report):
    return [(item.line, item.reason) for item in report.refused]


# --- questions -----------------------------------------------------------------------------------
def test_questions_find_their_category_by_any_name(assistant):
    Category.objects.filter(slug="tax").update(aliases=["FISCALE"])
    rows = [["Apa itu NPWP?", "fiscale"], ["Apa itu KITAS?", "Baru sekali"], ["Lain?", ""]]
    report = bring(assistant, "questions", ["Question", "Category"], *rows)
    known = Question.objects.order_by("id").values_list("text", "category__slug", "import_line")
    assert list(known) == [
        ("Apa itu NPWP?", "tax", 2),
        ("Apa itu KITAS?", "baru-sekali", 3),
        ("Lain?", pairs.UNSORTED, 4),
    ]
    assert (report.created, report.new_categories) == (3, ["Baru sekali"])


def test_the_same_file_again_doubles_nothing(assistant, curator):
    rows = [["Apa itu NPWP?", "tax"], [" apa itu  npwp ", "tax"]]
    first = bring(assistant, "questions", ["Question", "Category"], *rows, by=curator)
    again = bring(assistant, "questions", ["Question", "Category"], *rows, by=curator)
    assert (first.created, first.unchanged) == (1, 1)
    assert (again.created, again.unchanged) == (0, 2)
    runs = ImportRun.objects.order_by("id").values_list(
        "source", "file_name", "created_count", "unchanged_count", "refused", "by"
    )
    assert list(runs) == [
        ("questions-sheet", "meja.csv", 1, 1, [], curator.pk),
        ("questions-sheet", "meja.csv", 0, 2, [], curator.pk),
    ]


# --- pairs ---------------------------------------------------------------------------------------
def test_pairs_come_as_drafts_whatever_the_file_says(assistant):
    header = ["question", "answer", "status", "source", "Register", "Language", "Catatan saya"]
    row = ["Apa itu NIB?", " Nomor\r\nInduk. ", "approved", "golden", "Formal", "English", "x"]
    report = bring(assistant, "pairs", header, row)
    pair = Pair.objects.get()
    text = pair.current_revision
    assert (pair.status, pair.source, pair.register, pair.language) == (
        "draft",
        "import",
        "formal",
        "en",
    )
    assert (text.input, text.output) == ("Apa itu NIB?", " Nomor\r\nInduk. ")
    assert (pair.import_run, pair.import_line) == (report.run, 2)
    assert dict(report.ignored_keys) == {"Catatan saya": 1}


def test_headers_and_words_are_known_in_each_language(assistant):
    header = ["  PERTANYAAN ", "Risposta", "ragam bahasa"]
    report = bring(
        assistant, "pairs", header, ["Apa?", "Itu.", "santai"], ["Apa?", "Ini.", "informale"]
    )
    assert told(report) == []
    assert set(Pair.objects.values_list("register", flat=True)) == {"casual"}


def test_bad_rows_are_refused_by_row_and_field_and_the_good_ones_kept(assistant):
    header = ["Question", "Answer", "Register", "Earlier turns"]
    rows = [
        ["Apa itu NIB?", "Nomor.", "", ""],
        ["", "Nomor.", "", ""],
        ["Apa?", " \n", "", ""],
        ["Apa?", "x\x00y", "", ""],
        ["Apa?", "Itu.", "gaul", ""],
        ["Apa?", "Itu.", "", '[["system", "x"]]'],
        ["Apa?", "Itu.", "", "bukan JSON"],
        ["Apa?", "Itu.", "", "", "lebih"],
        ["Apa?"],
        ["Apa?", "Panjang.", "", '[["user", "Halo"], ["assistant", "Ya?"]]'],
    ]
    report = bring(assistant, "pairs", header, *rows)
    turns = 'Earlier turns: a list such as [["user", "…"], ["assistant", "…"]] is needed'
    assert told(report) == [
        (3, "Question: is empty"),
        (4, "Answer: is empty"),
        (5, "Answer: holds a NUL character"),
        (6, "Register: “gaul” is none of: formal, business, casual"),
        (7, turns),
        (8, turns),
        (9, "Column 5: has no header"),
        (10, "Answer: is empty"),
    ]
    assert [added.line for added in report.first_created] == [2, 11]
    history = Pair.objects.get(import_line=11).current_revision.history
    assert history == [["user", "Halo"], ["assistant", "Ya?"]]
    assert report.run.refused[0] == {"line": 3, "reason": "Question: is empty"}


def test_a_cell_in_xlsx_with_half_a_character_is_refused(assistant):
    # Two halves that meet are a character; `_x005F_` would be written for a text like it.
    file, header = io.BytesIO(), ["Question", "Answer"]
    from openpyxl import Workbook

    book = Workbook()
    for row in (header, ["Apa?", "_xD83D_"], ["Apa?", "_xD83D__xDE00_"], ["Apa?", "=1+1"]):
        book.active.append(row)
    book.save(file)
    report = imports.run(assistant, "pairs-sheet", file.getvalue(), file_name="x.xlsx")
    assert told(report) == [
        (2, "Answer: holds half a character (a lone surrogate)"),
        (4, "Answer: is a formula: put its result there as a text"),
    ]
    assert Pair.objects.get().current_revision.output == "😀"


def test_a_missing_column_is_refused_with_what_is_expected(assistant):
    report = bring(assistant, "pairs", ["Question", "Kata"], ["Apa?", "Itu."])
    assert told(report) == [
        (
            1,
            "Answer: this column is missing. Row 1 holds the headers; those read are: Question, "
            "Answer, Category, Register, Language, Earlier turns, System instruction, "
            "Question family, Family key (leave as it is)",
        )
    ]


def test_a_column_that_is_there_twice_is_refused(assistant):
    report = bring(assistant, "pairs", ["Question", "Answer", "Jawaban"], ["Apa?", "Itu.", "Ini."])
    assert told(report) == [(1, "Answer: this column is there twice")]


def test_cells_and_files_have_their_limits(assistant, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_CELL", 10)
    monkeypatch.setattr(sheets, "MAX_READ", 2)
    rows = [["Apa?", "x" * 11], ["Apa?", "x" * 10], ["Apa?", "y"], ["Apa?", "z"]]
    report = bring(assistant, "pairs", ["Question", "Answer"], *rows)
    assert told(report) == [
        (2, "Answer: is longer than 10 characters"),
        (4, "At most 2 rows a file: from here on nothing was read."),
    ]
    assert Pair.objects.get().import_line == 3


def test_a_family_is_known_by_its_text_or_its_key(assistant):
    header = ["Question", "Answer", "Question family", "Family key (leave as it is)"]
    key = "ab" * 32
    rows = [
        ["Berapa modal PMA?", "Rp10 miliar.", "Modal PMA?", ""],
        ["Modal minimum?", "Rp10 miliar.", "modal pma", ""],
        ["Lama KITAS?", "Dua tahun.", "KITAS", key],
        ["KITAS berlaku?", "Dua tahun.", "KITAS", key],
        # Copied with its key, and then another family was typed.
        ["Lama KITAP?", "Lima tahun.", "KITAP", key],
    ]
    bring(assistant, "pairs", header, *rows)
    found = Pair.objects.order_by("id").values_list("question__text", flat=True)
    assert list(found) == ["Modal PMA?", "Modal PMA?", "KITAS", "KITAS", "KITAP"]
    assert Question.objects.get(text="KITAS").identity == key
    assert Question.objects.count() == 3


def test_a_pair_that_is_there_brings_no_category_or_family(assistant):
    factories.pair(assistant, "Apa itu NIB?", "Nomor.")
    before = (Category.objects.count(), Question.objects.count())
    header = ["Question", "Answer", "Category", "Question family"]
    report = bring(assistant, "pairs", header, ["Apa itu NIB?", "Nomor.", "Baru", "Lain"])
    assert (report.created, report.unchanged, report.new_categories) == (0, 1, [])
    assert (Category.objects.count(), Question.objects.count()) == before


# --- corrections ---------------------------------------------------------------------------------
CORRECTION = ["Question", "Wrong answer", "Right answer", "Why it was wrong", "Lesson", "Category"]
WHOLE = ["Berapa modal PT PMA?", "Rp2,5 miliar.", "Rp10 miliar.", "Lama.", "Cek tahun.", "company"]


def test_a_whole_correction_is_finished_and_waits_for_another_reviewer(assistant, curator):
    report = bring(assistant, "corrections", CORRECTION, WHOLE, by=curator)
    row = Correction.objects.get()
    assert (report.created, row.status, row.author) == (1, "finished", curator)
    assert (row.right_answer, row.why_wrong, row.lesson) == tuple(WHOLE[2:5])
    assert (row.pair.status, row.pair.current_revision.author) == ("in_review", curator)
    again = bring(assistant, "corrections", CORRECTION, WHOLE, by=curator)
    assert (again.created, again.unchanged, Correction.objects.count()) == (0, 1, 1)


def test_what_is_given_of_another_waits_in_the_open_task(assistant, curator):
    rows = [["Apa?", "Salah.", "", "", "Pelajaran.", ""]]
    bring(assistant, "corrections", CORRECTION, *rows, by=curator)
    row = Correction.objects.get()
    assert (row.status, row.lesson, row.pair) == ("open", "Pelajaran.", None)


def test_an_open_task_that_was_filled_in_is_finished(assistant, curator):
    task = corrections.open_task(assistant, WHOLE[0], WHOLE[1])
    report = bring(assistant, "corrections", CORRECTION, WHOLE, by=curator)
    task.refresh_from_db()
    assert (report.created, task.status, Correction.objects.count()) == (1, "finished", 1)


def test_a_correction_that_the_domain_refuses_leaves_nothing(assistant, curator):
    wrong = [*WHOLE[:2], WHOLE[1], *WHOLE[3:5], "Kategori baru"]
    unsorted = [*WHOLE[:5], ""]
    good = [*WHOLE[:5], "Kategori baru"]
    report = bring(assistant, "corrections", CORRECTION, wrong, unsorted, good, by=curator)
    assert told(report) == [
        (2, "Right answer: is the wrong answer"),
        (3, "Category: is needed"),
    ]
    assert (report.created, report.new_categories) == (1, ["Kategori baru"])
    assert Correction.objects.get().category.name == "Kategori baru"


# --- a dry run -----------------------------------------------------------------------------------
def test_a_dry_run_tells_the_same_and_leaves_nothing(assistant, curator):
    models = (Category, Correction, ImportRun, Pair, Question)
    before = [model.objects.count() for model in models]
    tried = bring(assistant, "corrections", CORRECTION, WHOLE, WHOLE, by=curator, dry_run=True)
    assert [model.objects.count() for model in models] == before
    done = bring(assistant, "corrections", CORRECTION, WHOLE, WHOLE, by=curator)
    figures = [(r.created, r.unchanged, r.first_created, r.first_unchanged) for r in (tried, done)]
    assert figures[0] == figures[1]
    assert figures[0][:2] == (1, 1)


def test_a_new_category_is_told_once_though_each_portion_is_taken_back(assistant, monkeypatch):
    monkeypatch.setattr(imports, "PORTION", 2)
    header = ["Question", "Answer", "Category", "Register"]
    rows = [[f"Apa {number}?", "Itu.", "Baru", ""] for number in range(3)]
    rows.insert(2, ["Apa?", "Itu.", "Salah", "gaul"])
    report = bring(assistant, "pairs", header, *rows, dry_run=True)
    assert (report.created, report.new_categories) == (3, ["Baru"])
    assert not Category.objects.filter(slug="baru").exists()
