"""Finding and replacing personal data: places, placeholders, and what no text may do to it.

Which spellings are found, and what only looks like them: test_pii_measured.py.
"""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.checks import pii
from reviews.checks.pii import prefilter
from tests.reviews.checks import pii_vectors

REDACTED = {
    "": "",
    "NIK 3578011402850007, HP 0812-3456-7890.": "NIK [NIK], HP [TELEPON].",
    "NIB 9120001234567, rek BNI 1234567890": "NIB 9120001234567, rek BNI [REKENING]",
    "WA 081234567890,08561234567": "WA [TELEPON],[TELEPON]",
    "paspor X1234567, KITAS 2C11JE4321-K": "paspor [PASPOR], KITAS [KITAS]",
    "nopol DK 1234 AB, Jl. Mawar No. 5, Badung 80361.": "nopol [PLAT], [ALAMAT].",
    "NPWP\u00a002.468.135.7–912.000 → a@b.id": "NPWP\u00a0[NPWP] → [EMAIL]",
    "\u202a+62 812-3456-7890\u202c": "\u202a[TELEPON]\u202c",
    '{"t":"Salam\\nbudi@contoh.id\\u00a0ok"}': '{"t":"Salam\\n[EMAIL]\\u00a0ok"}',
}

NUMBERS = ["3578011402850007", "024681357912000", "1234567890", "0812", "3456", "7890", "021", "62"]
WORDS = ["NPWP", "rekening", "paspor", "NIB", "Rp", "A1234567", "a@b.id", "plat", "B 12 XY", "KTP"]
PLACES = ["Jl.", "Mawar", "No. 5", "RT 1/2", "Blok C 1", "alamat", "Desa A", "Kec. B", "gang"]
JSON = ['{"id":', '"nik":', ',"ts": ', "1732156800000", "}", "]", ",[", "0.8444218515250481", "rek"]
MARKS = ["-", ".", ",", "(", ")", "x", "2C11JE4321-K", "31-12-2025", "\\n", "\\u00a0", "(at)", "+"]
ODD = [
    "\u200b",
    "–",
    "０",
    "٣",
    "\u00a0",
    "İ",
    "ß",
    "é",
    "\ud800",
    "\u20e3",
    "\U0001d7ce",
    "\u202e",
]
OURS = [f"[{kind}]" for kind in pii.KINDS]
PIECES = st.sampled_from([*NUMBERS, *WORDS, *PLACES, *MARKS, *ODD, *OURS, *JSON]) | st.text(
    max_size=4
)
TEXTS = st.lists(st.tuples(PIECES, st.sampled_from(["", " ", ", ", "." * 30])), max_size=14).map(
    lambda pieces: "".join(word + gap for word, gap in pieces)
)


@pytest.mark.parametrize(("text", "expected"), REDACTED.items(), ids=ascii)
def test_redact_replaces_personal_data_and_nothing_else(text: str, expected: str) -> None:
    assert pii.redact(text) == expected


def test_find_gives_positions_in_order() -> None:
    text = "a@b.id, NIK 3578011402850007"
    assert pii.find(text) == [pii.Span(0, 6, "EMAIL", 0.95), pii.Span(12, 28, "NIK", 0.95)]


def test_a_nik_that_no_birth_date_or_region_bears_out_is_less_sure() -> None:
    assert pii.find("3578013102850007") == []
    assert pii.find("KTP 3578013102850007") == [pii.Span(4, 20, "NIK", 0.6)]


def test_the_check_digit_makes_an_npwp_surer() -> None:
    assert pii.find("02.468.135.7-912.000") == [pii.Span(0, 20, "NPWP", 0.9)]
    assert pii.find("01.312.166.0-091.000") == [pii.Span(0, 20, "NPWP", 0.97)]


def test_the_surer_finding_wins_where_two_overlap() -> None:
    """Near the word rekening a mobile number is also a run of ten to sixteen digits."""
    assert [span.kind for span in pii.find("rekening OVO 081234567890")] == ["TELEPON"]


def test_a_context_word_brought_nearer_by_redaction() -> None:
    text = f"NPWP {'x' * 40}@contoh.co.id 024681357912000"
    assert pii.redact(text) == "NPWP [EMAIL] [NPWP]"


@pytest.mark.parametrize("kind", pii.KINDS)
def test_our_own_placeholder_is_no_context(kind: str) -> None:
    text = f"[{kind}] 024681357912000 A1234567 B 1234 XYZ"
    assert pii.redact(text) == text


@given(TEXTS)
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = pii.redact(text)
    assert pii.redact(once) == once
    assert pii.find(once) == []


@given(TEXTS)
def test_spans_are_in_order_inside_the_text_and_apart(text: str) -> None:
    edges = [edge for span in pii.find(text) for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert all(span.start < span.end for span in pii.find(text))
    assert not edges or (edges[0] >= 0 and edges[-1] <= len(text))


@given(TEXTS)
def test_the_prefilter_overlooks_nothing_that_the_detectors_find(text: str) -> None:
    assert prefilter.may_hold(text) or not _found_without_prefilter(text)


@pytest.mark.parametrize("kind", pii_vectors.POSITIVE)
def test_the_prefilter_lets_every_vector_through(kind: str) -> None:
    texts = [
        text for text, _places in pii_vectors.positives(kind) if _found_without_prefilter(text)
    ]
    assert [text for text in texts if not prefilter.may_hold(text)] == []
    assert len(texts) >= 0.95 * len(pii_vectors.positives(kind))


def test_the_prefilter_rejects_a_usual_log_record() -> None:
    """The detectors are for the few: else a log of thousands of records a second would wait."""
    uuid, prose = "0193a4f0-7b1c-7e52-9a3e-2c5d8f1b6a70", "Modal Rp10 M, KBLI 55130, PP 34/2021."
    for time_written in ('"2026-11-21T10:00:00.123456+07:00"', "1732156800000", "1732156800"):
        record = f'{{"id":"{uuid}","ts":{time_written},"text":"{prose}","x":0.8444218515250481}}'
        assert not prefilter.may_hold(record)
    assert prefilter.may_hold('{"ts":1732156800000,"rek":1732156800}')


def _found_without_prefilter(text: str) -> list[pii.Span]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefilter, "may_hold", lambda text: True)
        return pii.find(text)


ADVERSE = ["1", "@", "a@", "a@b.", " .-/_()", "0812 ", "62 ", "0 1", "+1 ", "jl a ", "Jl. a no 5, "]
ADVERSE += [
    "rt 1/",
    "blok a ",
    "komplek a ",
    "alamat desa ",
    "desa A, ",
    "plat b 1 ",
    "2c11je",
    "a1",
]
ADVERSE += ["kitas 12", "rek 1234567890 ", "(", "\\n", "\\u00a0", "\u200b1", "gb82 west ", "[NIK]"]
ADVERSE += [
    "a (at) a",
    "a [dot] ",
    "npwp 024681357912000 ",
    "paspor a1234567 ",
    "0193a4f0-7b1c-",
    "%40",
]


@pytest.mark.parametrize("unit", ADVERSE, ids=ascii)
def test_eight_times_the_text_takes_about_eight_times_the_work(unit: str) -> None:
    """The square would be 64 times; processor time, so that a busy machine says the same."""
    # Every detector runs, whatever the unit: a head that the prefilter lets through.
    head = "a@b.id alamat jl plat paspor kitas rek npwp 1 "
    small, large = (_work(head + unit * (size // len(unit))) for size in (2_500, 20_000))
    assert large < 28 * max(small, 0.002)


def _work(text: str) -> float:
    def once() -> float:
        begun = time.process_time()
        pii.redact(text)
        return time.process_time() - begun

    return min(once() for _ in range(3))
