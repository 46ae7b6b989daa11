"""What every test finds: a clean cache, folders of its own, no message to a broker."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User

from feedbackhub import roles
from reviews.domain import assistants, calibration, checklists, desk, hints, keys, reviewers
from reviews.enums import Scope
from reviews.models import Assistant, Checklist, ClientKey
from tuning.domain import exemplars, versions

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def _own_places(settings, tmp_path):
    """Files go to the test's own folder, and cache names carry the test's own prefix."""
    settings.FEEDBACK_EXPORT_DIR = tmp_path / "exports"
    settings.TUNING_DIR = tmp_path / "tuning"
    settings.FEEDBACK_AUTO_TUNE_ENABLED = False
    # A user for a test must not cost half a second.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    own = {**settings.CACHES["default"], "KEY_PREFIX": uuid.uuid4().hex}
    # The in-process cache is told apart by its location, a server's by the prefix of its names.
    if "locmem" in own["BACKEND"]:
        own["LOCATION"] = own["KEY_PREFIX"]
    settings.CACHES = {"default": own}


@pytest.fixture(autouse=True)
def _nothing_known():
    """Nothing is known from an earlier test, whose rows are gone."""
    keys.forget()
    assistants.request_types.forget()
    assistants.rows.forget()
    versions.serving.forget()
    exemplars.stamps.forget()
    checklists.in_force.forget()
    reviewers.known.forget()
    calibration.rates.forget()
    desk.queued.forget()


@pytest.fixture(autouse=True)
def sent_hints(monkeypatch):
    """The tasks that were hinted at, by name, in order; nothing reaches a broker."""
    sent = []
    monkeypatch.setattr(hints, "_send", lambda task, after, arguments: sent.append(task))
    return sent


@pytest.fixture
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip("needs the public data in ../shared/data")
    return SHARED_DATA


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.fixture
def assistant(db) -> Assistant:
    return assistants.ensure("bisnis", "Asisten Bisnis")


@pytest.fixture
def checklist(db) -> Checklist:
    return checklists.load_default()


@pytest.fixture
def key(assistant) -> tuple[ClientKey, str]:
    """A client key with every scope: (row, the key itself)."""
    return keys.create(assistant, "test", scopes=list(Scope.values))


def _user(name: str, role: str) -> User:
    roles.ensure()
    user = User.objects.create_user(name, password="sandi-uji-123", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def reviewer(db) -> User:
    return _user("peninjau1", "Peninjau")


@pytest.fixture
def second_reviewer(db) -> User:
    return _user("peninjau2", "Peninjau")


@pytest.fixture
def senior(db) -> User:
    return _user("penengah", "Peninjau senior")


@pytest.fixture
def curator(db) -> User:
    return _user("kurator", "Kurator")


@pytest.fixture
def operator(db) -> User:
    return _user("operator", "Operator")
