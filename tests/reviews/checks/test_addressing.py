import pytest

from reviews.checks import addressing
from reviews.checks.remarks import Remark

MIXED = {
    "Anda bisa mengurus sendiri, tapi kamu perlu paspor.": [("kamu", "anda")],
    "Anda perlu paspor. Terus lo tinggal tunggu, Anda akan dihubungi.": [("lo", "anda")],
    "Saya sarankan pakai jasa. Nanti gue bantu.": [("gue", "saya")],
    "Bapak/Ibu silakan datang, nanti kamu bawa paspor.": [("kamu", "bapak/ibu")],
    "Kamu bawa paspor, kamu isi formulir, lalu Anda bayar.": [("Anda", "kamu")],
}
EVEN = [
    "Bapak/Ibu dapat mengajukan, dan Anda akan menerima bukti.",
    'Ia berkata "kamu harus pulang" kepada Anda.',
    "Ia menulis “kamu” dan «lo», lalu Anda membaca.",
    "Ibu kota negara pindah. Kamu tahu?",
    "Ibu saya sakit, apa kamu bisa bantu?",
    "Surat LO dari bank sudah siap, Anda bisa ambil.",
    "Anda menulis ke kamu@contoh.id atau @kamu di https://contoh.id/kamu.",
    "Kamus dan saudara-saudaranya: Anda memerlukan kamusnya.",
    "Kamu tinggal bilang ke gue.",
    "Saya bantu kamu.",
    "",
]


@pytest.mark.parametrize(("text", "expected"), MIXED.items())
def test_mixed(text: str, expected: list[tuple[str, str]]) -> None:
    remarks = addressing.mixing(text)
    assert [(r.values["word"], r.values["main"]) for r in remarks] == expected
    assert [text[r.start : r.end] for r in remarks] == [word for word, _ in expected]


@pytest.mark.parametrize("text", EVEN)
def test_even(text: str) -> None:
    assert addressing.mixing(text) == []


def test_informal_where_formal_is_wanted() -> None:
    text = "Paspor kamu sudah jadi."
    informal = Remark("address_informal", 7, 11, {"word": "kamu", "wanted": "formal"})
    assert addressing.mismatch(text, "formal") == [informal]
    assert addressing.mismatch(text, "casual") == []
    assert addressing.mismatch("Paspor Anda sudah jadi.", "formal") == []
