"""The copy that the detectors read, and the way back."""

import sys

import pytest

from reviews.checks.pii.reading import Reading, hides, plain, read
from reviews.checks.pii.spans import Span

COPIES = {
    "0812\u200b3456": "08123456",
    "０８１２－３４": "0812-34",
    "٠٨١٢ ᭐᭘ ꧐꧘ 𝟎𝟖": "0812 08 08 08",
    "a＠b．id": "a@b.id",
    "1–2—3−4‑5": "1-2-3-4-5",
    "1\u00a02\u20093\u20284": "1 2 3 4",
    "0️⃣8️⃣": "08",
    "İzin": "izin",
    '{"a":"x\\n1\\u00a02\\u200b3\\t4"}': '{"a":"x\n1 23 4"}',
    "[NIK] [Nik] [NAMA]": "\0\0\0\0\0 [Nik] [NAMA]",
    "x 0193A4F0-7b1c-7e52-9a3e-2c5d8f1b6a70": "x " + "\0" * 36,
    "é “baik” ß": "é “baik” ß",
}


@pytest.mark.parametrize(("text", "copy"), COPIES.items(), ids=ascii)
def test_the_copy(text: str, copy: str) -> None:
    assert read(text).text == copy


def test_a_span_of_the_copy_goes_back_to_the_original_characters() -> None:
    text = "WA\u200b: ０８\u200b12\\u00a034\u202c."
    reading = read(text)
    start = reading.text.index("0")
    (span,) = reading.back([Span(start, reading.text.index("4") + 1, "TELEPON", 0.9)])
    assert text[span.start : span.end] == "０８\u200b12\\u00a034"


def test_a_text_with_nothing_odd_keeps_its_places() -> None:
    assert read("Ani") == Reading("Ani", "ani", None, None)


def test_no_letter_shifts_the_copy_in_small_letters() -> None:
    longer = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if len(plain(chr(code)).lower()) != len(plain(chr(code)))
    ]
    assert longer == []


def test_only_texts_that_hide_something_say_so() -> None:
    assert [hides(text) for text in ("Ani 08", "é “x” ß", "a\\nb")] == [False] * 3
    assert [hides(text) for text in ("0８", "1–2", "a\\u00a0b", "\u200b")] == [True] * 4
