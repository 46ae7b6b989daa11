"""Which approved pairs a dataset's rule chooses."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import RestrictedError

from reviews.domain import assistants, pairs, transitions
from reviews.domain.errors import Invalid
from reviews.enums import Decision, PairStatus
from reviews.models import Category, Feedback, Pair
from tests import factories
from tuning.domain import datasets, plans, selection
from tuning.models import Dataset
from tuning.models.datasets import LeftOutReason

NOW = factories.NOW


@pytest.fixture
def dataset(assistant) -> Dataset:
    return datasets.ensure(assistant, datasets.EVERYTHING)


@pytest.fixture
def other(db):
    return assistants.ensure("lain", "Lain")


def chosen(dataset: Dataset) -> set[str]:
    rows = selection.pairs(selection.of(dataset))
    return set(rows.values_list("current_revision__input", flat=True))


def category(assistant, slug: str) -> Category:
    return Category.objects.create(assistant=assistant, slug=slug, name=slug.title())


def test_categories_choose_within_their_own_assistant(assistant, other, dataset):
    tax, visa = category(assistant, "pajak2"), category(assistant, "visa2")
    factories.approved(assistant, "Pajak?", category=tax)
    factories.approved(assistant, "Visa?", category=visa)
    factories.approved(other, "Punya lain?")
    dataset.categories.set([tax])
    assert chosen(dataset) == {"Pajak?"}
    dataset.general_assistants.set([other])
    assert chosen(dataset) == {"Pajak?", "Punya lain?"}


@pytest.mark.parametrize(
    ("column", "field", "value"),
    [
        ("registers", "register", "casual"),
        ("languages", "language", "it"),
        ("sources", "source", "golden"),
    ],
)
def test_lists_choose_by_their_column(assistant, dataset, column, field, value):
    factories.approved(assistant, "Ini?", **{field: value})
    factories.approved(assistant, "Bukan?")
    setattr(dataset, column, [value])
    assert chosen(dataset) == {"Ini?"}


def approved_by(assistant, question: str, *people) -> Pair:
    pair = factories.pair(assistant, question)
    Pair.objects.filter(pk=pair.pk).update(reviewers_needed=len(people), slots=3)
    pair.refresh_from_db()
    pairs.submit(pair, by=None, now=NOW)
    for person in people:
        factories.decide(pair, person)
    return pair


def test_approvals_count_people_who_approved_the_present_text(
    assistant, dataset, checklist, reviewer, second_reviewer
):
    factories.approved(assistant, "Tanpa putusan?")
    approved_by(assistant, "Satu?", reviewer)
    two = approved_by(assistant, "Dua?", reviewer, second_reviewer)
    dataset.approvals = 1
    assert chosen(dataset) == {"Satu?", "Dua?"}
    dataset.approvals = 2
    assert chosen(dataset) == {"Dua?"}
    # The verdicts were on the old text.
    pairs.revise(two, answer="Lain.", by=reviewer, why="salah", now=NOW)
    transitions.move(two, PairStatus.APPROVED, now=NOW)
    assert chosen(dataset) == set()


def test_a_verdict_of_an_earlier_round_counts_no_more(assistant, dataset, checklist, reviewer):
    pair = approved_by(assistant, "Satu?", reviewer)
    dataset.approvals = 1
    pairs.reopen(pair, by=reviewer, why="hukum berubah", now=NOW)
    transitions.move(pair, PairStatus.APPROVED, now=NOW)
    assert chosen(dataset) == set()


def test_unanimous_leaves_out_what_somebody_was_against(
    assistant, dataset, checklist, reviewer, second_reviewer, senior
):
    approved_by(assistant, "Sepakat?", reviewer, second_reviewer)
    disputed = factories.pair(assistant, "Beda pendapat?")
    Pair.objects.filter(pk=disputed.pk).update(reviewers_needed=2, slots=2)
    disputed.refresh_from_db()
    pairs.submit(disputed, by=None, now=NOW)
    factories.decide(disputed, reviewer)
    factories.decide(disputed, second_reviewer, Decision.REJECT, "salah")
    assert disputed.status == PairStatus.DISPUTED
    factories.decide(disputed, senior)
    assert disputed.status == PairStatus.APPROVED
    assert chosen(dataset) == {"Sepakat?", "Beda pendapat?"}
    dataset.unanimous = True
    assert chosen(dataset) == {"Sepakat?"}


def rated(pair: Pair, *ratings: int | None) -> None:
    for rating in ratings:
        Feedback.objects.create(
            request_id=uuid.uuid4(),
            assistant=pair.assistant,
            request_type="chat",
            prompt="a",
            response="b",
            is_positive=True,
            rating=rating,
            asked_at=NOW,
            created_at=NOW,
            pair=pair,
        )


def test_a_rating_is_the_mean_of_a_pair_s_votes_and_the_unrated_stay(assistant, dataset):
    rated(factories.approved(assistant, "Empat koma?"), 5, 4, 4)
    rated(factories.approved(assistant, "Kurang dari empat?"), 4, 4, 3)
    rated(factories.approved(assistant, "Jempol saja?"), None)
    factories.approved(assistant, "Tanpa suara?")
    dataset.min_rating = 4
    assert chosen(dataset) == {"Empat koma?", "Jempol saja?", "Tanpa suara?"}


def test_days_are_those_of_jakarta_and_both_ends_belong_to_the_span(assistant, dataset):
    moments = {
        "Kemarin?": datetime(2026, 11, 9, 16, 59, tzinfo=UTC),
        "Awal?": datetime(2026, 11, 9, 17, 0, tzinfo=UTC),
        "Akhir?": datetime(2026, 11, 11, 16, 59, tzinfo=UTC),
        "Lusa?": datetime(2026, 11, 11, 17, 0, tzinfo=UTC),
    }
    for question, moment in moments.items():
        pair = factories.pair(assistant, question)
        transitions.move(pair, PairStatus.IN_REVIEW, now=moment)
        transitions.move(pair, PairStatus.APPROVED, now=moment)
        Pair.objects.filter(pk=pair.pk).update(created_at=moment)
    for name in ("approved", "created"):
        own = Dataset(assistant=assistant, slug="x", name="x")
        own.save()
        setattr(own, f"{name}_from", date(2026, 11, 10))
        setattr(own, f"{name}_to", date(2026, 11, 11))
        assert chosen(own) == {"Awal?", "Akhir?"}
        own.delete()


def test_the_latest_approval_counts(assistant, dataset, reviewer):
    pair = factories.approved(assistant, "Lagi?")
    pairs.reopen(pair, by=reviewer, why="hukum", now=NOW)
    transitions.move(pair, PairStatus.APPROVED, now=NOW + timedelta(days=9))
    dataset.approved_to = NOW.date()
    assert chosen(dataset) == set()
    dataset.approved_to, dataset.approved_from = None, NOW.date() + timedelta(days=9)
    assert chosen(dataset) == {"Lagi?"}


# --- the mix -------------------------------------------------------------------------------------
def test_general_data_above_its_share_is_left_out_and_counted_and_the_domain_never(
    assistant, other, dataset
):
    for number in range(16):
        factories.approved(assistant, f"Ranah {number}?")
    for number in range(10):
        factories.approved(other, f"Umum {number}?")
    dataset.general_assistants.set([other])
    plan = plans.make(selection.of(dataset))
    assert (len(plan.members), plan.general) == (20, 4)
    assert [item.reason for item in plan.omitted] == [LeftOutReason.SHARE] * 6
    assert {node.assistant for node in plan.members} == {"bisnis", "lain"}
    # A larger share holds all that the smaller one held.
    dataset.general_percent = 30
    more = plans.make(selection.of(dataset))
    assert more.general == 6
    assert {node.pair for node in plan.members} < {node.pair for node in more.members}
    dataset.general_percent = 100
    assert plans.make(selection.of(dataset)).general == 10


def test_the_mix_knows_no_ids(assistant, other):
    third = assistants.ensure("tiga", "Tiga")
    names = [f"Umum {number}?" for number in range(12)]
    for source, questions in ((other, names), (third, names[::-1])):
        for question in questions:
            factories.approved(source, question, f"Jawaban atas {question}")
    for number in range(8):
        factories.approved(assistant, f"Ranah {number}?")
    rules = [selection.Rule(assistant, general_assistants=(source,)) for source in (other, third)]
    mine, theirs = (plans.make(rule) for rule in rules)
    assert [node.identity for node in mine.members] == [node.identity for node in theirs.members]
    assert mine.general == 2


def test_own_categories_can_be_general_data(assistant, dataset):
    small = category(assistant, "obrolan")
    for number in range(8):
        factories.approved(assistant, f"Ranah {number}?")
        factories.approved(assistant, f"Obrolan {number}?", category=small)
    dataset.general_categories.set([small])
    plan = plans.make(selection.of(dataset))
    assert (len(plan.members), plan.general, len(plan.omitted)) == (10, 2, 6)


def test_one_text_of_two_assistants_is_the_assistant_s_own(assistant, other, dataset):
    factories.approved(other, "Sama?", "Ya, sama.")
    mine = factories.approved(assistant, "Sama?", "Ya, sama.")
    dataset.general_assistants.set([other])
    dataset.general_percent = 50
    plan = plans.make(selection.of(dataset))
    assert [node.pair for node in plan.members] == [mine.pk]
    (twin,) = plan.omitted
    assert (twin.reason, twin.against.pair) == ("twin", mine.pk)


@pytest.mark.parametrize("slugs", [("aaa", "zzz"), ("zzz", "aaa")])
def test_of_two_other_assistants_the_same_one_gives_the_text_whatever_their_ids(assistant, slugs):
    others = [assistants.ensure(slug, slug) for slug in slugs]
    for source in others:
        factories.approved(source, "Sama?", "Ya, sama.")
    rule = selection.Rule(assistant, general_assistants=tuple(others), general_percent=100)
    assert [node.assistant for node in plans.make(rule).members] == ["aaa"]


# --- the rule ------------------------------------------------------------------------------------
def test_a_rule_that_contradicts_itself_is_refused_with_each_field(assistant, other):
    foreign = category(other, "python")
    rule = selection.Rule(
        assistant,
        general_assistants=(assistant,),
        categories=(foreign,),
        approved_from=date(2026, 2, 1),
        approved_to=date(2026, 1, 1),
    )
    with pytest.raises(Invalid) as refused:
        selection.check(rule)
    assert set(refused.value.fields) == {"general_assistants", "categories", "approved_to"}


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1999, 12, 31), date(2100, 1, 1), date.max])
def test_days_far_off_are_refused_at_their_field(assistant, day):
    names = ("approved_from", "approved_to", "created_from", "created_to")
    for name in names:
        with pytest.raises(Invalid) as refused:
            selection.check(selection.Rule(assistant, **{name: day}))
        assert list(refused.value.fields) == [name]
    for near in (date(2000, 1, 1), date(2099, 12, 31)):
        rule = selection.Rule(assistant, **dict.fromkeys(names, near))
        selection.check(rule)
        assert list(selection.pairs(rule)) == []


def test_a_category_that_a_rule_names_stays(assistant, other, dataset):
    """Without its tick the rule would take everything."""
    tax, talk, free = (category(assistant, slug) for slug in ("pajak2", "obrolan", "lepas"))
    dataset.categories.set([tax])
    dataset.general_categories.set([talk])
    for named in (tax, talk):
        with pytest.raises(RestrictedError):
            named.delete()
    free.delete()
    assert set(dataset.categories.all() | dataset.general_categories.all()) == {tax, talk}


def test_an_assistant_goes_with_its_datasets_and_categories(other):
    dataset = datasets.ensure(other, datasets.EVERYTHING)
    dataset.categories.set([category(other, "python")])
    other.delete()
    assert Dataset.objects.count() == 0


def test_a_rule_is_stored_in_names(assistant, other, dataset):
    tax = category(assistant, "pajak2")
    dataset.categories.set([tax])
    dataset.general_assistants.set([other])
    dataset.registers, dataset.approved_from = ["formal"], date(2026, 1, 2)
    assert selection.of(dataset).stored() == {
        "assistant": "bisnis",
        "general_assistants": ["lain"],
        "categories": ["bisnis/pajak2"],
        "general_categories": [],
        "registers": ["formal"],
        "languages": [],
        "sources": [],
        "approvals": 0,
        "unanimous": False,
        "min_rating": None,
        "general_percent": 20,
        "only_unexported": False,
        "approved_from": "2026-01-02",
        "approved_to": None,
        "created_from": None,
        "created_to": None,
    }
