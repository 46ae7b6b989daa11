"""Facts are compared by canonical value, so every vector states the value in full."""

import pytest

from reviews.checks import facts

NBSP = "\u00a0"

AMOUNTS = {
    "Rp10 miliar": ["IDR 10000000000"],
    "10.000.000.000 rupiah": ["IDR 10000000000"],
    "Rp 10.000.000.000,-": ["IDR 10000000000"],
    "Rp 10.000.000.000.": ["IDR 10000000000"],
    "Rp 10 M": ["IDR 10000000000"],
    "Modalnya minimal 10 M rupiah,": ["IDR 10000000000"],
    "modal (dalam rupiah) sebesar 10 M": ["IDR 10000000000"],
    "jaraknya 10 M": [],
    "IDR 10 billion": ["IDR 10000000000"],
    "minimal 10 miliar rupiah": ["IDR 10000000000"],
    "paling sedikit 10 milyar": ["IDR 10000000000"],
    "sepuluh miliar rupiah": ["IDR 10000000000"],
    "**Rp 10 miliar**": ["IDR 10000000000"],
    f"Rp{NBSP}10{NBSP}miliar": ["IDR 10000000000"],
    "Rp2,5 miliar": ["IDR 2500000000"],
    "Rp1,5 triliun": ["IDR 1500000000000"],
    "Rp 5jt": ["IDR 5000000"],
    "biaya 5 juta, belum termasuk PPN": ["IDR 5000000"],
    "sekitar 500rb": ["IDR 500000"],
    "Rp 500k saja": ["IDR 500000"],
    "dua ratus lima puluh ribu rupiah": ["IDR 250000"],
    "seribu rupiah": ["IDR 1000"],
    "satu juta lima ratus ribu rupiah": ["IDR 1500000"],
    "Rp. 1.500.000,00": ["IDR 1500000"],
    "Rp 1.500.000,00 (satu juta lima ratus ribu rupiah)": ["IDR 1500000"],
    "USD 350": ["USD 350"],
    "$350": ["USD 350"],
    "350 dolar AS": ["USD 350"],
    "350 USD": ["USD 350"],
    "US$350.000 (sekitar Rp5,5 miliar)": ["IDR 5500000000", "USD 350000"],
    "USD 1,350": ["USD 1350"],
    "USD 1,350.50": ["USD 1350.5"],
    "$5M": ["USD 5000000"],
    "100 dolar Singapura": ["SGD 100"],
    "EUR 4,500": ["EUR 4500"],
    "Rp5-10 juta": ["IDR 5000000..10000000"],
    "Rp 500.000 - 1 juta": ["IDR 500000..1000000"],
    "Rp 500 ribu hingga Rp 1 juta": ["IDR 500000..1000000"],
    "Rp 21.000.000 \u2013 22.000.000": ["IDR 21000000..22000000"],
    "Rp 100.000.000 - Rp 54.000.000": ["IDR 100000000", "IDR 54000000"],
    "sejak 2024 - 10 juta": ["IDR 10000000"],
    "270 juta orang": [],
    "KBLI 55130, NIB 9120001234567": [],
}

DURATIONS = {
    "30 hari": ["30 day"],
    "30 hari kalender.": ["30 day"],
    "tiga puluh hari": ["30 day"],
    "**30** hari": ["30 day"],
    "30 (tiga puluh) hari": ["30 day"],
    "14 hari kerja": ["14 workday"],
    "14 working days": ["14 workday"],
    "5 tahun": ["5 year"],
    "lima (5) tahun": ["5 year"],
    "1 (satu) tahun": ["1 year"],
    "setahun": ["1 year"],
    "dua belas bulan": ["12 month"],
    "sembilan puluh sembilan hari": ["99 day"],
    "seratus delapan puluh hari": ["180 day"],
    "seribu hari": ["1000 day"],
    "1,5 bulan": ["1.5 month"],
    "60 days": ["60 day"],
    "a 60-day visa": ["60 day"],
    "sixty (60) days": ["60 day"],
    f"60{NBSP}hari": ["60 day"],
    "6-12 bulan": ["6..12 month"],
    "6 sampai dengan 12 bulan": ["6..12 month"],
    "6 bulan s.d. 12 bulan": ["6..12 month"],
    "enam hingga dua belas bulan": ["6..12 month"],
    "antara 5 dan 10 hari kerja": ["5..10 workday"],
    "5 atau 10 tahun": ["10 year", "5 year"],
    # A date is no duration.
    "berlaku sejak 2 Januari 2026 atau tiga tahun setelah diundangkan": ["3 year"],
    "5 tahun atau 10 tahun": ["10 year", "5 year"],
    "1 tahun hingga 18 bulan": ["1 year", "18 month"],
    "2 x 30 hari": ["2x30 day"],
    "dua kali 30 hari": ["2x30 day"],
    "3x24 jam": ["3x24 hour"],
    "180 hari (6 bulan)": ["180 day", "6 month"],
    "Tahun 2007": [],
    "Nomor 25 Tahun 2007": [],
    "paling lambat tanggal 15 bulan berikutnya": [],
    "salah satu bulan itu": [],
    "kebutuhan sehari-hari": [],
    "pada 2024 jam 10": [],
    "1/2 tahun": [],
    "1\n- hari": [],
}

PERCENTAGES = {
    "11%": ["11 %"],
    "11 %.": ["11 %"],
    "11 persen": ["11 %"],
    "sebelas persen": ["11 %"],
    "11 percent": ["11 %"],
    "0,5 %": ["0.5 %"],
    "0.50%": ["0.5 %"],
    "6,125%": ["6.125 %"],
    "**22**%": ["22 %"],
    "10-15%": ["10..15 %"],
    "10% - 15%": ["10..15 %"],
    "60 x 5%": ["5 %"],
    "dua koma lima persen": [],
}

CITATIONS = {
    "UU 25/2007": ["UU 25/2007"],
    "Undang-Undang Nomor 25 Tahun 2007 tentang Penanaman Modal": ["UU 25/2007"],
    "Undang-undang (UU) No.25 Tahun 2007": ["UU 25/2007"],
    "UU RI No. 25 Th. 2007": ["UU 25/2007"],
    "UU Penanaman Modal No. 25 Tahun 2007": ["UU 25/2007"],
    "Law No. 25 of 2007": ["UU 25/2007"],
    "PP 28/2025": ["PP 28/2025"],
    "Peraturan Pemerintah Nomor 28 Tahun 2025": ["PP 28/2025"],
    "PMK Nomor 112/PMK.03/2022": ["PMK 112/2022"],
    "112/PMK.03/2022": ["PMK 112/2022"],
    "Peraturan Menteri Keuangan No. 112 Tahun 2022": ["PMK 112/2022"],
    "Permenkumham 22/2023": ["Permenkumham 22/2023"],
    "Peraturan Menteri Hukum dan HAM Nomor 22 Tahun 2023": ["Permenkumham 22/2023"],
    "Perpres Nomor 10 Tahun 2021": ["Perpres 10/2021"],
    "Perppu 2/2022": ["Perppu 2/2022"],
    "PER-11/PJ/2025": ["PER 11/2025"],
    "berlaku per 12/2024": [],
    "Pasal 33 ayat (1) UU No. 25 Tahun 2007": ["pasal 33 ayat 1 UU 25/2007"],
    "UU 25/2007, Pasal 33 ayat 1": ["pasal 33 ayat 1 UU 25/2007"],
    "Article 33 paragraph (1) of Law No. 25 of 2007": ["pasal 33 ayat 1 UU 25/2007"],
    "Pasal 7 huruf b UU 6/2011 jo. UU 63/2024": ["UU 63/2024", "pasal 7 huruf b UU 6/2011"],
    "Pasal 1 angka 4": ["pasal 1 angka 4"],
    "Pasal 378 KUHP": ["pasal 378 KUHP"],
    "Pasal 378 Kitab Undang-Undang Hukum Pidana (KUHP)": ["pasal 378 KUHP"],
    "Pasal 1320 KUH Perdata": ["pasal 1320 KUHPerdata"],
    "Pasal 31E UU PPh": ["pasal 31E UU PPh"],
    "UU Cipta Kerja": [],
    "PPh Pasal 21": ["PPh pasal 21"],
    "PPh 21": ["PPh pasal 21"],
    "PPh Pasal 4 ayat (2)": ["PPh pasal 4 ayat 2"],
    "PPh Pasal 23 UU PPh": ["PPh pasal 23"],
    "bayar PPh 25 juta": [],
}


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        pytest.param(kind, text, expected, id=text)
        for kind, vectors in (
            ("amount", AMOUNTS),
            ("duration", DURATIONS),
            ("percentage", PERCENTAGES),
            ("citation", CITATIONS),
        )
        for text, expected in vectors.items()
    ],
)
def test_values_of_one_kind(kind: str, text: str, expected: list[str]) -> None:
    found = facts.values(text)
    assert sorted(value for its_kind, value in found if its_kind == kind) == expected


@pytest.mark.parametrize(
    "text",
    ["PPh 22", "Pasal 33 ayat (1) UU No. 25 Tahun 2007", "PP 5 Tahun 2021", "Pasal 5 tahun 2020"],
)
def test_a_number_in_a_citation_is_nothing_else(text: str) -> None:
    assert {kind for kind, _ in facts.values(text)} == {"citation"}


def test_find_gives_ordered_positions_of_all_kinds() -> None:
    text = "PPN 11% dari Rp 5 juta, dibayar dalam 30 hari menurut Pasal 9 UU 8/1983."
    found = facts.find(text)
    assert [(f.kind, f.value, text[f.start : f.end]) for f in found] == [
        ("percentage", "11 %", "11%"),
        ("amount", "IDR 5000000", "Rp 5 juta"),
        ("duration", "30 day", "30 hari"),
        ("citation", "pasal 9 UU 8/1983", "Pasal 9 UU 8/1983"),
    ]


@pytest.mark.parametrize("text", ["", "Selamat pagi.", "Visa C1 dan KITAS E28A, Pondok 24"])
def test_a_text_without_facts(text: str) -> None:
    assert facts.find(text) == []


GOLDEN = "Masa tinggal 60 hari, biaya Rp 5 juta, sesuai PP 31/2013."


@pytest.mark.parametrize(
    ("answer", "golden", "expected"),
    [
        (GOLDEN, GOLDEN, (3, 3, 0)),
        ("Enam puluh hari, 5.000.000 rupiah (PP Nomor 31 Tahun 2013).", GOLDEN, (3, 3, 0)),
        ("Masa tinggal 30 hari, biaya Rp 5 juta.", GOLDEN, (1, 3, 1)),
        ("60 hari, ya, 60 hari.", GOLDEN, (1, 3, 0)),
        ("60 hari kerja, biaya USD 5.000.000.", GOLDEN, (0, 3, 2)),
        ("Silakan datang ke kantor.", GOLDEN, (0, 3, 0)),
        ("Biayanya 11%.", "Silakan datang ke kantor.", (0, 0, 1)),
    ],
)
def test_agreement(answer: str, golden: str, expected: tuple[int, int, int]) -> None:
    assert facts.agreement(answer, golden) == expected
