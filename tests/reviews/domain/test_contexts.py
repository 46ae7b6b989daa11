"""Answers that wait for a vote: kept a while, counted, addressed by id or token."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import signing
from django.core.cache import cache

from reviews.domain import contexts, feedback
from reviews.domain.errors import Conflict, Unavailable
from tests.factories import NOW


def test_an_id_of_ours_carries_its_time():
    made = contexts.new_id(NOW.timestamp())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert contexts.age(made, NOW + timedelta(minutes=15)) == timedelta(minutes=15)


def test_ids_of_the_same_moment_differ():
    assert len({contexts.new_id(NOW.timestamp()) for _id in range(100)}) == 100


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("0190163d-8694-4e4f-9a3b-1f6d5a2c7e10", None),
        ("00000000-0000-7000-8000-000000000000", timedelta(seconds=NOW.timestamp())),
        (
            "ffffffff-ffff-7fff-bfff-ffffffffffff",
            timedelta(seconds=NOW.timestamp() - (2**48 - 1) / 1000),
        ),
    ],
)
def test_the_age_of_any_id(text, age):
    assert contexts.age(uuid.UUID(text), NOW) == age


def test_a_context_is_read_as_it_was_registered(answered):
    context = answered(history=[["user", "Halo"], ["assistant", "Ya?"]], declined=True)
    assert contexts.read(uuid.UUID(context.request_id)) == context
    assert contexts.read(contexts.new_id()) is None


def test_the_same_context_again_is_harmless(answered):
    context = answered()
    contexts.register(replace(context, asked_at=(NOW + timedelta(seconds=3)).isoformat()))
    assert contexts.read(uuid.UUID(context.request_id)) == context
    assert contexts.count(context.assistant_id, NOW) == 1


@pytest.mark.parametrize(
    "change", [{"response": "Lain."}, {"prompt": "Lain?"}, {"assistant_id": 0}]
)
def test_another_answer_under_the_same_id_is_a_conflict(answered, change):
    context = answered()
    with pytest.raises(Conflict):
        contexts.register(replace(context, **change))
    assert contexts.read(uuid.UUID(context.request_id)) == context


def test_contexts_without_a_vote_are_counted_by_assistant(answered, assistant):
    first, _second = answered("satu?"), answered("dua?")
    answered("tiga?", assistant_id=assistant.pk + 1)
    assert contexts.count(assistant.pk, NOW) == 2
    ballot = feedback.Ballot(thumb=True)
    for _again in range(2):
        feedback.vote(uuid.UUID(first.request_id), ballot, assistant_id=assistant.pk, now=NOW)
    assert contexts.count(assistant.pk, NOW) == 1
    assert contexts.read(uuid.UUID(first.request_id)) is None


def test_a_vote_of_yesterday_takes_nothing_off_the_count(answered, assistant):
    old = answered("kemarin?", asked_at=(NOW - timedelta(days=1)).isoformat())
    vote = {"assistant_id": assistant.pk, "now": NOW - timedelta(days=1)}
    feedback.vote(uuid.UUID(old.request_id), feedback.Ballot(thumb=True), **vote)
    answered("hari ini?")
    assert contexts.count(assistant.pk, NOW) == 1


@pytest.mark.parametrize(("minutes", "left"), [(0, 1), (14, 1), (15, 1), (16, 0)])
def test_the_count_expires_with_the_minute(answered, assistant, minutes, left):
    answered()
    assert contexts.count(assistant.pk, NOW + timedelta(minutes=minutes)) == left


def test_a_count_is_never_negative(answered, assistant):
    context = answered()
    cache.delete_many([f"contexts:{assistant.pk}:{int(NOW.timestamp()) // 60}"])
    contexts.discard(context)
    assert contexts.count(assistant.pk, NOW) == 0


def test_with_the_cache_away_callers_are_told_to_try_again(answered, assistant, no_cache):
    context = answered()
    no_cache()
    for call in (
        lambda: contexts.register(context),
        lambda: contexts.read(uuid.UUID(context.request_id)),
        lambda: contexts.count(assistant.pk, NOW),
    ):
        with pytest.raises(Unavailable):
            call()
    contexts.discard(context)  # the vote is stored by then: this one says nothing


def test_a_token_says_which_answer_and_which_key():
    text = contexts.token("0190163d-8694-7e4f-9a3b-1f6d5a2c7e10", "abc12345")
    assert contexts.read_token(text) == ("0190163d-8694-7e4f-9a3b-1f6d5a2c7e10", "abc12345")


def test_a_changed_token_is_none_of_ours():
    one, other = contexts.token("a", "x"), contexts.token("b", "x")
    forged = other.split(":")[0] + ":" + one.split(":", 1)[1]
    assert contexts.read_token(forged) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a:b:c",
        "é:\x00:ü",
        "\ud800",
        signing.dumps(["a", "x"], salt="another"),
        signing.dumps(["a"], salt=contexts.TOKEN_SALT),
        signing.dumps(7, salt=contexts.TOKEN_SALT),
    ],
    # A signature holds the second it was made in: two workers would know it by two names.
    ids=lambda text: str(len(text)),
)
def test_what_is_no_token(text):
    assert contexts.read_token(text) is None


def test_a_token_of_another_secret_is_none_of_ours(settings):
    text = contexts.token("a", "x")
    settings.SECRET_KEY = "another-secret-of-at-least-thirty-two-characters"
    assert contexts.read_token(text) is None
