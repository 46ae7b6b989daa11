"""Client keys: shown once, kept as a hash, usable until revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reviews.domain import briefly, keys
from reviews.domain.errors import Conflict, Invalid
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
        found = keys.verify(text, NOW)
        assert (found, found.assistant) == (row, row.assistant)


def test_keys_differ(assistant):
    made = {keys.create(assistant, "sama", scopes=[])[1] for _key in range(20)}
    assert len(made) == 20


def test_a_revoked_key_is_none(key):
    row, text = key
    keys.revoke(row, NOW)
    assert keys.verify(text, NOW) is None
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
        assert keys.verify(change(key[1]), NOW) is None


def test_one_keys_secret_does_not_open_another(assistant):
    one, other = (keys.create(assistant, name, scopes=[])[1].split("_", 2) for name in "ab")
    assert keys.verify(f"fbh_{one[1]}_{other[2]}", NOW) is None


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


# --- known for a few seconds ---------------------------------------------------------------------
@pytest.fixture
def clock(monkeypatch):
    """The seconds that keys measure by; set [0] to move on."""
    seconds = [1000.0]
    monkeypatch.setattr(briefly.time, "monotonic", lambda: seconds[0])
    return seconds


def test_a_known_key_costs_no_query(key, django_assert_num_queries):
    row, text = key
    keys.verify(text, NOW)
    with django_assert_num_queries(0):
        assert keys.verify(text, NOW) == row
        assert keys.by_prefix(row.prefix).assistant == row.assistant
        assert keys.verify(text[:-1], NOW) is None


def test_a_key_revoked_by_another_process_stops_within_seconds(key, clock):
    row, text = key
    assert keys.verify(text, NOW) == row
    ClientKey.objects.update(revoked_at=NOW)
    clock[0] += keys.CACHE_SECONDS - 0.1
    assert keys.verify(text, NOW) == row
    clock[0] += 0.1
    assert keys.verify(text, NOW) is None
    assert keys.CACHE_SECONDS <= 5


def test_origins_listed_by_another_process_are_seen_within_seconds(assistant, clock):
    keys.create(assistant, "web", scopes=[])
    assert not keys.may_vote_from("https://app.id")
    ClientKey.objects.update(origins=["https://app.id"])
    assert not keys.may_vote_from("https://app.id")
    clock[0] += keys.CACHE_SECONDS
    assert keys.may_vote_from("https://app.id")


def test_made_up_prefixes_are_not_kept(key):
    for number in range(50):
        keys.verify(f"fbh_{number:08x}_secret", NOW)
    assert len(keys._keys) == 0


# --- rotation ------------------------------------------------------------------------------------
def test_both_secrets_are_good_while_they_overlap(key):
    row, old = key
    new = keys.rotate(row, overlap=timedelta(hours=1), now=NOW)
    assert new.split("_")[1] == old.split("_")[1] == row.prefix
    last = NOW + timedelta(hours=1)
    for moment, good in [(NOW, True), (last - timedelta(seconds=1), True), (last, False)]:
        assert keys.verify(new, moment) == row
        assert (keys.verify(old, moment) == row) is good


def test_without_overlap_the_old_secret_ends_at_once(key):
    row, old = key
    new = keys.rotate(row, overlap=timedelta(0), now=NOW)
    assert (keys.verify(old, NOW), keys.verify(new, NOW)) == (None, row)
    assert (ClientKey.objects.get().previous_hash, ClientKey.objects.get().previous_until) == (
        "",
        None,
    )


def test_rotated_twice_only_the_last_two_secrets_are_good(key):
    row, first = key
    second = keys.rotate(row, overlap=timedelta(days=1), now=NOW)
    third = keys.rotate(ClientKey.objects.get(), overlap=timedelta(days=1), now=NOW)
    assert [keys.verify(text, NOW) for text in (first, second, third)] == [None, row, row]


def test_two_rotations_at_once_leave_one_secret_shown(key):
    row, _text = key
    same = ClientKey.objects.get()
    keys.rotate(row, overlap=timedelta(0), now=NOW)
    with pytest.raises(Conflict):
        keys.rotate(same, overlap=timedelta(0), now=NOW)


def test_a_revoked_key_is_not_rotated(key):
    row, _text = key
    keys.revoke(row, NOW)
    with pytest.raises(Conflict):
        keys.rotate(row, overlap=timedelta(0), now=NOW)


@pytest.mark.parametrize("overlap", [timedelta(days=31), timedelta(seconds=-1)])
def test_an_overlap_has_bounds(key, overlap):
    with pytest.raises(Invalid):
        keys.rotate(key[0], overlap=overlap, now=NOW)


def test_revoking_ends_both_secrets(key):
    row, old = key
    new = keys.rotate(row, overlap=timedelta(days=1), now=NOW)
    keys.revoke(row, NOW)
    assert (keys.verify(old, NOW), keys.verify(new, NOW)) == (None, None)


def test_a_change_holds_at_once(key):
    row, text = key
    keys.verify(text, NOW)
    keys.change(row, origins=["https://app.id"], requests_per_minute=7)
    found = keys.verify(text, NOW)
    assert (found.origins, found.requests_per_minute) == (["https://app.id"], 7)
