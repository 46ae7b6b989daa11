"""A question bank in Markdown: sections, numbered questions, refusals by line."""

from __future__ import annotations

import pytest

from reviews.sources import Refusal, questions
from reviews.sources.questions import BankQuestion


def _parse(text):
    """(line, section, number, text) of questions, (line,) of refusals."""
    return [
        (row.line,) if isinstance(row, Refusal) else (row.line, row.section, row.number, row.text)
        for row in questions.parse(text)
    ]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", []),
        ("# Judul\n\n## TAX\n", []),
        ("## TAX\n1. **Apa itu PPN?**", [(2, "TAX", 1, "Apa itu PPN?")]),
        ("## TAX\n1) Apa itu PPN?", [(2, "TAX", 1, "Apa itu PPN?")]),
        ("## 10 Domande - TAX\n\n1. a?", [(3, "TAX", 1, "a?")]),
        ("## 10 Pertanyaan: TAX ##\n1. a?", [(2, "TAX", 1, "a?")]),
        ("## 3 TAX\n1. a?", [(2, "3 TAX", 1, "a?")]),
        ("### TAX\n1. a?\n2. b?", [(2, "TAX", 1, "a?"), (3, "TAX", 2, "b?")]),
        (
            "## A\n1. a?\n2. b?\n## B\n1. c?",
            [(2, "A", 1, "a?"), (3, "A", 2, "b?"), (5, "B", 1, "c?")],
        ),
        (
            "## A\n1. **Apa\n   itu\n   PPN?**\n2. b?",
            [(2, "A", 1, "Apa itu PPN?"), (5, "A", 2, "b?")],
        ),
        ("\ufeff## A\r\n1. a?\r\n\r\n2. b?\r\n", [(2, "A", 1, "a?"), (4, "A", 2, "b?")]),
        ("## A\n1. Apa **itu** PPN?", [(2, "A", 1, "Apa **itu** PPN?")]),
        ("## A\n1. \n2. b?", [(2,), (3, "A", 2, "b?")]),
        ("## A\n1.\n2. b?", [(2,), (3, "A", 2, "b?")]),
        ("## A\n1. ****\n2. b?", [(2,), (3, "A", 2, "b?")]),
        ("1. a?\n## A\n2. b?", [(1,), (3, "A", 2, "b?")]),
        ("## A\n1. a?\n# Judul\n2. b?", [(2, "A", 1, "a?"), (4,)]),
        ("## A\nkata pengantar\n1. a?\n\n- butir", [(2,), (3, "A", 1, "a?"), (5,)]),
        ("## A\n1. a\x00?\n2. b?", [(2,), (3, "A", 2, "b?")]),
        ("## A\x00\n1. a?\n## B\n1. b?", [(2,), (4, "B", 1, "b?")]),
    ],
)
def test_rows_by_line(text, rows):
    assert _parse(text) == rows


def test_the_bank_of_seventy(shared_data):
    text = (shared_data / "seeds/domande_indonesiano.md").read_text(encoding="utf-8")
    rows = list(questions.parse(text))
    assert all(isinstance(row, BankQuestion) for row in rows)
    sections = list(dict.fromkeys(row.section for row in rows))
    assert sections == [
        "IMMIGRAZIONE",
        "CODICE PENALE",
        "COMPANY E LICENZE DI BUSINESS",
        "TAX",
        "LEGAL PROPERTY",
        "COMBO TOPIC",
        "CONTESTO LUNGO",
    ]
    assert [row.number for row in rows] == [*range(1, 11)] * 7
    assert rows[0].line == 5
    assert rows[0].text.startswith("Apa saja persyaratan khusus")
