"""What docs/personal-data.md claims, by the code that printed its tables."""

import pytest

from benchmarks import pii_measure
from reviews.checks import pii
from tests.reviews.checks import pii_vectors

# No public labels exist for these: forty vectors each way are ours.
UNLABELLED = ["KITAS", "PLAT", "REKENING", "ALAMAT"]
# Found by a rule of thumb there: numbers of other countries without the country.
FOREIGN = ("TELEPON", "presidio")
# The one vector whose last digit stands alone behind a blank, and a plate of an embassy.
MISSED = {"REKENING": ("137 00 1234567 8",), "PLAT": ("CD 12 34",)}


def test_every_kind_has_its_vectors() -> None:
    assert list(pii_vectors.POSITIVE) != []
    assert set(pii_vectors.POSITIVE) == set(pii.KINDS)
    few = [
        kind
        for kind in UNLABELLED
        if len(pii_vectors.positives(kind)) < 40 or len(pii_vectors.negatives(kind)) < 40
    ]
    assert few == []


@pytest.mark.parametrize("score", pii_measure.own_scores(), ids=lambda score: score.kind)
def test_recall_on_our_vectors(score: pii_measure.Score) -> None:
    assert score.missed == MISSED.get(score.kind, ())
    assert score.recall >= 0.95


@pytest.mark.parametrize("kind", pii_vectors.NEGATIVE)
def test_what_only_looks_like_personal_data(kind: str) -> None:
    texts = pii_vectors.negatives(kind)
    assert [pii.redact(text) for text in texts] == texts


def test_recall_on_the_public_vectors(shared_data) -> None:
    scores = pii_measure.public_scores(shared_data)
    assert {(s.kind, s.source): s.positives for s in scores} == {
        ("NIK", "indonesian-ktp"): 3,
        ("NIK", "each of the districts"): 7285,
        ("NPWP", "validator.js"): 4,
        ("TELEPON", "validator.js"): 53,
        ("PASPOR", "validator.js"): 3,
        ("EMAIL", "presidio"): 20,
        ("TELEPON", "presidio"): 32,
        ("REKENING", "presidio"): 9,
    }
    low = [s for s in scores if s.recall < 0.95 and (s.kind, s.source) != FOREIGN]
    assert low == []


def test_false_alarms_in_clean_text(shared_data) -> None:
    """Mailboxes of the seeds' office are no false alarms, but they count here."""
    measured = pii_measure.alarms(shared_data)
    assert [a.source for a in measured] == list(pii_measure.CLEAN)
    assert [a.source for a in measured if a.share >= 0.01] == []
    kinds = {kind for a in measured for kind, _found in a.hits}
    assert kinds <= {"EMAIL", "ALAMAT"}
