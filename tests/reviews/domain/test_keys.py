"""Client keys: shown once, kept as a hash, usable until revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reviews.domain import keys
from reviews.models import ClientKey
from tests.factories import NOW


def test_only_the_hash_is_stored(key):
    row, text = key
    secret = text.split("_", 2)[2]
    stored = ClientKey.objects.values().get()
    assert not [name for name, value in stored.items() if secret in str(value)]
    assert text.startswith(f"fbh_{row.prefix}_")
    assert len(row.secret_hash) == 64


def test_a_key_is_found_in_one_query(key, django_assert_num_queries):
    row, text = key
    with django_assert_num_queries(1):
        found = keys.verify(text)
        assert (found, found.assistant) == (row, row.assistant)


def test_keys_differ(assistant):
    made = {keys.create(assistant, "sama", scopes=[])[1] for _key in range(20)}
    assert len(made) == 20


def test_a_revoked_key_is_none(key):
    row, text = key
    keys.revoke(row, NOW)
    assert keys.verify(text) is None
    assert ClientKey.objects.get().revoked_at == NOW


def test_a_key_is_revoked_once(key):
    row, _text = key
    keys.revoke(row, NOW)
    keys.revoke(row, NOW + timedelta(days=1))
    assert ClientKey.objects.get().revoked_at == NOW


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text + "x",
        lambda text: text + "\x00",
        lambda text: "\x00" + text,
        lambda text: text.replace("fbh", "abc"),
        lambda text: text.rsplit("_", 1)[0][:12],
        lambda text: text.upper(),
        lambda _text: "",
        lambda _text: "fbh",
        lambda _text: "fbh__",
        lambda _text: "fbh_12345678_geheim",
        lambda _text: "fbh_é\u2028💥_" + "x" * 10_000,
        lambda _text: "fbh_\x00_\x00",
    ],
)
def test_anything_else_is_none(key, change, django_assert_max_num_queries):
    with django_assert_max_num_queries(1):
        assert keys.verify(change(key[1])) is None


def test_one_keys_secret_does_not_open_another(assistant):
    one, other = (keys.create(assistant, name, scopes=[])[1].split("_", 2) for name in "ab")
    assert keys.verify(f"fbh_{one[1]}_{other[2]}") is None


@pytest.mark.parametrize(("seconds", "noted"), [(0, 0), (60, 0), (61, 61)])
def test_use_is_noted_once_a_minute(key, seconds, noted):
    row, _text = key
    keys.touch(row, NOW)
    row.refresh_from_db()
    keys.touch(row, NOW + timedelta(seconds=seconds))
    assert ClientKey.objects.get().last_used_at == NOW + timedelta(seconds=noted)


def test_origins_of_usable_keys_may_vote(assistant):
    row, _text = keys.create(assistant, "web", scopes=[], origins=["https://app.id"])
    assert keys.may_vote_from("https://app.id")
    assert not keys.may_vote_from("https://app.id.jahat.id")
    keys.revoke(row, NOW)
    assert not keys.may_vote_from("https://app.id")
