"""What the machine starts by itself: nothing unless told to, and never a run beside a run (A8)."""

from __future__ import annotations

import pytest
from django.utils import translation

from reviews.domain import assistants, pairs, transitions
from reviews.domain.errors import Conflict
from reviews.enums import PairStatus
from tests import factories
from tests.tuning import making
from tuning.backends import Problem
from tuning.domain import automation, datasets, naming, run_files, runs, versions
from tuning.enums import RunStatus, Trigger
from tuning.models import BaseModel, Dataset, DatasetVersion, Export, ModelVersion, TuningRun

NOW = factories.NOW


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _on(settings):
    settings.FEEDBACK_AUTO_TUNE_ENABLED = True
    settings.FEEDBACK_MIN_SAMPLES_FOR_TUNE = 10


def end(run: TuningRun, status: str) -> None:
    TuningRun.objects.filter(pk=run.pk).update(status=status)


def test_the_night_launches_where_enough_is_unused(assistant):
    making.approved_many(assistant, 10)
    automation.night(NOW)
    run = TuningRun.objects.get()
    assert (run.status, run.trigger, run.assistant) == ("queued", Trigger.EXPORT, assistant)
    assert sum(run.dataset_version.split.values()) == 10
    assert Export.objects.get().status == "completed"


def test_one_too_few_launches_nothing(assistant):
    making.approved_many(assistant, 9)
    automation.night(NOW)
    assert (TuningRun.objects.count(), Export.objects.count()) == (0, 1)


def test_the_threshold_counts_all_that_is_unused_and_not_one_night_s_batch(assistant):
    for night in range(3):
        making.approved_many(assistant, 4, start=4 * night)
        automation.night(NOW)
        assert TuningRun.objects.count() == (1 if night == 2 else 0)
    assert sum(TuningRun.objects.get().dataset_version.split.values()) == 12


def test_it_is_off_unless_switched_on(assistant, settings):
    settings.FEEDBACK_AUTO_TUNE_ENABLED = False
    making.approved_many(assistant, 20)
    automation.night(NOW)
    automation.week(NOW)
    assert (TuningRun.objects.count(), Export.objects.count()) == (0, 1)


def test_none_is_launched_while_one_is_active(assistant):
    making.approved_many(assistant, 10)
    automation.night(NOW)
    making.approved_many(assistant, 10, start=10)
    automation.night(NOW)
    automation.week(NOW)
    assert TuningRun.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "unused"),
    [
        (RunStatus.QUEUED, 10),
        (RunStatus.FAILED, 10),
        (RunStatus.CANCELLED, 10),
        (RunStatus.SUCCEEDED, 0),
    ],
)
def test_only_a_successful_run_uses_samples(assistant, status, unused):
    making.approved_many(assistant, 10)
    automation.night(NOW)
    end(TuningRun.objects.get(), status)
    assert runs.unused_samples(assistant) == unused


def test_a_changed_text_is_unused_again(assistant, reviewer):
    pair = making.approved_many(assistant, 10)[0]
    automation.night(NOW)
    end(TuningRun.objects.get(), RunStatus.SUCCEEDED)
    pairs.revise(pair, answer="Lain.", by=reviewer, why="salah", now=NOW)
    assert runs.unused_samples(assistant) == 0
    transitions.move(pair, PairStatus.APPROVED, now=NOW)
    assert runs.unused_samples(assistant) == 1


def test_after_a_success_the_count_starts_anew(assistant):
    making.approved_many(assistant, 10)
    automation.night(NOW)
    end(TuningRun.objects.get(), RunStatus.SUCCEEDED)
    making.approved_many(assistant, 9, start=10)
    automation.night(NOW)
    assert TuningRun.objects.count() == 1
    factories.approved(assistant)
    automation.night(NOW)
    assert sum(TuningRun.objects.latest("id").dataset_version.split.values()) == 20


def test_after_a_failure_the_next_night_tries_again(assistant):
    making.approved_many(assistant, 10)
    automation.night(NOW)
    end(TuningRun.objects.get(), RunStatus.FAILED)
    automation.night(NOW)
    assert list(TuningRun.objects.order_by("id").values_list("status", flat=True)) == [
        "failed",
        "queued",
    ]


def test_the_week_takes_whatever_is_new_but_nothing_where_nothing_is(assistant):
    automation.week(NOW)
    assert TuningRun.objects.count() == 0
    making.approved_many(assistant, 10)
    automation.week(NOW)
    run = TuningRun.objects.get()
    assert (run.trigger, run.dataset_version.size) == (Trigger.WEEKLY, 10)
    end(run, RunStatus.SUCCEEDED)
    automation.week(NOW)
    assert TuningRun.objects.count() == 1


def test_each_assistant_is_counted_by_itself(assistant):
    other = assistants.ensure("lain", "Lain")
    making.approved_many(assistant, 9)
    making.approved_many(other, 10)
    automation.night(NOW)
    assert TuningRun.objects.get().assistant == other


def test_an_assistant_s_trouble_stops_no_other(assistant, outside, outside_model, settings):
    settings.TUNING_BASE_MODEL = "jauh"
    other = assistants.ensure("lain", "Lain")
    for one in (assistant, other):
        making.approved_many(one, 10)
    asked, real = [], outside.check

    def check(*arguments, **named):
        asked.append(1)
        if len(asked) == 1:
            raise RuntimeError("a bug")
        return real(*arguments, **named)

    outside.check = check
    automation.week(NOW)
    assert TuningRun.objects.get().assistant == other


# --- what it would do ----------------------------------------------------------------------------
def told(trigger: str = Trigger.EXPORT, **more) -> tuple[str, list[str]]:
    (found,) = automation.forecast(trigger, NOW, **more)
    return found.outcome.value, [str(reason) for reason in found.reasons]


def everything() -> tuple[int, ...]:
    return TuningRun.objects.count(), DatasetVersion.objects.count(), Dataset.objects.count()


def test_a_forecast_tells_the_run_and_leaves_nothing(assistant, sent_hints):
    making.approved_many(assistant, 12)
    (found,) = automation.forecast(Trigger.EXPORT, NOW)
    assert (found.outcome.value, found.reasons, found.run) == ("run", (), None)
    assert (found.unused, found.needed, found.dataset_pairs) == (12, 10, 12)
    assert everything() == (0, 0, 0)
    automation.night(NOW)
    run = TuningRun.objects.get()
    assert (run.dataset_version.train_count, run.estimate) == (found.train, found.estimate)


@pytest.mark.django_db(transaction=True)
def test_a_forecast_hints_at_nothing(assistant, sent_hints):
    making.approved_many(assistant, 10)
    sent_hints.clear()
    assert told() == ("run", [])
    assert (sent_hints, everything()) == ([], (0, 0, 0))


def test_too_few_are_counted(assistant):
    making.approved_many(assistant, 9)
    assert told() == ("nothing", ["9 of 10 approved pairs that no run has used"])
    few = "dataset_version: holds 9 pairs; at least 10 are needed"
    assert told(Trigger.WEEKLY) == ("nothing", [few])


def test_switched_off_it_tells_what_it_would_find(assistant, settings):
    settings.FEEDBACK_AUTO_TUNE_ENABLED = False
    making.approved_many(assistant, 10)
    (found,) = automation.forecast(Trigger.EXPORT, NOW)
    assert (found.outcome.value, found.dataset_pairs) == ("nothing", 10)
    assert [str(reason) for reason in found.reasons] == [
        "automatic tuning is off (FEEDBACK_AUTO_TUNE_ENABLED)"
    ]


def test_each_obstacle_is_told(assistant, settings):
    settings.FEEDBACK_AUTO_TUNE_ENABLED = False
    settings.FEEDBACK_MIN_SAMPLES_FOR_TUNE = 11
    making.approved_many(assistant, 10)
    run = runs.launch(making.frozen(assistant), versions.base_model(), now=NOW)
    BaseModel.objects.update(backend="")
    assert told() == (
        "nothing",
        [
            "automatic tuning is off (FEEDBACK_AUTO_TUNE_ENABLED)",
            "10 of 11 approved pairs that no run has used",
            f"run #{run.pk} is under way",
            "exemplar can't be tuned: it names no backend",
        ],
    )


@pytest.fixture
def retired(outside_model, settings) -> BaseModel:
    settings.TUNING_BASE_MODEL = "lama"
    return BaseModel.objects.create(
        name="lama", provider="exemplar", backend="exemplar", retires_date=NOW.date()
    )


def test_a_retired_base_model_is_told(assistant, retired):
    making.approved_many(assistant, 10)
    why = "lama retired on 2026-11-21, and no successor can take its place"
    assert told() == ("nothing", [why])
    automation.night(NOW)
    assert TuningRun.objects.count() == 0


def test_its_successor_takes_the_place_of_a_retired_one(assistant, retired, outside_model):
    retired.successors.add(outside_model)
    making.approved_many(assistant, 10)
    automation.night(NOW)
    assert TuningRun.objects.get().base_model == outside_model


@pytest.fixture
def outside_is_chosen(outside_model, settings) -> BaseModel:
    settings.TUNING_BASE_MODEL = outside_model.name
    return outside_model


def test_what_the_backend_refuses_leaves_nothing(
    assistant, outside_is_chosen, outside, monkeypatch
):
    making.approved_many(assistant, 10)
    problem = Problem("dataset_version", "at least %(least)s families", {"least": 20})
    monkeypatch.setattr(type(outside), "check", lambda *args, **more: (problem,))
    assert told() == ("nothing", ["dataset_version: at least 20 families"])
    (done,) = automation.tune(Trigger.EXPORT, NOW)
    assert [str(reason) for reason in done.reasons] == ["dataset_version: at least 20 families"]
    assert everything() == (0, 0, 0)


def test_a_dataset_that_would_leak_is_told(assistant, monkeypatch):
    making.approved_many(assistant, 10)

    def refuse(*args, **more):
        raise Conflict("pair 7 was a test before")

    monkeypatch.setattr(datasets, "freeze", refuse)
    assert told() == ("nothing", ["pair 7 was a test before"])


@pytest.mark.parametrize("cost", [10.5, None])
def test_above_the_limit_a_run_waits_for_a_person(
    assistant, outside_is_chosen, outside, settings, cost
):
    settings.TUNING_COST_LIMIT = 10
    outside.costs = cost
    making.approved_many(assistant, 10)
    assert told() == ("waits", [])
    (done,) = automation.tune(Trigger.EXPORT, NOW)
    assert (done.outcome.value, done.run.confirmed) == ("waits", False)


def test_a_model_that_can_be_tuned_further_goes_on(assistant, outside_is_chosen):
    BaseModel.objects.update(abilities=["sft", "continuous"])
    making.approved_many(assistant, 10)
    automation.night(NOW)
    run = TuningRun.objects.get()
    made = versions.create(run, {"artifact": "model-1"})
    end(run, RunStatus.SUCCEEDED)
    ModelVersion.objects.filter(pk=made.pk).update(status="gated")
    making.approved_many(assistant, 10, start=10)
    (found,) = automation.forecast(Trigger.EXPORT, NOW)
    assert found.continues == "bisnis/v1.0"
    automation.night(NOW)
    second = TuningRun.objects.latest("id")
    assert (second.continues, versions.create(second, {}).name) == (made, "v1.1")


def test_at_a_milestone_a_training_starts_anew(assistant, outside_is_chosen, monkeypatch):
    monkeypatch.setattr(naming, "MILESTONES", (15,))
    BaseModel.objects.update(abilities=["sft", "continuous"])
    making.approved_many(assistant, 10)
    automation.night(NOW)
    made = versions.create(TuningRun.objects.get(), {"artifact": "model-1"})
    end(made.run, RunStatus.SUCCEEDED)
    ModelVersion.objects.filter(pk=made.pk).update(status="gated")
    making.approved_many(assistant, 10, start=10)
    automation.night(NOW)
    second = TuningRun.objects.latest("id")
    assert (second.continues, versions.create(second, {}).name) == (None, "v2.0")


def test_the_quick_look_tries_nothing(assistant, monkeypatch):
    making.approved_many(assistant, 10)
    monkeypatch.setattr(datasets, "freeze", None)
    assert told(whole=False) == ("run", [])


def test_one_refused_stops_no_other(assistant, outside_is_chosen, outside, monkeypatch):
    other = assistants.ensure("lain", "Lain")
    making.approved_many(assistant, 10)
    making.approved_many(other, 11)
    small = Problem("dataset_version", "too small")

    def check(self, options, base, data, method):
        return (small,) if data.size == fewest else ()

    fewest = run_files.data(making.frozen(assistant)).size
    monkeypatch.setattr(type(outside), "check", check)
    done = automation.tune(Trigger.EXPORT, NOW)
    assert [one.outcome.value for one in done] == ["nothing", "run"]
    assert TuningRun.objects.get().assistant == other
