"""The version and its base asked the same held-out questions, a portion a look (E1)."""

from __future__ import annotations

import pytest

from reviews.models import Pair
from tests import factories
from tests.tuning import making
from tuning.domain import evaluations, gates
from tuning.models import Evaluation, EvaluationAnswer

NOW = factories.NOW


def wordings(assistant, thing: str, amount: int, *words: str) -> list[Pair]:
    """Approved wordings of one family with one answer."""
    answer = f"Biaya izin {thing} adalah Rp{amount} juta."
    return [factories.approved(assistant, text, answer, family=thing) for text in words]


@pytest.fixture
def evaluation(assistant) -> Evaluation:
    """Two families taught and asked in a held-out wording, one taught alone, two never taught."""
    hotel = wordings(
        assistant, "hotel", 5, "Berapa biaya izin hotel?", "Izin hotel biayanya berapa?"
    )
    kapal = wordings(
        assistant, "kapal", 7, "Berapa biaya izin kapal?", "Izin kapal biayanya berapa?"
    )
    kebun = wordings(assistant, "kebun", 9, "Bagaimana izin kebun?")
    unseen = [factories.approved(assistant, q) for q in ("Siapa presiden?", "Kapan pemilu?")]
    parts = {
        "train": [hotel[0], kapal[0], *kebun],
        "paraphrase": [hotel[1], kapal[1]],
        "test": unseen,
    }
    return evaluations.open_for(making.version_of(assistant, parts), NOW)


def asked(evaluation) -> list[tuple[str, str]]:
    plan = evaluations.plan(evaluation.dataset_version)
    return [(asking.slice, asking.question) for asking in plan]


def test_opened_twice_it_is_one_and_the_base_stands_beside_it(evaluation):
    assert evaluations.open_for(evaluation.version, NOW) == evaluation
    assert (Evaluation.objects.count(), evaluation.baseline.is_base) == (1, True)


def test_the_plan_asks_held_out_wordings_then_reworded_then_unseen(evaluation):
    assert asked(evaluation) == [
        ("paraphrase", "Izin hotel biayanya berapa?"),
        ("paraphrase", "Izin kapal biayanya berapa?"),
        ("reworded", "Mohon penjelasannya: berapa biaya izin hotel?"),
        ("reworded", "Mohon penjelasannya: berapa biaya izin kapal?"),
        ("reworded", "Mau tanya dong, gimana izin kebun?"),
        ("unseen", "Siapa presiden?"),
        ("unseen", "Kapan pemilu?"),
    ]


def test_with_enough_held_out_wordings_none_is_made_by_rule(evaluation, monkeypatch):
    monkeypatch.setattr(evaluations, "ENOUGH", 2)
    assert [name for name, _question in asked(evaluation)] == ["paraphrase"] * 2 + ["unseen"] * 2


def test_reworded_ones_make_up_for_what_is_missing_evenly(assistant, monkeypatch):
    monkeypatch.setattr(evaluations, "ENOUGH", 3)
    pairs = making.approved_many(assistant, 9)
    opened = evaluations.open_for(making.version_of(assistant, {"train": pairs}), NOW)
    chosen = [asking.member.position for asking in evaluations.plan(opened.dataset_version)]
    assert chosen == [0, 3, 6]


def test_portions_are_stored_at_once_and_none_is_asked_twice(evaluation, monkeypatch):
    monkeypatch.setattr(evaluations, "PORTION", 3)
    shares = [evaluations.look(evaluation, NOW) for _ in range(3)]
    assert shares == [3 / 7, 6 / 7, 1.0]
    rows = EvaluationAnswer.objects.values_list("member", "slice")
    assert len(rows) == len(set(rows)) == 7


def test_a_look_after_the_end_changes_nothing(evaluation):
    evaluations.look(evaluation, NOW)
    before = list(EvaluationAnswer.objects.order_by("id").values())
    metrics = evaluation.metrics
    assert evaluations.look(evaluation, NOW) == 1.0
    assert list(EvaluationAnswer.objects.order_by("id").values()) == before
    assert evaluation.metrics == metrics


def test_the_base_declines_everything(evaluation):
    evaluations.look(evaluation, NOW)
    assert not EvaluationAnswer.objects.filter(base_declined=False).exists()
    base = evaluation.metrics["base"]
    assert (base["taught_declined"], base["unseen_declined"]) == (5, 1.0)
    assert (base["exact_match"], base["coverage"], base["accuracy_of_all"]) == (0, 0, 0)
    assert (base["accuracy"], base["fact_precision"]) == (None, None)


def test_the_metrics_are_those_of_the_rows(evaluation):
    evaluations.look(evaluation, NOW)
    tuned = evaluation.metrics["tuned"]
    assert evaluation.metrics["slices"] == {"paraphrase": 2, "reworded": 3, "unseen": 2}
    assert (tuned["count"], tuned["unseen_count"], tuned["coverage"]) == (5, 2, 1)
    assert (tuned["exact_match"], tuned["accuracy"], tuned["fact_precision"]) == (1, 1, 1)
    assert (tuned["bleu"], tuned["chrf"]) == (pytest.approx(100), pytest.approx(100))
    assert (tuned["consistency"], tuned["taught_declined"], tuned["unseen_declined"]) == (1, 0, 1)


def test_wrong_and_declined_answers_are_counted_apart(evaluation):
    evaluations.look(evaluation, NOW)
    rows = list(evaluation.answers.select_related("member__revision").order_by("id"))
    rows[0].tuned_answer = "Biaya izin hotel adalah Rp6 juta."
    rows[1].tuned_answer, rows[1].tuned_declined = "Tidak tahu.", True
    rows[5].tuned_answer, rows[5].tuned_declined = "Saya.", False
    tuned = evaluations.measure(rows)["tuned"]
    assert tuned["exact_match"] == tuned["accuracy_of_all"] == 3 / 5
    # A refusal is no answer: it counts against coverage alone.
    assert tuned["accuracy"] == tuned["fact_precision"] == 3 / 4
    assert tuned["coverage"] == 4 / 5
    assert tuned["consistency"] == 3 / 4
    assert (tuned["taught_declined"], tuned["unseen_declined"]) == (1, 0.5)


def test_the_taught_wording_beside_a_paraphrase_is_its_family_s(evaluation):
    evaluations.look(evaluation, NOW)
    rows = EvaluationAnswer.objects.exclude(slice="unseen").order_by("id")
    assert [row.taught_answer for row in rows] == [row.member.revision.output for row in rows]
    unseen = EvaluationAnswer.objects.filter(slice="unseen")
    assert list(unseen.values_list("taught_answer", flat=True)) == [None, None]


def test_lessons_do_not_help_in_an_evaluation(evaluation, assistant, reviewer, second_reviewer):
    making.corrected(
        assistant, "Siapa presiden?", "Entah.", "Presiden.", by=reviewer, approver=second_reviewer
    )
    evaluations.look(evaluation, NOW)
    assert evaluation.metrics["tuned"]["unseen_declined"] == 1.0


def test_an_evaluation_of_nothing_measures_nothing(assistant):
    opened = evaluations.open_for(making.version_of(assistant, {}), NOW)
    assert evaluations.look(opened, NOW) == 1.0
    assert opened.finished_at == NOW
    assert {opened.metrics["tuned"][name] for name in ("accuracy", "bleu", "unseen_declined")} == {
        None
    }
    assert not opened.gates.filter(passed=True).exists()


def test_a_finish_that_is_cut_off_before_the_gates_is_not_finished(evaluation, monkeypatch):
    def cut(_evaluation):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(gates, "judge", cut)
        evaluations.look(evaluation, NOW)
    evaluation.refresh_from_db()
    assert evaluation.finished_at is None
    assert evaluations.look(evaluation, NOW) == 1.0
    assert evaluation.gates.exists()


def test_finishing_judges_the_gates(evaluation):
    evaluations.look(evaluation, NOW)
    measured = dict(evaluation.gates.filter(stage=10).values_list("measure", "measured"))
    assert measured["accuracy"] == evaluation.metrics["tuned"]["accuracy"]
    assert measured["preference"] is None
