"""Imports: good rows kept, bad ones refused by line, nothing doubled, a dry run leaves nothing."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from django.apps import apps

from reviews.domain import imports, pairs
from reviews.models import Assistant, Category, ImportRun, Pair, PairRevision, Question


def _rows(*rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def _row(question="Apa itu NIB?", answer="Nomor Induk Berusaha.", **fields):
    return {"instruction": question, "output": answer, **fields}


def _import(assistant, raw, source="alpaca", **options):
    return imports.run(assistant, source, raw, file_name="data.jsonl", **options)


def _everything():
    """How many rows each of our tables holds."""
    ours = apps.get_app_config("reviews").get_models()
    return {model.__name__: model.objects.count() for model in ours}


def _lines(report):
    return [item.line for item in report.refused]


# --- Alpaca --------------------------------------------------------------------------------------
def test_a_row_becomes_a_draft_that_knows_its_line(assistant, curator):
    raw = _rows(
        _row(),
        _row(
            "Modalnya?",
            "Rp10 miliar.",
            history=[["Apa itu PMA?", "Penanaman Modal Asing."]],
            system="Sopan.",
            category="tax",
            register="casual",
            language="en",
            family="modal",
        ),
    )
    report = _import(assistant, raw, by=curator)
    assert (report.created, report.unchanged, report.refused) == (2, 0, [])
    pair = Pair.objects.get(import_line=2)
    text = pair.current_revision
    assert (pair.status, pair.source, pair.import_run) == ("draft", "import", report.run)
    assert (pair.category.slug, pair.register, pair.language) == ("tax", "casual", "en")
    assert (text.input, text.output, text.system) == ("Modalnya?", "Rp10 miliar.", "Sopan.")
    assert text.history == [["user", "Apa itu PMA?"], ["assistant", "Penanaman Modal Asing."]]
    run = ImportRun.objects.get()
    assert (run.source, run.file_name, run.by) == ("alpaca", "data.jsonl", curator)
    assert (run.created_count, run.unchanged_count, run.refused) == (2, 0, [])


def test_the_good_rows_are_kept_and_the_bad_refused_by_line(assistant):
    raw = b"\xef\xbb\xbf" + b"\r\n".join(
        [
            json.dumps(_row()).encode(),
            b"",
            b"rusak",
            b'{"instruction": "a", "output": NaN}',
            b'{"instruction": "\\ud800", "output": "b"}',
            b'{"instruction": "a\\u0000", "output": "b"}',
            b'{"instruction": "a", "output": "b", "history": [["\\u0000", "x"]]}',
            b'{"instruction": ["a"], "output": "b"}',
            b'{"instruction": "a"}',
            b'{"instruction": "a", "output": "b", "register": "gaul"}',
            b'{"instruction": "a", "output": "b", "language": "jv"}',
            b'{"instruction": "a", "output": "b", "category": 7}',
            json.dumps(_row("Kedua?")).encode(),
        ]
    )
    report = _import(assistant, raw)
    assert _lines(report) == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert [pair.import_line for pair in Pair.objects.order_by("id")] == [1, 13]
    assert ImportRun.objects.get().refused == [
        {"line": item.line, "reason": item.reason} for item in report.refused
    ]


def test_a_refused_row_leaves_no_category_behind(assistant):
    before = _everything()
    raw = _rows(_row(category="Baru sama sekali", register="gaul"))
    assert _lines(_import(assistant, raw)) == [1]
    assert _everything() == before | {"ImportRun": 1}


def test_an_array_that_is_cut_short_keeps_what_came_before(assistant):
    raw = json.dumps([_row(), _row("Kedua?"), _row("Ketiga?")], indent=0).encode()[:-30]
    report = _import(assistant, raw)
    assert (report.created, len(report.refused)) == (2, 1)


def test_a_lone_surrogate_in_an_array_is_refused_alone(assistant):
    raw = b'[{"instruction": "\\ud800", "output": "b"},\n' + json.dumps(_row()).encode() + b"]"
    report = _import(assistant, raw)
    assert (report.created, _lines(report)) == (1, [1])


def test_keys_that_nothing_reads_are_reported(assistant):
    raw = _rows(_row(source_file="x", note=1), _row("Kedua?", source_file="y"), _row("Ketiga?"))
    report = _import(assistant, raw)
    assert report.created == 3
    assert dict(report.ignored_keys) == {"source_file": 2, "note": 1}


def test_imported_twice_nothing_doubles(assistant):
    raw = _rows(_row(category="tax"), _row("Kedua?", family="x"), {"instruction": 1})
    _import(assistant, raw)
    before = _everything()
    again = _import(assistant, raw)
    assert (again.created, again.unchanged, _lines(again)) == (0, 2, [3])
    assert _everything() == before | {"ImportRun": 2}


def test_a_row_twice_in_a_file_is_one_pair(assistant):
    report = _import(assistant, _rows(_row(), _row()))
    assert (report.created, report.unchanged) == (1, 1)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("tax", "tax"),
        ("TAX", "tax"),
        (" Pajak ", "tax"),
        ("visa", "immigration"),
        ("Keimigrasian", "immigration"),
        ("", "unsorted"),
        ("  ", "unsorted"),
    ],
)
def test_categories_are_found_by_slug_name_or_alias(assistant, name, slug):
    _import(assistant, _rows(_row(category=name)))
    assert Pair.objects.get().category.slug == slug


def test_a_name_that_no_category_has_becomes_a_strict_one(assistant):
    raw = _rows(_row(category="Hukum Adat"), _row("b?", category="hukum adat"))
    _import(assistant, raw)
    made = Category.objects.get(slug="hukum-adat")
    assert (made.name, made.reviewers_needed) == ("Hukum Adat", 2)
    assert set(Pair.objects.values_list("category", "reviewers_needed")) == {(made.pk, 2)}


def test_a_category_without_latin_letters_has_a_slug_of_its_own(assistant):
    _import(assistant, _rows(_row(category="税"), _row("b?", category="法")))
    made = Category.objects.filter(name__in=["税", "法"])
    assert len(set(made.values_list("slug", flat=True))) == 2
    assert all(slug.startswith("category-") for slug in made.values_list("slug", flat=True))


def test_a_long_category_name_is_cut(assistant):
    _import(assistant, _rows(_row(category="panjang " * 40)))
    made = Pair.objects.get().category
    assert (len(made.slug), len(made.name)) == (50, 100)


# --- question banks ------------------------------------------------------------------------------
BANK = b"## 2 Domande - TAX\n\n1. **Apa itu PPN?**\n\nsisipan\n\n2. Apa itu PPh?\n"


def test_a_bank_becomes_questions_that_wait_for_an_answer(assistant):
    report = _import(assistant, BANK, "questions")
    assert (report.created, _lines(report)) == (2, [5])
    assert list(
        Question.objects.unanswered().values_list("text", "category__slug", "import_line")
    ) == [
        ("Apa itu PPN?", "tax", 3),
        ("Apa itu PPh?", "tax", 7),
    ]
    assert Pair.objects.count() == 0


def test_a_bank_imported_twice_doubles_nothing(assistant):
    _import(assistant, BANK, "questions")
    report = _import(assistant, BANK.replace(b"?", b" ?"), "questions")
    assert (report.created, report.unchanged, Question.objects.count()) == (0, 2, 2)


def test_a_pair_answers_the_question_of_the_bank(assistant):
    _import(assistant, BANK, "questions")
    _import(assistant, _rows(_row("apa itu PPN?", "Pajak Pertambahan Nilai.")))
    pair = Pair.objects.get()
    assert (pair.question.text, pair.category.slug) == ("Apa itu PPN?", "tax")
    assert Question.objects.unanswered().get().text == "Apa itu PPh?"


def test_a_bank_that_is_not_utf8_is_refused_where_it_is_not(assistant):
    report = _import(assistant, b"## TAX\n1. a?\n2. \xff\n", "questions")
    assert (report.created, _lines(report)) == (0, [3])


# --- dry runs ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("source", "raw"), [("questions", BANK), ("alpaca", _rows(_row(category="Baru"), {"x": 1}))]
)
def test_a_dry_run_tells_what_would_be_and_changes_nothing(assistant, source, raw):
    before = _everything()
    told = _import(assistant, raw, source, dry_run=True)
    assert _everything() == before
    done = _import(assistant, raw, source)
    assert (told.created, told.unchanged, told.refused) == (
        done.created,
        done.unchanged,
        done.refused,
    )
    assert done.created > 0


def test_a_dry_run_for_a_new_assistant_makes_no_assistant(db):
    before = _everything()
    report = imports.run_for("baru", "alpaca", _rows(_row()), file_name="x", dry_run=True)
    assert (report.created, _everything()) == (1, before)
    imports.run_for("baru", "alpaca", _rows(_row()), file_name="x")
    assert Assistant.objects.get().slug == "baru"
    assert Pair.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_an_import_that_breaks_off_only_whole_portions_stay(assistant, monkeypatch):
    """As at a crash: the second row is never reached. That it was tried is on record."""
    before, add, rows = _everything(), pairs.add, []

    def breaks_off(*args, **how):
        rows.append(args)
        if len(rows) == 2:
            raise KeyboardInterrupt
        return add(*args, **how)

    monkeypatch.setattr(pairs, "add", breaks_off)
    with pytest.raises(KeyboardInterrupt):
        _import(assistant, _rows(_row(), _row("Kedua?")))
    assert _everything() == before | {"ImportRun": before["ImportRun"] + 1}


@pytest.mark.parametrize("dry_run", [False, True])
def test_over_several_portions_nothing_is_counted_twice(assistant, monkeypatch, dry_run):
    monkeypatch.setattr(imports, "PORTION", 2)
    rows = [_row(f"Pertanyaan {number}?") for number in range(5)]
    report = _import(assistant, _rows(*rows, rows[0]), dry_run=dry_run)
    assert (report.created, report.unchanged) == (5, 1)
    assert Pair.objects.count() == (0 if dry_run else 5)


# --- real files ----------------------------------------------------------------------------------
def test_the_bank_of_seventy(assistant, shared_data):
    report = _import(
        assistant, (shared_data / "seeds/domande_indonesiano.md").read_bytes(), "questions"
    )
    assert (report.created, report.refused) == (70, [])
    found = dict.fromkeys(("immigration", "criminal", "company", "tax", "property"), 10)
    counts = {c.slug: c.questions.count() for c in Category.objects.filter(assistant=assistant)}
    # 'combo topic' and 'contesto lungo' are both combined topics.
    assert counts == found | {"combined": 20}


def test_the_290_pairs(assistant, shared_data):
    raw = (shared_data / "seeds/zantara_id_qa_alpaca.jsonl").read_bytes()
    report = _import(assistant, raw)
    assert (report.created, report.unchanged, report.refused) == (290, 0, [])
    assert dict(report.ignored_keys) == {"source_file": 290}
    slugs = Pair.objects.values_list("category__slug", flat=True)
    assert Counter(slugs) == {"immigration": 247, "tax": 23, "company": 20}
    assert not PairRevision.objects.exclude(system="").exists()
    again = _import(assistant, raw)
    assert (again.created, again.unchanged) == (0, 290)


def test_a_file_of_another_kind_is_refused_line_by_line(assistant, shared_data):
    report = _import(assistant, (shared_data / "id_qa/xcopa_id_val.jsonl").read_bytes())
    assert (report.created, _lines(report)) == (0, list(range(1, 101)))
    assert {item.reason for item in report.refused} == {"instruction: a text is needed"}


@pytest.mark.parametrize(
    ("name", "created", "unchanged", "with_system"),
    [
        ("alpaca_en_demo_300.json", 299, 1, 120),
        ("axolotl_alpaca.json", 2, 0, 2),
        ("identity_placeholders.json", 91, 0, 0),
    ],
)
def test_alpaca_files_of_other_tools(assistant, shared_data, name, created, unchanged, with_system):
    report = _import(assistant, (shared_data / "chat_formats" / name).read_bytes())
    assert (report.created, report.unchanged, report.refused) == (created, unchanged, [])
    assert PairRevision.objects.exclude(system="").count() == with_system
