"""What is shown beside a pair: approved pairs like it, and lessons."""

from __future__ import annotations

import pytest

from reviews.domain import assistants, corrections, pairs, passages, similar, transitions
from reviews.domain.errors import Unknown
from reviews.domain.similar import Similar
from reviews.enums import PairStatus
from reviews.models import Category, Correction, Pair
from tests import factories

NOW = factories.NOW
MODAL = "Berapa modal minimal untuk mendirikan PT PMA?"


def _approved(assistant, question: str, answer: str = "", **fields) -> Pair:
    pair = factories.approved(assistant, question, answer, **fields)
    passages.keep_up(pair)
    return pair


def _shown(pair: Pair) -> list[int]:
    return [row.pair for row in similar.beside(pair.pk).pairs]


def _lesson(assistant, pair: Pair | None, lesson: str, category: Category | None = None):
    """A finished correction; of an approved pair unlike any other unless given."""
    return Correction.objects.create(
        assistant=assistant,
        identity=lesson,
        category=category,
        question="?",
        wrong_answer="!",
        right_answer="Benar.",
        lesson=lesson,
        status="finished",
        pair=pair or factories.approved(assistant),
    )


@pytest.mark.parametrize(
    "question",
    [
        "Modal minimal PT PMA berapa?",
        "modal PMA brp ya",
        "Untuk bikin PT PMA, modalnya harus berapa?",
        "Berapa modal minmal mendirikan PT PAM?",
        "PT PMA: modal?",
    ],
)
def test_a_reworded_question_finds_it_first(assistant, question):
    _approved(assistant, "Berapa lama KITAS investor berlaku?")
    right = _approved(assistant, MODAL, "Lebih dari Rp10 miliar.")
    _approved(assistant, "Apakah PT perorangan boleh membuka cabang?")
    found = similar.beside(factories.pair(assistant, question).pk).pairs
    assert (found[0].pair, found[0].question, found[0].answer, found[0].family) == (
        right.pk,
        MODAL,
        "Lebih dari Rp10 miliar.",
        False,
    )
    assert 0.3 < found[0].score < 1


def test_a_casual_question_finds_the_formal_one(assistant):
    right = _approved(assistant, "Bagaimana cara mengurus paspor?")
    _approved(assistant, "Bagaimana cara menyewa kantor?")
    assert _shown(factories.pair(assistant, "ngurus gmn sih")) == [right.pk]


def test_the_same_question_scores_one_and_the_best_come_first(assistant):
    less = _approved(assistant, "Berapa modal minimal restoran?")
    same = _approved(assistant, MODAL.upper(), history=[["user", "Halo"]])
    found = similar.beside(factories.pair(assistant, MODAL).pk).pairs
    assert (found[0].pair, found[0].score) == (same.pk, 1.0)
    assert [row.pair for row in found] == [same.pk, less.pk]


def test_the_family_comes_first_whatever_its_words(assistant):
    like = _approved(assistant, MODAL)
    far = _approved(assistant, "Setoran awal?", "Rp10 miliar.", family="modal")
    near = _approved(assistant, "Modal PMA minimal berapa?", family="modal")
    pair = factories.pair(assistant, "Modal minimal PMA berapa?", family="modal")
    found = similar.beside(pair.pk).pairs
    assert [(row.pair, row.family) for row in found] == [
        (near.pk, True),
        (far.pk, True),
        (like.pk, False),
    ]
    far_one = found[1]
    assert far_one == Similar(far.pk, "Setoran awal?", "Rp10 miliar.", far_one.score, True)


def test_a_large_family_leaves_no_place_and_costs_no_search(
    assistant, django_assert_max_num_queries
):
    _approved(assistant, MODAL)
    made = [_approved(assistant, f"Modal PMA {n}?", family="modal").pk for n in range(7)]
    pair = factories.pair(assistant, "Modal PMA?", family="modal")
    with django_assert_max_num_queries(4):
        assert _shown(pair) == made[:5]


def test_neither_itself_nor_another_assistant_s(assistant):
    _approved(assistants.ensure("lain", "Lain"), MODAL)
    pair = _approved(assistant, MODAL)
    assert similar.beside(pair.pk).pairs == []


def test_five_at_most(assistant):
    for number in range(8):
        _approved(assistant, f"{MODAL} Kasus {number}")
    assert len(_shown(factories.pair(assistant, "Modal PMA?"))) == 5


def test_a_pair_that_left_approval_is_not_shown_even_before_the_checks_look(assistant, curator):
    gone, edited, stays = (_approved(assistant, f"{MODAL} {n}") for n in range(3))
    pairs.retire(gone, by=curator, why="dicabut", now=NOW)
    pairs.revise(edited, answer="Baru.", by=curator, why="aturan baru", now=NOW)
    pair = factories.pair(assistant, "Modal PMA?")
    assert _shown(pair) == [stays.pk]


def test_approved_anew_it_is_shown_with_its_new_text(assistant, curator):
    pair = _approved(assistant, MODAL, "Lama.")
    pairs.revise(pair, answer="Baru.", by=curator, why="aturan baru", now=NOW)
    transitions.move(Pair.objects.get(pk=pair.pk), PairStatus.APPROVED, now=NOW)
    found = similar.beside(factories.pair(assistant, "Modal PMA?").pk).pairs
    assert [row.answer for row in found] == ["Baru."]


def test_unknown():
    with pytest.raises(Unknown):
        similar.beside(0)


test_unknown = pytest.mark.django_db(test_unknown)


@pytest.mark.parametrize(
    "question",
    [
        "\"modal' * ( ) : NEAR(pma, 2) OR AND NOT - ^ {question} : modal*",
        "question:modal + pma AND",
        "modal' | !pma & <-> \\ 'x",
        "%s %(x)s % modal",
        "Apa yang ini dan itu?",
        "🏝️🙏🏽",
        "\x01\x02\x1b\x7f\u200b\ufeff",
        "?!…",
        "e\u0301\u0301 \u0301",
        "٣٤٥ ２０２４ 日本語 ß İ ŉ ǅ",
        "_ __ a_b",
        "kata" * 20_000,
    ],
)
def test_any_text_can_be_asked(assistant, question):
    _approved(assistant, "Apakah modal PMA yang disetor harus penuh dan kapan?")
    found = similar.beside(factories.pair(assistant, question).pk).pairs
    assert all(0 <= row.score <= 1 for row in found)
    assert [row.pair for row in found] in ([], [Pair.objects.approved().get().pk])


def test_fifty_thousand_characters_can_be_asked_and_found(assistant):
    long = " ".join(f"modal{number} dasar" for number in range(4_000))
    assert len(long) > 50_000
    right = _approved(assistant, long)
    assert _shown(factories.pair(assistant, f"{long} baru")) == [right.pk]


# --- lessons -------------------------------------------------------------------------------------
def test_lessons_of_the_pairs_found_come_first_then_the_category_s(assistant):
    category = Category.objects.get(assistant=assistant, slug="company")
    other = Category.objects.get(assistant=assistant, slug="tax")
    found = _approved(assistant, MODAL)
    first = _lesson(assistant, found, "Cek PP.", other)
    _lesson(assistant, None, "Dari kategori lain.", other)
    third = _lesson(assistant, None, "Cek angka.", category)
    second = _lesson(assistant, None, "Cek tahun.", category)
    _lesson(assistant, factories.pair(assistant), "Belum disetujui.", category)
    pair = factories.pair(assistant, "Modal PMA?", category=category)
    assert similar.beside(pair.pk).lessons == [first, second, third]


def test_five_lessons_at_most_each_once(assistant):
    category = Category.objects.get(assistant=assistant, slug="company")
    found = _approved(assistant, MODAL)
    own = [_lesson(assistant, found, f"Pelajaran {n}.", category) for n in range(2)]
    rest = [_lesson(assistant, None, f"Umum {n}.", category) for n in range(5)]
    pair = factories.pair(assistant, "Modal PMA?", category=category)
    assert similar.beside(pair.pk).lessons == [*own[::-1], *rest[:1:-1]]


def test_a_correction_made_right_is_shown_beside_its_like(assistant, curator):
    category = pairs.unsorted(assistant)
    task = corrections.open_task(assistant, MODAL, "Rp1 miliar.")
    remedy = corrections.Remedy("Rp10 miliar.", "lama", "Cek PP.", category, "formal")
    corrections.finish(task, remedy, by=curator, now=NOW)
    made = Pair.objects.get()
    transitions.move(made, PairStatus.APPROVED, now=NOW)
    passages.keep_up(made)
    found = similar.beside(factories.pair(assistant, "Modal PMA?").pk)
    assert ([row.pair for row in found.pairs], found.lessons) == ([made.pk], [task])


@pytest.mark.parametrize("others", [1, 30])
def test_as_many_queries_for_few_and_many(assistant, others, django_assert_max_num_queries):
    for number in range(others):
        _approved(assistant, f"Perpanjangan {number}?")
        _lesson(assistant, None, f"Pelajaran {number}.")
    pair = factories.pair(assistant, "Perpanjagan?")
    with django_assert_max_num_queries(9):
        similar.beside(pair.pk)
