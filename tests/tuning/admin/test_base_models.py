"""Base models and their succession in the admin."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.tuning import making
from tuning.enums import Trigger
from tuning.models import BaseModel, ModelVersion, TuningRun

pytestmark = pytest.mark.django_db
BODY = {
    "name": "gemini-3.5-flash",
    "provider": "gemini",
    "backend": "vertex",
    "abilities": ["sft", "continuous"],
    "tune_region": "us-central1",
    "region": "us",
    "adapter_sizes": "4, 1,2",
    "token_limit": "131072",
    "price": "",
    "retires_date": "2027-03-31",
    "note": "Halaman model, 2026-10-01.",
}


def url(name: str, *args: object) -> str:
    return reverse(f"admin:tuning_basemodel_{name}", args=args)


def test_a_base_model_is_described_in_words(client, operator):
    client.force_login(operator)
    client.post(url("add"), BODY)
    made = BaseModel.objects.get()
    assert (made.abilities, made.adapter_sizes) == (["sft", "continuous"], [1, 2, 4])
    assert (made.price, made.token_limit, str(made.retires_date)) == (None, 131072, "2027-03-31")
    form = client.get(url("change", made.pk)).context["adminform"].form
    assert form["adapter_sizes"].value() == "1, 2, 4"
    assert form["abilities"].value() == ["sft", "continuous"]


@pytest.mark.parametrize("sizes", ["1,x", "1.5", "-1", "0", "٣"])
def test_sizes_are_whole_numbers(client, operator, sizes):
    client.force_login(operator)
    page = client.post(url("add"), BODY | {"adapter_sizes": sizes})
    assert list(page.context["adminform"].form.errors) == ["adapter_sizes"]
    assert BaseModel.objects.count() == 0


def test_an_unknown_ability_is_refused(client, operator):
    client.force_login(operator)
    page = client.post(url("add"), BODY | {"abilities": ["fly"]})
    assert list(page.context["adminform"].form.errors) == ["abilities"]


def test_a_model_does_not_succeed_itself(client, operator):
    client.force_login(operator)
    client.post(url("add"), BODY)
    made = BaseModel.objects.get()
    page = client.post(url("change", made.pk), BODY | {"successors": [made.pk]})
    assert list(page.context["adminform"].form.errors) == ["successors"]


def test_the_known_ones_are_added_by_an_operator(client, operator, curator):
    client.force_login(curator)
    assert client.post(url("known")).status_code == 403
    client.force_login(operator)
    assert len(client.get(url("known")).context["absent"]) == 8
    assert BaseModel.objects.count() == 0
    client.post(url("known"))
    assert BaseModel.objects.count() == 8


@pytest.fixture
def live(assistant, outside_model) -> ModelVersion:
    soon = timezone.localdate() + timedelta(days=10)
    old = BaseModel.objects.create(
        name="lama", provider="exemplar", backend="exemplar", retires_date=soon
    )
    old.successors.add(outside_model)
    pairs = making.approved_many(assistant, 12)
    return making.version_of(
        assistant, {"train": pairs[2:], "test": pairs[:2]}, "live", base_model=old
    )


def test_a_curator_reads_the_plan_and_starts_its_run(client, live, curator, outside_model):
    client.force_login(curator)
    page = client.get(url("succession"))
    (ending,), (step,) = page.context["endings"], page.context["steps"]
    assert (ending.days, ending.serving, step.successor) == (10, (live,), outside_model)
    assert client.get(url("succeed", live.pk)).status_code == 404
    client.post(url("succeed", live.pk))
    client.post(url("succeed", live.pk))
    run = TuningRun.objects.get(trigger=Trigger.SUCCESSION)
    assert (run.base_model, run.by, run.dataset_version) == (
        outside_model,
        curator,
        live.dataset_version,
    )


def test_an_operator_reads_the_plan_and_a_reviewer_does_not(client, live, operator, reviewer):
    client.force_login(operator)
    assert client.get(url("succession")).status_code == 200
    assert client.post(url("succeed", live.pk)).status_code == 403
    client.force_login(reviewer)
    assert client.get(url("succession")).status_code == 403
    assert TuningRun.objects.filter(trigger=Trigger.SUCCESSION).count() == 0


def test_the_first_page_warns_of_what_ends(client, live, operator):
    client.force_login(operator)
    tiles = client.get("/admin/").context["tiles"]
    assert url("succession") in [tile["link"] for tile in tiles]
    BaseModel.objects.update(retires_date=None)
    tiles = client.get("/admin/").context["tiles"]
    assert url("succession") not in [tile["link"] for tile in tiles]
