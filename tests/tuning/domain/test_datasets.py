"""A version is frozen and reproducible: the same content, the same version, the same hash (D1)."""

from __future__ import annotations

import hashlib
import uuid

import pytest
from django.db import connection, transaction

from reviews.domain import assistants, flags, pairs, transitions
from reviews.domain.errors import Invalid
from reviews.enums import PairStatus
from reviews.formats import Example
from reviews.models import Band, Feedback, Pair, PairRevision, PromptVersion
from tests import factories
from tests.tuning import making
from tuning.domain import datasets, exports, plans, selection, ties
from tuning.enums import Part
from tuning.models import Dataset, DatasetMember, DatasetVersion

NOW = factories.NOW
HASH = "e695988424d542ea754b7a65cf81079720f0cf51938888f144f207e180c4a84f"
BYTES = "7c4c8cb87eeadcfea21893d7a0a5a04282aa21709d9b1273bd36e7cb22f6adde"
TEXTS = [(f"Apa arti istilah {n}?", f"Istilah {n} berarti hal {n}.") for n in range(12)]


def texts(version: DatasetVersion) -> set[str]:
    return set(version.members.values_list("revision__input", flat=True))


def freeze(assistant, slug=datasets.EVERYTHING):
    return datasets.freeze(datasets.ensure(assistant, slug), now=NOW)


def freeze_with_a_test(assistant) -> DatasetVersion:
    """Forty pairs of as many families, each unlike the others."""
    for number in range(40):
        factories.approved(assistant, f"Pertanyaan awal {number}?")
    return freeze(assistant)


def approve(pair: Pair) -> None:
    transitions.move(pair, PairStatus.IN_REVIEW, now=NOW)
    transitions.move(pair, PairStatus.APPROVED, now=NOW)


def move_to_family(pair: Pair, question) -> None:
    Pair.objects.filter(pk=pair.pk).update(question=question)


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
    for number in range(40):
        factories.approved(assistant, f"Pertanyaan lama {number}?")
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
    assert set(everything.values()) == {"train", "validation", "test"}


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


# --- what the version tells of itself ------------------------------------------------------------
def test_the_same_rows_freeze_to_the_same_hash_and_bytes_on_every_database(assistant):
    """The suite runs on SQLite and on PostgreSQL: the figures are those of both."""
    turns = [["user", "Apa itu PT?"], ["assistant", "Perseroan — «terbatas» & berbadan hukum."]]
    for question, answer in TEXTS:
        factories.approved(assistant, question, answer)
    for number in range(3):
        factories.approved(assistant, f"Cara ke-{number}?", "Lewat OSS.", family="cara")
    factories.approved(assistant, "Modalnya 中?", "Cukup Ünì.", history=turns, system="Pendek.")
    version = freeze(assistant)
    assert version.split == {"train": 11, "validation": 2, "test": 2, "paraphrase": 1}
    assert version.content_hash == HASH
    written = b"".join(exports.lines(version, "gemini", None))
    assert hashlib.sha256(written).hexdigest() == BYTES


def test_a_version_keeps_the_rule_that_it_was_frozen_by(assistant):
    factories.approved(assistant, register="casual")
    dataset = datasets.ensure(assistant, datasets.EVERYTHING)
    dataset.registers, dataset.general_percent = ["casual"], 10
    dataset.save()
    version = datasets.freeze(dataset, now=NOW)
    dataset.registers = []
    dataset.save()
    version.refresh_from_db()
    assert (version.rule["registers"], version.rule["general_percent"]) == (["casual"], 10)


def test_a_version_tells_what_it_left_out_and_why(assistant):
    old = freeze_with_a_test(assistant)
    test = old.members.filter(part=Part.TEST).first().revision
    taught = old.members.filter(part=Part.TRAIN).first().revision
    bridge = factories.pair(assistant, f"{test.input} ya", test.output)
    move_to_family(bridge, taught.pair.question)
    approve(bridge)
    # Without what is left out the version would be the one that is there.
    assert freeze(assistant) == old
    factories.approved(assistant)
    version = freeze(assistant)
    (left,) = version.left_out.all()
    assert (left.revision.pair, left.reason, left.against) == (bridge, "near", test)
    assert bridge.pk not in set(version.members.values_list("revision__pair", flat=True))


# --- building on an earlier version --------------------------------------------------------------
def test_members_of_the_parent_stay_in_their_parts_whatever_the_rule_chooses(assistant):
    parent = freeze_with_a_test(assistant)
    dataset = Dataset.objects.create(assistant=assistant, slug="baru", name="Baru")
    dataset.registers = ["casual"]
    dataset.save()
    factories.approved(assistant, "Santai?", register="casual")
    alone = datasets.freeze(dataset, now=NOW)
    assert texts(alone) == {"Santai?"}
    version = datasets.freeze(dataset, now=NOW, parent=parent)
    assert version.parent == parent
    assert texts(version) == texts(parent) | {"Santai?"}
    parts = dict(parent.members.values_list("revision", "part"))
    assert parts.items() <= dict(version.members.values_list("revision", "part")).items()


def test_a_parent_s_member_comes_with_its_text_of_now_or_not_at_all(assistant, reviewer):
    pairs_ = making.approved_many(assistant, 12)
    parent = freeze(assistant)
    pairs.revise(pairs_[0], answer="Jawaban baru.", by=reviewer, why="salah", now=NOW)
    transitions.move(pairs_[0], PairStatus.APPROVED, now=NOW)
    pairs.retire(pairs_[1], by=reviewer, why="usang", now=NOW)
    version = datasets.freeze(datasets.ensure(assistant, datasets.NIGHTLY), now=NOW, parent=parent)
    members = set(version.members.values_list("revision__pair", "revision__output"))
    assert (pairs_[0].pk, "Jawaban baru.") in members
    assert pairs_[1].pk not in {pair for pair, _output in members}
    assert len(members) == 11


def test_a_parent_of_another_assistant_is_refused(assistant):
    other = assistants.ensure("lain", "Lain")
    factories.approved(other)
    factories.approved(assistant)
    parent = freeze(other)
    with pytest.raises(Invalid) as refused:
        datasets.freeze(datasets.ensure(assistant, datasets.EVERYTHING), now=NOW, parent=parent)
    assert refused.value.fields == {"parent": "belongs to another assistant"}
    assert assistant.datasets.get().versions.count() == 0


# --- ties ----------------------------------------------------------------------------------------
def one_part(version: DatasetVersion, *pairs_: Pair) -> bool:
    rows = version.members.filter(revision__pair__in=[pair.pk for pair in pairs_])
    return len(set(rows.values_list("part", flat=True))) == 1 and rows.count() == len(pairs_)


def voted(pair: Pair, person: str) -> None:
    Feedback.objects.create(
        request_id=uuid.uuid4(),
        assistant=pair.assistant,
        request_type="chat",
        prompt="a",
        response="b",
        is_positive=True,
        subject_hash=person,
        asked_at=NOW,
        created_at=NOW,
        pair=pair,
    )


def test_pairs_of_one_person_go_to_one_part(assistant):
    made = [factories.approved(assistant) for _number in range(60)]
    for place in (3, 17, 31, 45):
        voted(made[place], "orang")
    # A later vote on it, by somebody else, is not where it came from.
    voted(made[3], "lain")
    voted(made[50], "lain")
    plan = plans.make(selection.of(datasets.ensure(assistant, datasets.EVERYTHING)))
    people = {node.pair: node.person for node in plan.members if node.person}
    assert people == {made[at].pk: "orang" for at in (3, 17, 31, 45)} | {made[50].pk: "lain"}
    assert one_part(freeze(assistant), *(made[at] for at in (3, 17, 31, 45)))


def test_turns_of_one_conversation_go_to_one_part(assistant):
    opening = [["user", "Berapa modal dasar PT di Jakarta?"], ["assistant", "Sepuluh miliar."]]
    more = [*opening, ["user", "Lalu?"], ["assistant", "Ke notaris."]]
    talk = [
        factories.approved(assistant, opening[0][1], opening[1][1]),
        factories.approved(assistant, "Lalu?", "Ke notaris.", history=opening),
        factories.approved(assistant, "Biayanya?", "Lima juta.", history=more),
    ]
    for _number in range(60):
        factories.approved(assistant)
    assert one_part(freeze(assistant), *talk)


def test_a_corrected_answer_takes_no_turn_out_of_its_conversation(assistant, reviewer):
    asked, said = "Berapa modal dasar PT di Jakarta?", "Sejuta."
    first = factories.approved(assistant, asked, said)
    opening = [["user", asked], ["assistant", said]]
    second = factories.approved(assistant, "Lalu?", "Ke notaris.", history=opening)
    pairs.revise(first, answer="Sepuluh miliar.", by=reviewer, why="salah", now=NOW)
    nodes = {node.pair: node for node in ties.read(PairRevision.objects.all())}
    assert nodes[first.pk].conversation == nodes[second.pk].conversation != ""


@pytest.mark.parametrize(
    ("history", "bound"),
    [
        # A greeting begins any number of them.
        ([("user", "Selamat siang"), ("assistant", "Halo, ada yang bisa dibantu?")], ""),
        ([("user", "Saya mau mendirikan PT di Bali."), ("assistant", "Baik.")], "same"),
    ],
)
def test_a_conversation_is_known_by_what_its_user_said(history, bound):
    turns = tuple(history)
    first, second = (
        ties.conversation(Example("Lalu?", answer, history=turns)) for answer in ("A.", "B.")
    )
    assert (first == second != "") is bool(bound)


def test_near_duplicates_of_two_families_go_to_one_part_with_bands_or_without(assistant):
    question = "Apa saja syarat mendirikan restoran di Denpasar"
    answer = "Akta notaris, NPWP, izin lokasi, dan sertifikat laik higiene dari dinas kesehatan."
    twins = [factories.approved(assistant, f"{question}{end}?", answer) for end in ("", " ya")]
    for _number in range(60):
        factories.approved(assistant)
    assert Band.objects.count() == 0
    plan = plans.make(selection.of(datasets.ensure(assistant, datasets.EVERYTHING)))
    flags.examine_due()
    assert Band.objects.filter(pair=twins[0]).count() == 16
    again = plans.make(selection.of(datasets.ensure(assistant, datasets.EVERYTHING)))
    assert plan.parts == again.parts
    assert one_part(freeze(assistant), *twins)


def test_a_near_duplicate_is_no_paraphrase(assistant):
    """A held-out wording must not be taught in nearly the same words."""
    for number in range(10):
        for end in ("", " ya", " dong"):
            question = f"Berapa lama pengurusan izin restoran nomor {number} di Denpasar{end}?"
            factories.approved(assistant, question, f"{number} hari.", family=f"f{number}")
    assert freeze(assistant).paraphrase_count == 0


def test_a_plan_needs_the_same_queries_however_many_pairs(assistant, django_assert_num_queries):
    dataset = datasets.ensure(assistant, datasets.EVERYTHING)
    for wanted in (4, 30):
        making.approved_many(assistant, wanted - Pair.objects.count(), start=Pair.objects.count())
        freeze(assistant)
        factories.approved(assistant)
        flags.examine_due()
        rule = selection.of(dataset)
        with django_assert_num_queries(7):
            datasets.preview(rule)


# --- bad input -----------------------------------------------------------------------------------
def reasons(subject) -> list[str]:
    assert {problem.field for problem in datasets.problems(subject)} <= {"dataset_version"}
    return [problem.reason % problem.values for problem in datasets.problems(subject)]


def test_a_version_that_can_be_tuned_on_has_no_problems(assistant):
    version = freeze_with_a_test(assistant)
    assert reasons(version) == reasons(version.dataset) == []


def test_a_small_version_is_told_each_reason(assistant):
    making.approved_many(assistant, 4)
    version = freeze(assistant)
    assert reasons(version) == reasons(version.dataset)
    assert reasons(version)[0] == "holds 4 pairs; at least 10 are needed"


def test_all_of_one_family(assistant):
    for number in range(12):
        factories.approved(assistant, f"Cara ke-{number}?", f"Jalan {number}.", family="satu")
    version = freeze(assistant)
    assert reasons(version) == reasons(version.dataset) == ["teaches one question family alone"]


def test_a_vanished_revision_is_named_by_its_place(assistant):
    version = freeze_with_a_test(assistant)
    victim = version.members.get(position=7).revision_id
    with transaction.atomic():
        PairRevision.objects.filter(pk=victim)._raw_delete("default")
        assert reasons(version) == ["the revisions of these members have vanished: 7"]
        transaction.set_rollback(True)


def test_members_that_are_gone_and_texts_that_are_blank_are_told(assistant):
    version = freeze_with_a_test(assistant)
    member = version.members.filter(part=Part.TRAIN).last()
    PairRevision.objects.filter(pk=member.revision_id).update(output="")
    version.members.filter(position=1).delete()
    assert reasons(version) == [
        "1 of 40 members are gone",
        f"these pairs have no text any more: #{member.revision.pair_id}",
    ]


# --- at once -------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_two_freezes_at_once_make_one_version(assistant, together):
    making.approved_many(assistant, 20)
    dataset = datasets.ensure(assistant, datasets.EVERYTHING)
    first, second = together(*[lambda: datasets.freeze(dataset, now=NOW)] * 2)
    assert first.pk == second.pk == DatasetVersion.objects.get().pk
    assert DatasetMember.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_nothing_is_locked_while_texts_are_read_and_compared(assistant):
    making.approved_many(assistant, 10)
    dataset = datasets.ensure(assistant, datasets.EVERYTHING)
    locked = []

    def note(execute, sql, *rest):
        if '"reviews_pairrevision"."output"' in sql:
            locked.append(connection.in_atomic_block)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        datasets.freeze(dataset, now=NOW)
    assert locked == [False, False]


@pytest.mark.django_db(transaction=True)
def test_parts_given_since_the_plan_was_made_hold(assistant):
    """Another dataset is frozen between this one's plan and its version."""
    mine, theirs = (datasets.ensure(assistant, slug) for slug in ("approved", "nightly"))
    for register in ["formal", "casual"] * 40:
        factories.approved(assistant, register=register)
    theirs.registers = ["casual"]
    theirs.save()
    frozen = []

    def meanwhile(execute, sql, *rest):
        if sql.startswith('UPDATE "reviews_assistant"') and not frozen:
            frozen.append(None)
            frozen.append(datasets.freeze(theirs, now=NOW))
        return execute(sql, *rest)

    with connection.execute_wrapper(meanwhile):
        version = datasets.freeze(mine, now=NOW)
    other = dict(frozen[1].members.values_list("revision", "part"))
    assert frozen[1].split == {"train": 29, "validation": 5, "test": 6, "paraphrase": 0}
    assert other.items() <= dict(version.members.values_list("revision", "part")).items()


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
    assert "test" in nightly.values()
    assert {revision: everything[revision] for revision in nightly} == nightly
