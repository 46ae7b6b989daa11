"""The report of an evaluation, and the figures of a version's traffic, in the admin."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.tuning import making
from tuning.admin import evaluation as report
from tuning.domain import versions
from tuning.enums import Slice
from tuning.models import Evaluation, EvaluationAnswer, TrafficWindow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english(settings, english):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def version(assistant):
    pairs = making.approved_many(assistant, 2)
    return making.version_of(assistant, {"train": pairs[:1], "test": pairs[1:]})


@pytest.fixture
def evaluation(version) -> Evaluation:
    made = Evaluation.objects.create(
        version=version,
        baseline=versions.ensure_base(version.assistant),
        dataset_version=version.dataset_version,
        created_at=timezone.now(),
    )
    member = version.dataset_version.members.get(part="test")
    for name in Slice.values:
        EvaluationAnswer.objects.create(
            evaluation=made,
            member=member,
            slice=name,
            question="Berapa?",
            base_declined=True,
            tuned_declined=True,
        )
    return made


def test_each_answer_is_on_one_of_the_pages(client, curator, evaluation, monkeypatch):
    monkeypatch.setattr(report, "PER_PAGE", 2)
    client.force_login(curator)
    shown = []
    for number in (1, 2):
        url = reverse("admin:tuning_evaluation_change", args=[evaluation.pk])
        shown.append(list(client.get(url, {"p": number}).context["page"].object_list))
    assert [len(rows) for rows in shown] == [2, 1]
    assert set(shown[0] + shown[1]) == set(evaluation.answers.all())


def test_it_leads_to_its_version_and_dataset(client, curator, evaluation):
    client.force_login(curator)
    url = reverse("admin:tuning_evaluation_change", args=[evaluation.pk])
    page = client.get(url).content.decode()
    version = evaluation.version
    assert reverse("admin:tuning_modelversion_change", args=[version.pk]) in page
    assert reverse("admin:tuning_datasetversion_change", args=[version.dataset_version_id]) in page


def test_a_row_s_name_in_the_path_stays_as_it_is(client, curator, version):
    client.force_login(curator)
    url = reverse("admin:tuning_modelversion_change", args=[version.pk])
    page = client.get(url).content.decode()
    path = page[page.index("<h1") : page.index("</h1>")]
    assert f">{version.reference}</a>" in path
    assert ">Model versions</a>" in path


@pytest.mark.parametrize(("mean", "told"), [(1411.7647, "1,412"), (None, "–")])
def test_the_mean_time_of_an_answer_is_whole(client, curator, version, mean, told):
    TrafficWindow.objects.create(version=version, starts_at=timezone.now(), mean_milliseconds=mean)
    client.force_login(curator)
    page = client.get(reverse("admin:tuning_trafficwindow_changelist"))
    row = page.context["cl"].result_list[0]
    assert page.context["cl"].model_admin.milliseconds(row) == told


@pytest.mark.parametrize(("query", "told"), [("", False), ("?q=bisnis", True)])
def test_the_number_of_results_is_told_where_something_was_searched(
    client, curator, version, query, told
):
    client.force_login(curator)
    page = client.get(reverse("admin:tuning_modelversion_changelist") + query).content.decode()
    assert ("Show all" in page[page.index("<h1") : page.index("</h1>")]) is told
