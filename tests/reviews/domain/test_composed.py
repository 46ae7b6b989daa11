"""Reads that are composed once: the rows of a queryset, whatever is asked."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler

from reviews.domain.composed import Composed, insert
from reviews.models import FactAnswer, PairRevision, Verdict
from tests import factories

pytestmark = pytest.mark.django_db
HISTORY = (("user", "Halo\u202e 😀"), ("assistant", "Ya?"))


def _rows(pair: int, number: int) -> QuerySet[PairRevision]:
    rows = PairRevision.objects.select_related("pair", "author").order_by("-number")
    return rows.filter(pair=pair, number__gte=number, input__gt="")[:5]


def _all(rows):
    """What is read, column by column, of the row and of what came with it."""
    return [
        ({**vars(row), "_state": None}, {**vars(row.pair), "_state": None}, row.author)
        for row in rows
    ]


def test_the_rows_are_those_of_the_queryset(assistant, django_assert_num_queries):
    first = factories.pair(assistant, history=HISTORY)
    second = factories.pair(assistant)
    read = Composed(_rows, arguments=2)
    for pair, number, count in ((first.pk, 1, 1), (second.pk, 1, 1), (first.pk, 2, 0)):
        with django_assert_num_queries(1):
            found = _all(read(pair, number))
        assert (found, len(found)) == (_all(_rows(pair, number)), count)
    assert read(first.pk, 1)[0].history == [list(turn) for turn in HISTORY]


def test_it_is_composed_once_in_a_thread(assistant, monkeypatch):
    pair, composed, compose = factories.pair(assistant), [], SQLCompiler.as_sql
    read = Composed(_rows, arguments=2)

    def counted(self, *args, **options):
        composed.append(threading.get_ident())
        return compose(self, *args, **options)

    monkeypatch.setattr(SQLCompiler, "as_sql", counted)
    for _time in range(3):
        read(pair.pk, 1)
    assert composed == [threading.get_ident()]


@pytest.mark.django_db(transaction=True)
def test_threads_do_not_mix_their_arguments(assistant):
    pairs = [factories.pair(assistant) for _number in range(4)]
    read = Composed(_rows, arguments=2)
    found: dict[int, set[int]] = {}

    def ask(pk: int) -> None:
        found[pk] = {row.pair_id for _time in range(50) for row in read(pk, 1)}
        connection.close()

    threads = [threading.Thread(target=ask, args=[pair.pk]) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {pair.pk: {pair.pk} for pair in pairs}


def test_a_text_is_no_argument(assistant):
    read = Composed(_rows, arguments=2)
    with pytest.raises(ValueError, match="invalid literal"):
        read("1 OR 1=1", 1)


def test_an_argument_that_the_query_does_not_use_is_an_error():
    read = Composed(lambda pair, _unused: PairRevision.objects.filter(pair=pair), arguments=2)
    with pytest.raises(AssertionError):
        read(1, 2)


def test_rows_are_stored_by_one_statement(
    assistant, checklist, reviewer, django_assert_num_queries
):
    verdict = Verdict.objects.create(
        revision=factories.pair(assistant).current_revision,
        reviewer=reviewer,
        checklist=checklist,
        decision="reject",
        round=1,
        at=factories.NOW,
    )
    columns = ("verdict_id", "kind", "value", "right")
    rows = [
        (verdict.pk, "amount", "Rp1'; DROP TABLE x; -- %s {}", True),
        (verdict.pk, "amount", "\u202e 😀 \\", False),
    ]
    with django_assert_num_queries(1):
        insert(FactAnswer, columns, rows)
    with django_assert_num_queries(0):
        insert(FactAnswer, columns, [])
    assert list(FactAnswer.objects.order_by("id").values_list(*columns)) == rows
