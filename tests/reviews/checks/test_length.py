import pytest

from reviews.checks import length

ASKED = "Jelaskan langkah pendirian PT PMA."


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        (ASKED, "Lewat OSS.", [("answer", "short", "2")]),
        (ASKED, "", [("answer", "empty", "0")]),
        ("Apa?", " …\n", [("answer", "empty", "0")]),
        (ASKED, "Siapkan akta, NIB, dan NPWP.", []),
        ("Apakah KITAS bisa diperpanjang?", "Bisa.", []),
        ("Siapa direkturnya?", "Bu Ani.", []),
        ("How do I extend it?", "Online.", [("answer", "short", "1")]),
        ("Quali sono i documenti?", "Il passaporto.", [("answer", "short", "2")]),
        ("Apa?", "a " * 10_001, [("answer", "long", "20002")]),
        ("a " * 10_001, "Ya, bisa.", [("question", "long", "20002")]),
    ],
)
def test_remarks(question: str, answer: str, expected: list[tuple[str, str, str]]) -> None:
    remarks = length.remarks(question, answer)
    assert [(r.values["part"], r.values["reason"], r.values["count"]) for r in remarks] == expected
    assert {(r.kind, r.start, r.end) for r in remarks} <= {("length", 0, 0)}
