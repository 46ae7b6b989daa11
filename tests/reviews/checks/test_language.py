import pytest

from reviews.checks import language
from reviews.checks.remarks import Remark

TEXTS = {
    "KITAS berlaku selama satu tahun dan dapat diperpanjang.": "id",
    "gue nggak tau gimana caranya, bantuin dong": "id",
    "Setup PT PMA butuh NIB dan akta, timeline-nya sekitar dua minggu.": "id",
    "The visa is valid for one year and can be extended.": "en",
    "Il visto è valido per un anno e può essere prorogato.": "it",
    "Aku arep tuku omah sing apik, nanging regane larang banget.": "other",
    "Tiang lakar ka warung jani, nenten wenten sane ngajak.": "other",
    "Abdi hoyong ngadamel visa, kumaha carana sareng naon waé saratna?": "other",
    "Ambo indak tau baa caronyo, tolong jalehan untuak ambo.": "other",
    "Ulun kada tahu kayapa caranya, tolong pian jelasakan gasan ulun.": "other",
    # More shared words than own ones, and still no Indonesian.
    "Makanannya kada nyaman banar, tempatnya kecil wan harganya lagi mahal sekali.": "other",
    "Visa KITAS": "",
    "NIB, OSS, KBLI, LKPM, BKPM": "",
    "": "",
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_of(text: str, expected: str) -> None:
    assert language.of(text) == expected


def test_a_text_in_another_language() -> None:
    text = "The visa is valid for one year and can be extended."
    assert language.mismatch(text, "id") == [
        Remark("language", values={"wanted": "id", "found": "en"})
    ]
    assert language.mismatch(text, "en") == []
    assert language.mismatch("Visa KITAS", "id") == []


def test_a_passage_in_another_language() -> None:
    own = "KITAS berlaku selama satu tahun dan dapat diperpanjang di kantor imigrasi."
    text = f"{own} You must not stay for more than that. Anda wajib melapor."
    assert language.mismatch(text, "id") == [
        Remark("language_passage", len(own) + 1, text.index(". Anda"), {"found": "en"})
    ]
    assert language.mismatch(f"{own} Timeline-nya full online.", "id") == []
