"""The embedded model: the nearest approved answer, or the honest word that it does not know."""

from __future__ import annotations

import random

import pytest

from tuning.providers.base import CompletionRequest
from tuning.providers.exemplar import (
    DECLINES,
    Exemplar,
    ExemplarProvider,
    Index,
    features,
    last_question,
)

KITAS = Exemplar("Berapa lama KITAS investor berlaku?", "KITAS investor berlaku dua tahun.")
PT_PMA = Exemplar("Bagaimana cara mendirikan PT PMA?", "Daftarkan melalui OSS.")
NPWP = Exemplar("Apakah saya harus memiliki NPWP?", "Ya, setiap wajib pajak.")
FACTS = [KITAS, PT_PMA, NPWP]


def ask(question: str, facts=FACTS, threshold: float = 0.3, **fields):
    provider = ExemplarProvider(Index(facts, threshold))
    return provider.complete(CompletionRequest(question, **fields))


def test_an_empty_index_declines_everything():
    answer = ask(KITAS.question, [])
    assert (answer.declined, answer.text) == (True, DECLINES["id"])


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.question)
def test_an_exact_question_gets_its_answer(fact):
    answer = ask(fact.question)
    assert (answer.declined, answer.text) == (False, fact.answer)


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("gimana caranya bikin PT PMA sih?", PT_PMA),
        ("gue mesti punya NPWP nggak?", NPWP),
        ("kitas investor brp lama berlakunya dong", KITAS),
        ("Berapa lama kitas invesor berlaku?", KITAS),  # a typing error
    ],
)
def test_slang_and_slips_find_the_formal_question(question, fact):
    assert ask(question, threshold=0.2).text == fact.answer


@pytest.mark.parametrize("question", ["Siapa presiden pertama?", "", "?!", "xyzzy"])
def test_what_was_not_taught_is_declined(question):
    assert ask(question).declined


@pytest.mark.parametrize(
    ("language", "said"), [("id", "id"), ("en", "en"), ("it", "it"), ("fr", "id")]
)
def test_it_declines_in_the_asker_s_language(language, said):
    assert ask("Siapa?", language=language).text == DECLINES[said]


def test_a_follow_up_is_told_apart_by_the_turn_before():
    facts = [
        Exemplar("Syarat dokumennya?", "Paspor dan sponsor.", "Bagaimana mengurus KITAS?"),
        Exemplar("Syarat dokumennya?", "Akta dan NIB.", "Bagaimana mendirikan PT?"),
    ]
    for fact in facts:
        history = (("user", fact.earlier), ("assistant", "Begini."))
        assert ask("Syarat dokumennya?", facts, history=history).text == fact.answer


@pytest.mark.parametrize(
    ("history", "found"),
    [
        ((), ""),
        ((("assistant", "Halo."),), ""),
        ((("user", "Satu?"), ("assistant", "Ya."), ("user", "Dua?"), ("assistant", "Ya.")), "Dua?"),
    ],
)
def test_the_last_question_is_the_user_s_last_turn(history, found):
    assert last_question(history) == found


def test_below_its_threshold_it_declines_and_at_it_it_answers():
    score = Index(FACTS).search("lama KITAS").score
    assert not ask("lama KITAS", threshold=score).declined
    assert ask("lama KITAS", threshold=score + 1e-9).declined


def test_scores_are_shares():
    for question in ("KITAS", "Berapa lama KITAS investor berlaku?", "PT PMA NPWP"):
        assert 0 < Index(FACTS).search(question).score <= 1


def test_a_word_that_nobody_knows_lowers_the_score():
    index = Index(FACTS)
    assert index.search("KITAS investor Mars").score < index.search("KITAS investor").score


def test_the_same_index_always_answers_the_same():
    facts = [Exemplar("Sama persis?", f"Jawaban {n}.") for n in range(5)]
    assert {ask("Sama persis?", facts, 0.0).text for _ in range(5)} == {"Jawaban 0."}
    shuffled = random.Random(3).sample(FACTS, len(FACTS))
    for fact in FACTS:
        assert ask(fact.question, shuffled).text == fact.answer


def test_a_question_that_fits_two_families_equally_well_is_declined():
    rivals = [
        Exemplar("Berapa biaya KITAS investor?", "Rp5 juta."),
        Exemplar("Berapa biaya KITAS pensiun?", "Rp7 juta."),
    ]
    assert ask("Berapa biaya KITAS?", rivals).declined
    assert ask("Berapa biaya KITAS pensiun?", rivals).text == "Rp7 juta."


def test_in_a_family_the_nearest_wording_answers():
    family = [
        Exemplar("Berapa lama KITAS berlaku?", "KITAS berlaku dua tahun.", family="kitas"),
        Exemplar("KITAS gue berapa lama sih?", "Dua tahun aja kok.", family="kitas"),
    ]
    assert [ask(item.question, family).text for item in family] == [i.answer for i in family]


def test_common_words_weigh_little():
    found = features("apa KITAS")
    assert found["apa"] < found["kitas"]


def test_no_words_have_no_features():
    assert features(" ?! ") == {}


def test_the_nearest_families_come_best_first_and_rivals_take_nothing_off():
    rivals = [
        Exemplar("Berapa biaya KITAS investor?", "Rp5 juta."),
        Exemplar("Berapa biaya KITAS pensiun?", "Rp7 juta."),
        NPWP,
    ]
    index = Index(rivals)
    found = index.nearest("Berapa biaya KITAS pensiun?", top=2)
    assert [match.exemplar for match in found] == [rivals[1], rivals[0]]
    assert found[0].score == pytest.approx(1.0)
    best = index.search("Berapa biaya KITAS pensiun?")
    assert best.score == pytest.approx(found[0].score - 0.7 * found[1].score)


def test_nothing_is_near_an_unknown_word():
    assert Index(FACTS).nearest("xyzzy") == []
