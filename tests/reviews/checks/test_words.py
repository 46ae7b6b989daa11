import pytest

from reviews.checks import words


def test_words_know_where_they_stand() -> None:
    text = "Halo, Bu. Teman-teman sudah\ndatang"
    assert [(w.low, text[w.start : w.end], w.opens) for w in words.read(text)] == [
        ("halo", "Halo", True),
        ("bu", "Bu", False),
        ("teman-teman", "Teman-teman", True),
        ("sudah", "sudah", False),
        ("datang", "datang", True),
    ]


@pytest.mark.parametrize(
    "foreign",
    [
        *('"kata dia"', "“kata dia”", "«kata»", "`kode`", "```\nkode\n```", "https://contoh.id/a"),
        *("evisa.imigrasi.go.id", "nama@contoh.id", "@nama", "#tagar"),
    ],
)
def test_what_is_not_the_writers_own(foreign: str) -> None:
    assert words.own(f"Baca {foreign} ini") == f"Baca {' ' * len(foreign)} ini"


def test_sentences() -> None:
    text = "Satu dua. Tiga!\nEmpat"
    assert [[w.low for w in s] for s in words.sentences(text)] == [
        ["satu", "dua"],
        ["tiga"],
        ["empat"],
    ]
