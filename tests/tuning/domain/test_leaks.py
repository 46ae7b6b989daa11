"""What would teach a test is found, named, and not exported (J6)."""

from __future__ import annotations

import uuid

import pytest

from reviews.domain import assistants, flags, pairs
from reviews.models import Feedback, Pair
from tests import factories
from tuning.domain import datasets, exports, leaks
from tuning.enums import ExportStatus, Part
from tuning.models import DatasetMember, DatasetVersion, Export

NOW = factories.NOW
SYLLABLES = "kantor pajak akta notaris modal saham impor ekspor gudang pabrik kapal hotel".split()


def made(assistant, count: int = 40, start: int = 0) -> list[Pair]:
    """Approved pairs of families of their own, long enough to have near-duplicates."""
    found = []
    for number in range(start, start + count):
        one, two = SYLLABLES[number % 12], SYLLABLES[number // 12]
        question = f"Apa saja syarat mengurus izin {one} dan {two} nomor {number} di Denpasar?"
        answer = f"Untuk {one} dan {two} siapkan akta, NPWP, lalu ajukan lewat OSS: {number} hari."
        found.append(factories.approved(assistant, question, answer))
    return found


def freeze(assistant, slug=datasets.EVERYTHING) -> DatasetVersion:
    version = datasets.freeze(datasets.ensure(assistant, slug), now=NOW)
    assert version is not None
    return version


def members(version: DatasetVersion, part: str) -> list[Pair]:
    rows = version.members.filter(part=part).order_by("position")
    return [row.revision.pair for row in rows.select_related("revision__pair")]


def by_hand(version: DatasetVersion, **parts: list[Pair]) -> DatasetVersion:
    """A version made by other means, after the one given."""
    number = version.number + 50
    later = DatasetVersion.objects.create(
        dataset=version.dataset,
        number=number,
        reference=f"{version.reference}-{number}",
        prompt=version.prompt,
        content_hash=str(number),
        frozen_at=NOW,
        **{f"{part}_count": len(held) for part, held in parts.items()},
    )
    rows = [(part, pair) for part, held in parts.items() for pair in held]
    for position, (part, pair) in enumerate(rows):
        pair.refresh_from_db()
        DatasetMember.objects.create(
            version=later, revision=pair.current_revision, part=part, position=position
        )
    return later


def told(version: DatasetVersion) -> list[tuple[int, int, str, str]]:
    """(pair taught, pair held out, kind, version of the latter)"""
    return [
        (leak.taught.pair, leak.held.pair, leak.kind, leak.held.version)
        for leak in leaks.leaks(version)
    ]


def test_what_is_frozen_does_not_leak(assistant):
    made(assistant)
    first = freeze(assistant)
    factories.approved(assistant)
    assert leaks.leaks(first) == leaks.leaks(freeze(assistant)) == []


def test_a_test_of_an_earlier_version_that_is_taught_is_named(assistant):
    made(assistant)
    first = freeze(assistant)
    test = members(first, Part.TEST)[0]
    later = by_hand(first, train=[test, *members(first, Part.TRAIN)[:3]])
    assert told(later) == [(test.pk, test.pk, "family", first.reference)]
    # The earlier one knows of no later.
    by_hand(later, test=members(first, Part.TRAIN)[:3])
    assert leaks.leaks(first) == []


def test_a_near_duplicate_of_an_earlier_test_is_named(assistant):
    made(assistant)
    first = freeze(assistant)
    test = members(first, Part.TEST)[0].current_revision
    twin = factories.approved(assistant, test.input.replace("?", " ya?"), test.output)
    later = by_hand(first, train=[twin])
    assert told(later) == [(twin.pk, test.pair_id, "near", first.reference)]
    # As a test it leaks nothing.
    assert leaks.leaks(by_hand(later, test=[twin])) == []


def test_a_test_is_protected_with_the_text_that_it_had(assistant, reviewer):
    made(assistant)
    first = freeze(assistant)
    test = members(first, Part.TEST)[0]
    old = test.current_revision
    pairs.revise(test, question="Jam buka?", answer="Delapan.", by=reviewer, why="x", now=NOW)
    twin = factories.approved(assistant, old.input.replace("?", " ya?"), old.output)
    flags.examine_due()
    later = by_hand(first, train=[twin])
    assert told(later) == [(twin.pk, test.pk, "near", first.reference)]
    # Taught there, it can't be made a test any more: a freeze leaves it out.
    left = freeze(assistant).left_out.get()
    assert (left.revision.pair, left.reason, left.against) == (twin, "near", old)


def test_a_family_that_changed_after_the_freeze_leaks(assistant):
    made(assistant)
    version = freeze(assistant)
    taught, test = members(version, Part.TRAIN)[0], members(version, Part.TEST)[0]
    Pair.objects.filter(pk=taught.pk).update(question=test.question)
    assert told(version) == [(taught.pk, test.pk, "family", version.reference)]


def test_a_person_who_stands_on_both_sides_leaks(assistant):
    made(assistant)
    version = freeze(assistant)
    taught, test = members(version, Part.VALIDATION)[0], members(version, Part.TEST)[0]
    for pair in (taught, test):
        Feedback.objects.create(
            request_id=uuid.uuid4(),
            assistant=assistant,
            request_type="chat",
            prompt="a",
            response="b",
            is_positive=True,
            subject_hash="orang",
            asked_at=NOW,
            created_at=NOW,
            pair=pair,
        )
    assert told(version) == [(taught.pk, test.pk, "person", version.reference)]


def test_a_conversation_on_both_sides_leaks(assistant):
    made(assistant)
    first = freeze(assistant)
    test = members(first, Part.TEST)[0].current_revision
    history = [["user", test.input], ["assistant", test.output]]
    turn = factories.approved(assistant, "Lalu biayanya?", "Lima juta.", history=history)
    later = by_hand(first, train=[turn])
    assert told(later) == [(turn.pk, test.pair_id, "conversation", first.reference)]


def test_train_must_not_teach_validation_nor_a_near_paraphrase(assistant):
    four = made(assistant, 4)
    near = [
        factories.approved(
            assistant,
            pair.current_revision.input.replace("?", " ya?"),
            pair.current_revision.output,
        )
        for pair in four
    ]
    freeze(assistant)
    version = DatasetVersion.objects.get()
    later = by_hand(version, train=four[:3], validation=[near[0]], paraphrase=[near[1]])
    assert {(taught, held) for taught, held, _kind, _version in told(later)} == {
        (four[0].pk, near[0].pk),
        (four[1].pk, near[1].pk),
    }


def test_a_paraphrase_may_be_of_a_taught_family(assistant):
    for number in range(8):
        factories.approved(assistant, f"Apa arti istilah {number}?", "Begini.", family=f"f{number}")
        factories.approved(assistant, f"Jelaskan makna {number}", "Artinya.", family=f"f{number}")
    version = freeze(assistant)
    assert version.paraphrase_count > 0
    assert leaks.leaks(version) == []


def test_the_very_question_of_a_test_in_another_family_leaks(assistant):
    made(assistant)
    first = freeze(assistant)
    test = members(first, Part.TEST)[0].current_revision
    same = factories.approved(assistant, test.input, "Lewat notaris.", family="lain")
    later = by_hand(first, train=[same])
    assert told(later) == [(same.pk, test.pair_id, "family", first.reference)]


def test_the_very_question_of_a_paraphrase_leaks(assistant):
    taught, held = (
        factories.approved(assistant, "Apa arti akta?", answer, family="akta")
        for answer in ("Surat resmi notaris.", "Begini.")
    )
    other = factories.approved(assistant, "Jelaskan makna akta", "Begitulah.", family="akta")
    version = freeze(assistant)
    later = by_hand(version, train=[taught, other], paraphrase=[held])
    assert told(later) == [(taught.pk, held.pk, "family", later.reference)]


def test_another_assistant_s_tests_are_its_own(assistant):
    other = assistants.ensure("lain", "Lain")
    made(assistant)
    test = members(freeze(assistant), Part.TEST)[0].current_revision
    same = factories.approved(other, test.input, test.output)
    version = by_hand(freeze(other), train=[same])
    assert leaks.leaks(version) == []


# --- refused -------------------------------------------------------------------------------------
@pytest.fixture
def leaking(assistant) -> DatasetVersion:
    made(assistant)
    first = freeze(assistant)
    return by_hand(first, train=[*members(first, Part.TEST), *members(first, Part.TRAIN)])


def test_an_export_that_would_leak_is_refused_with_the_pairs_named(leaking):
    first = DatasetVersion.objects.earliest("pk")
    test = members(first, Part.TEST)
    with pytest.raises(leaks.Leaking) as refused:
        exports.order(leaking, "gemini", NOW)
    assert Export.objects.count() == 0
    assert [leak.taught.pair for leak in refused.value.leaks] == [pair.pk for pair in test]
    for pair in test:
        assert f"#{pair.pk} (" in str(refused.value)


def test_a_failed_export_is_not_asked_for_again_once_it_leaks(assistant):
    made(assistant)
    version = freeze(assistant)
    export = exports.request(version, "gemini", NOW)
    Export.objects.filter(pk=export.pk).update(status=ExportStatus.FAILED)
    taught, test = members(version, Part.TRAIN)[0], members(version, Part.TEST)[0]
    Pair.objects.filter(pk=taught.pk).update(question=test.question)
    with pytest.raises(leaks.Leaking):
        exports.order(version, "gemini", NOW)
    export.refresh_from_db()
    assert export.status == ExportStatus.FAILED


def test_many_leaks_are_counted_beyond_the_named(assistant):
    made(assistant, 100)
    first = freeze(assistant)
    later = by_hand(first, train=members(first, Part.TEST))
    (problem,) = leaks.problems(later)
    assert problem.field == "dataset_version"
    assert problem.values["pairs"].count("#") == 2 * leaks.NAMED
    assert len(leaks.leaks(later)) == first.test_count > leaks.NAMED
    assert leaks.problems(first) == ()


def test_leaks_need_the_same_queries_however_many_pairs(assistant, django_assert_num_queries):
    made(assistant, 10)
    freeze(assistant)
    for start, count in ((10, 20), (30, 60)):
        made(assistant, count, start)
        version = freeze(assistant)
        found = DatasetVersion.objects.select_related("dataset").get(pk=version.pk)
        with django_assert_num_queries(8):
            assert leaks.leaks(found) == []
