"""Votes: one an answer, stored before the context goes, linked once."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache

from reviews.domain import assistants, contexts, feedback
from reviews.domain.errors import Conflict, Expired, Invalid, Unavailable, Unknown
from reviews.domain.feedback import Ballot
from reviews.models import Correction, Feedback, Pair
from tests.factories import NOW

UP, DOWN = Ballot(thumb=True), Ballot(thumb=False)
HISTORY = [["user", "Halo"], ["assistant", "Ya?"]]


def _id(context):
    return uuid.UUID(context.request_id)


def _vote(context, ballot=UP, now=NOW):
    return feedback.vote(_id(context), ballot, assistant_id=context.assistant_id, now=now)


def _nothing_stored(context):
    return Feedback.objects.count() == 0 and contexts.read(_id(context)) == context


# --- one vote ------------------------------------------------------------------------------------
def test_a_vote_moves_the_answer_from_the_cache_to_the_database(answered, assistant):
    context = answered(history=HISTORY, model_version="v1", prompt_version="p2", language="en")
    ballot = Ballot(True, 5, "jelas", "investor")
    row, new = _vote(context, ballot)
    assert (row, new) == (Feedback.objects.get(), True)
    row = Feedback.objects.get()
    assert (str(row.request_id), row.assistant, row.request_type) == (
        context.request_id,
        assistant,
        "chat",
    )
    assert (row.prompt, row.response, row.history) == (context.prompt, context.response, HISTORY)
    assert (row.model_version, row.prompt_version, row.language) == ("v1", "p2", "en")
    assert (row.is_positive, row.thumb, row.rating) == (True, True, 5)
    assert (row.comment, row.segment) == ("jelas", "investor")
    assert (row.asked_at, row.created_at, row.linked_at) == (NOW, NOW, None)
    assert contexts.read(_id(context)) is None
    assert contexts.count(assistant.pk, NOW) == 0


@pytest.mark.parametrize(
    ("thumb", "rating", "positive"),
    [
        (True, None, True),
        (False, None, False),
        (None, 1, False),
        (None, 2, False),
        (None, 3, False),
        (None, 4, True),
        (None, 5, True),
        (True, 1, True),
        (False, 5, False),
    ],
)
def test_what_a_thumb_and_a_rating_mean(answered, thumb, rating, positive):
    _vote(answered(), Ballot(thumb, rating))
    row = Feedback.objects.get()
    assert (row.is_positive, row.thumb, row.rating) == (positive, thumb, rating)


@pytest.mark.parametrize(
    ("ballot", "fields"),
    [
        (Ballot(), ["is_positive"]),
        (Ballot(comment="bagus"), ["is_positive"]),
        (Ballot(rating=0), ["rating"]),
        (Ballot(True, 6), ["rating"]),
        (Ballot(True, segment="vip"), ["segment"]),
        (Ballot(segment="vip"), ["is_positive", "segment"]),
        (Ballot(rating=9, segment="vip"), ["rating", "segment"]),
    ],
)
def test_a_wrong_ballot_names_its_fields(answered, ballot, fields):
    context = answered()
    with pytest.raises(Invalid) as refused:
        _vote(context, ballot)
    assert sorted(refused.value.fields) == fields
    assert _nothing_stored(context)


@pytest.mark.parametrize("ballot", [UP, DOWN, Ballot(None, 3), Ballot(True, 5, "a", "investor")])
def test_the_same_vote_again_is_harmless(answered, ballot):
    context = answered()
    row, _new = _vote(context, ballot)
    assert _vote(context, ballot, NOW + timedelta(days=2)) == (row, False)
    assert Feedback.objects.get().created_at == NOW


@pytest.mark.parametrize(
    "other", [DOWN, Ballot(True, 5), Ballot(None, 4), Ballot(True, comment="x")]
)
def test_another_vote_on_the_same_answer_is_a_conflict(answered, other):
    context = answered()
    _vote(context)
    with pytest.raises(Conflict):
        _vote(context, other)
    assert Feedback.objects.values_list("thumb", "rating", "comment").get() == (True, None, "")


def test_the_same_comment_with_personal_data_is_the_same_vote(answered):
    context, ballot = answered(), Ballot(True, comment="tulis ke budi@contoh.id")
    _vote(context, ballot)
    assert _vote(context, ballot)[1] is False


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (timedelta(0), Unknown),
        (timedelta(seconds=899), Unknown),
        (timedelta(seconds=900), Expired),
        (timedelta(days=300), Expired),
        (timedelta(days=-1), Unknown),
    ],
)
def test_an_id_of_ours_that_is_not_there_is_unknown_or_expired(assistant, made, error):
    request_id = contexts.new_id((NOW - made).timestamp())
    with pytest.raises(error):
        feedback.vote(request_id, UP, assistant_id=assistant.pk, now=NOW)
    assert Feedback.objects.count() == 0


@pytest.mark.parametrize(
    "text", ["b3b1a1de-7c1f-4b0e-9d3c-0f7c1f4b0e9d", "ffffffff-ffff-7fff-bfff-ffffffffffff"]
)
def test_an_id_that_says_no_usable_time_is_unknown(assistant, text):
    with pytest.raises(Unknown):
        feedback.vote(uuid.UUID(text), UP, assistant_id=assistant.pk, now=NOW)


def test_an_expired_answer_that_was_voted_on_keeps_its_vote(answered):
    context = answered()
    row, _new = _vote(context)
    later = NOW + timedelta(days=1)
    assert _vote(context, UP, later) == (row, False)
    with pytest.raises(Conflict):
        _vote(context, DOWN, later)


def test_another_assistants_answer_is_unknown(answered, assistant):
    context = answered()
    other = assistants.ensure("lain", "Lain")
    with pytest.raises(Unknown):
        feedback.vote(_id(context), UP, assistant_id=other.pk, now=NOW)
    assert _nothing_stored(context)


@pytest.mark.django_db(transaction=True)
def test_an_id_that_another_assistants_vote_bears_is_a_conflict(answered):
    context = answered()
    _vote(context)
    other = assistants.ensure("lain", "Lain")
    theirs = answered(request_id=context.request_id, assistant_id=other.pk)
    with pytest.raises(Conflict):
        _vote(theirs)
    assert Feedback.objects.count() == 1
    assert contexts.read(_id(context)) == theirs


# --- the cache -----------------------------------------------------------------------------------
def test_an_emptied_cache_answers_unknown_and_stores_nothing(answered):
    context = answered()
    # One name, not clear(): on Redis that would empty the other test processes' contexts too.
    cache.delete(f"context:{context.request_id}")
    with pytest.raises(Unknown):
        _vote(context)
    assert Feedback.objects.count() == 0


def test_with_the_cache_away_nothing_is_stored(answered, no_cache):
    context = answered()
    no_cache()
    with pytest.raises(Unavailable):
        _vote(context)
    assert Feedback.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_vote_whose_context_stayed_behind_is_the_same_vote(answered):
    """As after a crash between the insert and the delete."""
    context = answered()
    row, _new = _vote(context)
    contexts.register(context)
    assert _vote(context) == (row, False)
    assert contexts.read(_id(context)) is None
    contexts.register(context)
    with pytest.raises(Conflict):
        _vote(context, DOWN)
    assert Feedback.objects.get().is_positive


@pytest.mark.django_db(transaction=True)
def test_the_same_vote_at_once_is_one_row(answered, together):
    context = answered()
    results = together(*[lambda: _vote(context)] * 4)
    row = Feedback.objects.get()
    assert sorted(results, key=str) == sorted([(row, True), *[(row, False)] * 3], key=str)


@pytest.mark.django_db(transaction=True)
def test_of_two_opposite_votes_at_once_one_wins(answered, together):
    context = answered()
    results = together(lambda: _vote(context, UP), lambda: _vote(context, DOWN))
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "tuple"]
    [(row, new)] = [result for result in results if isinstance(result, tuple)]
    assert (new, Feedback.objects.get().thumb) == (True, row.thumb)


# --- privacy -------------------------------------------------------------------------------------
def test_personal_data_is_redacted_before_it_is_stored(answered):
    mail, phone = "budi@contoh.id", "0812-3456-7890"
    context = answered(
        f"Saya {mail}, kapan?", response=f"Hubungi {phone}.", history=[["user", f"HP {phone}"]]
    )
    _vote(context, Ballot(True, comment=f"balas ke {mail}"))
    row = Feedback.objects.get()
    stored = f"{row.prompt}{row.response}{row.history}{row.comment}"
    assert mail not in stored
    assert phone not in stored
    assert row.prompt.startswith("Saya [")
    assert row.history[0][1].startswith("HP [")
    assert row.comment.startswith("balas ke [")


def test_a_subject_is_kept_only_as_a_keyed_hash(answered, settings):
    settings.SUBJECT_KEY = "kunci"
    _vote(answered(), Ballot(True, subject="pelanggan-42"))
    # printf %s pelanggan-42 | openssl dgst -sha256 -hmac kunci
    expected = "7227ca237858cb5092a7fd7733deeea94ccdbcbc40d0d5e094fa9170fd607b13"
    assert Feedback.objects.get().subject_hash == expected
    assert "pelanggan-42" not in str(Feedback.objects.values().get())


def test_without_a_subject_there_is_no_hash(answered):
    _vote(answered())
    assert Feedback.objects.get().subject_hash == ""


# --- drafts and correction tasks -----------------------------------------------------------------
def _linked():
    return [
        ("pair" if row.pair else "correction" if row.correction else "neither")
        for row in Feedback.objects.order_by("id")
    ]


@pytest.mark.parametrize(
    ("thumb", "rating", "becomes"),
    [
        (True, None, "pair"),
        (False, None, "correction"),
        (None, 1, "correction"),
        (None, 2, "correction"),
        (None, 3, "neither"),
        (None, 4, "pair"),
        (None, 5, "pair"),
        (True, 3, "pair"),
        (True, 2, "correction"),
        (False, 5, "correction"),
    ],
)
def test_what_a_vote_becomes(answered, thumb, rating, becomes):
    _vote(answered(), Ballot(thumb, rating))
    assert feedback.link_pending(NOW) == 1
    assert _linked() == [becomes]
    assert Feedback.objects.get().linked_at == NOW


def test_several_votes_strengthen_one_draft(answered):
    for _vote_of in range(3):
        _vote(answered(history=HISTORY, language="en"))
    assert feedback.link_pending(NOW) == 3
    pair = Pair.objects.get()
    text = pair.current_revision
    assert (pair.status, pair.source, pair.priority, pair.language) == (
        "draft",
        "feedback",
        3,
        "en",
    )
    assert (text.input, text.output) == (
        "Berapa lama KITAS berlaku?",
        "KITAS investor berlaku dua tahun.",
    )
    assert (text.history, text.author) == (HISTORY, None)


def test_a_vote_that_arrives_twice_strengthens_its_draft_once(answered):
    context = answered()
    row, _new = _vote(context)
    feedback.link_pending(NOW)
    assert _vote(context) == (row, False)
    assert feedback.link_pending(NOW) == 0
    assert (Pair.objects.get().priority, Pair.objects.get().feedback.get()) == (1, row)


def test_several_complaints_raise_one_task(answered):
    for _vote_of in range(3):
        _vote(answered(history=HISTORY, model_version="v1"), DOWN)
    feedback.link_pending(NOW)
    task = Correction.objects.get()
    assert (task.status, task.history, task.model_version) == ("open", HISTORY, "v1")
    assert (task.question, task.wrong_answer) == (
        "Berapa lama KITAS berlaku?",
        "KITAS investor berlaku dua tahun.",
    )
    priorities = [task.priority]
    _vote(answered(history=HISTORY), DOWN)
    feedback.link_pending(NOW)
    priorities.append(Correction.objects.get().priority)
    assert priorities[1] == priorities[0] + 1


def test_linking_again_doubles_nothing(answered):
    _vote(answered())
    _vote(answered(), DOWN)
    assert feedback.link_pending(NOW) == 2
    before = Pair.objects.get().priority, Correction.objects.get().priority
    assert feedback.link_pending(NOW + timedelta(minutes=1)) == 0
    assert (Pair.objects.get().priority, Correction.objects.get().priority) == before
    assert set(Feedback.objects.values_list("linked_at", flat=True)) == {NOW}


def test_linking_stops_at_its_limit_with_the_oldest_first(answered):
    for number in range(3):
        _vote(answered(f"Pertanyaan {number}?"))
    assert feedback.link_pending(NOW, limit=2) == 2
    assert [row.prompt for row in Feedback.objects.unlinked()] == ["Pertanyaan 2?"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_link_each_vote_once(answered, together):
    for _vote_of in range(5):
        _vote(answered())
        _vote(answered(), DOWN)
    done = together(*[lambda: feedback.link_pending(NOW)] * 2)
    assert sum(done) == 10
    assert Pair.objects.get().voices == 5
    assert Correction.objects.get().feedback.count() == 5
    assert _linked() == ["pair", "correction"] * 5


def test_a_vote_that_cannot_be_linked_keeps_no_other_waiting(answered):
    damaged, _new = _vote(answered(), UP)
    _vote(answered(), UP)
    # A history that is no list of turns: no code of ours writes it, a damaged row may hold it.
    Feedback.objects.filter(pk=damaged.pk).update(history=[["user"]])
    assert feedback.link_pending(NOW) == 1
    assert list(Feedback.objects.unlinked()) == [damaged]


@pytest.mark.django_db(transaction=True)
def test_an_id_used_again_for_another_answer_is_a_conflict(answered):
    context = answered()
    _vote(context, UP)
    again = dataclasses.replace(context, response="Jawaban lain.")
    contexts.register(again)
    with pytest.raises(Conflict):
        _vote(again, UP)
    assert Feedback.objects.get().response == context.response


def test_thanks_for_an_honest_refusal_make_no_draft(answered):
    row, _new = _vote(answered(declined=True), UP)
    assert row.linked_at == NOW
    assert feedback.link_pending(NOW) == 0
    _vote(answered(declined=True), DOWN)
    assert feedback.link_pending(NOW) == 1
    assert (Pair.objects.count(), Correction.objects.count()) == (0, 1)
