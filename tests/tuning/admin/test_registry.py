"""Registered models, checkpoints, lineage, deletion and automatic tuning in the admin."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.tuning import making
from tuning.models import BaseModel, ModelVersion, TuningRun

pytestmark = pytest.mark.django_db


def url(name: str, *args: object) -> str:
    return reverse(f"admin:tuning_modelversion_{name}", args=args)


@pytest.fixture
def served(db) -> BaseModel:
    return BaseModel.objects.create(
        name="sahabat", provider="openai", endpoint="http://127.0.0.1:9/v1"
    )


@pytest.fixture
def frozen(assistant):
    making.approved_many(assistant, 10)
    return making.frozen(assistant)


def test_a_curator_registers_a_model_that_was_tuned_elsewhere(client, curator, served, frozen):
    client.force_login(curator)
    assert client.get(url("add")).status_code == 200
    body = {"base_model": served.pk, "artifact": "sahabat-bisnis", "measured_by": frozen.pk}
    page = client.post(url("add"), body)
    made = ModelVersion.objects.candidates().get()
    assert page.url == url("change", made.pk)
    assert (made.reference, made.artifact, made.dataset_version) == (
        "bisnis/v1.0",
        "sahabat-bisnis",
        None,
    )
    assert client.get(page.url).status_code == 200
    client.post(url("add"), body | {"artifact": "lain", "taught": "on"})
    assert ModelVersion.objects.get(artifact="lain").dataset_version == frozen


def test_what_is_no_name_is_told_beside_the_field(client, curator, served, frozen):
    client.force_login(curator)
    body = {"base_model": served.pk, "artifact": "dua kata", "measured_by": frozen.pk}
    page = client.post(url("add"), body)
    assert list(page.context["form"].errors) == ["artifact"]


def test_an_operator_does_not_register(client, operator):
    client.force_login(operator)
    assert client.get(url("add")).status_code == 403


@pytest.fixture
def tuned(assistant, served) -> ModelVersion:
    pairs = making.approved_many(assistant, 2)
    version = making.version_of(assistant, {"train": pairs}, "gated", base_model=served)
    checkpoints = [{"id": "1", "step": 10, "epoch": 1, "loss": 0.9, "reference": "sahabat-1"}]
    TuningRun.objects.filter(pk=version.run_id).update(actual={"checkpoints": checkpoints})
    return version


def test_the_page_shows_where_a_version_comes_from(client, tuned, curator):
    client.force_login(curator)
    context = client.get(url("change", tuned.pk)).context
    assert context["lineage"].families == 2
    assert [one["id"] for one in context["checkpoints"]] == ["1"]


def test_a_version_is_made_of_a_checkpoint(client, tuned, curator, operator):
    client.force_login(operator)
    body = {"checkpoint": "1"}
    assert client.post(url("checkpoint", tuned.pk), body).status_code == 403
    client.force_login(curator)
    page = client.post(url("checkpoint", tuned.pk), body)
    made = tuned.taken.get()
    assert page.url == url("change", made.pk)
    page = client.post(url("checkpoint", tuned.pk), {"checkpoint": "9"})
    assert (page.url, tuned.taken.count()) == (url("change", tuned.pk), 1)
    assert client.get(url("change", made.pk)).status_code == 200


def test_an_operator_deletes_a_tuned_model_for_a_reason(
    client, assistant, outside_model, outside, operator, curator
):
    version = making.version_of(assistant, {}, "gated", base_model=outside_model)
    client.force_login(curator)
    body = {"note": "Tidak dipakai."}
    assert client.post(url("delete_model", version.pk), body).status_code == 403
    client.force_login(operator)
    assert client.get(url("delete_model", version.pk)).status_code == 200
    client.post(url("delete_model", version.pk), {"note": ""})
    assert outside.deleted == []
    client.post(url("delete_model", version.pk), body)
    version.refresh_from_db()
    assert (version.status, len(outside.deleted)) == ("deleted", 1)
    assert client.get(url("change", version.pk)).context["may_start"] is False


def test_automatic_tuning_is_read_and_tried_and_changes_nothing(
    client, assistant, curator, operator, reviewer, settings
):
    settings.FEEDBACK_AUTO_TUNE_ENABLED = True
    making.approved_many(assistant, 10)
    settings.FEEDBACK_MIN_SAMPLES_FOR_TUNE = 11
    client.force_login(curator)
    titles = dict(client.get(url("retrain")).context["triggers"])
    assert [[one.outcome.value for one in found] for found in titles.values()] == [
        ["nothing"],
        ["run"],
    ]
    page = client.post(url("retrain"))
    weekly = page.context["triggers"][1][1][0]
    assert (weekly.outcome.value, weekly.dataset_pairs, page.context["whole"]) == ("run", 10, True)
    assert TuningRun.objects.count() == 0
    client.force_login(operator)
    assert client.get(url("retrain")).context["may_try"] is False
    assert client.post(url("retrain")).status_code == 403
    client.force_login(reviewer)
    assert client.get(url("retrain")).status_code == 403
