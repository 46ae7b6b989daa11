"""Starting a run with its options, watching it, and deciding on it, in the admin."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from tests.tuning import making
from tuning.admin import curves
from tuning.backends import JobState
from tuning.domain import looks, runs, versions
from tuning.models import BaseModel, TuningRun

pytestmark = pytest.mark.django_db
ADD = "admin:tuning_tuningrun_add"


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def run(dataset_version, outside_model) -> TuningRun:
    return runs.launch(dataset_version, outside_model, now=timezone.now())


def body(version, model, **more: object) -> dict[str, object]:
    """What the page sends once it shows the model's options."""
    chosen = {"dataset_version": version.pk, "base_model": model.pk, "method": "sft"}
    return {**chosen, "options-of": model.pk, **more}


def act(client, run, name):
    return client.post(reverse(f"admin:tuning_tuningrun_{name}", args=[run.pk]), follow=True)


def told(page) -> list[str]:
    return [str(message) for message in page.context["messages"]]


# --- starting ------------------------------------------------------------------------------------
def test_a_run_is_started_with_the_options_of_its_backend(
    client, curator, dataset_version, outside_model
):
    client.force_login(curator)
    client.post(reverse(ADD), body(dataset_version, outside_model, **{"option-epochs": "5"}))
    run = TuningRun.objects.get()
    assert (run.status, run.by, run.options) == ("queued", curator, {"epochs": "5"})


def test_the_page_begins_with_the_newest_version_and_the_hub_s_own_base_model(
    client, curator, dataset_version
):
    client.force_login(curator)
    form = client.get(reverse(ADD)).context["form"]
    assert form["dataset_version"].initial == dataset_version
    assert form["base_model"].initial == versions.base_model()
    assert "option-steps" in [field.name for field in form.how]
    chosen = client.get(reverse(ADD), {"dataset_version": "7"}).context["form"]
    assert chosen["dataset_version"].initial == "7"


def test_an_option_that_stays_as_it_was_is_left_to_the_backend(
    client, curator, dataset_version, outside_model
):
    client.force_login(curator)
    client.post(reverse(ADD), body(dataset_version, outside_model, **{"option-epochs": "3"}))
    assert TuningRun.objects.get().options == {}


def test_a_base_model_brings_its_options_with_what_they_allow(
    client, curator, dataset_version, outside_model
):
    client.force_login(curator)
    chosen = {"dataset_version": dataset_version.pk, "base_model": outside_model.pk}
    page = client.post(reverse(ADD), {**chosen, "method": "sft", "options-of": "", "look": "1"})
    [field] = page.context["form"].how
    words = "Epochs <code>epochs</code>"
    assert (field.label, field.value(), field.help_text) == (words, "3", "1 – 100")
    assert TuningRun.objects.count() == 0


def test_before_it_starts_the_page_says_what_it_would_take(
    client, curator, dataset_version, outside_model, outside
):
    outside.costs = 12.5
    client.force_login(curator)
    page = client.post(reverse(ADD), body(dataset_version, outside_model, look="1"))
    assert (page.context["expected"].cost, page.context["needs_word"]) == (12.5, True)
    assert "12.50" in page.content.decode()
    assert TuningRun.objects.count() == 0


@pytest.mark.parametrize("look", [{}, {"look": "1"}])
def test_a_wrong_option_is_told_at_its_field(client, curator, dataset_version, outside_model, look):
    client.force_login(curator)
    sent = body(dataset_version, outside_model, **{"option-epochs": "0"}, **look)
    page = client.post(reverse(ADD), sent)
    assert page.context["form"].errors == {"option-epochs": ["allowed: int 1..100"]}
    assert TuningRun.objects.count() == 0


def test_what_speaks_against_a_run_is_told_at_its_field(client, curator, outside_model, assistant):
    making.approved_many(assistant, 12)
    version = making.frozen(assistant)
    client.force_login(curator)
    page = client.post(reverse(ADD), body(version, outside_model, method="preference"))
    assert list(page.context["form"].errors) == ["dataset_version"]


def test_a_base_model_that_nobody_can_tune_is_no_choice(client, curator, dataset_version):
    fixed = BaseModel.objects.create(name="tetap", provider="exemplar")
    client.force_login(curator)
    page = client.post(reverse(ADD), body(dataset_version, fixed))
    assert list(page.context["form"].errors) == ["base_model"]


@pytest.mark.parametrize("chosen", ["x", "", "-1", "99999999999999999999", "1; drop"])
def test_a_form_that_no_page_sends(client, curator, dataset_version, chosen):
    client.force_login(curator)
    sent = {"dataset_version": dataset_version.pk, "base_model": chosen, "method": "sft"}
    assert client.post(reverse(ADD), sent).status_code == 200
    assert TuningRun.objects.count() == 0


# --- watching ------------------------------------------------------------------------------------
def test_the_page_draws_both_losses_and_goes_on_by_itself(client, curator, run, outside):
    losses, held = ((1, 2.0), (2, 1.0), (3, 0.5)), ((2, 1.5), (3, 1.25))
    outside.says = [JobState("running", 0.5, losses, held)]
    making.drive(run, 4, timezone.now())
    client.force_login(curator)
    page = client.get(reverse("admin:tuning_tuningrun_change", args=[run.pk]))
    lines = page.context["chart"].lines
    assert [(line.kind, line.points, line.last) for line in lines] == [
        ("loss", "0.0,0.0 320.0,133.3 640.0,200.0", "0.500"),
        ("validation", "320.0,66.7 640.0,100.0", "1.250"),
    ]
    live = client.get(re.search(r'data-live="([^"]+)"', page.content.decode()).group(1))
    assert lines[0].points in live.content.decode()
    assert "data-active" in live.content.decode()
    assert b"<html" not in live.content


def test_where_a_service_tells_no_losses_progress_is_drawn(client, curator, run, outside):
    outside.says = [JobState("running", 0.25), JobState("running", 0.75)]
    making.drive(run, 5, timezone.now())
    client.force_login(curator)
    page = client.get(reverse("admin:tuning_tuningrun_live", args=[run.pk]))
    assert page.status_code == 200
    chart = curves.of_run({"progress": [(60, 0.25), (120, 0.75)]})
    assert chart.lines[0].points in page.content.decode()


def test_a_long_curve_is_thinned_and_keeps_its_ends():
    points = [(step, 1 / step) for step in range(1, 10_001)]
    thin = curves.thinned(points)
    assert (len(thin), thin[0], thin[-1]) == (curves.MOST, points[0], points[-1])


@pytest.mark.parametrize("points", [{}, {"loss": [(1, 0.5)]}])
def test_nothing_to_draw(points):
    assert curves.of_run(points) is None


def test_a_flat_curve_is_drawn():
    chart = curves.of_run({"loss": [(5, 1.0), (6, 1.0)]})
    assert chart.lines[0].points == "0.0,200.0 640.0,200.0"


def test_dropped_examples_lead_to_their_pairs(client, curator, run, outside):
    outside.says = [JobState("running", dropped=(1,), dropped_reasons=("<b>too long</b>",))]
    making.drive(run, 4, timezone.now())
    client.force_login(curator)
    page = client.get(reverse("admin:tuning_tuningrun_live", args=[run.pk])).content.decode()
    member = run.dataset_version.members.filter(part="train").order_by("position")[0]
    assert reverse("admin:reviews_pair_change", args=[member.revision.pair_id]) in page
    assert "&lt;b&gt;too long&lt;/b&gt;" in page


def test_the_live_part_needs_the_right_to_see_runs(client, reviewer, run):
    client.force_login(reviewer)
    assert client.get(reverse("admin:tuning_tuningrun_live", args=[run.pk])).status_code == 403


def test_the_live_part_takes_as_many_queries_for_a_long_run(client, curator, run, outside):
    client.force_login(curator)
    counts = []
    for many in (2, 60):
        losses = tuple((step, 1 / step) for step in range(1, many))
        outside.says = [JobState("running", 0.5, losses)]
        making.drive(run, 4, timezone.now())
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("admin:tuning_tuningrun_live", args=[run.pk]))
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- deciding ------------------------------------------------------------------------------------
def test_a_run_that_waits_for_a_word_begins_with_it(
    client, curator, dataset_version, outside_model, outside
):
    outside.costs = None
    run = runs.launch(dataset_version, outside_model, now=timezone.now())
    client.force_login(curator)
    page = client.get(reverse("admin:tuning_tuningrun_change", args=[run.pk]))
    assert "Nobody can say what it will cost" in page.content.decode()
    assert told(act(client, run, "confirm")) == ["The run begins."]
    assert looks.reconcile(timezone.now()) == 1


def test_a_failed_run_is_tried_again(client, curator, run, outside):
    outside.says = [JobState("failed", message="out of memory")]
    making.drive(run, 9, timezone.now())
    client.force_login(curator)
    assert told(act(client, run, "retry")) == ["The run is tried again."]
    run.refresh_from_db()
    assert (run.status, run.attempt) == ("preparing", 2)


def test_what_can_t_be_done_is_told(client, curator, run):
    client.force_login(curator)
    assert told(act(client, run, "retry")) == ["only a run that failed can be tried again"]


@pytest.mark.parametrize("name", ["cancel", "retry", "confirm"])
def test_looking_decides_nothing(client, curator, run, name):
    client.force_login(curator)
    client.get(reverse(f"admin:tuning_tuningrun_{name}", args=[run.pk]))
    run.refresh_from_db()
    assert run.status == "queued"


@pytest.mark.parametrize("name", ["cancel", "retry", "confirm"])
def test_whoever_may_not_change_runs_decides_nothing(client, reviewer, run, name):
    client.force_login(reviewer)
    assert act(client, run, name).status_code == 403
