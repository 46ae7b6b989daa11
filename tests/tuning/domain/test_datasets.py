"""A version is frozen and reproducible: the same content, the same version, the same hash (D1)."""

from __future__ import annotations

import pytest

from reviews.domain import assistants, pairs, transitions
from reviews.enums import PairStatus
from reviews.models import Pair, PromptVersion
from tests import factories
from tests.tuning import making
from tuning.domain import datasets, exports
from tuning.enums import Part
from tuning.models import DatasetMember, DatasetVersion

NOW = factories.NOW
TEXTS = [(f"Apa arti istilah {n}?", f"Istilah {n} berarti hal {n}.") for n in range(12)]


def texts(version: DatasetVersion) -> set[str]:
    return set(version.members.values_list("revision__input", flat=True))


def freeze(assistant, slug=datasets.EVERYTHING):
    return datasets.freeze(datasets.ensure(assistant, slug), now=NOW)


def test_nothing_approved_freezes_nothing(assistant):
    factories.pair(assistant)
    assert freeze(assistant) is None
    assert DatasetVersion.objects.count() == 0


def test_only_approved_pairs_of_the_assistant_are_members(assistant):
    other = assistants.ensure("lain", "Lain")
    factories.approved(other, "Punya siapa?")
    factories.approved(assistant, "Disetujui?")
    for status in (s for s in PairStatus.values if s != PairStatus.APPROVED):
        made = factories.pair(assistant, f"Masih {status}?")
        Pair.objects.filter(pk=made.pk).update(status=status)
    assert texts(freeze(assistant)) == {"Disetujui?"}


def test_members_hold_the_revision_of_the_freeze_and_edits_do_not_change_it(assistant, reviewer):
    pair = factories.approved(assistant, "Berapa lama?", "Dua tahun.")
    pairs.revise(pair, answer="Lima tahun.", by=reviewer, why="salah", now=NOW)
    transitions.move(pair, PairStatus.APPROVED, now=NOW)
    version = freeze(assistant)
    pairs.revise(pair, answer="Sepuluh tahun.", by=reviewer, why="lagi", now=NOW)
    (example,) = datasets.examples(version)
    assert (example.input, example.output) == ("Berapa lama?", "Lima tahun.")


def test_counts_are_those_of_the_members(assistant):
    for number in range(12):
        for wording in range(2):
            factories.approved(assistant, f"Cara {wording} urus {number}?", family=f"f{number}")
    version = freeze(assistant)
    assert version.split == {
        part: DatasetMember.objects.filter(version=version, part=part).count()
        for part in Part.values
    }
    assert sum(version.split.values()) == 24
    assert 0 not in version.split.values()


def test_the_same_content_returns_the_same_version(assistant):
    making.approved_many(assistant, 20)
    first = freeze(assistant)
    assert freeze(assistant).pk == first.pk
    assert (DatasetVersion.objects.count(), DatasetMember.objects.count()) == (1, 20)


def test_changed_content_gets_the_next_number(assistant):
    making.approved_many(assistant, 3)
    first = freeze(assistant)
    factories.approved(assistant)
    second = freeze(assistant)
    assert [first.reference, second.reference] == ["bisnis/approved@1", "bisnis/approved@2"]
    assert first.content_hash != second.content_hash


def test_another_prompt_is_other_content(assistant):
    making.approved_many(assistant, 3)
    first = freeze(assistant)
    PromptVersion.objects.create(assistant=assistant, number=2, text="Jawab singkat.")
    second = freeze(assistant)
    assert (second.number, second.prompt.number) == (2, 2)
    assert first.content_hash != second.content_hash


def test_a_changed_answer_is_other_content(assistant, reviewer):
    pair = making.approved_many(assistant, 3)[0]
    first = freeze(assistant)
    pairs.revise(pair, answer="Lain.", by=reviewer, why="salah", now=NOW)
    transitions.move(pair, PairStatus.APPROVED, now=NOW)
    assert freeze(assistant).content_hash != first.content_hash


def test_the_hash_knows_no_ids_no_order_and_no_assistant(assistant):
    other = assistants.ensure("lain", "Lain")
    for question, answer in TEXTS:
        factories.approved(assistant, question, answer)
    factories.pair(other, "Hanya agar nomornya lain?")
    for question, answer in reversed(TEXTS):
        factories.approved(other, question, answer)
    mine, theirs = freeze(assistant), freeze(other)
    assert mine.content_hash == theirs.content_hash
    assert list(datasets.examples(mine)) == list(datasets.examples(theirs))


def test_a_family_in_a_test_stays_in_tests_of_every_later_version(assistant):
    making.approved_many(assistant, 40)
    first = freeze(assistant)
    tests = set(first.members.filter(part=Part.TEST).values_list("revision", flat=True))
    for number in range(60):
        factories.approved(assistant, f"Pertanyaan baru {number}?")
    second = freeze(assistant)
    later = dict(second.members.values_list("revision", "part"))
    assert {later[revision] for revision in tests} == {Part.TEST}
    taught = first.members.exclude(part=Part.TEST).values_list("revision", flat=True)
    assert Part.TEST not in {later[revision] for revision in taught}


def test_both_datasets_of_an_assistant_share_one_split(assistant):
    making.approved_many(assistant, 40)
    everything = dict(freeze(assistant).members.values_list("revision", "part"))
    nightly = dict(freeze(assistant, datasets.NIGHTLY).members.values_list("revision", "part"))
    assert nightly == everything


def test_examples_come_in_order_and_by_part(assistant):
    making.approved_many(assistant, 20)
    version = freeze(assistant)
    inputs = list(version.members.order_by("position").values_list("revision__input", flat=True))
    assert [example.input for example in datasets.examples(version)] == inputs
    train = version.members.filter(part="train").values_list("revision__input", flat=True)
    assert {example.input for example in datasets.examples(version, "train")} == set(train)


def test_examples_carry_history_and_the_system_instruction(assistant):
    turns = [["user", "Apa itu PT?"], ["assistant", "Perseroan."]]
    factories.approved(assistant, "Modalnya?", "Cukup.", history=turns)
    factories.approved(assistant, "Siapa kamu?", "Asisten.", system="Jawab pendek.")
    found = {example.input: example for example in datasets.examples(freeze(assistant))}
    assert found["Modalnya?"].history == (("user", "Apa itu PT?"), ("assistant", "Perseroan."))
    assert found["Modalnya?"].system == assistants.DEFAULT_PROMPT
    assert found["Siapa kamu?"].system == "Jawab pendek."


def test_examples_need_one_query_however_many(assistant, django_assert_num_queries):
    making.approved_many(assistant, 3)
    small = freeze(assistant)
    making.approved_many(assistant, 6, start=3)
    large = DatasetVersion.objects.select_related("prompt").get(pk=freeze(assistant).pk)
    small = DatasetVersion.objects.select_related("prompt").get(pk=small.pk)
    for version, rows in ((small, 3), (large, 9)):
        with django_assert_num_queries(1):
            assert len(list(datasets.examples(version))) == rows


@pytest.mark.parametrize(("name", "found"), [("bisnis/approved@1", True), ("bisnis/x@1", False)])
def test_a_version_is_found_by_its_reference(assistant, name, found):
    factories.approved(assistant)
    version = freeze(assistant)
    assert datasets.find(name) == (version if found else None)


def test_a_version_is_found_by_its_id(assistant):
    factories.approved(assistant)
    version = freeze(assistant)
    assert datasets.find(str(version.pk)) == version
    assert datasets.find(str(version.pk + 1)) is None


@pytest.mark.django_db(transaction=True)
def test_two_freezes_at_once_make_one_version(assistant, together):
    making.approved_many(assistant, 20)
    dataset = datasets.ensure(assistant, datasets.EVERYTHING)
    first, second = together(*[lambda: datasets.freeze(dataset, now=NOW)] * 2)
    assert first.pk == second.pk == DatasetVersion.objects.get().pk
    assert DatasetMember.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_two_datasets_frozen_at_once_share_one_split(assistant, together):
    making.approved_many(assistant, 20)
    exports.request(freeze(assistant), "gemini", NOW)
    exports.write_pending(NOW)
    # The nightly one selects these alone, so its shares are those of fewer families.
    making.approved_many(assistant, 20, start=20)
    both = [datasets.ensure(assistant, name) for name in (datasets.NIGHTLY, datasets.EVERYTHING)]
    versions = together(*[lambda d=d: datasets.freeze(d, now=NOW) for d in both])
    nightly, everything = (dict(v.members.values_list("revision", "part")) for v in versions)
    assert len(nightly) == 20
    assert {revision: everything[revision] for revision in nightly} == nightly
