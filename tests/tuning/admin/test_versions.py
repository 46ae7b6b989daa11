"""From a frozen version to a share of the traffic, by people in the admin."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews.domain import transitions
from tests import factories
from tuning.domain import datasets, exports, runs, versions
from tuning.enums import RunStatus, VersionStatus
from tuning.models import BaseModel, DatasetVersion, Export, ModelVersion, TuningRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset_version(assistant) -> DatasetVersion:
    for _number in range(10):
        factories.approved(assistant)
    version = datasets.freeze(datasets.ensure(assistant, datasets.EVERYTHING), now=timezone.now())
    assert version is not None
    return version


def model_version(dataset_version, status) -> ModelVersion:
    run = runs.launch(dataset_version, versions.base_model(), now=timezone.now())
    versions.ensure_base(dataset_version.dataset.assistant)
    made = versions.create(run, {"threshold": 0.2})
    transitions.move(made, status)
    return made


def url(model: str, name: str, *args: object) -> str:
    return reverse(f"admin:tuning_{model}_{name}", args=args)


def test_a_curator_freezes_exports_and_starts_a_run(client, assistant, curator, sent_hints):
    for _number in range(10):
        factories.approved(assistant)
    dataset = datasets.ensure(assistant, datasets.EVERYTHING)
    client.force_login(curator)
    asks = client.get(reverse("admin:tuning_dataset_freeze", args=[dataset.pk]))
    assert asks.url == url("dataset", "freeze_now", dataset.pk)
    assert client.get(asks.url).context["count"] == 10
    assert DatasetVersion.objects.count() == 0
    page = client.post(asks.url)
    version = DatasetVersion.objects.get()
    assert page.url == url("datasetversion", "change", version.pk)
    client.post(url("datasetversion", "export", version.pk), {"format": "alpaca"})
    export = Export.objects.get()
    exports.write_pending(timezone.now())
    download = client.get(url("export", "download", export.pk))
    assert b"".join(download.streaming_content) == b"".join(exports.lines(version, "alpaca"))
    base = versions.base_model()
    body = {"dataset_version": version.pk, "base_model": base.pk, "method": "sft"}
    client.post(url("tuningrun", "add"), body | {"options-of": base.pk})
    run = TuningRun.objects.get()
    assert (run.status, run.by, run.dataset_version) == (RunStatus.QUEUED, curator, version)


def test_a_run_is_cancelled(client, dataset_version, curator):
    run = runs.launch(dataset_version, versions.base_model(), now=timezone.now())
    client.force_login(curator)
    client.post(url("tuningrun", "cancel", run.pk))
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLING


def test_an_operator_starts_the_trial_and_rolls_it_back(client, dataset_version, operator):
    version = model_version(dataset_version, VersionStatus.GATED)
    client.force_login(operator)
    # GET only asks.
    assert client.get(url("modelversion", "traffic", version.pk)).status_code == 200
    version.refresh_from_db()
    assert version.traffic_weight == 0
    client.post(url("modelversion", "traffic", version.pk), {"weight": "10"})
    version.refresh_from_db()
    assert (version.status, version.traffic_weight) == (VersionStatus.CANARY, 10)
    assert versions.base_weight(version.assistant) == 90
    client.post(url("modelversion", "roll_back", version.pk), {"note": "keluhan naik"})
    version.refresh_from_db()
    assert (version.status, version.traffic_weight) == (VersionStatus.ROLLED_BACK, 0)


def test_a_barred_version_starts_only_with_a_reason(client, dataset_version, operator):
    version = model_version(dataset_version, VersionStatus.BARRED)
    client.force_login(operator)
    client.post(url("modelversion", "traffic", version.pk), {"weight": "10", "reason": " "})
    version.refresh_from_db()
    assert version.status == VersionStatus.BARRED
    body = {"weight": "10", "reason": "uji terbatas"}
    client.post(url("modelversion", "traffic", version.pk), body)
    version.refresh_from_db()
    assert version.status == VersionStatus.CANARY
    assert transitions.history(version).last().note == "0 % → 10 %. uji terbatas"


def test_neither_curator_nor_reviewer_gives_traffic(client, dataset_version, curator, reviewer):
    version = model_version(dataset_version, VersionStatus.GATED)
    for user in (curator, reviewer):
        client.force_login(user)
        for name in ("traffic", "base", "roll_back"):
            assert client.post(url("modelversion", name, version.pk)).status_code == 403


def test_an_operator_changes_the_share_of_a_trial(client, dataset_version, operator):
    version = model_version(dataset_version, VersionStatus.GATED)
    client.force_login(operator)
    for weight, reason in [("10", ""), ("5", ""), ("60", "Diuji sendiri.")]:
        body = {"weight": weight, "reason": reason}
        client.post(url("modelversion", "traffic", version.pk), body)
    version.refresh_from_db()
    assert (version.status, version.traffic_weight) == (VersionStatus.CANARY, 60)
    notes = [change.note for change in transitions.history(version)]
    assert notes[1:] == ["0 % → 10 %.", "10 % → 5 %.", "5 % → 60 %. Diuji sendiri."]


def test_an_operator_puts_another_model_behind_the_assistant(client, assistant, operator):
    base = versions.ensure_base(assistant)
    model = BaseModel.objects.create(
        name="sahabat", provider="openai", endpoint="http://127.0.0.1:11434/v1"
    )
    client.force_login(operator)
    assert client.get(url("modelversion", "base", base.pk)).status_code == 200
    client.post(url("modelversion", "base", base.pk), {"base_model": model.pk, "reason": ""})
    assert versions.ensure_base(assistant) == base
    client.post(url("modelversion", "base", base.pk), {"base_model": model.pk, "reason": "Coba."})
    assert versions.ensure_base(assistant).base_model == model


def test_an_openai_server_needs_its_address(client, operator):
    client.force_login(operator)
    body = {"name": "tanpa", "provider": "openai", "backend": "", "endpoint": ""}
    response = client.post(url("basemodel", "add"), body)
    assert response.status_code == 200
    assert BaseModel.objects.count() == 0
    client.post(url("basemodel", "add"), body | {"endpoint": "http://127.0.0.1:11434/v1"})
    assert BaseModel.objects.get().endpoint == "http://127.0.0.1:11434/v1"


@pytest.mark.parametrize(
    "address", ["vllm", "ftp://vllm/v1", "http://", "http://a b/v1", "http://x:99999"]
)
def test_what_is_no_address_is_refused(client, operator, address):
    client.force_login(operator)
    body = {"name": "salah", "provider": "openai", "backend": "", "endpoint": address}
    client.post(url("basemodel", "add"), body)
    assert BaseModel.objects.count() == 0


def test_a_container_is_an_address(client, operator):
    client.force_login(operator)
    body = {"name": "vllm", "provider": "openai", "backend": "", "endpoint": "http://vllm:8000/v1"}
    client.post(url("basemodel", "add"), body)
    assert BaseModel.objects.get().endpoint == "http://vllm:8000/v1"
