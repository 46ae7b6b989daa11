"""The light side of LoRA: what is refused, how a job is started, what it gets. Nothing trains here
(see tests/lora)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tuning.backends import BackendError, Impossible, JobState, lora
from tuning.backends.base import PREFERENCE, SFT, Base, Data, Estimate
from tuning.backends.lora import DIED, DISK_FULL, PRESETS, LoraBackend, Options, preset_for, settled

DATA = Data(train=40, validation=8, families=20, size=8000, longest=300)


@pytest.fixture
def backend(settings, tmp_path) -> LoraBackend:
    settings.TUNING_DIR = tmp_path
    return LoraBackend()


@pytest.fixture
def ready(monkeypatch):
    """As where the libraries are installed: what the probe of that Python prints."""
    monkeypatch.setattr(lora, "_probe", lambda python, code: ())


@pytest.fixture
def model(tmp_path) -> Path:
    folder = tmp_path / "dasar"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "model.safetensors").write_bytes(b"")
    return folder


def told(problems) -> list[str]:
    return [str(problem) for problem in problems]


# --- options -------------------------------------------------------------------------------------
def test_the_presets_are_those_of_the_requirements():
    assert {name: tuple(asdict(preset).values()) for name, preset in PRESETS.items()} == {
        "conservative": (3, 2, 2e-5, 8),
        "balanced": (3, 4, 2e-4, 4),
        "aggressive": (5, 8, 5e-4, 2),
    }
    options = Options()
    assert (options.dropout, options.weight_decay, options.patience) == (0.05, 0.01, 3)


@pytest.mark.parametrize(
    ("examples", "preset"),
    [
        (1, "conservative"),
        (499, "conservative"),
        (500, "balanced"),
        (4_999, "balanced"),
        (5_000, "aggressive"),
    ],
)
def test_the_preset_is_chosen_by_the_number_of_examples(examples, preset):
    assert preset_for(examples) == preset
    found = settled({}, Base("b"), examples)
    chosen = asdict(PRESETS[preset])
    assert found["preset"] == preset
    assert {name: found[name] for name in chosen} == chosen


def test_the_hub_s_settings_come_before_the_preset(settings):
    settings.TUNING_LEARNING_RATE, settings.TUNING_BATCH_SIZE = 3e-4, 16
    found = settled({"batch": 4}, Base("b"), 10)
    assert (found["learning_rate"], found["batch"], found["epochs"]) == (3e-4, 4, 3)


def test_what_is_given_comes_before_the_preset():
    found = settled({"preset": "aggressive", "epochs": "2", "learning_rate": 1e-5}, Base("b"), 10)
    assert (found["epochs"], found["learning_rate"], found["batch"]) == (2, 1e-5, 8)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"epochs": 0}, "options.epochs: allowed: int 1..100"),
        ({"epochs": 1.5}, "options.epochs: allowed: int 1..100"),
        ({"preset": "wild"}, "options.preset: allowed: conservative, balanced, aggressive"),
        ({"learning_rate": 1}, "options.learning_rate: allowed: float 1e-07..0.1"),
        ({"learning_rate": float("nan")}, "options.learning_rate: allowed: float 1e-07..0.1"),
        ({"learns": "all"}, "options.learns: allowed: answer, conversation"),
        ({"four_bit": "yes"}, "options.four_bit: allowed: bool"),
        ({"rank": None}, "options.rank: allowed: int 1..512"),
    ],
    ids=str,
)
def test_a_wrong_option_is_refused_with_what_is_allowed(backend, ready, model, options, problem):
    assert told(backend.check(options, Base(str(model)), DATA)) == [problem]
    with pytest.raises(Impossible):
        settled(options, Base("b"), 10)


def test_an_unknown_option_is_refused_with_the_known_ones(backend, ready, model):
    [problem] = backend.check({"epoch": 3}, Base(str(model)), DATA)
    assert problem.field == "options.epoch"
    assert str(problem).startswith("options.epoch: unknown; allowed: preset, epochs, batch, ")


def test_more_tokens_than_the_base_takes_are_refused(backend, ready, model):
    base = Base(str(model), token_limit=1024)
    assert told(backend.check({"max_length": 1025}, base, DATA)) == [
        "options.max_length: allowed: int 16..1024"
    ]
    assert backend.check({"max_length": 1024}, base, DATA) == ()


@pytest.mark.parametrize(
    ("config", "limit", "settled_to"),
    [
        ({}, None, 2048),
        ({}, 1024, 1024),
        ({"max_position_embeddings": 512}, 1024, 512),
        ({"max_position_embeddings": 8192}, 1024, 1024),
        ({"text_config": {"max_position_embeddings": 900}}, None, 900),
        ({"n_positions": 1000}, None, 1000),
        # T5 has no places.
        ({"n_positions": 512, "is_encoder_decoder": True}, None, 2048),
    ],
    ids=str,
)
def test_examples_are_no_longer_than_the_base_takes(
    backend, ready, model, config, limit, settled_to
):
    (model / "config.json").write_text(json.dumps(config))
    base = Base(str(model), token_limit=limit)
    assert backend.check({}, base, DATA) == ()
    assert settled({}, base, 10)["max_length"] == settled_to
    if settled_to < 2048:
        wrong = [f"options.max_length: allowed: int 16..{settled_to}"]
        assert told(backend.check({"max_length": settled_to + 1}, base, DATA)) == wrong
        with pytest.raises(Impossible):
            settled({"max_length": settled_to + 1}, base, 10)


# --- going on with an adapter --------------------------------------------------------------------
@pytest.fixture
def further(model, tmp_path) -> Base:
    """A base with a tuned model to go on with, of a width that no option has by itself."""
    job = tmp_path / "jobs" / "hub-1"
    for folder in (job / "adapter", job / "checkpoints" / "checkpoint-6"):
        folder.mkdir(parents=True)
        adapter = {"r": 8, "lora_alpha": 24, "lora_dropout": 0.1}
        (folder / "adapter_config.json").write_text(json.dumps(adapter))
    mark = {"fingerprint": "f", "epoch": 1.0, "loss": 0.5}
    (job / "checkpoints" / "checkpoint-6" / "whole.json").write_text(json.dumps(mark))
    return Base(str(model), continues=str(job / "adapter"))


@pytest.mark.parametrize("checkpoint", ["", "checkpoint-6"])
def test_an_adapter_that_is_gone_on_with_keeps_its_width(backend, ready, further, checkpoint):
    base = replace(further, checkpoint=checkpoint)
    same = {"rank": "8", "alpha": 24, "dropout": 0.1}
    for options in ({}, same):
        assert backend.check(options, base, DATA) == ()
        found = settled(options, base, 10)
        assert [found[name] for name in same] == [8, 24, 0.1]
    wrong = {"rank": 16, "alpha": 32, "dropout": 0.05, "epochs": 2}
    assert told(backend.check(wrong, base, DATA)) == [
        "options.rank: the adapter that the run goes on with has 8",
        "options.alpha: the adapter that the run goes on with has 24",
        "options.dropout: the adapter that the run goes on with has 0.1",
    ]
    with pytest.raises(Impossible):
        settled(wrong, base, 10)


def test_an_adapter_or_checkpoint_that_is_gone_is_refused(backend, ready, further):
    other = replace(further, checkpoint="checkpoint-7")
    assert told(backend.check({}, other, DATA)) == ["checkpoint: allowed: checkpoint-6"]
    shutil.rmtree(further.continues)
    gone = ["continues: its tuned model is not there any more"]
    assert told(backend.check({}, further, DATA)) == gone


# --- base model and data -------------------------------------------------------------------------
def test_a_right_run_has_no_problem(backend, ready, model):
    assert backend.check({}, Base(str(model)), DATA) == ()
    assert backend.check({}, Base("GoToCompany/gemma2-9b-cpt-sahabatai-v1-instruct"), DATA) == ()


def test_a_folder_below_the_home_folder_is_found(backend, ready, model, monkeypatch):
    monkeypatch.setenv("HOME", str(model.parent))
    assert backend.check({}, Base("~/dasar"), DATA) == ()
    assert told(backend.check({}, Base("~/lain"), DATA)) == [
        "base_model: there is no folder ~/lain"
    ]


def test_a_folder_that_is_no_model_is_refused(backend, ready, model):
    nowhere = backend.check({}, Base("/nowhere/model"), DATA)
    assert told(nowhere) == ["base_model: there is no folder /nowhere/model"]
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    assert told(backend.check({}, Base(str(model)), DATA)) == [
        f"base_model: {model} holds no weights in safetensors; others are not read"
    ]
    for content in ("[]", "{"):
        (model / "config.json").write_text(content)
        assert told(backend.check({}, Base(str(model)), DATA)) == [
            f"base_model: {model} holds no model: its config.json can't be read"
        ]


def test_preferences_need_a_base_that_can_learn_them(backend, ready, model):
    assert told(backend.check({}, Base(str(model)), DATA, PREFERENCE)) == ["method: allowed: sft"]
    able = Base(str(model), abilities=frozenset({SFT, PREFERENCE}))
    assert backend.check({}, able, DATA, PREFERENCE) == ()
    (model / "config.json").write_text('{"is_encoder_decoder": true}')
    assert backend.check({}, able, DATA) == ()
    assert told(backend.check({}, able, DATA, PREFERENCE)) == [
        "method: a T5 model can't learn preferences; allowed: sft"
    ]


def test_the_estimate_counts_the_tokens_of_all_epochs(backend):
    assert backend.estimate({}, Base("b"), DATA) == Estimate(6000, None, 0.0)
    dear = backend.estimate({"epochs": 5}, Base("b", price=20.0), DATA)
    assert dear == Estimate(10_000, None, 0.2)
    # 40 examples of 16 tokens at most, thrice: what is longer is left out.
    assert backend.estimate({"max_length": 16}, Base("b"), DATA).tokens == 1920


# --- the Python that trains ----------------------------------------------------------------------
def test_a_python_that_is_not_there_is_told(backend, model, settings):
    settings.LORA_PYTHON = "/nowhere/python"
    assert told(backend.check({}, Base(str(model)), DATA)) == [
        "backend: LORA_PYTHON can't be run: /nowhere/python"
    ]


def test_missing_libraries_are_named_with_what_installs_them(backend, model, settings, tmp_path):
    # A Python of this machine without any packages, whatever this one has.
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    settings.LORA_PYTHON = str(bare)
    assert told(backend.check({}, Base(str(model)), DATA)) == [
        "backend: training needs django, orjson, torch, transformers, trl, peft, accelerate, "
        "datasets: pip install feedbackhub[lora], or set LORA_PYTHON"
    ]


def test_a_python_that_was_mended_is_asked_again(backend, model, settings, tmp_path):
    python, base = tmp_path / "python", Base(str(model))
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    settings.LORA_PYTHON = str(python)
    assert told(backend.check({}, base, DATA)) == [f"backend: LORA_PYTHON can't be run: {python}"]
    for printed in ("torch peft", ""):
        python.write_text(f"#!/bin/sh\necho {printed}\n")
        problems = told(backend.check({}, base, DATA))
        assert ["torch, peft" in problem for problem in problems] == [True] * bool(printed)


def test_a_card_that_came_later_is_seen(backend, model, settings, tmp_path):
    python, base = tmp_path / "python", Base(str(model))
    python.touch()
    python.chmod(0o755)
    settings.LORA_PYTHON = str(python)
    for printed, count in (("CUDA", 1), ("", 0)):
        python.write_text(f'#!/bin/sh\ncase "$2" in *cuda*) echo {printed};; esac\n')
        assert len(backend.check({"four_bit": True}, base, DATA)) == count


@pytest.mark.parametrize(
    ("printed", "problems"),
    [
        ((), []),
        (("bitsandbytes",), ["bitsandbytes"]),
        (("CUDA", "bitsandbytes"), ["CUDA, bitsandbytes"]),
        (None, ["CUDA"]),
    ],
    ids=str,
)
def test_four_bits_need_what_the_training_python_says_that_it_has(
    backend, model, monkeypatch, printed, problems
):
    monkeypatch.setattr(lora, "_probe", lambda python, code: printed if "cuda" in code else ())
    assert told(backend.check({"four_bit": True}, Base(str(model)), DATA)) == [
        f"options.four_bit: 4-bit training needs {lacking}; allowed here: false"
        for lacking in problems
    ]


def test_nothing_here_imports_torch():
    code = "import sys, tuning.backends; print('torch' in sys.modules, 'numpy' in sys.modules)"
    variables = os.environ | {"DJANGO_SETTINGS_MODULE": "django.conf.global_settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False False\n"


# --- how a job is started ------------------------------------------------------------------------
def test_a_job_is_started_by_plain_python_or_by_the_operators_launcher(backend, settings, tmp_path):
    settings.LORA_PYTHON, settings.LORA_LAUNCH = "/env/bin/python", []
    module = ["-m", "tuning.backends.lora_worker", str(tmp_path)]
    assert backend.command(tmp_path) == ["/env/bin/python", *module]
    settings.LORA_LAUNCH = ["accelerate", "launch", "--num_processes", "2"]
    assert backend.command(tmp_path) == ["accelerate", "launch", "--num_processes", "2", *module]


def test_a_job_gets_none_of_the_hubs_secrets(backend, settings, monkeypatch):
    for name in ("SECRET_KEY", "DATABASE_URL", "GEMINI_API_KEY", "HF_TOKEN", "PYTHONPATH"):
        monkeypatch.setenv(name, "rahasia")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    found = backend.environment()
    assert "rahasia" not in found.values()
    assert (found["PATH"], found["OMP_NUM_THREADS"]) == (os.environ["PATH"], "3")
    assert found["DJANGO_SETTINGS_MODULE"] == "django.conf.global_settings"


def test_a_job_is_offline_unless_the_operator_allows_the_hub(backend, settings, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "kunci")
    offline = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
    quiet = {"HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
    found = backend.environment()
    assert [found[name] for name in offline] == ["1", "1", "1"]
    assert quiet.items() <= found.items()
    settings.LORA_ALLOW_HUB = True
    found = backend.environment()
    assert [name for name in offline if name in found] == []
    assert found["HF_TOKEN"] == "kunci"
    assert quiet.items() <= found.items()


def test_one_process_sees_one_card_and_a_launchers_see_all(backend, settings, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert backend.environment()["CUDA_VISIBLE_DEVICES"] == "0"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    assert backend.environment()["CUDA_VISIBLE_DEVICES"] == "2"
    settings.LORA_LAUNCH = ["accelerate", "launch"]
    assert backend.environment()["CUDA_VISIBLE_DEVICES"] == "2,3"


def test_the_operators_converter_reaches_the_job_as_a_list(backend, settings):
    settings.LORA_GGUF_COMMAND = ["convert", "{model}", "--outfile", "{out}"]
    found = backend.environment()
    assert json.loads(found["LORA_GGUF_COMMAND"]) == settings.LORA_GGUF_COMMAND
    assert json.loads(found["LORA_GGUF_TIMEOUT_SECONDS"]) == 3600


# --- the end of a job ----------------------------------------------------------------------------
def _dead(folder: Path, **state) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spec.json").write_text("{}")
    (folder / "state.json").write_text(json.dumps({"status": "running", **state}))
    (folder / "starts.json").write_text(json.dumps({"count": 3, "at": -1e9}))


def test_a_job_that_the_system_ended_each_time_fails_with_advice(backend, tmp_path):
    _dead(tmp_path / "job", phase="training")
    expected = JobState("failed", message=DIED, values={"times": 3, "phase": "training"})
    assert backend.poll(str(tmp_path / "job")) == expected


def test_a_job_that_died_on_a_full_disk_says_so(backend, tmp_path, monkeypatch):
    folder = tmp_path / "job"
    _dead(folder)
    # More than any disk has free.
    monkeypatch.setattr(lora, "_FULL_DISK", 1 << 80)
    expected = JobState("failed", message=DISK_FULL, values={"folder": str(folder)})
    assert backend.poll(str(folder)) == expected


def test_deleting_a_model_leaves_what_its_job_said(backend, tmp_path):
    job = tmp_path / "jobs" / "hub-1"
    for name in ("adapter", "merged", "checkpoints"):
        (job / name).mkdir(parents=True)
    for name in ("model.gguf", "state.json", "answers.jsonl"):
        (job / name).touch()
    result = {"artifact": str(job / "adapter")}
    backend.delete(result)
    backend.delete(result)
    assert sorted(path.name for path in job.iterdir()) == ["answers.jsonl", "state.json"]


def test_a_model_that_cant_be_deleted_is_told(backend, tmp_path):
    job = tmp_path / "jobs" / "hub-1"
    (job / "adapter").mkdir(parents=True)
    # No folder: it can't be removed as one.
    (job / "merged").touch()
    with pytest.raises(BackendError) as raised:
        backend.delete({"artifact": str(job / "adapter")})
    assert (str(raised.value), raised.value.permanent) == (
        f"{job} can't be deleted: Not a directory",
        False,
    )


@pytest.mark.parametrize("artifact", ["", "/nowhere/adapter", "{outside}/adapter"])
def test_nothing_outside_the_hubs_folder_is_deleted(backend, settings, tmp_path, artifact):
    settings.TUNING_DIR = tmp_path / "hub"
    settings.TUNING_DIR.mkdir()
    outside = tmp_path / "outside"
    (outside / "adapter").mkdir(parents=True)
    backend.delete({"artifact": artifact.format(outside=outside)})
    backend.delete({"artifact": f"{tmp_path}/hub/../outside/adapter"})
    assert (outside / "adapter").is_dir()
