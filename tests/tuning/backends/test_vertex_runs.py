"""A run on Vertex AI from its launch to its model version, whatever happens to the one create."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.standins.server import BROKEN_DOWN, QUOTA, Fault
from tests.standins.storage import Storage
from tests.standins.vertex import NUMBER, Vertex
from tests.tuning import making
from tests.tuning.backends import vertexes
from tests.tuning.making import NOW
from tuning.domain import looks, runs
from tuning.enums import Backend, Provider, RunStatus
from tuning.models import BaseModel, ModelVersion, TuningRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def vertex(settings, monkeypatch, tmp_path) -> Iterator[Vertex]:
    with Storage() as storage, Vertex(storage) as vertex:
        vertexes.configure(settings, monkeypatch, tmp_path, vertex)
        yield vertex


@pytest.fixture
def run(assistant, vertex) -> TuningRun:
    making.approved_many(assistant, 30)
    model = BaseModel.objects.create(
        name="gemini-3.5-flash",
        provider=Provider.GEMINI,
        backend=Backend.VERTEX,
        region="us",
        tune_region="us-central1",
        price=3.0,
    )
    return runs.launch(making.frozen(assistant), model, now=NOW, confirmed=True)


def look(run: TuningRun, times: int = 1) -> str:
    """The state after so many looks."""
    for _look in range(times):
        run.refresh_from_db()
        looks.look(run, NOW + timedelta(minutes=1))
    run.refresh_from_db()
    return run.status


def test_a_run_ends_as_a_version_with_what_serves_it(vertex, run):
    assert look(run, 3) == RunStatus.TRAINING
    assert run.external_id == f"projects/{NUMBER}/locations/us-central1/tuningJobs/{6 * 10**18}"
    vertex.clock.forward(60)
    assert look(run) == RunStatus.EVALUATING
    version = ModelVersion.objects.get(run=run)
    place = f"projects/{NUMBER}/locations/us"
    assert version.artifact == f"{place}/models/{6 * 10**18}@1"
    assert version.checkpoint == "5"
    assert version.settings["model"] == f"{place}/endpoints/{6 * 10**18}005"
    assert run.actual["tokens"] == 5 * next(iter(vertex.jobs.values())).data.tokens
    assert [one["id"] for one in run.actual["checkpoints"]] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", "/tuningJobs", None, heard=True),
        Fault("POST", "/tuningJobs", BROKEN_DOWN, heard=True),
        Fault("POST", "/tuningJobs", QUOTA),
        Fault("GET", "/tuningJobs", BROKEN_DOWN),
    ],
    ids=["dropped", "breakdown", "quota", "list fails"],
)
def test_whatever_happens_to_the_create_there_is_one_job(vertex, run, fault):
    look(run, 2)
    vertex.tuning.faults.append(fault)
    looks.reconcile(NOW + timedelta(minutes=1))
    run.refresh_from_db()
    assert (run.status, run.tries) == (RunStatus.UPLOADING, 1)
    looks.reconcile(NOW + timedelta(minutes=5))
    run.refresh_from_db()
    assert run.status == RunStatus.TRAINING
    assert list(vertex.jobs) == [run.external_id]


def test_a_run_keeps_the_settings_that_it_was_launched_with(vertex, run, settings):
    """They are what was estimated, and what a person said yes to."""
    assert run.options == {"epochs": 5}
    settings.TUNING_EPOCH_COUNT = 100
    look(run, 3)
    vertex.clock.forward(60)
    look(run)
    assert run.actual["tokens"] == 5 * next(iter(vertex.jobs.values())).data.tokens


def test_a_base_model_that_is_edited_meanwhile_leads_to_no_second_job(vertex, run):
    look(run, 2)
    vertex.tuning.faults.append(Fault("POST", "/tuningJobs", None, heard=True))
    looks.reconcile(NOW + timedelta(minutes=1))
    edited = {"tune_region": "europe-west4", "region": "eu", "remote_name": "gemini-9"}
    BaseModel.objects.update(**edited, backend=Backend.EXEMPLAR)
    looks.reconcile(NOW + timedelta(minutes=5))
    run.refresh_from_db()
    assert (run.status, list(vertex.jobs)) == (RunStatus.TRAINING, [run.external_id])


def test_a_cancelled_run_cancels_its_job(vertex, run):
    look(run, 3)
    runs.cancel(run, by=None, now=NOW)
    assert look(run) == RunStatus.CANCELLING
    vertex.clock.forward(3)
    assert look(run) == RunStatus.CANCELLED
    assert [vertex.told(job)["state"] for job in vertex.jobs.values()] == ["JOB_STATE_CANCELLED"]
