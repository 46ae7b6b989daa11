import pytest

from reviews.checks import structure

TRANSLATED = {
    "Adalah penting untuk membawa paspor.": ("adalah_adjective", "Adalah penting untuk"),
    "Ini adalah sangat disarankan untuk pemohon.": (
        "adalah_adjective",
        "Ini adalah sangat disarankan untuk",
    ),
    "Visa itu adalah diterbitkan oleh imigrasi.": ("adalah_passive", "adalah diterbitkan"),
    "Bali, di mana Anda dapat tinggal, adalah pulau.": ("relative_where", "di mana"),
    "Ini situasi dimana pemohon menunggu.": ("relative_where", "dimana"),
    "Berkas dikirim ke imigrasi, yang mana akan memeriksa.": ("relative_which", "yang mana"),
    "Sebagai tambahan, Anda memerlukan pasfoto.": ("calque", "Sebagai tambahan,"),
    "Dalam rangka untuk bekerja, Anda memerlukan izin.": ("calque", "Dalam rangka untuk"),
    "Harganya lebih murah dari pada di tempat lain.": ("dari_pada", "dari pada"),
}
NATIVE = [
    "Di mana saya bisa membayar?",
    "Saya tidak tahu di mana Anda tinggal.",
    "Yang mana yang lebih murah?",
    "Wangsa itu adalah dinasti bangsawan.",
    "Paspor adalah dokumen yang penting untuk perjalanan.",
    "Kita perlu membuat keputusan dalam rangka perluasan usaha.",
    "Ini lebih mudah daripada itu.",
    "Ia menulis “adalah penting untuk” di papan.",
    "It is the place, di mana Anda, of the one that we have been to.",
    "",
]


@pytest.mark.parametrize(("text", "expected"), TRANSLATED.items())
def test_translated(text: str, expected: tuple[str, str]) -> None:
    remarks = structure.remarks(text)
    assert [(r.values["pattern"], text[r.start : r.end]) for r in remarks] == [expected]
    assert [(r.kind, r.values["text"]) for r in remarks] == [("english_structure", expected[1])]


@pytest.mark.parametrize("text", NATIVE)
def test_native(text: str) -> None:
    assert structure.remarks(text) == []


def test_every_pattern_has_a_case() -> None:
    assert {pattern for pattern, _ in TRANSLATED.values()} == set(structure.PATTERNS)
