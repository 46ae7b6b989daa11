import pytest

from reviews.checks import pii, placeholders

OPEN = {
    "Saya {{name}} dari {{ author }}": ["{{name}}", "{{ author }}"],
    "Kepada Yth. [NAMA]": ["[NAMA]"],
    "Hubungi [nomor telepon] di [Nama Perusahaan].": ["[nomor telepon]", "[Nama Perusahaan]"],
    "Halo <nama>, dari <nama perusahaan>": ["<nama>", "<nama perusahaan>"],
    "Nama: ____": ["____"],
    "Nomor: ..........": [".........."],
    "biayanya XXX": ["XXX"],
    "lorem ipsum dolor": ["lorem ipsum"],
    "[TODO] lengkapi": ["[TODO]"],
    "TODO: lengkapi": ["TODO"],
    "Halo {nama}": ["{nama}"],
    "biaya Rp… per bulan": ["Rp…"],
    "biaya Rp xxx per bulan": ["Rp xxx"],
    "pakai YOUR_API_KEY": ["YOUR_API_KEY"],
}
FILLED = [
    "- [ ] tugas\n- [x] selesai",
    "[nama situs](https://contoh.id) dan [nama]: https://contoh.id",
    "[1] [sic] [...]",
    "`{{name}}` dan\n```\nf(){ return {a}; }\n```",
    '{"nama": "Ani"} $x_{abc}$ \\text{nama}',
    "<b>tebal</b> <address>Jalan</address> <br/>",
    "Bab XXX, SEA Games XXX, abad XXX",
    "atas\n____\nbawah",
    "tunggu... tunggu…",
    "list[NAMA], array[i], __tebal__",
    "**__tebal__** dan a__b",
    "Rp 500.000 - 1 juta; dalam Rp dan USD",
    "",
]


@pytest.mark.parametrize(("text", "expected"), OPEN.items())
def test_open(text: str, expected: list[str]) -> None:
    remarks = placeholders.remarks(text)
    assert [(r.kind, r.values["text"]) for r in remarks] == [("placeholder", e) for e in expected]
    assert [text[r.start : r.end] for r in remarks] == expected


@pytest.mark.parametrize("text", FILLED)
def test_filled(text: str) -> None:
    assert placeholders.remarks(text) == []


@pytest.mark.parametrize("kind", pii.KINDS)
def test_what_redaction_wrote_is_not_open(kind: str) -> None:
    assert [r.kind for r in placeholders.remarks(f"Data: [{kind}]")] == ["redacted"]
