"""What Vertex AI would refuse late or apply without a word is told before anything is created."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.tuning.backends.vertexes import BASE
from tuning.backends import Data, Estimate, Problem
from tuning.backends.vertex import VertexBackend

DATA = Data(train=500, validation=80, families=200, characters=300_000, longest=2_000)
TODAY = date(2026, 11, 21)


@pytest.fixture(autouse=True)
def _configured(settings):
    settings.GEMINI_PROJECT_ID, settings.GEMINI_BUCKET = "proyek-uji", "ember-uji"
    settings.GEMINI_API_KEY = ""


def check(options=None, base=BASE, data=DATA, method="sft") -> list[str]:
    found = VertexBackend(today=lambda: TODAY).check(options or {}, base, data, method)
    assert all(isinstance(one, Problem) for one in found)
    return list(map(str, found))


def test_what_is_right_has_no_problems():
    options = {
        "epochs": 3,
        "learning_rate_multiplier": 0.5,
        "adapter_size": 16,
        "export_last_checkpoint_only": True,
    }
    assert check(options) == []
    assert check({"beta": 0.1}, method="preference") == []
    assert check({"epochs": "3", "adapter_size": None}) == []


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"epochs": 0}, "options.epochs: allowed: int 1..100"),
        ({"epochs": 2.5}, "options.epochs: allowed: int 1..100"),
        (
            {"learning_rate_multiplier": 0},
            "options.learning_rate_multiplier: allowed: float 0.001..10",
        ),
        ({"adapter_size": 3}, "options.adapter_size: allowed: 1, 2, 4, 8, 16, 32"),
        ({"adapter_size": 32}, "options.adapter_size: this base model allows: 1, 2, 4, 8, 16"),
        ({"beta": 0.1}, "options.beta: belongs to preferences alone"),
        (
            {"export_last_checkpoint_only": "yes"},
            "options.export_last_checkpoint_only: allowed: bool",
        ),
        (
            {"learning_rate": 0.001},
            "options.learning_rate: unknown; allowed: epochs, learning_rate_multiplier, "
            "adapter_size, beta, export_last_checkpoint_only",
        ),
    ],
)
def test_a_wrong_option_is_named_with_what_is_allowed(options, problem):
    assert check(options) == [problem]


def test_a_row_without_adapter_sizes_allows_all():
    assert check({"adapter_size": 32}, replace(BASE, adapter_sizes=())) == []


@pytest.mark.parametrize("beta", [0.009, 0.51])
def test_beta_has_bounds(beta):
    assert check({"beta": beta}, method="preference") == ["options.beta: allowed: float 0.01..0.5"]


@pytest.mark.parametrize(
    ("retires", "problems"),
    [
        (date(2026, 11, 22), []),
        (
            date(2026, 11, 21),
            ["base_model: was retired on 2026-11-21; take one of its successors"],
        ),
        (None, []),
    ],
)
def test_a_retired_base_model_is_refused_from_its_day_on(retires, problems):
    assert check(base=replace(BASE, retires=retires)) == problems


def test_a_method_that_the_base_does_not_know_is_refused():
    base = replace(BASE, abilities=frozenset({"sft"}))
    assert check(base=base, method="preference") == ["method: this base model allows: sft"]


@pytest.mark.parametrize(
    ("continues", "abilities", "problems"),
    [
        ("projects/1/locations/us/models/7@1", {"sft", "continuous"}, []),
        (
            "projects/1/locations/us/models/7@1",
            {"sft"},
            ["continues: this base model can't be tuned further"],
        ),
        ("/var/lora/1", {"sft", "continuous"}, ["continues: is no tuned model of Vertex AI"]),
    ],
)
def test_what_can_be_tuned_further(continues, abilities, problems):
    assert (
        check(base=replace(BASE, continues=continues, abilities=frozenset(abilities))) == problems
    )


@pytest.mark.parametrize(
    ("tune", "serve", "said"),
    [
        ("us-central1", "us", ""),
        ("us-central1", "us-central1", ""),
        ("us-central1", "", ""),
        ("europe-west4", "eu", ""),
        ("asia-southeast1", "asia-southeast1", ""),
        (
            "europe-west4",
            "us",
            "tuned in europe-west4 it is served from: europe-west4, eu; its row says us",
        ),
        (
            "us-central1",
            "global",
            "tuned in us-central1 it is served from: us-central1, us; its row says global",
        ),
        *[
            (
                region,
                "us",
                "its tuning region must be a single region such as us-central1 or europe-west4, "
                f"not '{region}'",
            )
            for region in ("", "us", "global", "us-central1/x")
        ],
    ],
)
def test_where_a_base_is_tuned_and_served(tune, serve, said):
    base = replace(BASE, tune_region=tune, serve_region=serve)
    assert check(base=base) == ([f"base_model: {said}"] if said else [])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"train": 10_000_000}, ""),
        ({"train": 10_000_001}, "10000001 training examples; allowed: 10000000"),
        ({"validation": 1_000}, ""),
        ({"validation": 1_001}, "1001 validation examples; allowed beside its train part: 1000"),
        ({"train": 10_000, "validation": 3_000}, ""),
        (
            {"train": 10_000, "validation": 3_001},
            "3001 validation examples; allowed beside its train part: 3000",
        ),
        ({"train": 100_000, "validation": 5_000}, ""),
        (
            {"train": 100_000, "validation": 5_001},
            "5001 validation examples; allowed beside its train part: 5000",
        ),
        ({"longest": 262_144}, ""),
        (
            {"longest": 262_145},
            "its longest example has 262145 characters; the limit on tokens allows: 262144",
        ),
        ({"characters": 10**9 + 1}, "1000000001 characters; allowed: 1000000000"),
    ],
)
def test_the_data_s_limits(change, said):
    data = replace(DATA, **change)
    assert check(data=data) == ([f"dataset_version: {said}"] if said else [])


def test_a_row_s_own_token_limit_counts():
    base = replace(BASE, token_limit=1_000)
    assert check(base=base, data=replace(DATA, longest=2_000)) == []
    assert len(check(base=base, data=replace(DATA, longest=2_001))) == 1
    unknown = replace(BASE, token_limit=None)
    assert check(base=unknown, data=replace(DATA, longest=262_144)) == []


@pytest.mark.parametrize(
    ("project", "bucket", "key", "said"),
    [
        ("", "b", "", "set GEMINI_PROJECT_ID to tune on Vertex AI"),
        ("p", "", "", "set GEMINI_BUCKET to tune on Vertex AI"),
        (
            "",
            "",
            "kunci",
            "GEMINI_API_KEY reaches no model that can be tuned; "
            "set GEMINI_PROJECT_ID, GEMINI_BUCKET to tune on Vertex AI",
        ),
    ],
)
def test_what_is_not_set_is_named(settings, project, bucket, key, said):
    settings.GEMINI_PROJECT_ID, settings.GEMINI_BUCKET = project, bucket
    settings.GEMINI_API_KEY = key
    assert check() == [f"backend: {said}"]


def test_all_problems_are_told_at_once():
    base = replace(BASE, retires=TODAY, tune_region="")
    found = check({"epochs": 0, "x": 1}, base, replace(DATA, validation=6_000))
    assert [one.partition(":")[0] for one in found] == [
        "base_model",
        "base_model",
        "dataset_version",
        "options.epochs",
        "options.x",
    ]


# --- estimates -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "method", "price", "estimate"),
    [
        ({}, "sft", 3.0, Estimate(500_000, None, 1.5)),
        ({"epochs": 2}, "sft", 3.0, Estimate(200_000, None, 0.6)),
        ({"epochs": 2}, "preference", 3.0, Estimate(400_000, None, 1.2)),
        ({"epochs": 2}, "sft", None, Estimate(200_000, None, None)),
        ({"epochs": 2}, "sft", 0.0, Estimate(200_000, None, 0.0)),
    ],
)
def test_an_estimate_counts_characters_epochs_and_answers(options, method, price, estimate):
    base = replace(BASE, price=price)
    assert VertexBackend().estimate(options, base, DATA, method) == estimate
