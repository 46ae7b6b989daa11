import pytest

from reviews.checks import numerals

BROKEN = {
    "Rp 1.00.000": ("number_grouping", "Rp 1.00.000"),
    "biayanya 1.000.00 saja": ("number_grouping", "1.000.00"),
    "total 1.000,00.000": ("number_grouping", "1.000,00.000"),
    "Rp. 1.000.00,-": ("number_grouping", "Rp. 1.000.00"),
    "Rp 1.5000.000": ("number_grouping", "Rp 1.5000.000"),
    "Biaya Rp10,000,000 per tahun": ("number_english", "Rp10,000,000"),
    "Modal IDR 10,000,000,000 wajib": ("number_english", "IDR 10,000,000,000"),
    "Rp 5,000": ("number_english", "Rp 5,000"),
    "Rp1O.000": ("number_letters", "Rp1O.000"),
    "Rp l.500.000": ("number_letters", "Rp l.500.000"),
    "tanggal 31 Februari 2025": ("date", "31 Februari 2025"),
    "paling lambat 31 April": ("date", "31 April"),
    "29 Februari 2023": ("date", "29 Februari 2023"),
    "30/02/2024": ("date", "30/02/2024"),
    "13/13/2024": ("date", "13/13/2024"),
    "2024-02-30": ("date", "2024-02-30"),
    "tanggal 25 Jully": ("month", "Jully"),
    "3 Agutus 2024": ("month", "Agutus"),
    "12 Desmber 2023": ("month", "Desmber"),
    "pukul 25.61": ("time", "pukul 25.61"),
    "jam 10:75 WIB": ("time", "jam 10:75"),
    "26.00 WITA": ("time", "26.00 WITA"),
}
WHOLE = [
    *("UU 25/2007", "PP 28 Tahun 2025", "No. 11/PJ/2025", "IMI-1489.UM.08.05", "pasal 1.2.3"),
    *("0812-3456-7890", "tel +62 21 555.1234", "NPWP 01.234.567.8-901.000", "KBLI 55130"),
    *("versi 1.2.3", "v2.10.0", "192.168.1.1", "ISBN 978.602", "4x6", "24/7", "12/2024"),
    *("Rp10juta", "Rp500k", "Rp500rb-an", "Rp 1.500.000,00", "Rp1.500.000,-", "Rp 2,5 miliar"),
    *("Rp 3,717 miliar", "Rp 15.5 juta", "Rp5 juta/bulan", "Rp 750.000/orang", "USD 5,000"),
    *("1.000.000", "15.000", "10.000-20.000", "3,5%", "150%", "rasio 1.5, 2.3", "Rp dan USD"),
    *("29 Februari 2024", "29 Februari", "17 Agustus 1945", "3 Juli 2025", "30.04.2025"),
    *("2024-02-29", "12/25 orang", "25 Market Street", "09.30 WIB", "pukul 24.00", "jam 8 pagi"),
    "",
]


@pytest.mark.parametrize(("text", "expected"), BROKEN.items())
def test_broken(text: str, expected: tuple[str, str]) -> None:
    remarks = numerals.remarks(text)
    assert [(r.kind, text[r.start : r.end], r.values) for r in remarks] == [
        (*expected, {"text": expected[1]})
    ]


@pytest.mark.parametrize("text", WHOLE)
def test_whole(text: str) -> None:
    assert numerals.remarks(text) == []


def test_english_grouping_is_right_in_english() -> None:
    text = "The fee is IDR 10,000,000 and it must be paid by the sponsor."
    assert numerals.remarks(text) == []


def test_code_is_left_alone() -> None:
    assert numerals.remarks("`Rp 1.00.000`") == []
