"""Who plays in the demo: sample reviewers, an operator, an administrator, and a client key."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.utils import timezone

from reviews.domain import keys
from reviews.enums import Scope
from reviews.models import Assistant, ClientKey

ROLES = {
    "peninjau1": "Peninjau",
    "peninjau2": "Peninjau",
    "penengah": "Peninjau senior",
    "kurator": "Kurator",
    "operator": "Operator",
}
ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Cast:
    first: User
    second: User
    senior: User
    curator: User
    operator: User
    password: str
    key: str


def _user(name: str, role: str, password: str) -> User:
    user, created = User.objects.get_or_create(
        username=name, defaults={"is_staff": True, "is_superuser": name == ADMIN}
    )
    if created:
        # Somebody's own account of that name keeps its password: a demo takes over nothing.
        user.set_password(password)
        user.save()
    if role:
        user.groups.add(Group.objects.get(name=role))
    # Permissions are cached on the instance; read it again with its group.
    return User.objects.get(pk=user.pk)


def _secrets_file() -> Path:
    return Path(settings.DATA_DIR) / "demo_login.json"


def _known() -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(_secrets_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def _keep(values: dict[str, Any]) -> None:
    file = _secrets_file()
    file.touch(mode=0o600)
    file.write_text(json.dumps(values), encoding="utf-8")


def assemble(assistant: Assistant) -> Cast:
    """The demo's users and key, the same ones at each run; secrets are kept in DATA_DIR."""
    known = _known()
    password = known.setdefault("password", secrets.token_urlsafe(9))
    name = f"demo {assistant.slug}"
    key = known.get(name, "")
    if not key or keys.verify(key, timezone.now()) is None:
        for old in ClientKey.objects.usable().filter(assistant=assistant, name=name):
            keys.revoke(old, timezone.now())
        _row, key = keys.create(assistant, name, scopes=Scope.values)
        known[name] = key
    _keep(known)
    users = {user: _user(user, role, password) for user, role in ROLES.items()}
    _user(ADMIN, "", password)
    return Cast(
        users["peninjau1"],
        users["peninjau2"],
        users["penengah"],
        users["kurator"],
        users["operator"],
        password,
        key,
    )
