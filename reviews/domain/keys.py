"""Client keys: made, checked, rotated, revoked. Only hashes are stored.

A request costs no query: a key that was looked up is kept in the process for CACHE_SECONDS, and so
a revoked one is refused everywhere that many seconds later at most, and at once where it was
revoked.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from reviews.domain.briefly import Known
from reviews.domain.errors import Conflict, Invalid, Unknown
from reviews.models import Assistant, ClientKey

MARK = "fbh"
CACHE_SECONDS = 3.0
MAX_OVERLAP = timedelta(days=30)
_TOUCH_EVERY = timedelta(minutes=1)
_keys: Known[ClientKey] = Known(CACHE_SECONDS)
_origins: Known[frozenset[str]] = Known(CACHE_SECONDS)


def _hash(secret: str) -> str:
    # A plain hash is enough: the secret is 32 random bytes, there is no dictionary of it.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _text(prefix: str, secret: str) -> str:
    return f"{MARK}_{prefix}_{secret}"


def forget() -> None:
    """Look every key up anew from the next request on."""
    _keys.forget()
    _origins.forget()


def create(
    assistant: Assistant,
    name: str,
    *,
    scopes: list[str],
    origins: list[str] | None = None,
    **fields: int,
) -> tuple[ClientKey, str]:
    """Make a key. Returns the row and the key itself, which cannot be had again."""
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    key = ClientKey.objects.create(
        assistant=assistant,
        name=name,
        prefix=prefix,
        secret_hash=_hash(secret),
        scopes=scopes,
        origins=origins or [],
        **fields,
    )
    forget()
    return key, _text(prefix, secret)


def is_origin(text: str) -> bool:
    """Whether it is a web origin as browsers write it: scheme and host, nothing behind."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    known = parts.scheme in ("http", "https") and bool(parts.netloc)
    return known and text == f"{parts.scheme}://{parts.netloc}"


def create_for(
    slug: str, name: str, *, scopes: list[str], origins: list[str]
) -> tuple[ClientKey, str]:
    """`create` for the assistant of this slug. Raises Unknown, or Invalid for a wrong origin."""
    assistant = Assistant.objects.filter(slug=slug).first()
    if assistant is None:
        known = ", ".join(Assistant.objects.values_list("slug", flat=True)) or "none"
        raise Unknown(f"there is no assistant {slug!r}; known: {known}")
    wrong = [origin for origin in origins if not is_origin(origin)]
    if wrong:
        raise Invalid({"origin": f"{wrong[0]} is not a web origin"})
    return create(assistant, name, scopes=[str(scope) for scope in scopes], origins=origins)


def rotate(key: ClientKey, *, overlap: timedelta, now: datetime) -> str:
    """Give the key a new secret, and return the key as it reads from now on.

    The old secret stays good for `overlap`, so that applications can change over; one that was
    rotated out before ends at once. Prefix, scopes, origins and open feedback tokens stay. Raises
    Invalid for an overlap that is too long, Conflict for a revoked key or two rotations at once.
    """
    if not timedelta(0) <= overlap <= MAX_OVERLAP:
        raise Invalid({"overlap": f"at most {MAX_OVERLAP.days} days"})
    secret = secrets.token_urlsafe(32)
    unchanged = ClientKey.objects.usable().filter(pk=key.pk, secret_hash=key.secret_hash)
    if not unchanged.update(
        secret_hash=_hash(secret),
        previous_hash=key.secret_hash if overlap else "",
        previous_until=now + overlap if overlap else None,
    ):
        raise Conflict("This key was revoked or rotated meanwhile.")
    forget()
    return _text(key.prefix, secret)


def by_prefix(prefix: str) -> ClientKey | None:
    """The usable key of this prefix with its assistant, or None."""
    if "\x00" in prefix:
        # PostgreSQL can't be asked for a NUL.
        return None

    def read() -> ClientKey | None:
        rows = ClientKey.objects.usable().select_related("assistant")
        return rows.filter(prefix=prefix).first()

    return _keys.get(prefix, read)


def verify(text: str, now: datetime) -> ClientKey | None:
    """The usable key that `text` is, or None. Compared in constant time."""
    mark, _, rest = text.partition("_")
    prefix, _, secret = rest.partition("_")
    if mark != MARK or not prefix or not secret:
        return None
    key = by_prefix(prefix)
    if key is None:
        return None
    given = _hash(secret)
    current = hmac.compare_digest(key.secret_hash, given)
    overlaps = key.previous_until is not None and now < key.previous_until
    previous = hmac.compare_digest(key.previous_hash, given) and overlaps
    return key if current or previous else None


def touch(key: ClientKey, now: datetime) -> None:
    """Note the use, once a minute at most: a busy key must not be a busy row."""
    if key.last_used_at is None or now - key.last_used_at > _TOUCH_EVERY:
        # Said first to the kept one, so that threads that share it do not all write.
        key.last_used_at = now
        ClientKey.objects.filter(pk=key.pk).update(last_used_at=now)


def revoke(key: ClientKey, now: datetime) -> None:
    ClientKey.objects.usable().filter(pk=key.pk).update(revoked_at=now)
    forget()


def change(key: ClientKey, *, origins: list[str], requests_per_minute: int) -> None:
    """Set what may change in a key's life. Its scopes may not: a new key tells who got more."""
    ClientKey.objects.usable().filter(pk=key.pk).update(
        origins=origins, requests_per_minute=requests_per_minute
    )
    forget()


def _all_origins() -> frozenset[str]:
    lists = ClientKey.objects.usable().values_list("origins", flat=True)
    return frozenset(one for origins in lists for one in origins)


def may_vote_from(origin: str) -> bool:
    """Whether any usable key lists the web origin, which is all a CORS preflight can be asked."""
    return origin in (_origins.get("all", _all_origins) or frozenset())
