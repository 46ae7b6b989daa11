"""Versions: one base each, traffic by a person, never over 100, and back at any time (E4)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError
from django.utils import translation

from reviews.domain import assistants, transitions
from reviews.domain.errors import Conflict, Invalid, Refused
from reviews.domain.transitions import IllegalMove, StaleMove
from reviews.models import Assistant, PromptVersion
from tests import factories
from tests.tuning import making
from tests.tuning.providers.standins import OpenAIServer
from tuning.domain import datasets, versions
from tuning.enums import VersionStatus
from tuning.models import (
    BaseModel,
    DatasetVersion,
    Evaluation,
    GateResult,
    ModelVersion,
    TuningRun,
)

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


def a_run(assistant, number: int) -> TuningRun:
    frozen = DatasetVersion.objects.create(
        dataset=datasets.ensure(assistant, datasets.EVERYTHING),
        number=number,
        reference=f"naming@{number}",
        prompt=assistant.prompts.latest("number"),
        content_hash=str(number),
        frozen_at=NOW,
    )
    return TuningRun.objects.create(
        assistant=assistant,
        dataset_version=frozen,
        base_model=versions.base_model(),
        status="training",
        label=f"naming-{number}",
        next_look_at=NOW,
        deadline_at=NOW,
        created_at=NOW,
    )


@pytest.mark.django_db(transaction=True)
def test_runs_that_end_at_once_both_get_names(assistant, together):
    runs = [a_run(assistant, number) for number in range(1, 5)]
    made = together(*[lambda run=run: versions.create(run, {}) for run in runs])
    assert sorted(version.name for version in made) == ["v1.0", "v1.1", "v1.2", "v1.3"]


@pytest.mark.django_db(transaction=True)
def test_one_run_that_two_workers_end_at_once_makes_one_version(assistant, together):
    run = a_run(assistant, 1)
    copies = [TuningRun.objects.get(pk=run.pk) for _ in range(2)]
    made = together(*[lambda run=run: versions.create(run, {}) for run in copies])
    assert made == [ModelVersion.objects.candidates().get()] * 2


def test_a_version_keeps_what_its_run_made(assistant):
    result = {"artifact": "models/7", "checkpoint": "2", "endpoint": "endpoints/99"}
    made = versions.create(a_run(assistant, 1), result)
    assert (made.artifact, made.checkpoint, made.settings) == ("models/7", "2", result)


@pytest.fixture
def continuing(gated) -> ModelVersion:
    """A gated version of a base model that can be tuned further; its line began with 0 pairs."""
    BaseModel.objects.filter(pk=gated.base_model_id).update(abilities=["sft", "continuous"])
    ModelVersion.objects.filter(pk=gated.pk).update(artifact="models/7")
    return ModelVersion.objects.select_related("base_model", "dataset_version").get(pk=gated.pk)


def goes_on_with(version: ModelVersion, pairs: int) -> ModelVersion | None:
    data = version.dataset_version
    data.train_count = pairs
    return versions.to_continue(data, version.base_model, "sft")


def test_the_machine_goes_on_with_the_newest_good_version(continuing):
    assert goes_on_with(continuing, 99) == continuing


def test_at_a_milestone_it_starts_anew(continuing):
    assert goes_on_with(continuing, 100) is None


@pytest.mark.parametrize(
    "change", [{"status": "barred"}, {"status": "rolled_back"}, {"artifact": ""}], ids=str
)
def test_it_goes_on_with_nothing_that_is_not_good(continuing, change):
    ModelVersion.objects.filter(pk=continuing.pk).update(**change)
    assert goes_on_with(continuing, 99) is None


def test_a_base_model_that_can_not_be_tuned_further_starts_anew(gated):
    ModelVersion.objects.filter(pk=gated.pk).update(artifact="models/7")
    assert goes_on_with(gated, 99) is None


# --- traffic -------------------------------------------------------------------------------------
def test_activated_it_takes_a_tenth_and_the_base_the_rest(gated, operator):
    versions.set_traffic(gated, by=operator, now=NOW)
    assert stored(gated) == ("canary", 10)
    assert versions.base_weight(gated.assistant) == 90
    change = transitions.history(gated).get()
    assert (change.from_status, change.to_status, change.by) == ("gated", "canary", operator)


@pytest.mark.parametrize("status", ["candidate", "live"])
def test_other_statuses_are_not_activated(assistant, operator, status):
    version = making.version_of(assistant, {}, status)
    with pytest.raises(IllegalMove):
        versions.set_traffic(version, by=operator, now=NOW)
    assert stored(version) == (status, 0)


@pytest.mark.parametrize("status", ["gated", "retired", "rolled_back"])
def test_these_statuses_are(assistant, operator, status):
    version = making.version_of(assistant, {}, status)
    versions.set_traffic(version, by=operator, now=NOW)
    assert stored(version) == ("canary", 10)


@pytest.mark.parametrize("weight", [-1, 0, 101])
def test_a_share_is_a_percentage(gated, operator, weight):
    with pytest.raises(Invalid):
        versions.set_traffic(gated, by=operator, now=NOW, weight=weight, reason="Uji.")
    assert stored(gated) == ("gated", 0)


@pytest.fixture
def measured(gated):
    """Call it with stage and passed: the gates before the stages, one each."""
    evaluation = Evaluation.objects.create(
        version=gated,
        dataset_version=gated.dataset_version,
        baseline=versions.ensure_base(gated.assistant),
        created_at=NOW,
    )

    def measure(stage: int, passed: bool) -> None:
        GateResult.objects.create(
            evaluation=evaluation,
            stage=stage,
            measure="preference",
            target=0.7,
            requirement="required",
            measured=0.8 if passed else 0.5,
            passed=passed,
        )

    return measure


@pytest.mark.parametrize(("weight", "stage"), [(11, 50), (20, 50), (50, 50), (51, 100)])
def test_a_wider_share_needs_the_gates_before_it(gated, measured, activator, weight, stage):
    with pytest.raises(Refused, match="override"):
        versions.set_traffic(gated, weight, by=activator, now=NOW, reason="Bagus.")
    measured(stage, True)
    versions.set_traffic(gated, weight, by=activator, now=NOW)
    assert stored(gated) == ("canary", weight)


def test_a_gate_that_was_not_passed_takes_reason_and_permission(gated, measured, operator):
    measured(50, False)
    with pytest.raises(Invalid):
        versions.set_traffic(gated, 50, by=operator, now=NOW)
    versions.set_traffic(gated, 50, by=operator, now=NOW, reason="Pelanggan menunggu.")
    assert stored(gated) == ("canary", 50)
    assert transitions.history(gated).last().note == "0 % → 50 %. Pelanggan menunggu."


def test_nobody_overrides_without_being_a_person(barred):
    with pytest.raises(Refused, match="override"):
        versions.set_traffic(barred, by=None, now=NOW, reason="Lewat kunci.")


def test_another_share_is_noted_and_the_same_one_is_not(gated, operator):
    versions.set_traffic(gated, by=operator, now=NOW)
    versions.set_traffic(gated, 5, by=operator, now=NOW, reason="Kurangi dulu.")
    versions.set_traffic(gated, 5, by=operator, now=NOW, reason="Kurangi dulu.")
    notes = [change.note for change in transitions.history(gated)]
    assert notes == ["0 % → 10 %.", "10 % → 5 %. Kurangi dulu."]
    assert stored(gated) == ("canary", 5)


# --- another base --------------------------------------------------------------------------------
def test_a_changed_base_is_a_new_version_with_the_newest_prompt(assistant, operator):
    old = versions.ensure_base(assistant)
    newest = PromptVersion.objects.create(assistant=assistant, number=2, text="Singkat.")
    model = BaseModel.objects.create(
        name="sahabat", provider="openai", endpoint="http://127.0.0.1:11434/v1"
    )
    new = versions.change_base(assistant, model, by=operator, now=NOW, reason="Model sendiri.")
    assert (new.reference, new.base_model, new.prompt) == ("bisnis/base-2", model, newest)
    assert stored(old) == ("retired", 0)
    assert transitions.history(old).get().note == "Model sendiri."
    assert versions.ensure_base(assistant) == new
    third = versions.change_base(assistant, old.base_model, by=operator, now=NOW, reason="Kembali.")
    assert third.reference == "bisnis/base-3"


def test_a_base_changes_for_a_reason(assistant, operator):
    old = versions.ensure_base(assistant)
    with pytest.raises(Invalid):
        versions.change_base(assistant, old.base_model, by=operator, now=NOW, reason=" ")
    assert versions.ensure_base(assistant) == old


@pytest.mark.django_db(transaction=True)
def test_two_changes_of_the_base_at_once_leave_one_base(assistant, operator, together):
    model = versions.ensure_base(assistant).base_model

    def change() -> ModelVersion:
        return versions.change_base(assistant, model, by=operator, now=NOW, reason="Ganti.")

    results = together(change, change)
    live = ModelVersion.objects.filter(assistant=assistant, run=None, status="live")
    assert live.count() == 1
    assert live.get() in results


def test_gemini_is_a_base_model_once_it_is_named(settings, db):
    settings.GEMINI_MODEL = settings.TUNING_BASE_MODEL = "gemini-3.5-flash"
    made = versions.base_model()
    assert (made.name, made.provider, made.backend) == ("gemini-3.5-flash", "gemini", "")
    assert versions.base_model() == made


def test_a_barred_version_needs_permission(barred, activator):
    with pytest.raises(Refused, match="override"):
        versions.set_traffic(barred, by=activator, now=NOW, reason="Saya mau.")
    assert stored(barred) == ("barred", 0)


def test_a_barred_version_needs_a_reason(barred, operator):
    with pytest.raises(Invalid) as refused:
        versions.set_traffic(barred, by=operator, now=NOW, reason="  ")
    assert list(refused.value.fields) == ["reason"]
    versions.set_traffic(barred, by=operator, now=NOW, reason="Uji terbatas.")
    assert stored(barred) == ("canary", 10)
    assert transitions.history(barred).first().to_status == "barred"
    assert transitions.history(barred).last().note == "0 % → 10 %. Uji terbatas."


def test_overridden_once_and_rolled_back_it_needs_the_override_again(barred, operator, activator):
    versions.set_traffic(barred, by=operator, now=NOW, reason="Uji terbatas.")
    versions.roll_back(barred, by=operator, now=NOW, reason="Banyak keluhan.")
    with pytest.raises(Refused, match="override"):
        versions.set_traffic(barred, by=activator, now=NOW)
    with pytest.raises(Invalid):
        versions.set_traffic(barred, by=operator, now=NOW)
    assert stored(barred) == ("rolled_back", 0)


def test_no_more_is_given_than_is_left(assistant, operator, gated):
    for _ in range(10):
        making.canary(assistant)
    with pytest.raises(Conflict, match="at most 0 %"):
        versions.set_traffic(gated, by=operator, now=NOW)
    assert (stored(gated), versions.base_weight(assistant)) == (("gated", 0), 0)


def test_another_assistant_s_traffic_does_not_count(assistant, operator, gated):
    other = assistants.ensure("lain", "Lain")
    making.canary(other, weight=100)
    versions.set_traffic(gated, by=operator, now=NOW)
    assert versions.base_weight(assistant) == 90


@pytest.mark.django_db(transaction=True)
def test_two_activations_at_once_never_give_more_than_all(assistant, operator, together):
    for _ in range(9):
        making.canary(assistant)
    pair = [making.version_of(assistant, {}, VersionStatus.GATED) for _ in range(2)]
    results = together(
        *[lambda v=version: versions.set_traffic(v, by=operator, now=NOW) for version in pair]
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "NoneType"]
    assert versions.base_weight(assistant) == 0


@pytest.mark.django_db(transaction=True)
def test_one_version_activated_twice_at_once_is_activated_once(gated, operator, together):
    copies = [ModelVersion.objects.get(pk=gated.pk) for _ in range(2)]
    results = together(*[lambda v=v: versions.set_traffic(v, by=operator, now=NOW) for v in copies])
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "StaleMove"]
    assert transitions.history(gated).count() == 1


def test_an_activation_undoes_no_change_of_the_assistant(gated, operator):
    assert gated.assistant.name == "Asisten Bisnis"
    Assistant.objects.update(name="Nama Baru")
    versions.set_traffic(gated, by=operator, now=NOW)
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
        versions.set_traffic(base, by=operator, now=NOW)
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
        {"is_base": True},
        {"status": "deleted"},
        {"deleted_at": NOW},
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


# --- a model that nobody serves ------------------------------------------------------------------
def test_a_version_that_no_server_answers_for_gets_no_traffic(assistant, operator):
    version = making.version_of(assistant, {}, VersionStatus.GATED)
    version.base_model = BaseModel.objects.create(name="lokal", provider="recorded", backend="lora")
    version.save()
    with pytest.raises(Refused, match="no server answers"):
        versions.set_traffic(version, by=operator, now=NOW)
    version.refresh_from_db()
    assert (version.status, version.traffic_weight) == ("gated", 0)


def test_a_base_that_no_server_answers_for_is_refused(assistant, operator):
    model = BaseModel.objects.create(name="lokal", provider="recorded", backend="lora")
    before = versions.ensure_base(assistant)
    with pytest.raises(Refused, match="no server answers"):
        versions.change_base(assistant, model, by=operator, now=NOW, reason="coba")
    assert versions.ensure_base(assistant) == before


@pytest.fixture
def served(assistant, monkeypatch) -> Iterator[tuple[ModelVersion, OpenAIServer]]:
    """A version that was tuned here, on a server that somebody set up for it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with OpenAIServer("Halo juga.") as server:
        model = BaseModel.objects.create(
            name="lokal", provider="openai", backend="lora", endpoint=server.url
        )
        settings = {"artifact": "/adapter", "model": "lokal-v1"}
        yield (
            making.version_of(
                assistant, {}, VersionStatus.GATED, base_model=model, settings=settings
            ),
            server,
        )


def test_before_its_first_traffic_a_served_model_answers_once(served, operator):
    version, server = served
    version = ModelVersion.objects.get(pk=version.pk)
    versions.set_traffic(version, 10, by=operator, now=NOW)
    versions.set_traffic(version, 5, by=operator, now=NOW)
    assert [asked.body["model"] for asked in server.requests] == ["lokal-v1"]
    assert (version.status, version.traffic_weight) == ("canary", 5)


def test_a_served_model_that_does_not_answer_gets_no_traffic(served, operator):
    version, _server = served
    BaseModel.objects.update(endpoint="http://127.0.0.1:9/v1")
    version = ModelVersion.objects.get(pk=version.pk)
    with translation.override("en"), pytest.raises(Refused, match="lokal-v1 does not answer: "):
        versions.set_traffic(version, by=operator, now=NOW)
    version.refresh_from_db()
    assert (version.status, version.traffic_weight) == ("gated", 0)
