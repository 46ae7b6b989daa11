"""Candidates without a run of their own, and the end of a tuned model at its provider."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from reviews.domain import transitions
from reviews.domain.errors import Conflict, Invalid, Refused, Unavailable
from reviews.domain.transitions import IllegalMove
from tests import factories
from tests.tuning import making
from tests.tuning.providers.standins import OpenAIServer
from tuning.backends import BackendError
from tuning.domain import evaluations, gates, naming, registry, runs, versions
from tuning.enums import VersionStatus
from tuning.models import BaseModel, Evaluation, ModelVersion, TuningRun

NOW = factories.NOW


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def measured_by(assistant):
    making.approved_many(assistant, 12)
    return making.frozen(assistant)


@pytest.fixture
def server():
    with OpenAIServer("Biaya izinnya Rp1 juta.") as running:
        yield running


@pytest.fixture
def served(db, server) -> BaseModel:
    return BaseModel.objects.create(name="sahabat", provider="openai", endpoint=server.url)


@pytest.fixture
def registered(served, measured_by) -> ModelVersion:
    return registry.register(served, "sahabat-bisnis", measured_by, taught=False, now=NOW)


# --- tuned elsewhere -----------------------------------------------------------------------------
def test_a_model_that_was_tuned_elsewhere_is_a_candidate(registered, measured_by):
    assert (registered.reference, registered.status) == ("bisnis/v1.0", "candidate")
    assert (registered.run, registered.dataset_version) == (None, None)
    assert registered.evaluation.dataset_version == measured_by
    assert versions.base_weight(registered.assistant) == 100


def test_its_evaluation_begins_at_once(
    served, measured_by, sent_hints, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        registry.register(served, "sahabat-bisnis", measured_by, taught=False, now=NOW)
    assert sent_hints == ["tuning.evaluate_candidates"]


def test_one_that_learned_the_version_says_so(served, measured_by):
    made = registry.register(served, "sahabat-bisnis", measured_by, taught=True, now=NOW)
    assert made.dataset_version == measured_by


def test_registered_twice_it_is_one(registered, served, measured_by):
    again = registry.register(served, " sahabat-bisnis ", measured_by, taught=True, now=NOW)
    assert again == registered
    other = registry.register(served, "sahabat-bisnis-2", measured_by, taught=False, now=NOW)
    assert other.name == "v2.0"


@pytest.mark.parametrize("name", ["", "  ", "dua kata", "x" * 256])
def test_what_is_no_name_is_refused(served, measured_by, name):
    with pytest.raises(Invalid) as refused:
        registry.register(served, name, measured_by, taught=False, now=NOW)
    assert list(refused.value.fields) == ["artifact"]
    assert ModelVersion.objects.candidates().count() == 0


def test_a_model_that_no_server_answers_for_is_refused(measured_by):
    with pytest.raises(Invalid) as refused:
        registry.register(versions.base_model(), "x", measured_by, taught=False, now=NOW)
    assert list(refused.value.fields) == ["base_model"]


def test_it_is_asked_by_its_name_and_held_against_the_gates(registered, server):
    assert registry.reconcile(NOW) == 1
    registered.refresh_from_db()
    evaluation = Evaluation.objects.get()
    asked = len(evaluations.plan(evaluation.dataset_version))
    assert (evaluation.answers.count(), evaluation.finished_at) == (asked, NOW)
    assert {request.body["model"] for request in server.requests} == {"sahabat-bisnis"}
    passed = gates.passed(evaluation, 10)
    assert (registered.status, passed) == ("barred", False)
    assert registered.locked_until is None
    assert registry.reconcile(NOW) == 0


def test_one_that_passes_its_gates_may_have_traffic(registered, operator):
    registered.assistant.gates.all().delete()
    gates.ensure(registered.assistant)
    registered.assistant.gates.update(target=-10.0)
    for gate in registered.assistant.gates.exclude(measure="coverage"):
        gate.delete()
    registry.reconcile(NOW)
    registered.refresh_from_db()
    assert registered.status == "gated"
    versions.set_traffic(registered, by=operator, now=NOW)
    assert registered.status == "canary"


def test_while_its_server_is_away_it_is_asked_again_until_its_time_is_over(registered, server):
    server.statuses = [401] * 200
    registry.reconcile(NOW)
    registered.refresh_from_db()
    assert (registered.status, registered.locked_until) == ("candidate", None)
    registry.reconcile(NOW + timedelta(hours=24))
    registered.refresh_from_db()
    assert registered.status == "barred"
    assert transitions.history(registered).get().note == "not evaluated in time"


def test_only_one_worker_asks_it(registered):
    ModelVersion.objects.filter(pk=registered.pk).update(locked_until=NOW + timedelta(minutes=1))
    assert registry.reconcile(NOW) == 0
    assert registry.reconcile(NOW + timedelta(minutes=2)) == 1


def test_a_version_of_a_run_is_left_to_its_run(assistant):
    making.version_of(assistant, {})
    assert registry.reconcile(NOW) == 0


def test_after_the_clock_was_put_back_a_candidate_is_looked_at(registered):
    ModelVersion.objects.filter(pk=registered.pk).update(locked_until=NOW + timedelta(days=1))
    assert registry.reconcile(NOW) == 1


def test_a_lease_is_counted_from_the_look_and_not_from_the_pass(
    registered, served, measured_by, monkeypatch
):
    """The first of two looks takes forty minutes."""
    second = registry.register(served, "lain", measured_by, taught=False, now=NOW)
    clock, held, real = [0.0], [], evaluations.look

    def look(evaluation, now):
        held.append(ModelVersion.objects.get(pk=evaluation.version_id).locked_until)
        clock[0] += 2400
        return real(evaluation, now)

    monkeypatch.setattr(evaluations, "look", look)
    monkeypatch.setattr(registry, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    assert registry.reconcile(NOW) == 2
    assert held == [NOW + registry.LEASE, NOW + timedelta(minutes=40) + registry.LEASE]
    assert ModelVersion.objects.get(pk=second.pk).locked_until is None


# --- another checkpoint --------------------------------------------------------------------------
CHECKPOINTS = [
    {"id": "1", "step": 10, "epoch": 1.0, "loss": 0.9, "reference": "sahabat-1"},
    {"id": "2", "step": 20, "epoch": 2.0, "loss": 0.7, "reference": "sahabat-2"},
    {"id": "3", "step": 30, "epoch": 3.0, "loss": 0.8},
]


@pytest.fixture
def tuned(assistant, served) -> ModelVersion:
    version = making.version_of(assistant, {}, VersionStatus.GATED)
    settings = {"artifact": "model-7", "model": "sahabat-2"}
    ModelVersion.objects.filter(pk=version.pk).update(
        base_model=served, settings=settings, artifact="model-7", checkpoint="2"
    )
    TuningRun.objects.filter(pk=version.run_id).update(actual={"checkpoints": CHECKPOINTS})
    return ModelVersion.objects.get(pk=version.pk)


def test_another_checkpoint_is_a_candidate_of_the_same_line(tuned):
    made = registry.of_checkpoint(tuned, "1", now=NOW)
    assert (made.name, made.status, made.origin, made.run) == ("v1.1", "candidate", tuned, None)
    assert (made.artifact, made.checkpoint) == ("model-7", "1")
    assert made.settings == {"artifact": "model-7", "model": "sahabat-1", "checkpoint": "1"}
    assert made.dataset_version == tuned.dataset_version == made.evaluation.dataset_version
    assert registry.of_checkpoint(tuned, "1", now=NOW) == made


@pytest.mark.django_db(transaction=True)
def test_made_twice_at_once_it_is_one(tuned, together):
    copies = [ModelVersion.objects.get(pk=tuned.pk) for _ in range(2)]
    first, second = together(
        *[lambda one=one: registry.of_checkpoint(one, "1", now=NOW) for one in copies]
    )
    assert first == second == tuned.taken.get()


def test_of_a_model_that_was_just_deleted_no_version_is_made(tuned):
    ModelVersion.objects.filter(pk=tuned.pk).update(status="deleted", deleted_at=NOW)
    with pytest.raises(Refused):
        registry.of_checkpoint(tuned, "1", now=NOW)
    assert tuned.taken.count() == 0


@pytest.mark.parametrize(
    ("checkpoint", "error"), [("2", Conflict), ("3", Refused), ("9", Refused), ("", Refused)]
)
def test_what_is_no_other_checkpoint_is_refused(tuned, checkpoint, error):
    with pytest.raises(error):
        registry.of_checkpoint(tuned, checkpoint, now=NOW)
    assert ModelVersion.objects.candidates().count() == 1


# --- deleted at its provider ---------------------------------------------------------------------
@pytest.fixture
def remote(assistant, outside_model) -> ModelVersion:
    fields = {"artifact": "model-7", "settings": {"artifact": "model-7"}}
    version = making.version_of(
        assistant, {}, VersionStatus.GATED, base_model=outside_model, **fields
    )
    return ModelVersion.objects.get(pk=version.pk)


def delete(version, by, reason: str = "Tidak dipakai.") -> None:
    registry.delete_model(version, by=by, now=NOW, reason=reason)


def test_it_is_deleted_where_its_run_made_it(remote, outside, operator):
    BaseModel.objects.update(backend="exemplar")
    delete(ModelVersion.objects.get(pk=remote.pk), operator)
    assert outside.deleted == [{"artifact": "model-7"}]


def test_deleted_it_is_out_of_use_and_the_row_stays(remote, outside, operator):
    delete(remote, operator)
    remote.refresh_from_db()
    assert (remote.status, remote.deleted_at) == ("deleted", NOW)
    assert outside.deleted == [{"artifact": "model-7"}]
    change = transitions.history(remote).get()
    assert (change.by, change.note) == (operator, "Tidak dipakai.")
    with pytest.raises(IllegalMove):
        versions.set_traffic(remote, by=operator, now=NOW, reason="Sekali lagi.")


def test_deleted_twice_the_provider_is_asked_twice_and_nothing_else_happens(
    remote, outside, operator
):
    delete(remote, operator)
    delete(ModelVersion.objects.get(pk=remote.pk), operator)
    assert len(outside.deleted) == 2
    assert transitions.history(remote).count() == 1


def test_its_checkpoints_go_with_it(remote, outside, operator):
    other = versions.make(
        remote.assistant,
        naming.Wanted(remote.base_model_id, "sft", 0, continues=remote.name),
        base_model=remote.base_model,
        prompt=remote.prompt,
        origin=remote,
        artifact="model-7",
        checkpoint="1",
        status=VersionStatus.BARRED,
    )
    delete(other, operator)
    assert {*ModelVersion.objects.candidates().values_list("status", flat=True)} == {"deleted"}
    assert outside.deleted == [{"artifact": "model-7"}]


@pytest.mark.parametrize("status", ["canary", "live"])
def test_what_serves_is_not_deleted(remote, outside, operator, status):
    ModelVersion.objects.filter(pk=remote.pk).update(status=status)
    with pytest.raises(Conflict, match="serves"):
        delete(ModelVersion.objects.get(pk=remote.pk), operator)
    assert outside.deleted == []


def test_what_is_still_evaluated_is_not_deleted(remote, outside, operator):
    ModelVersion.objects.filter(pk=remote.pk).update(status="candidate")
    with pytest.raises(IllegalMove):
        delete(ModelVersion.objects.get(pk=remote.pk), operator)
    assert outside.deleted == []


def test_a_reason_is_needed(remote, outside, operator):
    with pytest.raises(Invalid) as refused:
        delete(remote, operator, reason=" ")
    assert (list(refused.value.fields), outside.deleted) == (["reason"], [])


def test_what_a_run_goes_on_with_is_not_deleted(remote, outside, operator, measured_by):
    run = runs.launch(measured_by, remote.base_model, now=NOW, continues=remote)
    with pytest.raises(Conflict, match="run"):
        delete(remote, operator)
    TuningRun.objects.filter(pk=run.pk).update(status="failed")
    delete(remote, operator)
    assert len(outside.deleted) == 1


def test_neither_a_base_nor_what_was_tuned_elsewhere_is_deleted(registered, operator):
    with pytest.raises(Refused, match="elsewhere"):
        delete(registered, operator)
    with pytest.raises(Refused, match="base"):
        delete(versions.ensure_base(registered.assistant), operator)


def test_a_provider_that_is_away_is_told_and_asked_again(remote, outside, operator, monkeypatch):
    def away(result):
        raise BackendError("no answer", permanent=False)

    with monkeypatch.context() as patch:
        patch.setattr(type(outside), "delete", lambda self, result: away(result))
        with pytest.raises(Unavailable):
            delete(remote, operator)
    remote.refresh_from_db()
    assert (remote.status, outside.deleted) == ("deleted", [])
    delete(remote, operator)
    assert outside.deleted == [{"artifact": "model-7"}]
