"""Passages: what is searched, kept up with the pairs, in the database's own index."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from reviews.domain import corrections, flags, pairs, passage_search, passages, transitions
from reviews.enums import PairStatus
from reviews.models import Correction, Pair, Passage
from tests import factories

NOW = factories.NOW
POSTGRESQL = connection.vendor == "postgresql"
postgresql_alone = pytest.mark.skipif(not POSTGRESQL, reason="needs PostgreSQL")
sqlite_alone = pytest.mark.skipif(POSTGRESQL, reason="needs SQLite")


def _rows() -> list[tuple[int, int, str, str, str]]:
    columns = ("pair_id", "assistant_id", "question", "answer", "lesson")
    return list(Passage.objects.order_by("pair_id").values_list(*columns))


def _kept(assistant, question: str, **fields) -> Pair:
    pair = factories.approved(assistant, question, **fields)
    passages.keep_up(pair)
    return pair


def _sound() -> None:
    """FTS5 compares its index with the table, and raises where they differ."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO reviews_passage_words (reviews_passage_words, rank)"
            " VALUES ('integrity-check', 1)"
        )


# --- kept up -------------------------------------------------------------------------------------
def test_an_approved_pair_has_one_with_its_text(assistant):
    pair = factories.approved(assistant, "Berapa modal PMA?", "Rp10 miliar.")
    passages.keep_up(pair)
    passages.keep_up(pair)
    assert _rows() == [(pair.pk, assistant.pk, "Berapa modal PMA?", "Rp10 miliar.", "")]


@pytest.mark.parametrize("status", [None, PairStatus.REJECTED, PairStatus.NEEDS_WORK])
def test_what_is_not_approved_has_none(assistant, status):
    pair = factories.pair(assistant)
    if status:
        transitions.move(pair, PairStatus.IN_REVIEW, now=NOW)
        transitions.move(pair, status, now=NOW)
    passages.keep_up(pair)
    assert _rows() == []


def test_an_edited_pair_leaves_and_comes_back_with_its_new_text(assistant, curator):
    pair = _kept(assistant, "Berapa modal PMA?", answer="Rp2,5 miliar.")
    pairs.revise(pair, answer="Rp10 miliar.", by=curator, why="aturan baru", now=NOW)
    pair = Pair.objects.get()
    passages.keep_up(pair)
    assert _rows() == []
    assert passage_search.find(assistant.pk, ["modal"]) == []
    transitions.move(pair, PairStatus.APPROVED, now=NOW)
    passages.keep_up(pair)
    assert _rows() == [(pair.pk, assistant.pk, "Berapa modal PMA?", "Rp10 miliar.", "")]
    assert passage_search.find(assistant.pk, ["modal"]) == [pair.pk]


def test_a_changed_text_is_found_by_its_new_words_alone(assistant):
    pair = _kept(assistant, "Berapa modal PMA?")
    pair.current_revision.input = "Kapan KITAS terbit?"
    passages.keep_up(pair)
    found = [passage_search.find(assistant.pk, [word]) for word in ("modal", "kitas")]
    assert found == [[], [pair.pk]]


def test_a_retired_pair_leaves(assistant, curator):
    pair, other = _kept(assistant, "Berapa modal PMA?"), _kept(assistant, "Berapa modal PT?")
    pairs.retire(pair, by=curator, why="aturan dicabut", now=NOW)
    passages.keep_up(Pair.objects.get(pk=pair.pk))
    assert passage_search.find(assistant.pk, ["modal"]) == [other.pk]


def test_its_lessons_are_those_of_its_finished_corrections(assistant, curator):
    right = "Lebih dari Rp10 miliar."
    category = pairs.unsorted(assistant)
    for wrong, lesson in (("Rp1 miliar.", "Cek PP."), ("Rp2 miliar.", "Cek angka.")):
        task = corrections.open_task(assistant, "Berapa modal PMA?", wrong)
        remedy = corrections.Remedy(right, "salah", lesson, category, "formal")
        corrections.finish(task, remedy, by=curator, now=NOW)
    again = Correction.objects.create(
        assistant=assistant, identity="x", question="?", wrong_answer="!", lesson="belum selesai"
    )
    pair = Pair.objects.get()
    Correction.objects.filter(pk=again.pk).update(pair=pair)
    transitions.move(pair, PairStatus.APPROVED, now=NOW)
    passages.keep_up(pair)
    assert [row[4] for row in _rows()] == ["Cek PP.\nCek angka."]


def test_the_checks_keep_it_up(assistant):
    pair = factories.approved(assistant, "Berapa modal PMA?", "Rp10 miliar.")
    flags.examine(Pair.objects.get(pk=pair.pk))
    assert _rows() == [(pair.pk, assistant.pk, "Berapa modal PMA?", "Rp10 miliar.", "")]


@pytest.mark.parametrize("approved", [True, False])
def test_two_queries_at_most(assistant, approved, django_assert_max_num_queries):
    make = factories.approved if approved else factories.pair
    pair = make(assistant)
    with django_assert_max_num_queries(2):
        passages.keep_up(pair)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one(assistant, together):
    pair = factories.approved(assistant, "Berapa modal PMA?", "Rp10 miliar.")
    assert together(*[lambda: passages.keep_up(pair)] * 4) == [None] * 4
    assert _rows() == [(pair.pk, assistant.pk, "Berapa modal PMA?", "Rp10 miliar.", "")]


# --- found ---------------------------------------------------------------------------------------
def test_those_that_hold_most_of_the_words_come_first(assistant):
    one = _kept(assistant, "Berapa modal PMA?")
    _kept(assistant, "Kapan KITAS terbit?")
    both = _kept(assistant, "Syarat modal PMA restoran apa saja?")
    assert passage_search.find(assistant.pk, ["modal", "restoran"]) == [both.pk, one.pk]


def test_of_the_assistant_alone(assistant):
    from reviews.domain import assistants

    other = assistants.ensure("lain", "Lain")
    _kept(other, "Berapa modal PMA?")
    mine = _kept(assistant, "Berapa modal PMA?")
    assert passage_search.find(assistant.pk, ["modal"]) == [mine.pk]


def test_at_most_fifty(assistant):
    made = [_kept(assistant, f"Berapa modal PMA {n}?").pk for n in range(55)]
    assert passage_search.find(assistant.pk, ["modal"]) == made[:50]


@pytest.mark.parametrize(
    "misspelt", ["perpanjangna", "perpanjagan", "perpamjangan", "perpanjangann", "prpanjangan"]
)
def test_a_misspelt_word_finds_the_right_one(assistant, misspelt):
    _kept(assistant, "Kapan KITAS terbit?")
    pair = _kept(assistant, "Bagaimana perpanjangan visa?")
    assert passage_search.find(assistant.pk, [misspelt]) == [pair.pk]


def test_a_misspelt_word_does_not_hide_what_the_others_find(assistant):
    """On PostgreSQL it is the rarest of all words, so that it may be the only one sought."""
    for number in range(120):
        _kept(assistant, f"Kapan KITAS nomor {number} terbit?")
    if POSTGRESQL:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE reviews_passage")
    found = passage_search.find(assistant.pk, ["xqzwv", "kitas"])
    assert found == list(Passage.objects.order_by("id").values_list("pair_id", flat=True)[:50])


@pytest.mark.parametrize("words", [[], ["xqzwv"], ["x" * 70_000]])
def test_nothing_like_it_finds_nothing(assistant, words):
    _kept(assistant, "Berapa modal PMA?")
    assert passage_search.find(assistant.pk, words) == []


def test_diacritics_and_case_do_not_hide_it(assistant):
    pair = _kept(assistant, "Izin usaha KAFÉ di Bali?")
    assert passage_search.find(assistant.pk, ["kafé"]) == [pair.pk]


@pytest.mark.parametrize("rows", [1, 30])
def test_as_many_queries_for_few_and_many(assistant, rows, django_assert_max_num_queries):
    for number in range(rows):
        _kept(assistant, f"Berapa modal PMA {number}?")
    with django_assert_max_num_queries(5):
        passage_search.find(assistant.pk, ["modall", "perpanjangna", "mo"])


def test_the_rarest_words_are_sought():
    frequencies = {"umum": 0.3, "jarang": 0.002, "langka": 0.001, "sering": 0.008}
    assert passage_search._rarest(frequencies, 0.01) == ["langka", "jarang"]
    assert passage_search._rarest({"umum": 0.3, "biasa": 0.2}, 0.01) == ["biasa"]


# --- PostgreSQL ----------------------------------------------------------------------------------
@postgresql_alone
def test_the_search_reads_the_index(assistant):
    sql = f"EXPLAIN {passage_search._HOLDING}"
    _many(assistant)
    with connection.cursor() as cursor:
        cursor.execute(sql, [assistant.pk, "'kata7'", 2000, "'kata7'", 50])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Bitmap Index Scan on passage_words" in plan


@postgresql_alone
def test_the_search_by_trigrams_reads_its_index(assistant):
    sql = f"EXPLAIN {passage_search._ALIKE}"
    _many(assistant)
    with connection.cursor() as cursor:
        cursor.execute(sql, [assistant.pk, "perpanjagan", 500, "perpanjagan", 50])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Bitmap Index Scan on passage_trigrams" in plan


def _many(assistant, rows: int = 20_000) -> None:
    """Passages of one pair's making, by SQL: a plan is chosen by the table's size."""
    pair = factories.approved(assistant)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE reviews_passage DROP CONSTRAINT reviews_passage_pair_id_key")
        cursor.execute(
            "INSERT INTO reviews_passage (pair_id, assistant_id, question, answer, lesson)"
            " SELECT %s, %s, 'kata' || n || ' ' || repeat(md5(n::text) || ' ', 5), '', ''"
            " FROM generate_series(1, %s) AS n",
            [pair.pk, assistant.pk, rows],
        )
        # As the background does: rows of a moment ago wait in a list that each search reads.
        cursor.execute("SELECT gin_clean_pending_list('passage_words')")
        cursor.execute("SELECT gin_clean_pending_list('passage_trigrams')")
        cursor.execute("ANALYZE reviews_passage")


@postgresql_alone
def test_without_pg_trgm_the_full_text_goes_on(assistant):
    pair = _kept(assistant, "Bagaimana perpanjangan visa?")
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm CASCADE")
    assert passage_search.find(assistant.pk, ["perpanjagan"]) == []
    assert passage_search.find(assistant.pk, ["visa"]) == [pair.pk]


@postgresql_alone
def test_a_role_that_may_not_create_the_extension_migrates(db, caplog):
    """A role of no rights in the test's own database, gone with the test's transaction."""
    from importlib import import_module

    migration = import_module("reviews.migrations.0002_search")
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm CASCADE")
        cursor.execute("CREATE ROLE hub_poor_role")
        cursor.execute("SET LOCAL ROLE hub_poor_role")
        migration._with_trigrams(connection)
        cursor.execute("SELECT current_user::text, count(*) FROM pg_extension")
        role, _extensions = cursor.fetchone()
        cursor.execute("RESET ROLE")
    assert role == "hub_poor_role"
    [record] = [record for record in caplog.records if record.name == "hub.search"]
    assert record.getMessage().startswith("search without pg_trgm: permission denied")


# --- SQLite --------------------------------------------------------------------------------------
@sqlite_alone
def test_the_index_follows_each_row(assistant):
    pair, other = _kept(assistant, "Berapa modal PMA?"), _kept(assistant, "Kapan KITAS terbit?")
    Passage.objects.filter(pair=pair).update(question="Siapa direktur PMA?")
    Passage.objects.filter(pair=other).update(lesson="Cek PP.")
    Passage.objects.filter(pair=other).delete()
    _sound()
    found = [passage_search.find(assistant.pk, [word]) for word in ("modal", "kitas", "direktur")]
    assert found == [[], [], [pair.pk]]


@sqlite_alone
def test_a_rolled_back_row_is_not_found(assistant):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        _kept(assistant, "Berapa modal PMA?")
        raise ZeroDivisionError
    _sound()
    assert passage_search.find(assistant.pk, ["modal"]) == []


@pytest.mark.django_db(transaction=True)
def test_a_flushed_database_finds_nothing(assistant):
    _kept(assistant, "Berapa modal PMA?")
    call_command("flush", interactive=False, verbosity=0)
    if not POSTGRESQL:
        _sound()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM reviews_passage_vocabulary")
            assert cursor.fetchone() == (0,)
    assert passage_search.find(assistant.pk, ["modal"]) == []


@pytest.mark.django_db(transaction=True)
def test_the_migration_goes_back_and_forth(assistant):
    pair = _kept(assistant, "Berapa modal PMA?")
    call_command("migrate", "reviews", "0001", verbosity=0)
    try:
        assert Passage.objects.count() == 1
    finally:
        call_command("migrate", verbosity=0)
    # Rows that were there before it are found after it.
    assert passage_search.find(assistant.pk, ["modal"]) == [pair.pk]
