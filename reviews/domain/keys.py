"""Client keys: made, checked, revoked. Only a hash is stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from reviews.models import Assistant, ClientKey

MARK = "fbh"
_TOUCH_EVERY = timedelta(minutes=1)


def _hash(secret: str) -> str:
    # A plain hash is enough: the secret is 32 random bytes, there is no dictionary of it.
    return hashlib.sha256(secret.encode()).hexdigest()


def create(
    assistant: Assistant, name: str, *, scopes: list[str], origins: list[str] | None = None
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
    )
    return key, f"{MARK}_{prefix}_{secret}"


def verify(text: str) -> ClientKey | None:
    """The usable key that `text` is, or None. One query, whatever `text` holds."""
    mark, _, rest = text.partition("_")
    prefix, _, secret = rest.partition("_")
    if mark != MARK or not prefix or not secret or "\x00" in text:
        return None
    key = ClientKey.objects.usable().select_related("assistant").filter(prefix=prefix).first()
    if key is None or not hmac.compare_digest(key.secret_hash, _hash(secret)):
        return None
    return key


def touch(key: ClientKey, now: datetime) -> None:
    """Note the use, once a minute at most: a busy key must not be a busy row."""
    if key.last_used_at is None or now - key.last_used_at > _TOUCH_EVERY:
        ClientKey.objects.filter(pk=key.pk).update(last_used_at=now)


def revoke(key: ClientKey, now: datetime) -> None:
    ClientKey.objects.usable().filter(pk=key.pk).update(revoked_at=now)


def may_vote_from(origin: str) -> bool:
    """Whether any usable key lists the web origin, which is all a CORS preflight can be asked."""
    return any(
        origin in origins
        for origins in ClientKey.objects.usable().values_list("origins", flat=True)
    )
