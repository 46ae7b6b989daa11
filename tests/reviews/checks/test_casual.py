import pytest

from reviews.checks import casual


@pytest.mark.parametrize(
    "word",
    [
        *("yg", "gue", "nggak", "udah", "sih", "udah-udah", "makasih", "gua"),
    ],
)
def test_listed(word: str) -> None:
    assert casual.weight(word) > 0


BUILT = {
    casual.is_shortened: ["bnyk", "tlong", "kluar", "sbagai", "trlalu"],
    casual.is_drawn_out: ["yaaa", "bangett", "tolooong", "kakk", "sayaa"],
    casual.is_refused: ["gabisa", "gakada", "gadibalas", "nggakbisa"],
    casual.is_given: ["kirimin", "dibalikin", "dikirimin", "dibenerin"],
    casual.is_befallen: ["kehapus", "kepotong"],
}
NOT_BUILT = {
    casual.is_shortened: ["hal", "bpjs", "drama", "plan", "kg", "kan", "krim"],
    casual.is_drawn_out: ["maaf", "saat", "keadaan", "bukaan", "watt", "pass", "www", "xxx"],
    casual.is_refused: ["ganti", "gagal", "gabung", "garansi"],
    casual.is_given: ["dijamin", "dipimpin", "mungkin", "izin", "dingin", "admin", "dilaluinya"],
    casual.is_befallen: ["kekasih", "keluar", "kedua"],
}


@pytest.mark.parametrize(("rule", "word"), [(r, w) for r, listed in BUILT.items() for w in listed])
def test_built(rule, word: str) -> None:
    assert rule(word)


@pytest.mark.parametrize(
    ("rule", "word"), [(r, w) for r, listed in NOT_BUILT.items() for w in listed]
)
def test_not_built(rule, word: str) -> None:
    assert not rule(word)


@pytest.mark.parametrize("word", ["ngambil", "ngecek", "nyari", "nge-charge", "jalan2", "wkwkwk"])
def test_weight_of_how_a_word_is_built(word: str) -> None:
    assert casual.built_weight(word) == 1.0


@pytest.mark.parametrize("word", ["nyata", "nyaman", "ngeri", "ngurah", "viii", "hari", "b2b", ""])
def test_no_weight_of_how_a_word_is_built(word: str) -> None:
    assert casual.built_weight(word) == 0.0
