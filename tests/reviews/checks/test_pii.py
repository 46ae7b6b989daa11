"""What is personal data and what only looks like it; all numbers here are made up.

The tests at the end read the shared data folder beside the repository, where there is one.
"""

import ast
import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.checks import pii

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no shared data folder at {DATA}")

FOUND = {
    "NIK saya 3578011402850007.": "NIK saya [NIK].",
    "NIK 3578015402850007 (perempuan)": "NIK [NIK] (perempuan)",
    "3578 0114 0285 0007": "[NIK]",
    "357801.140285.0007": "[NIK]",
    "35.78.01.140285.0007": "[NIK]",
    "lahir 29 Februari: 3578012902000007": "lahir 29 Februari: [NIK]",
    "tahun 2024 3578 0114 0285 0007": "tahun 2024 [NIK]",
    "NPWP: 3578011402850007": "NPWP: [NIK]",
    "02.468.135.7-912.000": "[NPWP]",
    "02 468 135 7 912 000": "[NPWP]",
    "NPWP perusahaan 024681357912000": "NPWP perusahaan [NPWP]",
    "NPWP baru: 0024681357912000": "NPWP baru: [NPWP]",
    "0812-3456-7890": "[TELEPON]",
    "WA 081234567890,08561234567": "WA [TELEPON],[TELEPON]",
    "wa.me/6281234567890": "wa.me/[TELEPON]",
    "hubungi +62 812 3456 7890!": "hubungi [TELEPON]!",
    "+62.812.3456.7890": "[TELEPON]",
    "+62 (0)812-3456-7890": "[TELEPON]",
    "(0812) 3456 7890": "[TELEPON]",
    "(0812-3456-7890)": "([TELEPON])",
    "0812\u20113456\u20117890": "[TELEPON]",
    "0812\u00a03456\u00a07890": "[TELEPON]",
    "telepon 0812 3456 7890 5 hari lagi": "telepon [TELEPON] 5 hari lagi",
    "(021) 555-1234": "[TELEPON]",
    "Telp. (0361) 751011.": "Telp. [TELEPON].",
    "+62 21 555 1234": "[TELEPON]",
    "+62 (361) 751-011": "[TELEPON]",
    "0217654321": "[TELEPON]",
    "Budi.Santoso+visa@contoh.co.id.": "[EMAIL].",
    "paspor A1234567": "paspor [PASPOR]",
    "paspor X1234567, yang lama AB123456": "paspor [PASPOR], yang lama [PASPOR]",
    "C7654321 (passport)": "[PASPOR] (passport)",
    "KITAS 2C11JE4321-K habis": "KITAS [KITAS] habis",
    "2D21AB0001": "[KITAS]",
    "rekening BCA 1234567890": "rekening BCA [REKENING]",
    "no. rek 0341-01-000743-30-3": "no. rek [REKENING]",
    "transfer ke Mandiri 1370012345678": "transfer ke Mandiri [REKENING]",
    "NIB 9120001234567, rek BNI 1234567890": "NIB 9120001234567, rek BNI [REKENING]",
}

CLEAN = [
    "",
    "Selamat pagi.",
    "Modal Rp10.000.000.000 disetor",
    "Modal Rp 10000000000,-",
    "2.500.000.000 rupiah",
    "62.812.345.678 rupiah",
    "62.812.345.678",
    "IDR 2.500.000.000 dan USD 350.000",
    "melampirkan rekening koran dengan saldo minimal 5000000000",
    "rekening koran tiga bulan dengan dana 2.500.000.000",
    "Nomor 25 Tahun 2007, Pasal 33 ayat (1)",
    "Nomor 112/PMK.03/2022 dan M.HH-02.GR.01.04 Tahun 2023",
    "KBLI 55130, 55193, 68111 dan 79121",
    "tahun 2022 2023 2024 2025",
    "31-12-2025 atau 2025/01/31 pukul 08.30-17.00",
    "11-10-2024-11-12-2024",
    "rekening koran per 31-12-2025 10:00",
    "naik 12,5% menjadi 0.812345678",
    "NIB 0220001234567",
    "NIB perusahaan kami adalah 0812345678901",
    "Nomor Induk Berusaha (NIB): 9120001234567 diurus secara mandiri",
    "versi 62.8.1.2 dan v1.2.3.4",
    "kode A1234567",
    "VISA C312 dan E28A",
    "hubungi 1500 888 atau 14000",
    "dc078624-3394-43ec-b7e4-e3a632f845b6",
    "0246813579120003",
    "024681357912000",
    "1234567890",
    "3578011402850000",
    "3578013102850007",
    "9978011402850007",
    "3578011413850007",
]


@pytest.mark.parametrize(("text", "expected"), FOUND.items(), ids=FOUND)
def test_redact_replaces_personal_data(text: str, expected: str) -> None:
    assert pii.redact(text) == expected


@pytest.mark.parametrize("text", CLEAN)
def test_redact_leaves_other_numbers(text: str) -> None:
    assert pii.redact(text) == text


def test_find_gives_positions_in_order() -> None:
    text = "a@b.id, NIK 3578011402850007"
    assert pii.find(text) == [pii.Span(0, 6, "EMAIL", 0.95), pii.Span(12, 28, "NIK", 0.95)]


def test_the_surer_finding_wins_where_two_overlap() -> None:
    """Near the word rekening a mobile number is also a run of ten to sixteen digits."""
    assert [span.kind for span in pii.find("rekening OVO 081234567890")] == ["TELEPON"]


NUMBERS = ["3578011402850007", "024681357912000", "1234567890", "0812", "3456", "7890", "021", "62"]
WORDS = ["NPWP", "rekening", "paspor", "NIB", "Rp", "[NPWP]", "[REKENING]", "A1234567", "a@b.id"]
MARKS = ["-", ".", ",", "(", ")", "x", "2C11JE4321-K", "31-12-2025"]
PIECES = st.sampled_from(NUMBERS) | st.sampled_from(WORDS) | st.sampled_from(MARKS)


@given(st.lists(st.tuples(PIECES, st.sampled_from(["", " ", "." * 30])), max_size=12))
def test_redacting_twice_changes_nothing_more(pieces: list[tuple[str, str]]) -> None:
    once = pii.redact("".join(word + gap for word, gap in pieces))
    assert pii.redact(once) == once
    assert pii.find(once) == []


def test_a_context_word_brought_nearer_by_redaction() -> None:
    text = f"NPWP {'x' * 40}@contoh.co.id 024681357912000"
    assert pii.redact(text) == "NPWP [EMAIL] [NPWP]"


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / "pii" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _vectors(kind: str, expected: str) -> list[str]:
    rows = _rows("id_phone_passport_npwp_vectors.csv")
    return [r["value"] for r in rows if (r["kind"], r["expected"]) == (kind, expected)]


def _missed(values: list[str], kind: str) -> list[str]:
    """Return the values that are not, as a whole, one finding of `kind`."""
    return [
        v for v in values if [(s.start, s.end, s.kind) for s in pii.find(v)] != [(0, len(v), kind)]
    ]


@needs_data
def test_recall_of_nik_vectors_is_complete() -> None:
    rows = _rows("nik_vectors.csv")
    valid = [row["nik"] for row in rows if row["expected"] == "valid"]
    assert (len(valid), _missed(valid, "NIK")) == (3, [])
    assert [row["nik"] for row in rows if row["nik"] not in valid and pii.find(row["nik"])] == []


@needs_data
def test_recall_of_mobile_vectors_is_complete() -> None:
    valid = _vectors("mobile_phone", "valid")
    assert (len(valid), _missed(valid, "TELEPON")) == (53, [])


@needs_data
def test_other_vectors_with_their_context_word() -> None:
    passports = [f"paspor {value}" for value in _vectors("passport_id", "valid")]
    assert [pii.redact(text) for text in passports] == ["paspor [PASPOR]"] * 3
    npwps = [f"NPWP {value.removeprefix('ID')}" for value in _vectors("npwp_15", "valid")]
    assert [pii.redact(text) for text in npwps] == ["NPWP [NPWP]"] * 4
    assert [pii.find(value) for value in _vectors("postcode", "valid")] == [[]] * 4


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _texts(path: Path) -> Iterator[str]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield from (" ".join(ast.literal_eval(row[k])) for k in ("question", "passage"))
    else:
        text = path.read_text(encoding="utf-8")
        for document in text.splitlines() if path.suffix == ".jsonl" else [text]:
            yield from _strings(json.loads(document))


CLEAN_FILES = [
    "seeds/zantara_id_qa_alpaca.jsonl",
    "id_qa/facqa_valid.csv",
    "id_qa/idk_mrc_valid.json",
    "id_qa/nusantaralaw_glosarium_ma.json",
    "id_qa/nusantaralaw_uu_pdp.json",
    "id_qa/xcopa_id_val.jsonl",
]


@needs_data
@pytest.mark.parametrize("name", CLEAN_FILES)
def test_false_alarms_in_clean_sentences_stay_below_one_percent(name: str) -> None:
    sentences = [s for t in _texts(DATA / name) for s in re.split(r"(?<=[.!?])\s+|\n", t) if s]
    alarms = [sentence for sentence in sentences if pii.find(sentence)]
    assert len(alarms) / len(sentences) < 0.01
