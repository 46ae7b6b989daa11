"""What a machine notices in a pair: looked at when due, stored with its place, told in a reader's
language."""

from __future__ import annotations

import pytest
from django.utils import translation

from reviews.domain import flag_words, flags, inspection, pairs, verdicts
from reviews.enums import PairStatus
from reviews.models import Band, Flag, Pair
from tests import factories
from tests.factories import NOW


def _fresh(pair) -> Pair:
    return Pair.objects.select_related("current_revision", "category").get(pk=pair.pk)


def _kinds(pair) -> list[str]:
    return [flag.kind for flag in inspection.look(_fresh(pair))]


def _stored(pair) -> list[tuple]:
    rows = Flag.objects.filter(revision__pair=pair).order_by("id")
    return list(rows.values_list("kind", "place", "start", "end"))


# --- what is noticed -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("question", "answer", "kinds"),
    [
        ("Apa itu NIB?", "Nomor Induk Berusaha.", []),
        ("Apa itu NIB?", "Tanya ke budi@contoh.id.", ["personal_data"]),
        ("HP saya 0812-3456-7890, kapan selesai?", "Besok.", ["personal_data"]),
        ("Siapa kamu?", "Saya {{name}}.", ["placeholder"]),
        ("Siapa kamu?", "Saya [NAMA].", ["placeholder"]),
        ("Siapa kamu?", "Lorem ipsum dolor.", ["placeholder"]),
        ("Siapa kamu?", "{{x}} budi@contoh.id", ["personal_data", "placeholder"]),
        ("Berapa biayanya?", "Biayanya Rp 1.00.000 saja.", ["number_grouping"]),
        ("Kapan berlaku?", "Mulai 31 Februari 2026.", ["date"]),
        ("Jam berapa buka?", "Kantor buka pukul 25.61.", ["time"]),
        (
            "Bagaimana caranya?",
            "Anda bisa mengurusnya sendiri, tetapi kamu perlu paspor.",
            ["address_mixed", "address_informal"],
        ),
        (
            "Bagaimana caranya?",
            "Adalah penting untuk Anda menyiapkan paspor lebih dahulu.",
            ["english_structure"],
        ),
        (
            "Apa syaratnya?",
            "You need a valid passport and a letter from your sponsor in Indonesia.",
            ["language"],
        ),
    ],
)
def test_what_a_text_says_of_itself(assistant, question, answer, kinds):
    assert _kinds(factories.pair(assistant, question, answer)) == kinds


def test_a_casual_answer_where_a_formal_one_is_wanted(assistant):
    answer = "Gampang kok, lo tinggal dateng aja ke kantor imigrasi, ntar dibantuin deh."
    casual = factories.pair(assistant, "Gimana caranya?", answer, register="casual")
    formal = factories.pair(assistant, "Bagaimana caranya?", answer, register="formal")
    assert "register" not in _kinds(casual)
    assert "register" in _kinds(formal)


@pytest.mark.parametrize(
    ("approved", "answer", "flagged"),
    [
        ("Minimal Rp10 miliar.", "Minimal Rp2,5 miliar.", True),
        ("Minimal Rp10 miliar.", "Paling sedikit 10 milyar rupiah.", False),
        ("Minimal Rp10 miliar.", "Minimal 10 M rupiah.", False),
        ("Selesai 30 hari.", "Selesai 14 hari.", True),
        ("Lihat Pasal 75 UU 6/2011.", "Lihat Pasal 76 UU 6/2011.", True),
        ("Minimal Rp10 miliar, 30 hari.", "Minimal Rp10 miliar.", False),
        ("Minimal Rp10 miliar.", "Selesai 30 hari.", False),
        ("Minimal Rp10 miliar.", "Minimal Rp10 miliar, selesai 30 hari.", False),
        ("Cukup besar.", "Minimal Rp2,5 miliar.", False),
        ("Minimal Rp10 miliar.", "Cukup besar.", False),
    ],
)
def test_facts_that_an_approved_answer_of_the_family_denies(assistant, approved, answer, flagged):
    factories.approved(assistant, "Berapa modal PMA?", approved, family="pma")
    pair = factories.pair(assistant, "Modal PMA berapa sih?", answer, family="pma")
    assert ("contradiction" in _kinds(pair)) is flagged


def test_drafts_and_other_families_contradict_nothing(assistant):
    factories.pair(assistant, "Berapa modal PMA?", "Rp10 miliar.", family="pma")
    factories.approved(assistant, "Berapa biaya KITAS?", "Rp5 juta.", family="kitas")
    pair = factories.pair(assistant, "Modal PMA?", "Rp2,5 miliar.", family="pma")
    assert _kinds(pair) == []


def test_a_pair_does_not_contradict_itself(assistant):
    pair = factories.approved(assistant, "Berapa modal PMA?", "Rp10 miliar.")
    assert _kinds(pair) == []


@pytest.mark.parametrize(
    ("question", "answer"),
    [("Apa itu NIB?", "nomor  induk berusaha."), ("NIB itu apa?", "Izin usaha.")],
)
def test_the_same_answer_or_another_wording_is_no_second_answer(assistant, question, answer):
    factories.approved(assistant, "Apa itu NIB?", "Nomor Induk Berusaha.", family="nib")
    assert "two_answers" not in _kinds(factories.pair(assistant, question, answer, family="nib"))


LONG = "Visa kunjungan C1 berlaku 60 hari dan dapat diperpanjang di kantor imigrasi terdekat."


def test_a_near_duplicate_is_found_among_all_pairs(assistant):
    twin = factories.pair(assistant, "Berapa lama visa C1 berlaku?", LONG)
    flags.examine(_fresh(twin))
    pair = factories.pair(assistant, "Berapa lama visa C1 berlaku ya?", LONG + " Ya.")
    [flag] = inspection.look(_fresh(pair))
    assert (flag.kind, flag.values["pair"]) == ("near_duplicate", twin.pk)
    other = factories.pair(assistant, "Berapa lama visa C2 berlaku?", LONG)
    assert "near_duplicate" not in _kinds(other)


@pytest.mark.parametrize("others", [1, 3])
def test_a_look_takes_three_queries_at_most(assistant, others, django_assert_max_num_queries):
    for number in range(others):
        factories.approved(assistant, "Berapa modal?", f"Rp{number + 1} miliar.", family="m")
    pair = _fresh(factories.pair(assistant, "Berapa modal?", "Rp9 miliar.", family="m"))
    with django_assert_max_num_queries(3):
        found = inspection.look(pair)
    assert [flag.kind for flag in found] == ["contradiction"] * others + ["two_answers"]


# --- in the background ---------------------------------------------------------------------------
def test_what_is_due_is_looked_at_once(assistant):
    pair = factories.pair(assistant, "Siapa kamu?", "Saya {{nama}}.")
    assert flags.examine_due() == 1
    assert _stored(pair) == [("placeholder", "answer", 5, 13)]
    assert Band.objects.filter(pair=pair).count() == 16
    assert flags.examine_due() == 0


def test_a_new_text_is_looked_at_anew(assistant, reviewer, sent_hints):
    pair = factories.pair(assistant, "Siapa kamu?", "Saya {{nama}}.")
    flags.examine_due()
    pairs.revise(_fresh(pair), answer="Saya asisten visa.", by=reviewer, why="", now=NOW)
    assert flags.examine_due() == 1
    now = _fresh(pair)
    assert flags.of(now) == []
    assert Flag.objects.filter(revision__number=1).count() == 1


@pytest.mark.django_db(transaction=True)
def test_changes_ask_for_a_look_within_seconds(assistant, reviewer, sent_hints):
    pair = factories.pair(assistant)
    assert sent_hints == ["reviews.examine_pairs"]
    pairs.revise(_fresh(pair), answer="Lain.", by=reviewer, why="", now=NOW)
    assert sent_hints == ["reviews.examine_pairs"] * 2


def test_an_approval_makes_its_family_due(assistant, checklist, reviewer, second_reviewer):
    waiting = factories.pair(assistant, "Modal PMA?", "Rp2,5 miliar.", family="pma")
    other = factories.pair(assistant, "Berapa modal PMA?", "Rp10 miliar.", family="pma")
    flags.examine_due()
    assert _stored(waiting) == []
    for person in (reviewer, second_reviewer):
        factories.decide(other, person)
    assert other.status == PairStatus.APPROVED
    flags.examine_due()
    flags.examine_due()
    assert [row[0] for row in _stored(waiting)] == ["contradiction"]


def test_one_that_cannot_be_looked_at_holds_back_no_other(assistant, monkeypatch):
    poisoned, sound = factories.pair(assistant), factories.pair(assistant, "A?", "{{b}} x")
    whole = inspection.look

    def look(pair, *args):
        if pair.pk == poisoned.pk:
            raise ValueError("poison")
        return whole(pair, *args)

    monkeypatch.setattr(inspection, "look", look)
    assert flags.examine_due() == 2
    assert [row[0] for row in _stored(sound)] == ["placeholder"]
    assert Pair.objects.filter(checks_due=True).get() == poisoned


def test_a_text_that_changed_meanwhile_is_left_to_the_next_look(assistant, reviewer):
    pair = factories.pair(assistant, "Siapa?", "Saya {{nama}}.")
    stale = _fresh(pair)
    pairs.revise(_fresh(pair), answer="Saya asisten.", by=reviewer, why="", now=NOW)
    assert flags.examine(stale) == 0
    assert (_stored(pair), Pair.objects.get().checks_due) == ([], True)


def test_undoing_an_approval_makes_the_pair_due(assistant, checklist, reviewer, second_reviewer):
    pair = factories.pair(assistant)
    for person in (reviewer, second_reviewer):
        factories.decide(pair, person)
    flags.examine_due()
    verdict = verdicts.standing(pair)[-1]
    verdicts.undo(verdict, by=verdict.reviewer, now=NOW)
    assert Pair.objects.get().checks_due


# --- in words ------------------------------------------------------------------------------------
def test_a_contradiction_names_the_other_pair_and_both_facts(assistant):
    other = factories.approved(assistant, "Berapa modal PMA?", "Rp10 miliar.", family="pma")
    pair = factories.pair(assistant, "Modal PMA?", "Rp2,5 miliar.", family="pma")
    [flag] = inspection.look(_fresh(pair))
    with translation.override("en"):
        said = flag_words.describe(flag)
    assert (said.title, flag.blocks) == ("Contradiction", False)
    assert said.message == (
        f"“Rp2,5 miliar” here, “Rp10 miliar” in the approved pair #{other.pk} on the same question"
    )


@pytest.mark.parametrize("kind", [*flag_words.MESSAGES, "length"])
@pytest.mark.parametrize("language", ["id", "en", "it"])
def test_every_kind_has_its_words_in_every_language(kind, language):
    names = "what text mine theirs pair percent found wanted word main month count".split()
    values = dict.fromkeys(names, "7") | {"part": "answer", "reason": "short"}
    with translation.override(language):
        said = flag_words.describe(Flag(kind=kind, values=values))
    assert "%" not in said.message.replace(" %)", "")
    assert said.title
    assert kind not in (said.title, said.message)


def test_a_kind_that_is_no_longer_known_says_its_name():
    assert flag_words.describe(Flag(kind="old")) == flag_words.Described("old", "old")
