"""What Vertex AI would refuse late or apply without a word is told before anything is created."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from reviews.formats import Example
from tests.standins.vertex_rules import TUNABLE
from tests.tuning.backends.vertexes import ABLE, BASE
from tuning.backends import Data, Estimate, Problem
from tuning.backends.vertex import VertexBackend
from tuning.backends.vertex_checks import ADAPTER_SIZES, tokens_at_most
from tuning.domain import base_models, run_files
from tuning.enums import Backend
from tuning.models import BaseModel

DATA = Data(train=500, validation=80, families=200, size=300_000, longest=2_000)
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
    assert check({"beta": 0.1}, ABLE, method="preference") == []
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
        ({"adapter_size": 3}, "options.adapter_size: allowed: 1, 2, 4, 8, 16"),
        ({"adapter_size": 32}, "options.adapter_size: allowed: 1, 2, 4, 8, 16"),
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


def test_no_row_allows_an_adapter_size_that_gemini_does_not_have():
    """32 is for open models alone."""
    refused = ["options.adapter_size: allowed: 1, 2, 4, 8, 16"]
    for sizes in ((), (16, 32)):
        base = replace(BASE, adapter_sizes=sizes)
        assert check({"adapter_size": 16}, base) == []
        assert check({"adapter_size": 32}, base) == refused


def test_a_row_may_allow_fewer_sizes():
    base = replace(BASE, adapter_sizes=(1, 2, 4, 8))
    said = "options.adapter_size: this base model allows: 1, 2, 4, 8"
    assert check({"adapter_size": 16}, base) == [said]


@pytest.mark.django_db
def test_the_rows_to_begin_with_allow_what_the_service_does():
    """The stand-in holds what Google's pages say, and the service refuses the rest."""
    base_models.load()
    rows = BaseModel.objects.filter(backend=Backend.VERTEX)
    assert {row.name for row in rows} == set(TUNABLE)
    for row in rows:
        base, allowed = run_files.base(row), TUNABLE[row.name]
        words = [ADAPTER_SIZES[size].removeprefix("ADAPTER_SIZE_") for size in base.adapter_sizes]
        assert tuple(words) == allowed.sizes
        assert ("preference" in base.abilities) == allowed.preference
        assert ("continuous" in base.abilities) == allowed.continuous


@pytest.mark.parametrize("beta", [0.009, 0.51])
def test_beta_has_bounds(beta):
    assert check({"beta": beta}, ABLE, method="preference") == [
        "options.beta: allowed: float 0.01..0.5"
    ]


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
        ("projects/1/locations/us-central1/models/7", {"sft", "continuous"}, []),
        (
            "projects/1/locations/eu/models/7@1",
            {"sft", "continuous"},
            ["continues: lies in eu; what this base model tunes lies in: us-central1, us"],
        ),
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
            "its longest example has 262145 bytes; the limit on tokens allows: 262144",
        ),
        ({"size": 10**9 + 1}, "1000000001 bytes of text; allowed: 1000000000"),
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
    ("text", "tokens"),
    [
        ("Berapa biaya izin", 9),
        # A digit is a token, a character of another script up to as many as it has bytes.
        ("1234567890", 10),
        ("居留许可", 12),
        ("อายุ", 12),
        ("💥", 4),
        ("é?", 3),
    ],
)
def test_no_script_has_more_tokens_than_are_reckoned(text, tokens):
    example = Example("a", "b")
    assert tokens_at_most(replace(example, system=text)) == tokens + 1
    for field in ("input", "output", "rejected"):
        assert tokens_at_most(replace(example, **{field: text * 2})) >= 2 * tokens - 1
    assert tokens_at_most(replace(example, history=(("user", text),))) == tokens + 1


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
def test_an_estimate_counts_bytes_epochs_and_answers(options, method, price, estimate):
    base = replace(BASE, price=price)
    assert VertexBackend().estimate(options, base, DATA, method) == estimate
