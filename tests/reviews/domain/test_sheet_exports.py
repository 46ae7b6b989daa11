"""What a sheet holds of each row, and that an import elsewhere makes the same rows of it."""

from __future__ import annotations

import io
import json

import pytest
from django.db.models import Exists
from django.utils.translation import override

from reviews import sheets
from reviews.domain import assistants, corrections, imports, pairs, sheet_exports
from reviews.enums import Decision
from reviews.models import Category, Correction, Pair, Question
from reviews.sheets.columns import CORRECTIONS, PAIRS, QUESTIONS, names
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(assistant):
    return assistants.ensure("lain", "Asisten Lain")


def questions():
    """As the admin's list has them."""
    return Question.objects.order_by("id").annotate(has_pair=Exists(Pair.objects.none()))


def rows(what, columns):
    return [dict(zip([c.name for c in columns], row, strict=True)) for row in what]


def moved(name, columns, what, to, language="id", **options):
    """Export `what` and import it into the assistant `to`."""
    file = io.BytesIO()
    with override(language):
        sheets.write(name, [column.label for column in columns], what, file)
    kind = {QUESTIONS: "questions", PAIRS: "pairs", CORRECTIONS: "corrections"}[columns]
    return imports.run(to, f"{kind}-sheet", file.getvalue(), file_name="x", **options)


def pair_texts(assistant):
    found = Pair.objects.filter(assistant=assistant).order_by("id")
    return list(
        found.values_list(
            "current_revision__input",
            "current_revision__output",
            "current_revision__system",
            "current_revision__history",
            "category__slug",
            "register",
            "language",
            "identity",
            "question__text",
            "question__identity",
        )
    )


# --- what is told --------------------------------------------------------------------------------
def test_a_pair_is_told_with_its_present_text(assistant, reviewer, settings):
    settings.LANGUAGE_CODE = "en"
    history = [["user", "Halo"], ["assistant", "Ya?"]]
    pair = factories.pair(assistant, "Apa itu NIB?", "Lama.", history=history, system="Sopan.")
    pairs.revise(pair, answer="Nomor.", by=reviewer, why="", now=NOW)
    Pair.objects.update(updated_at=NOW)
    assert rows(sheet_exports.pairs(Pair.objects.all()), PAIRS) == [
        {
            "pair": str(pair.pk),
            "question": "Apa itu NIB?",
            "answer": "Nomor.",
            "category": "unsorted",
            "register": "business",
            "language": "id",
            "status": "in review",
            "source": "import",
            "reviewers_needed": str(pair.reviewers_needed),
            "reviewers": "",
            "author": "peninjau1",
            "updated_at": "2026-11-21 17:00",
            "assistant": "bisnis",
            "history": '[["user","Halo"],["assistant","Ya?"]]',
            "system": "Sopan.",
            "family": "Apa itu NIB?",
            "family_key": pair.question.identity,
        }
    ]


def test_reviewers_are_named_once_the_pair_is_decided(
    assistant, checklist, reviewer, second_reviewer
):
    Category.objects.filter(slug="tax").update(reviewers_needed=2)
    category = Category.objects.get(slug="tax")
    pair = factories.pair(assistant, category=category)
    pairs.submit(pair, by=None, now=NOW)
    factories.decide(pair, reviewer)
    assert rows(sheet_exports.pairs(Pair.objects.all()), PAIRS)[0]["reviewers"] == ""
    factories.decide(pair, second_reviewer, Decision.APPROVE)
    told = rows(sheet_exports.pairs(Pair.objects.all()), PAIRS)[0]
    assert told["reviewers"] == "peninjau1, peninjau2"


def test_a_correction_is_told_with_its_lesson(assistant, reviewer, settings):
    settings.LANGUAGE_CODE = "en"
    task = corrections.open_task(assistant, "Modal?", "Rp2 miliar.")
    company = Category.objects.get(slug="company")
    remedy = corrections.Remedy("Rp10 miliar.", "Lama.", "Cek tahun.", company, "formal")
    corrections.finish(task, remedy, by=reviewer, now=NOW)
    told = rows(sheet_exports.corrections(Correction.objects.all()), CORRECTIONS)
    assert told == [
        {
            "correction": str(task.pk),
            "question": "Modal?",
            "wrong_answer": "Rp2 miliar.",
            "right_answer": "Rp10 miliar.",
            "why_wrong": "Lama.",
            "lesson": "Cek tahun.",
            "category": "company",
            "register": "formal",
            "language": "id",
            "status": "finished",
            "priority": "0",
            "author": "peninjau1",
            "assistant": "bisnis",
            "history": "",
        }
    ]


def test_portions_cost_as_many_queries_as_one(assistant, django_assert_num_queries):
    for _ in range(3):
        factories.approved(assistant)
    for limit in (1, 3):
        queryset = Pair.objects.filter(pk__in=Pair.objects.values("pk")[:limit])
        with django_assert_num_queries(2):
            assert len(list(sheet_exports.pairs(queryset))) == limit


@pytest.mark.parametrize("columns", [QUESTIONS, PAIRS, CORRECTIONS])
def test_no_header_means_two_columns_in_any_language(columns):
    for language in ("id", "en", "it"):
        with override(language):
            assert [names(columns)[" ".join(c.label.split()).casefold()] for c in columns] == list(
                columns
            )


# --- there and back ------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "language"), [("xlsx", "id"), ("csv", "it")])
def test_the_seed_pairs_come_back_elsewhere(assistant, other, shared_data, name, language):
    raw = (shared_data / "seeds/zantara_id_qa_alpaca.jsonl").read_bytes()
    imports.run(assistant, "alpaca", raw, file_name="seed")
    what = sheet_exports.pairs(Pair.objects.order_by("id"))
    report = moved(name, PAIRS, what, other, language)
    assert (report.created, report.unchanged, report.refused) == (len(pair_texts(assistant)), 0, [])
    assert pair_texts(other) == pair_texts(assistant)
    again = moved(name, PAIRS, sheet_exports.pairs(Pair.objects.filter(assistant=assistant)), other)
    assert (again.created, again.unchanged) == (0, report.created)


@pytest.mark.parametrize("name", sheets.NAMES)
def test_naughty_pairs_come_back_elsewhere(assistant, other, shared_data, name):
    naughty = json.loads((shared_data / "json_edge/naughty_strings_even.json").read_bytes())
    for number, text in enumerate(naughty):
        if text.strip():
            history = [["user", text], ["assistant", f"{text}\r\n"]]
            texts = {"history": history, "system": text, "family": f"keluarga {number // 2}"}
            factories.pair(assistant, f"{text}\r{number}", text, **texts)
    what = sheet_exports.pairs(Pair.objects.order_by("id"))
    report = moved(name, PAIRS, what, other)
    assert report.refused == []
    assert pair_texts(other) == pair_texts(assistant)


@pytest.mark.parametrize("name", sheets.NAMES)
def test_questions_come_back_elsewhere(assistant, other, name):
    # The same words after other turns are another question.
    for history in ([], [["user", "PMA"], ["assistant", "Ya?"]]):
        factories.pair(assistant, "=Berapa modalnya?", "Rp10 miliar.", history=history)
    what = sheet_exports.questions(questions())
    assert moved(name, QUESTIONS, what, other).created == 2
    texts = Question.objects.order_by("id").values_list("text", "identity", "category__slug")
    assert list(texts.filter(assistant=other)) == list(texts.filter(assistant=assistant))


@pytest.mark.parametrize("name", sheets.NAMES)
def test_corrections_come_back_elsewhere(assistant, other, reviewer, curator, name):
    history = [["user", "Halo\r\n"]]
    corrections.open_task(assistant, "+Apa?", "-Salah.\r\nSekali.", history=history, language="en")
    task = corrections.open_task(assistant, "Modal?", "=Rp2 miliar.")
    company = Category.objects.get(assistant=assistant, slug="company")
    remedy = corrections.Remedy("@Rp10 miliar.", "Lama.", "Cek\ntahun.", company, "formal")
    corrections.finish(task, remedy, by=reviewer, now=NOW)
    what = sheet_exports.corrections(Correction.objects.order_by("id"))
    assert moved(name, CORRECTIONS, what, other, by=curator).refused == []
    fields = "question wrong_answer right_answer why_wrong lesson category__slug register".split()
    fields += ["language", "history", "status", "identity", "pair__status"]
    texts = Correction.objects.order_by("id").values_list(*fields)
    assert list(texts.filter(assistant=other)) == list(texts.filter(assistant=assistant))
