"""Versions: one base each, traffic by a person, never over 100, and back at any time (E4)."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError

from reviews.domain import assistants, transitions
from reviews.domain.errors import Conflict, Invalid, Refused
from reviews.domain.transitions import IllegalMove, StaleMove
from reviews.models import Assistant
from tests import factories
from tests.tuning import making
from tuning.domain import versions
from tuning.enums import VersionStatus
from tuning.models import BaseModel, ModelVersion

NOW = factories.NOW


@pytest.fixture
def gated(assistant) -> ModelVersion:
    return making.version_of(assistant, {}, VersionStatus.GATED)


@pytest.fixture
def barred(assistant) -> ModelVersion:
    version = making.version_of(assistant, {})
    transitions.move(version, VersionStatus.BARRED, now=NOW)
    return version


@pytest.fixture
def activator(curator):
    """May give traffic, may not override a gate."""
    from django.contrib.auth.models import Permission, User

    curator.user_permissions.add(Permission.objects.get(codename="activate_modelversion"))
    return User.objects.get(pk=curator.pk)


def stored(version) -> tuple[str, int]:
    return ModelVersion.objects.values_list("status", "traffic_weight").get(pk=version.pk)


# --- base and names ------------------------------------------------------------------------------
def test_an_assistant_has_one_base_that_is_live(assistant):
    base = versions.ensure_base(assistant)
    assert versions.ensure_base(assistant) == base == ModelVersion.objects.get()
    assert (base.reference, base.status, base.is_base) == ("bisnis/base", "live", True)


@pytest.mark.django_db(transaction=True)
def test_made_from_two_threads_it_is_one_base(assistant, together):
    bases = together(*[lambda: versions.ensure_base(assistant)] * 4)
    assert set(bases) == {ModelVersion.objects.get()}


def test_an_assistant_without_a_prompt_gets_one_with_its_base(db):
    bare = Assistant.objects.create(slug="baru", name="Baru")
    assert versions.ensure_base(bare).prompt.text == assistants.DEFAULT_PROMPT


def test_versions_are_named_in_turn_for_each_assistant(assistant):
    other = assistants.ensure("lain", "Lain")
    versions.ensure_base(assistant)
    names = [making.version_of(a, {}).reference for a in (assistant, assistant, other, assistant)]
    assert names == ["bisnis/v1.0", "bisnis/v1.1", "lain/v1.0", "bisnis/v1.2"]


def test_a_run_makes_one_version(gated):
    assert versions.create(gated.run, {"threshold": 0.9}) == gated
    assert ModelVersion.objects.candidates().count() == 1


# --- traffic -------------------------------------------------------------------------------------
def test_activated_it_takes_a_tenth_and_the_base_the_rest(gated, operator):
    versions.activate(gated, by=operator, now=NOW)
    assert stored(gated) == ("canary", 10)
    assert versions.base_weight(gated.assistant) == 90
    change = transitions.history(gated).get()
    assert (change.from_status, change.to_status, change.by) == ("gated", "canary", operator)


@pytest.mark.parametrize("status", ["candidate", "canary", "live"])
def test_other_statuses_are_not_activated(assistant, operator, status):
    version = making.version_of(assistant, {}, status)
    with pytest.raises(IllegalMove):
        versions.activate(version, by=operator, now=NOW)
    assert stored(version) == (status, 0)


@pytest.mark.parametrize("status", ["gated", "retired", "rolled_back"])
def test_these_statuses_are(assistant, operator, status):
    version = making.version_of(assistant, {}, status)
    versions.activate(version, by=operator, now=NOW)
    assert stored(version) == ("canary", 10)


@pytest.mark.parametrize("weight", [0, 20, 50, 100])
def test_a_first_share_other_than_a_tenth_is_refused(gated, operator, weight):
    with pytest.raises(Invalid):
        versions.activate(gated, by=operator, now=NOW, weight=weight)
    assert stored(gated) == ("gated", 0)


def test_a_barred_version_needs_permission(barred, activator):
    with pytest.raises(Refused, match="override"):
        versions.activate(barred, by=activator, now=NOW, reason="Saya mau.")
    assert stored(barred) == ("barred", 0)


def test_a_barred_version_needs_a_reason(barred, operator):
    with pytest.raises(Invalid) as refused:
        versions.activate(barred, by=operator, now=NOW, reason="  ")
    assert list(refused.value.fields) == ["reason"]
    versions.activate(barred, by=operator, now=NOW, reason="Uji terbatas.")
    assert stored(barred) == ("canary", 10)
    assert transitions.history(barred).first().to_status == "barred"
    assert transitions.history(barred).last().note == "Uji terbatas."


def test_overridden_once_and_rolled_back_it_needs_the_override_again(barred, operator, activator):
    versions.activate(barred, by=operator, now=NOW, reason="Uji terbatas.")
    versions.roll_back(barred, by=operator, now=NOW, reason="Banyak keluhan.")
    with pytest.raises(Refused, match="override"):
        versions.activate(barred, by=activator, now=NOW)
    with pytest.raises(Invalid):
        versions.activate(barred, by=operator, now=NOW)
    assert stored(barred) == ("rolled_back", 0)


def test_no_more_is_given_than_is_left(assistant, operator, gated):
    for _ in range(10):
        making.canary(assistant)
    with pytest.raises(Conflict, match="at most 0 %"):
        versions.activate(gated, by=operator, now=NOW)
    assert (stored(gated), versions.base_weight(assistant)) == (("gated", 0), 0)


def test_another_assistant_s_traffic_does_not_count(assistant, operator, gated):
    other = assistants.ensure("lain", "Lain")
    making.canary(other, weight=100)
    versions.activate(gated, by=operator, now=NOW)
    assert versions.base_weight(assistant) == 90


@pytest.mark.django_db(transaction=True)
def test_two_activations_at_once_never_give_more_than_all(assistant, operator, together):
    for _ in range(9):
        making.canary(assistant)
    pair = [making.version_of(assistant, {}, VersionStatus.GATED) for _ in range(2)]
    results = together(
        *[lambda v=version: versions.activate(v, by=operator, now=NOW) for version in pair]
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "NoneType"]
    assert versions.base_weight(assistant) == 0


@pytest.mark.django_db(transaction=True)
def test_one_version_activated_twice_at_once_is_activated_once(gated, operator, together):
    copies = [ModelVersion.objects.get(pk=gated.pk) for _ in range(2)]
    results = together(*[lambda v=v: versions.activate(v, by=operator, now=NOW) for v in copies])
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "StaleMove"]
    assert transitions.history(gated).count() == 1


def test_an_activation_undoes_no_change_of_the_assistant(gated, operator):
    assert gated.assistant.name == "Asisten Bisnis"
    Assistant.objects.update(name="Nama Baru")
    versions.activate(gated, by=operator, now=NOW)
    assert Assistant.objects.get().name == "Nama Baru"


# --- and back ------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", ["canary", "live"])
def test_rolled_back_its_share_goes_to_the_base(assistant, operator, status):
    version = making.version_of(assistant, {}, status, traffic_weight=10)
    versions.roll_back(version, by=operator, now=NOW, reason="Banyak keluhan.")
    assert stored(version) == ("rolled_back", 0)
    assert versions.base_weight(assistant) == 100
    assert transitions.history(version).get().note == "Banyak keluhan."


def test_a_rollback_needs_a_reason(assistant, operator):
    version = making.canary(assistant)
    with pytest.raises(Invalid):
        versions.roll_back(version, by=operator, now=NOW, reason=" ")
    assert stored(version) == ("canary", 10)


def test_a_rollback_of_what_another_changed_looks_again(assistant, operator):
    version = making.canary(assistant)
    ModelVersion.objects.filter(pk=version.pk).update(traffic_weight=50)
    with pytest.raises(StaleMove):
        versions.roll_back(version, by=operator, now=NOW, reason="Keluhan.")
    assert stored(version) == ("canary", 50)


def test_the_base_is_neither_activated_nor_rolled_back(assistant, operator):
    base = versions.ensure_base(assistant)
    with pytest.raises(Refused):
        versions.activate(base, by=operator, now=NOW)
    with pytest.raises(Refused):
        versions.roll_back(base, by=operator, now=NOW, reason="Tidak ada.")
    assert stored(base) == ("live", 0)


# --- what the database itself refuses ------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "change",
    [
        {"status": "canary", "traffic_weight": 101},
        {"status": "gated", "traffic_weight": 10},
        {"status": "somewhere"},
        {"name": "base"},
        {"run": None},
    ],
    ids=str,
)
def test_the_database_refuses(assistant, change):
    versions.ensure_base(assistant)
    version = making.version_of(assistant, {})
    with pytest.raises(IntegrityError):
        ModelVersion.objects.filter(pk=version.pk).update(**change)


def test_a_base_model_that_nobody_made_is_a_wrong_setting(settings, db):
    settings.TUNING_BASE_MODEL = "gpt9"
    with pytest.raises(ImproperlyConfigured, match="TUNING_BASE_MODEL"):
        versions.base_model()
    assert BaseModel.objects.count() == 0
    made = BaseModel.objects.create(name="gpt9", provider="exemplar", backend="exemplar")
    assert versions.base_model() == made
