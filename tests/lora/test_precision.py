"""Fewer bits: 4-bit bases and bfloat16, both of which a processor can do, if slowly."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.lora import tiny
from tests.lora.conftest import work
from tests.lora.test_training import falls
from tuning.backends import jobs, lora_models, lora_worker
from tuning.backends import lora_train as training
from tuning.backends.base import PREFERENCE
from tuning.backends.lora import settled

KINDS = [("llama", "sft"), ("gemma", PREFERENCE), ("t5", "sft")]


@pytest.fixture
def four_bit(monkeypatch) -> dict[str, bool]:
    """The option. Left to itself, bitsandbytes packs the weights anew at the first evaluation on a
    processor, and computes a little differently from then on; on a card it does not."""
    modules = pytest.importorskip("bitsandbytes.nn.modules")
    monkeypatch.setattr(modules, "has_avx512bf16", lambda: False)
    return {"four_bit": True}


@pytest.fixture
def sixteen(monkeypatch) -> torch.dtype:
    """As on a card that has bfloat16."""
    monkeypatch.setattr(lora_models, "precision", lambda: torch.bfloat16)
    return torch.bfloat16


def trained_and_held(model) -> tuple[Counter, Counter]:
    """Types of the weights that are trained, and of those that are not."""
    kinds: tuple[Counter, Counter] = (Counter(), Counter())
    for weight in model.parameters():
        kinds[not weight.requires_grad][weight.dtype] += 1
    return kinds


def go_on(folder: Path, state: dict, checkpoint: str) -> dict:
    """The last state of the job after it was killed once the checkpoint was there."""
    shutil.rmtree(folder / "adapter")
    for path in (folder / "checkpoints").glob("checkpoint-*"):
        if path.name != checkpoint:
            shutil.rmtree(path)
    jobs.replace(folder / "state.json", state | {"status": "running"})
    lora_worker.main(folder)
    again = json.loads((folder / "state.json").read_text())
    assert again["result"]["resumed_from"] == checkpoint
    return again


@pytest.mark.parametrize(("kind", "method"), KINDS)
def test_a_4_bit_base_is_trained_merged_and_asked(make_spec, four_bit, kind, method):
    asked = [tiny.question("visa")]
    rate = 0.002 if method == PREFERENCE else 0.01
    options = four_bit | {"answer_tokens": 4, "learning_rate": rate}
    folder, state = work(make_spec(kind, method=method, questions=asked, options=options))
    assert (state["status"], state["warnings"]) == ("succeeded", [])
    assert falls(state["losses"])
    assert state["result"]["merge_difference"] < 0.05
    # The merged model is whole: the base was read anew, in its own precision.
    merged = load_file(folder / "merged" / "model.safetensors")
    assert {weight.dtype for weight in merged.values()} == {torch.float32}
    assert len((folder / "answers.jsonl").read_bytes().splitlines()) == 1


@pytest.mark.parametrize(("kind", "method"), KINDS)
def test_a_4_bit_training_goes_on_as_if_nothing_had_been(make_spec, four_bit, kind, method):
    options = four_bit | {"epochs": 2, "merge": False}
    folder, state = work(make_spec(kind, method=method, options=options))
    assert go_on(folder, state, "checkpoint-6")["losses"] == state["losses"]


@pytest.mark.parametrize(("kind", "method"), KINDS)
def test_an_adapter_is_trained_in_32_bits_whatever_its_base_is_held_in(
    make_spec, four_bit, sixteen, tmp_path, kind, method
):
    spec = make_spec(kind, method=method, options=four_bit)
    trainer, _words, _parts = training.prepare(spec, settled(spec.options, spec.base, 24), tmp_path)
    trained, held = trained_and_held(trainer.model)
    assert set(trained) == {torch.float32}
    assert held[torch.uint8] > 0
    # What is not in 4 bits is in 16: the embeddings of a big vocabulary weigh gigabytes in 32.
    assert held[sixteen] > 0


@pytest.mark.parametrize(("kind", "method"), KINDS)
def test_training_in_16_bits_goes_on_as_if_nothing_had_been(make_spec, sixteen, kind, method):
    options = {"epochs": 2, "merge": False, "learning_rate": 0.002}
    folder, state = work(make_spec(kind, method=method, options=options))
    assert falls(state["losses"])
    again = go_on(folder, state, "checkpoint-6")
    assert again["losses"] == state["losses"]
    assert again["validation_losses"] == state["validation_losses"]
