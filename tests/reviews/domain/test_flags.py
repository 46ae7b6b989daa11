"""What a machine notices in a pair."""

from __future__ import annotations

import pytest
from django.utils import translation

from reviews.domain import flags
from reviews.models import Pair
from tests import factories


def _kinds(pair):
    return [flag.kind for flag in flags.of(Pair.objects.get(pk=pair.pk))]


@pytest.mark.parametrize(
    ("question", "answer", "kinds"),
    [
        ("Apa itu NIB?", "Nomor Induk Berusaha.", []),
        ("Apa itu NIB?", "Tanya ke budi@contoh.id.", ["personal_data"]),
        ("HP saya 0812-3456-7890, kapan selesai?", "Besok.", ["personal_data"]),
        ("Siapa kamu?", "Saya {{name}}.", ["placeholder"]),
        ("Siapa kamu?", "Saya [NAMA].", ["placeholder"]),
        ("Siapa kamu?", "Lorem ipsum dolor.", ["placeholder"]),
        ("Siapa kamu?", "Saya {name} [1].", []),
        ("Siapa kamu?", "{{x}} budi@contoh.id", ["personal_data", "placeholder"]),
    ],
)
def test_leftovers_are_flagged_and_block(assistant, question, answer, kinds):
    pair = factories.pair(assistant, question, answer)
    found = flags.of(pair)
    assert [flag.kind for flag in found] == kinds
    assert all(flag.blocks for flag in found)


@pytest.mark.parametrize(
    ("approved", "answer", "flagged"),
    [
        ("Minimal Rp10 miliar.", "Minimal Rp2,5 miliar.", True),
        ("Minimal Rp10 miliar.", "Paling sedikit 10 milyar rupiah.", False),
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
    assert _kinds(pair) == (["contradiction"] if flagged else [])


def test_a_contradiction_names_the_other_pair_and_the_fact(assistant):
    other = factories.approved(assistant, "Berapa modal PMA?", "Rp10 miliar.", family="pma")
    pair = factories.pair(assistant, "Modal PMA?", "Rp2,5 miliar.", family="pma")
    with translation.override("en"):
        [flag] = flags.of(pair)
    assert flag.message == f"Differs from the approved pair #{other.pk}: IDR 2500000000"
    assert not flag.blocks


def test_drafts_and_other_families_contradict_nothing(assistant):
    factories.pair(assistant, "Berapa modal PMA?", "Rp10 miliar.", family="pma")
    factories.approved(assistant, "Berapa biaya KITAS?", "Rp5 juta.", family="kitas")
    pair = factories.pair(assistant, "Modal PMA?", "Rp2,5 miliar.", family="pma")
    assert _kinds(pair) == []


def test_a_pair_does_not_contradict_itself(assistant):
    pair = factories.approved(assistant, "Berapa modal PMA?", "Rp10 miliar.")
    assert _kinds(pair) == []


def test_two_answers_to_the_same_question(assistant):
    other = factories.approved(assistant, "Apa itu NIB?", "Nomor Induk Berusaha.")
    pair = factories.pair(assistant, "apa itu nib", "Izin usaha.")
    with translation.override("en"):
        assert [flag.message for flag in flags.of(pair)] == [
            f"The same question has another approved answer: #{other.pk}"
        ]


@pytest.mark.parametrize(
    ("question", "answer"),
    [("Apa itu NIB?", "nomor  induk berusaha."), ("NIB itu apa?", "Izin usaha.")],
)
def test_the_same_answer_or_another_wording_is_no_second_answer(assistant, question, answer):
    factories.approved(assistant, "Apa itu NIB?", "Nomor Induk Berusaha.", family="nib")
    assert _kinds(factories.pair(assistant, question, answer, family="nib")) == []


@pytest.mark.parametrize("others", [1, 3])
def test_the_flags_take_two_queries_at_most(assistant, others, django_assert_max_num_queries):
    for number in range(others):
        factories.approved(assistant, "Berapa modal?", f"Rp{number + 1} miliar.", family="m")
    pair = factories.pair(assistant, "Berapa modal?", "Rp9 miliar.", family="m")
    with django_assert_max_num_queries(2):
        found = flags.of(pair)
    assert [flag.kind for flag in found] == ["contradiction"] * others + ["two_answers"]
