"""Near-duplicates: the same words again, not the same question in other words."""

import pytest

from benchmarks import duplicates_measure
from reviews.checks import duplicates
from reviews.checks.duplicates import Text

QUESTION = "Berapa modal minimal untuk mendirikan PT PMA di Indonesia?"
ANSWER = (
    "Modal disetor PT PMA minimal Rp10 miliar, di luar tanah dan bangunan. "
    "Modal itu ditempatkan di rekening perusahaan dan dibuktikan dengan surat pernyataan."
)
PAIR = Text("", QUESTION, ANSWER)

NEAR = {
    "the same": PAIR,
    "case and punctuation": Text("", QUESTION.upper(), ANSWER.replace(",", " -")),
    "shouted with a word swapped": Text("", QUESTION.upper().replace("UNTUK", "BUAT"), ANSWER),
    "markdown": Text("", f"**{QUESTION}**", f"- {ANSWER}\n\n"),
    "typing errors": Text("", QUESTION.replace("modal", "modla"), ANSWER.replace("itu", "it")),
    "a word swapped": Text(
        "", QUESTION.replace("untuk", "buat"), ANSWER.replace("di luar", "tanpa")
    ),
    "sentences turned": Text("", QUESTION, " ".join(reversed(ANSWER.split(". ")))),
    # The contradictions' business, and still nearly the same.
    "another amount": Text("", QUESTION, ANSWER.replace("Rp10", "Rp2,5")),
    "abbreviation in lower case": Text("", QUESTION.replace("PT PMA", "pt pma"), ANSWER),
}
OTHER = {
    "another wording": Text("", "Kalau mau bikin PT PMA, modalnya harus berapa?", ANSWER),
    "another answer": Text("", QUESTION, "Paling sedikit Rp10 miliar, Kak."),
    "another company": Text("", QUESTION.replace("PMA", "PMDN"), ANSWER),
    "another year": Text("", QUESTION.replace("?", " pada 2026?"), ANSWER),
    "after other turns": Text("Saya mau buka restoran di Ubud.", QUESTION, ANSWER),
    "nothing": Text("", "", ""),
}


@pytest.mark.parametrize("other", NEAR.values(), ids=NEAR)
def test_near_duplicates_share_a_band_and_are_alike(other):
    assert duplicates.likeness(PAIR, other) == duplicates.likeness(other, PAIR)
    assert duplicates.likeness(PAIR, other) >= duplicates.NEAR
    assert not set(duplicates.bands(PAIR)).isdisjoint(duplicates.bands(other))


@pytest.mark.parametrize("other", OTHER.values(), ids=OTHER)
def test_what_is_no_near_duplicate(other):
    assert duplicates.likeness(PAIR, other) == duplicates.likeness(other, PAIR)
    assert duplicates.likeness(PAIR, other) < duplicates.NEAR


def test_a_short_follow_up_after_the_same_turns():
    history = [["user", "Apa itu KITAS?"], ["assistant", "Izin tinggal terbatas."]]
    pair = duplicates.text_of(history, "Syaratnya?", "Paspor dan sponsor.")
    assert pair == Text(
        "Apa itu KITAS?\nIzin tinggal terbatas.", "Syaratnya?", "Paspor dan sponsor."
    )
    assert duplicates.likeness(pair, pair._replace(question="syaratnya")) == 1.0
    assert duplicates.likeness(pair, pair._replace(history="Apa itu PKP?")) < duplicates.NEAR


def test_bands_are_the_same_on_every_machine():
    """Stored in a table: whoever changes these numbers must fill that table anew."""
    assert duplicates.bands("Apa itu KITAS?")[:2] == [1477225712949469050, 7078575455236007882]
    assert duplicates.bands(PAIR)[-2:] == [4483013433758770237, 7195246761266319253]


def test_bands_fit_a_bigint_and_none_is_another_places():
    bands = duplicates.bands(PAIR)
    assert len(set(bands)) == duplicates.BANDS
    assert all(0 <= band < 2**63 for band in bands)


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), (" \n\t", 0), ("a", 16), ("ya", 16), ("👍", 16), ("?!", 16)]
)
def test_bands_of_short_texts(text, count):
    assert len(duplicates.bands(text)) == count
    assert duplicates.bands(text) == duplicates.bands(f" {text.upper()} ")


def test_unlike_texts_share_no_band():
    texts = ["", "ya", "tidak", "👍", "🙏", QUESTION, ANSWER, "Siapa presiden Indonesia?"]
    bands = [band for text in texts for band in duplicates.bands(text)]
    assert len(bands) == len(set(bands))


def test_the_signature_estimates_the_overlap_of_shingles():
    words = [f"kata{number}" for number in range(2000)]
    one, other = " ".join(words[:1500]), " ".join(words[500:])
    same = sum(map(int.__eq__, duplicates.signature(one), duplicates.signature(other)))
    # The true overlap is near 0.5; 64 places estimate it to about 0.06.
    assert same / 64 == pytest.approx(0.5, abs=0.19)


def test_a_lone_surrogate_and_other_scripts_are_text_too():
    assert duplicates.score("\ud800 abc", "\ud800 ABC") == 1.0
    assert len(duplicates.bands("\ud800")) == 16
    assert duplicates.score("ＫＩＴＡＳ", "kitas") == 1.0


@pytest.mark.parametrize(("one", "other"), [("", "a"), ("👍", "🙏"), ("abc", "xyz")])
def test_nothing_in_common(one, other):
    assert duplicates.score(one, other) == 0.0


def test_long_texts_are_compared_by_words():
    text = " ".join(f"kata{number}" for number in range(5000))
    assert duplicates.score(text, text.replace("kata7 ", "kita7 ")) == pytest.approx(0.9998)


def test_recall_on_changed_public_pairs(shared_data):
    shared, near, total = 0, 0, 0
    for pairs in duplicates_measure.sources(shared_data).values():
        for positives, found, likenesses in duplicates_measure.recall(pairs[::5]).values():
            total += positives
            shared += found
            near += sum(likeness >= duplicates.NEAR for likeness in likenesses)
    assert total == 2630
    assert shared / total > 0.999
    assert near / total > 0.98


def test_false_alarms_among_different_public_pairs(shared_data):
    """The wiki pairs are left out: their questions differ by a word on purpose, over one answer."""
    pairs = duplicates_measure.sources(shared_data)
    alarms = {
        name: [
            row for row in duplicates_measure.candidates(pairs[name]) if row[0] >= duplicates.NEAR
        ]
        for name in ("seeds", "glossary", "law")
    }
    assert {name: len(rows) for name, rows in alarms.items()} == {
        "seeds": 0,
        "glossary": 2,
        "law": 0,
    }
