"""Before a base model retires, what serves on it is taught to a successor (J9)."""

from __future__ import annotations

import logging
from datetime import date, timedelta

import pytest
from django.utils import translation

from reviews.domain import transitions
from reviews.domain.errors import Conflict
from reviews.models import Pair
from tests import factories
from tests.tuning import making
from tuning.domain import succession, versions
from tuning.domain.succession import State
from tuning.enums import RunStatus, Trigger, VersionStatus
from tuning.models import BaseModel, ModelVersion, TuningRun

NOW = factories.NOW
TODAY = date(2026, 11, 21)


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _sixty_days(settings):
    settings.TUNING_SUCCESSION_DAYS = 60


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


@pytest.fixture
def old(db) -> BaseModel:
    return BaseModel.objects.create(
        name="lama", provider="exemplar", backend="exemplar", retires_date=in_days(30)
    )


@pytest.fixture
def new(outside_model, old) -> BaseModel:
    old.successors.add(outside_model)
    return outside_model


@pytest.fixture
def live(assistant, old) -> ModelVersion:
    pairs = making.approved_many(assistant, 12)
    version = making.version_of(
        assistant, {"train": pairs[2:], "test": pairs[:2]}, VersionStatus.LIVE, base_model=old
    )
    return ModelVersion.objects.get(pk=version.pk)


def only() -> succession.Step:
    (step,) = succession.plan(NOW)
    return step


def words(step: succession.Step) -> list[str]:
    return [str(reason) for reason in step.reasons]


# --- what ends -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("days", "warned"), [(61, False), (60, True), (1, True), (0, True), (-9, True)]
)
def test_it_is_warned_of_from_the_day_that_is_set(live, old, days, warned):
    BaseModel.objects.filter(pk=old.pk).update(retires_date=in_days(days))
    found = succession.endings(NOW)
    assert [(e.base_model, e.days, e.serving) for e in found] == (
        [(old, days, (live,))] if warned else []
    )


def test_what_nobody_uses_is_not_warned_of(old):
    assert (succession.endings(NOW), succession.plan(NOW)) == ([], [])


def test_what_the_machine_tunes_on_is_warned_of(old, settings):
    settings.TUNING_BASE_MODEL = "lama"
    (found,) = succession.endings(NOW)
    assert (found.base_model, found.serving, found.tunes) == (old, (), True)


@pytest.mark.parametrize("status", ["gated", "barred", "retired", "rolled_back"])
def test_what_does_not_serve_needs_no_successor(live, status):
    ModelVersion.objects.filter(pk=live.pk).update(status=status)
    assert succession.plan(NOW) == []


def test_the_day_is_the_hub_s_own(live, old, settings):
    settings.TIME_ZONE = "Asia/Jakarta"
    late = NOW.replace(hour=18)  # 01:00 of the next day in Jakarta
    assert [e.days for e in succession.endings(late)] == [29]


# --- the plan ------------------------------------------------------------------------------------
def test_the_frozen_version_is_to_be_taught_to_the_successor(live, new):
    step = only()
    assert (step.version, step.successor, step.state, step.days) == (live, new, State.READY, 30)
    assert step.estimate.seconds == 60.0
    assert TuningRun.objects.exclude(pk=live.run_id).count() == 0


@pytest.mark.parametrize("cost", [11.0, None])
def test_a_run_that_costs_more_than_the_limit_waits(live, new, outside, settings, cost):
    settings.TUNING_COST_LIMIT = 10
    outside.costs = cost
    assert only().state == State.WAITS


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"backend": ""}, "jauh can't be tuned: it names no backend"),
        ({"abilities": ["preference"]}, "jauh lacks the ability: tuning with answers"),
        ({"retires_date": in_days(60)}, "jauh retires itself on 2027-01-20"),
    ],
    ids=["backend", "abilities", "retires"],
)
def test_an_unfit_successor_is_told_why(live, new, change, why):
    BaseModel.objects.filter(pk=new.pk).update(**change)
    assert (only().state, words(only())) == (State.BLOCKED, [why])


def test_without_a_successor_nothing_is_possible(live):
    assert (only().state, words(only())) == (State.BLOCKED, ["lama names no successor"])


def test_what_the_backend_refuses_is_told(live, new, monkeypatch, outside):
    from tuning.backends import Problem

    problem = Problem("dataset_version", "at least %(least)s", {"least": 10})
    monkeypatch.setattr(type(outside), "check", lambda *args, **more: (problem,))
    assert (only().state, words(only())) == (State.BLOCKED, ["dataset_version: at least 10"])


def test_the_successor_that_lasts_longest_is_taken(live, new, old):
    for name, end in [("a", in_days(900)), ("b", None), ("c", in_days(90))]:
        other = BaseModel.objects.create(
            name=name, provider="exemplar", backend="outside", retires_date=end
        )
        old.successors.add(other)
    BaseModel.objects.filter(pk=new.pk).update(retires_date=in_days(500))
    assert only().successor.name == "b"


def test_a_base_is_a_person_s_to_change(assistant, old):
    base = versions.ensure_base(assistant)
    ModelVersion.objects.filter(pk=base.pk).update(base_model=old)
    assert (only().state, only().startable) == (State.BY_PERSON, False)
    with pytest.raises(Conflict):
        succession.start(base, now=NOW)


def test_a_model_that_was_tuned_elsewhere_has_no_data(live, new):
    ModelVersion.objects.filter(pk=live.pk).update(dataset_version=None)
    assert only().state == State.BLOCKED


# --- started -------------------------------------------------------------------------------------
def test_started_it_is_one_run_on_the_same_frozen_version(live, new, curator):
    run = succession.start(live, now=NOW, by=curator)
    assert (run.dataset_version, run.base_model) == (live.dataset_version, new)
    assert (run.trigger, run.by, run.method) == (Trigger.SUCCESSION, curator, "sft")
    assert (only().state, only().run) == (State.UNDER_WAY, run)
    assert succession.start(live, now=NOW) == run


def test_made_it_is_a_candidate_and_nothing_is_promoted(live, new):
    run = succession.start(live, now=NOW)
    transitions_to(run, RunStatus.SUCCEEDED)
    made = versions.create(run, {"artifact": "model-8"})
    step = only()
    assert (step.state, step.made, made.status) == (State.DONE, made, "candidate")
    assert (made.name, live.status) == ("v2.0", "live")
    assert succession.start(live, now=NOW) == run


def transitions_to(run: TuningRun, status: str) -> None:
    TuningRun.objects.filter(pk=run.pk).update(status=status)


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.CANCELLED])
def test_what_did_not_end_well_waits_for_a_person(live, new, settings, status):
    settings.FEEDBACK_AUTO_TUNE_ENABLED = True
    run = succession.start(live, now=NOW)
    transitions_to(run, status)
    assert (only().state, only().startable) == (State.FAILED, True)
    assert succession.daily(NOW) == []
    assert succession.start(live, now=NOW) != run


def test_what_does_not_end_soon_is_not_started(live, new, old):
    BaseModel.objects.filter(pk=old.pk).update(retires_date=None)
    with pytest.raises(Conflict):
        succession.start(live, now=NOW)


def test_a_preference_run_s_successor_learns_preferences(live, new, monkeypatch):
    TuningRun.objects.filter(pk=live.run_id).update(method="preference")
    assert words(only()) == ["jauh lacks the ability: tuning with preferences"]
    BaseModel.objects.filter(pk=new.pk).update(abilities=["sft", "preference"])
    with pytest.raises(Conflict):
        # The version holds no correction.
        succession.start(live, now=NOW)


# --- every day -----------------------------------------------------------------------------------
def test_daily_it_is_said_and_not_done(live, new, caplog):
    with caplog.at_level(logging.WARNING, "hub.succession"):
        assert succession.daily(NOW) == []
    (record,) = caplog.records
    assert (record.base_model, record.days, record.serving) == ("lama", 30, live.reference)
    assert TuningRun.objects.count() == 1


def test_where_the_machine_may_tune_it_starts_each_once(assistant, live, new, settings):
    settings.FEEDBACK_AUTO_TUNE_ENABLED = True
    ModelVersion.objects.filter(pk=live.pk).update(status="canary")
    (run,) = succession.daily(NOW)
    assert (run.trigger, run.by) == (Trigger.SUCCESSION, None)
    assert succession.daily(NOW) == []
    assert history_of(live) == []


def history_of(version: ModelVersion) -> list[str]:
    return [change.to_status for change in transitions.history(version)]


def test_started_by_the_machine_an_expensive_run_waits(live, new, outside, settings):
    settings.FEEDBACK_AUTO_TUNE_ENABLED = True
    outside.costs = None
    (run,) = succession.daily(NOW)
    assert (run.confirmed, run.status) == (False, "queued")


def test_one_that_can_t_be_started_stops_no_other(assistant, live, new, old, settings):
    settings.FEEDBACK_AUTO_TUNE_ENABLED = True
    odd = BaseModel.objects.create(
        name="ganjil", provider="exemplar", backend="outside", adapter_sizes=5
    )
    sooner = BaseModel.objects.create(
        name="tua", provider="exemplar", backend="exemplar", retires_date=in_days(3)
    )
    sooner.successors.add(odd)
    making.version_of(
        assistant,
        {"train": list(Pair.objects.all())},
        VersionStatus.CANARY,
        base_model=sooner,
    )
    (run,) = succession.daily(NOW)
    assert (run.dataset_version, run.base_model) == (live.dataset_version, new)


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_start_one_run(live, new, together):
    copies = [ModelVersion.objects.get(pk=live.pk) for _ in range(2)]
    made = together(*[lambda v=v: succession.start(v, now=NOW) for v in copies])
    assert made == [TuningRun.objects.get(trigger=Trigger.SUCCESSION)] * 2
