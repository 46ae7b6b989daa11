"""Pairs: added once, changed by new revisions, reopened and retired with a reason."""

from __future__ import annotations

import pytest

from reviews.domain import assistants, identity, pairs, transitions
from reviews.domain.errors import Conflict, Invalid
from reviews.domain.transitions import IllegalMove, StaleMove
from reviews.enums import PairStatus
from reviews.models import Assistant, Category, Pair, PairRevision, Question
from tests import factories

NOW = factories.NOW
QUESTION, ANSWER = "Berapa lama KITAS berlaku?", "Dua tahun."
VISA = [["user", "Saya mau urus visa."], ["assistant", "Visa apa, Kak?"]]
TAX = [["user", "Saya mau lapor pajak."], ["assistant", "Pajak apa, Kak?"]]


def _add(assistant, question=QUESTION, answer=ANSWER, **fields):
    return pairs.add(assistant, pairs.NewPair(question, answer, **fields))


def _texts():
    return list(PairRevision.objects.order_by("number").values_list("number", "input", "output"))


def test_a_new_pair_is_a_draft_with_its_first_text(assistant, reviewer):
    tax = Category.objects.get(slug="tax")
    pair, created = _add(
        assistant, history=VISA, system="Sopan.", category=tax, author=reviewer, why="contoh"
    )
    assert created
    pair = Pair.objects.get()
    text = pair.current_revision
    assert (pair.status, pair.category, pair.round, pair.reviewers_needed) == ("draft", tax, 1, 2)
    assert (text.number, text.input, text.output) == (1, QUESTION, ANSWER)
    assert (text.history, text.system, text.author, text.why) == (
        VISA,
        "Sopan.",
        reviewer,
        "contoh",
    )


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (QUESTION, ANSWER),
        (f"  {QUESTION}\n", ANSWER.replace(" ", "\n\n")),
        (QUESTION.replace(" ", "\u00a0"), ANSWER),
    ],
)
def test_the_same_pair_is_added_once(assistant, question, answer):
    first, _created = _add(assistant)
    assert _add(assistant, question, answer) == (first, False)
    assert _texts() == [(1, QUESTION, ANSWER)]


def test_composed_and_decomposed_letters_are_the_same_text(assistant):
    first, _created = _add(assistant, "Apa itu cafe\u0301?")
    assert _add(assistant, "Apa itu caf\u00e9?") == (first, False)


def test_another_answer_is_another_pair_of_the_same_family(assistant):
    first, _created = _add(assistant)
    second, created = _add(assistant, "berapa lama kitas berlaku", "Lima tahun.")
    assert created
    assert second.question == first.question
    assert Question.objects.values_list("text", flat=True).get() == QUESTION


def test_the_same_question_after_other_turns_is_another_pair_and_family(assistant):
    made = [_add(assistant, history=turns)[0] for turns in ([], VISA, TAX)]
    assert Pair.objects.count() == 3
    assert len({pair.question_id for pair in made}) == 3
    assert _add(assistant, history=VISA) == (made[1], False)


def test_two_assistants_have_the_same_pair_each(assistant):
    other = assistants.ensure("pelatih", "Pelatih")
    assert _add(assistant)[1]
    assert _add(other)[1]
    assert Pair.objects.count() == 2


def test_a_named_family_holds_different_wordings(assistant):
    first, _created = _add(assistant, family="Masa KITAS")
    second, _created = _add(assistant, "KITAS-nya sampai kapan, sih?", family=" masa  kitas ")
    assert second.question == first.question


def test_an_edited_pair_is_found_by_the_text_that_it_came_with(assistant, reviewer):
    pair, _created = _add(assistant)
    pairs.revise(pair, answer="Satu tahun.", by=reviewer, why="salah", now=NOW)
    assert _add(assistant) == (pair, False)


@pytest.mark.django_db(transaction=True)
def test_added_at_once_it_is_there_once(assistant, together):
    pairs.unsorted(assistant)
    results = together(*[lambda: _add(Assistant.objects.get())] * 4)
    [pair] = Pair.objects.all()
    assert sorted(results, key=str) == sorted([(pair, True), *[(pair, False)] * 3], key=str)
    assert _texts() == [(1, QUESTION, ANSWER)]
    assert Question.objects.count() == 1


# --- categories ----------------------------------------------------------------------------------
def test_what_nobody_sorted_is_as_strict_as_the_strictest(assistant):
    Category.objects.filter(slug="tax").update(reviewers_needed=3)
    pair, _created = _add(assistant)
    assert (pair.category.slug, pair.reviewers_needed) == ("unsorted", 3)


def test_without_categories_one_reviewer_is_enough(db):
    bare = Assistant.objects.create(name="Baru", slug="baru")
    assert _add(bare)[0].reviewers_needed == 1


def test_a_pair_takes_the_category_of_its_family(assistant):
    tax = Category.objects.get(slug="tax")
    _add(assistant, category=tax)
    assert _add(assistant, answer="Lima tahun.")[0].category == tax


def test_sorting_takes_over_the_categorys_strictness(assistant):
    pair, _created = _add(assistant)
    easy = Category.objects.create(assistant=assistant, slug="umum", name="Umum")
    pairs.sort(pair, easy, "casual")
    row = Pair.objects.get()
    assert (row.category, row.register, row.reviewers_needed) == (easy, "casual", 1)
    assert (pair.category, pair.register, pair.reviewers_needed) == (easy, "casual", 1)


def test_another_assistants_category_is_refused(assistant):
    pair, _created = _add(assistant)
    other = Category.objects.filter(assistant=assistants.ensure("lain", "Lain")).first()
    with pytest.raises(Invalid) as refused:
        pairs.sort(pair, other, "casual")
    assert refused.value.fields == {"category": "belongs to another assistant"}
    assert Pair.objects.get().category.slug == "unsorted"


def test_each_voice_strengthens_a_pair(assistant):
    pair, _created = _add(assistant)
    pairs.strengthen(pair)
    pairs.strengthen(pair)
    assert Pair.objects.get().priority == 2


# --- revisions -----------------------------------------------------------------------------------
REVISABLE = ["draft", "in_review", "needs_work", "disputed", "approved", "rejected"]


@pytest.mark.parametrize("status", REVISABLE)
def test_a_new_text_goes_to_review(assistant, reviewer, status):
    pair, _created = _add(assistant, history=VISA, system="Sopan.")
    Pair.objects.update(status=status)
    pair.refresh_from_db()
    text = pairs.revise(pair, answer="Lima tahun.", by=reviewer, why="salah", now=NOW)
    row = Pair.objects.get()
    assert (row.status, row.current_revision, pair.current_revision) == ("in_review", text, text)
    assert (text.number, text.input, text.output) == (2, QUESTION, "Lima tahun.")
    assert (text.history, text.system, text.author, text.why) == (VISA, "Sopan.", reviewer, "salah")
    assert _texts()[0] == (1, QUESTION, ANSWER)


def test_the_question_is_edited_too(assistant, reviewer):
    pair, _created = _add(assistant)
    pairs.revise(pair, answer=ANSWER, question="KITAS berlaku?", by=reviewer, why="", now=NOW)
    assert _texts() == [(1, QUESTION, ANSWER), (2, "KITAS berlaku?", ANSWER)]


def test_the_same_text_again_changes_nothing(assistant, reviewer):
    pair = factories.approved(assistant, QUESTION, ANSWER)
    seen = pair.current_revision
    assert pairs.revise(pair, answer=ANSWER, by=reviewer, why="iseng", now=NOW) == seen
    assert Pair.objects.get().status == "approved"
    assert _texts() == [(1, QUESTION, ANSWER)]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"answer": " \n"}, ["answer"]),
        ({"answer": ANSWER, "question": ""}, ["question"]),
        ({"answer": "", "question": "\t"}, ["answer", "question"]),
    ],
)
def test_a_blank_text_is_refused(assistant, reviewer, changes, fields):
    pair, _created = _add(assistant)
    with pytest.raises(Invalid) as refused:
        pairs.revise(pair, **changes, by=reviewer, why="", now=NOW)
    assert sorted(refused.value.fields) == fields
    assert _texts() == [(1, QUESTION, ANSWER)]


def test_a_retired_pair_is_not_edited(assistant, reviewer):
    pair = factories.approved(assistant, QUESTION, ANSWER)
    pairs.retire(pair, by=reviewer, why="usang", now=NOW)
    with pytest.raises(Conflict):
        pairs.revise(pair, answer="Lima tahun.", by=reviewer, why="", now=NOW)
    assert _texts() == [(1, QUESTION, ANSWER)]


def test_of_two_editors_the_later_is_told_to_look_again(assistant, reviewer):
    pair, _created = _add(assistant)
    stale = Pair.objects.get()
    pairs.revise(pair, answer="Lima tahun.", by=reviewer, why="", now=NOW)
    with pytest.raises(StaleMove):
        pairs.revise(stale, answer="Satu tahun.", by=reviewer, why="", now=NOW)
    assert [text for _number, _question, text in _texts()] == [ANSWER, "Lima tahun."]


@pytest.mark.django_db(transaction=True)
def test_two_edits_at_once_make_one_revision(assistant, together):
    _add(assistant)
    copies = [Pair.objects.select_related("current_revision").get() for _copy in range(2)]
    results = together(
        *[
            lambda at=at, pair=pair: pairs.revise(
                pair, answer=f"{at} tahun.", by=None, why="", now=NOW
            )
            for at, pair in enumerate(copies)
        ]
    )
    assert sorted(type(result).__name__ for result in results) == ["PairRevision", "StaleMove"]
    assert [number for number, _question, _answer in _texts()] == [1, 2]


# --- reopen and retire ---------------------------------------------------------------------------
def test_a_reopened_pair_starts_a_new_round(assistant, reviewer):
    pair = factories.approved(assistant)
    pairs.reopen(pair, by=reviewer, why="undang-undangnya berubah", now=NOW)
    assert Pair.objects.values_list("status", "round").get() == ("in_review", 2)
    change = transitions.history(pair).last()
    assert (change.by, change.note) == (reviewer, "undang-undangnya berubah")


def test_a_retired_pair_stays_retired(assistant, reviewer):
    pair = factories.approved(assistant)
    pairs.retire(pair, by=reviewer, why="usang", now=NOW)
    assert transitions.history(pair).last().note == "usang"
    with pytest.raises(IllegalMove):
        pairs.reopen(pair, by=reviewer, why="eh, jadi", now=NOW)
    assert Pair.objects.values_list("status", "round").get() == ("retired", 1)


@pytest.mark.parametrize("change", [pairs.reopen, pairs.retire])
@pytest.mark.parametrize("why", ["", " \n"])
def test_reopening_and_retiring_need_a_reason(assistant, reviewer, change, why):
    pair = factories.approved(assistant)
    with pytest.raises(Invalid) as refused:
        change(pair, by=reviewer, why=why, now=NOW)
    assert list(refused.value.fields) == ["note"]
    assert Pair.objects.values_list("status", "round").get() == ("approved", 1)


@pytest.mark.parametrize("status", [PairStatus.DRAFT, PairStatus.NEEDS_WORK])
def test_a_pair_is_submitted_as_it_is(assistant, reviewer, status):
    pair, _created = _add(assistant)
    Pair.objects.update(status=status)
    pair.refresh_from_db()
    pairs.submit(pair, by=reviewer, now=NOW, note="sudah benar")
    assert Pair.objects.get().status == "in_review"
    assert _texts() == [(1, QUESTION, ANSWER)]


# --- lists ---------------------------------------------------------------------------------------
def test_the_most_urgent_comes_first_then_the_oldest(assistant):
    first, second, third = (factories.pair(assistant) for _pair in range(3))
    pairs.strengthen(third)
    assert list(Pair.objects.by_priority()) == [third, first, second]


def test_questions_without_a_pair_are_unanswered(assistant):
    category = pairs.unsorted(assistant)
    waiting = Question.objects.create(
        assistant=assistant, category=category, text="?", identity=identity.of_question("x?")
    )
    factories.pair(assistant)
    assert list(Question.objects.unanswered()) == [waiting]


# --- identity ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Apa itu PT PMA?", "apa itu pt pma", True),
        ("Apa itu PT PMA?", "Apa  itu\nPT PMA ?!", True),
        ("Apa itu PT PMA?", "Apa itu PT PMDN?", False),
        ("Apa itu A-1?", "Apa itu A1?", False),
    ],
)
def test_case_space_and_closing_marks_make_no_other_question(one, other, same):
    assert (identity.of_question(one) == identity.of_question(other)) is same


def test_parts_of_an_identity_do_not_run_together():
    assert identity.of_pair([], "a", "bc") != identity.of_pair([], "ab", "c")
    assert identity.of_pair([["user", "a"]], "b", "c") != identity.of_pair([], "a b", "c")
    assert identity.of_family("Apa itu?") != identity.of_question("Apa itu?")


def test_an_identity_is_the_same_on_every_machine():
    assert identity.of_pair([["user", "Halo"]], " Apa  itu? ", "Ini.") == (
        "a65ffa16eff1e15c99ca30ec1305da007e9af8113d80a6ca88ae1543ff7b4bf4"
    )


def test_the_same_words_under_another_system_instruction_are_another_pair(assistant):
    plain = factories.pair(assistant, "Apa itu NIB?", "Nomor Induk Berusaha.")
    other = factories.pair(
        assistant, "Apa itu NIB?", "Nomor Induk Berusaha.", system="Jawab resmi."
    )
    again = factories.pair(
        assistant, "Apa itu NIB?", "Nomor Induk Berusaha.", system="Jawab resmi."
    )
    assert plain.pk != other.pk == again.pk


@pytest.mark.parametrize("status", ["approved", "rejected", "disputed", "in_review", "retired"])
def test_only_a_draft_or_a_pair_that_needs_work_is_submitted(assistant, reviewer, status):
    pair = factories.pair(assistant)
    Pair.objects.filter(pk=pair.pk).update(status=status)
    pair.refresh_from_db()
    with pytest.raises(IllegalMove):
        pairs.submit(pair, by=reviewer, now=NOW)


def test_a_dispute_is_not_reopened(assistant, reviewer):
    pair = factories.pair(assistant)
    Pair.objects.filter(pk=pair.pk).update(status="disputed")
    pair.refresh_from_db()
    with pytest.raises(IllegalMove):
        pairs.reopen(pair, by=reviewer, why="x", now=NOW)


def test_a_second_pair_of_eyes_is_not_sorted_away(assistant):
    tax = assistant.categories.get(slug="tax")
    lax = assistant.categories.create(slug="umum", name="Umum", reviewers_needed=1)
    pair = factories.pair(assistant, category=tax)
    pairs.sort(pair, lax, "casual")
    assert (pair.category, pair.reviewers_needed) == (lax, 2)
    unsorted = factories.pair(assistant)
    pairs.sort(unsorted, lax, "casual")
    assert unsorted.reviewers_needed == 1
