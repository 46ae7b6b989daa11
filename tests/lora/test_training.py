"""What is learned and how: SFT, DPO and T5 on tiny models, really trained."""

from __future__ import annotations

import json

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

from reviews.formats import Example
from tests.lora import tiny
from tests.lora.conftest import work
from tuning.backends import lora_train as training
from tuning.backends import lora_worker
from tuning.backends.base import PREFERENCE
from tuning.backends.lora import settled
from tuning.backends.lora_after import difference

STEPS = list(range(1, 25))
TALK = (("user", "Halo ?"), ("assistant", "Halo juga ."))


def falls(points: list[list[float]]) -> bool:
    """Whether the mean of the last quarter is below that of the first."""
    quarter = max(1, len(points) // 4)
    values = [value for _step, value in points]
    return sum(values[-quarter:]) < sum(values[:quarter])


@pytest.mark.parametrize(
    ("kind", "method"), [("llama", "sft"), ("t5", "sft"), ("plain", PREFERENCE)]
)
def test_a_job_trains_merges_and_answers(make_spec, kind, method):
    asked = [tiny.question(thing) for thing in tiny.THINGS[:9]]
    options = {"answer_tokens": 8, "learning_rate": 0.002 if method == PREFERENCE else 0.01}
    spec = make_spec(kind, method=method, questions=asked, options=options)
    folder, state = work(spec)
    assert (state["status"], state["progress"], state.get("message", "")) == ("succeeded", 1.0, "")
    assert [step for step, _loss in state["losses"]] == STEPS
    assert falls(state["losses"])
    assert [step for step, _loss in state["validation_losses"]] == [6, 12, 18, 24]
    assert state["validation_losses"][-1][1] < state["validation_losses"][0][1]
    result = state["result"]
    assert result["artifact"] == str(folder / "adapter")
    assert (result["steps"], result["examples"], result["validation_examples"]) == (24, 24, 4)
    assert result["preset"] == "conservative"
    answers = [json.loads(line) for line in (folder / "answers.jsonl").read_bytes().splitlines()]
    assert [row["key"] for row in answers] == asked
    assert sorted(path.name for path in folder.iterdir()) == (
        "adapter answers.jsonl checkpoints heartbeat lock merged spec.json state.json".split()
    )


@pytest.mark.parametrize("kind", ["llama", "t5"])
def test_the_merged_model_answers_as_the_adapter_does(make_spec, bases, kind):
    folder, state = work(make_spec(kind))
    words = AutoTokenizer.from_pretrained(folder / "adapter")
    batch = words(tiny.question("visa"), return_tensors="pt")
    two_part = kind == "t5"
    if two_part:
        batch["decoder_input_ids"] = torch.zeros((1, 1), dtype=torch.long)
    make = AutoModelForSeq2SeqLM if two_part else AutoModelForCausalLM
    with torch.no_grad():
        base = make.from_pretrained(bases(kind))
        alone = base.eval()(**batch).logits
        adapted = PeftModel.from_pretrained(base, folder / "adapter").eval()(**batch).logits
        merged = make.from_pretrained(folder / "merged").eval()(**batch).logits
    assert difference(adapted, merged) < 1e-4
    assert difference(adapted, alone) > 0.05
    assert state["result"]["merge_difference"] < 1e-4


def test_the_same_seed_gives_the_same_losses_and_another_seed_others(make_spec):
    def losses(label: str, seed: int):
        options = {"seed": seed, "epochs": 1, "merge": False}
        return work(make_spec(label=label, options=options))[1]["losses"]

    first = losses("hub-a", 1)
    assert losses("hub-b", 1) == first
    assert losses("hub-c", 2) != first


def test_training_ends_after_three_worse_evaluations_and_keeps_the_best(make_spec):
    # What is held out says the opposite: the better one is learned, the worse it gets.
    wrong = [Example(one.input, "Tidak , tidak .") for one in tiny.examples(4)]
    options = {"epochs": 20, "learning_rate": 0.02, "merge": False}
    _folder, state = work(make_spec(validation=wrong, options=options))
    losses = [loss for _step, loss in state["validation_losses"]]
    best = losses.index(min(losses))
    assert len(losses) == best + 1 + 3 < 20
    result = state["result"]
    assert (result["best_step"], result["steps"]) == (6 * (best + 1), 6 * len(losses))
    assert result["checkpoint"] == f"checkpoint-{result['best_step']}"
    assert result["planned_steps"] == 120


def test_without_validation_all_epochs_are_trained(make_spec):
    _folder, state = work(make_spec(validation=[], options={"epochs": 2, "merge": False}))
    assert (state["status"], state["validation_losses"]) == ("succeeded", [])
    assert (state["result"]["steps"], state["result"]["validation_loss"]) == (12, None)


@pytest.mark.parametrize("method", ["sft", PREFERENCE])
def test_a_tuned_model_is_trained_further(make_spec, method):
    first, state = work(make_spec(options={"merge": False, "rank": 8, "alpha": 24}))
    more = {"continues": state["result"]["artifact"], "checkpoint": "checkpoint-24"}
    spec = make_spec(method=method, base=more, label="hub-lanjut", options={"epochs": 1})
    second, further = work(spec)
    assert further["status"] == "succeeded"
    config = json.loads((second / "adapter" / "training.json").read_text())
    assert (config["options"]["rank"], config["options"]["alpha"]) == (8, 24)
    assert config["continues"] == {"label": "hub-uji", "checkpoint": "checkpoint-24"}
    card = (second / "adapter" / "README.md").read_text()
    assert {"| rank | 8 |", "| alpha | 24 |"} <= set(card.splitlines())
    assert "It goes on with the adapter of `hub-uji`, `checkpoint-24`." in card
    if method == "sft":
        # It goes on where the other ended.
        assert further["losses"][0][1] < state["losses"][6][1]
    files = {path.name for path in (second / "adapter").iterdir()}
    assert files == {path.name for path in (first / "adapter").iterdir()}


# --- which tokens are learned --------------------------------------------------------------------
def learned(make_spec, tmp_path, kind: str, learns: str, system: str = "") -> str:
    """The text of the tokens whose labels are not -100, of the only example."""
    example = Example("Berapa lama ?", "Dua tahun .", system, TALK)
    spec = make_spec(kind, train=[example], validation=[])
    options = settled(spec.options | {"learns": learns}, spec.base, 1)
    trainer, words, _parts = training.prepare(spec, options, tmp_path)
    [batch] = list(trainer.get_train_dataloader())
    labels, ids = batch["labels"][0], batch["input_ids"][0]
    assert all(label in (-100, token) for label, token in zip(labels, ids, strict=True))
    return words.decode([label for label in labels if label != -100])


ENDS = {"plain": "<eos>", "llama": "<|eot_id|>", "gemma": "<end_of_turn>\n"}


@pytest.mark.parametrize("system", ["", "Jawab singkat ."])
@pytest.mark.parametrize("kind", ENDS)
def test_only_the_reviewed_answer_is_learned(make_spec, tmp_path, kind, system):
    found = learned(make_spec, tmp_path, kind, "answer", system)
    assert found.rstrip("\n") == f"Dua tahun .{ENDS[kind]}".rstrip("\n")


@pytest.mark.parametrize("kind", ENDS)
def test_each_turn_of_the_assistant_is_learned_where_asked_for(make_spec, tmp_path, kind):
    found = learned(make_spec, tmp_path, kind, "conversation", "Jawab singkat .")
    assert found == f"Halo juga .{ENDS[kind]}Dua tahun .{ENDS[kind]}"


SAID = {
    (): "Jawab singkat .\n\nBerapa lama ?<eos>",
    TALK: "Jawab singkat .\n\nuser: Halo ?\n\nassistant: Halo juga .\n\nuser: Berapa lama ?<eos>",
}


@pytest.mark.parametrize("history", SAID)
def test_t5_learns_the_answer_from_all_that_was_said(make_spec, tmp_path, history):
    example = Example("Berapa lama ?", "Dua tahun .", "Jawab singkat .", history)
    spec = make_spec("t5", train=[example], validation=[])
    trainer, words, _parts = training.prepare(spec, settled(spec.options, spec.base, 1), tmp_path)
    [batch] = list(trainer.get_train_dataloader())
    assert words.decode(batch["input_ids"][0]) == SAID[history]
    assert words.decode(batch["labels"][0]) == "Dua tahun .<eos>"


# --- what is left out ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "method"), [("plain", "sft"), ("t5", "sft"), ("plain", PREFERENCE)]
)
def test_what_is_too_long_is_left_out_whole_and_told_by_its_line(make_spec, kind, method):
    rows = tiny.preferences(8) if method == PREFERENCE else tiny.examples(8)
    long = Example("Berapa lama ? " * 60, "Dua tahun .", rejected=rows[0].rejected)
    rows[2:2] = [long]
    options = {"max_length": 100, "epochs": 1}
    spec = make_spec(kind, method=method, train=[*rows, long], options=options)
    _folder, state = work(spec)
    assert (state["dropped"], state["dropped_count"]) == ([3, 10], 2)
    assert state["dropped_reasons"] == ["longer than 100 tokens"]
    assert state["result"]["examples"] == 8


def test_t5_learns_no_answer_that_is_too_long(make_spec):
    long = Example("Berapa lama ?", "Dua tahun . " * 60)
    rows = [*tiny.examples(3), long]
    options = {"max_length": 100, "epochs": 1, "merge": False}
    _folder, state = work(make_spec("t5", train=rows, validation=[], options=options))
    assert (state["dropped"], state["dropped_reasons"]) == ([4], ["longer than 100 tokens"])


def test_what_is_longer_than_the_base_takes_is_left_out_unless_told(make_spec, tmp_path):
    small = tiny.causal(tmp_path / "kecil", positions=64)
    rows = [*tiny.examples(3), Example("Berapa lama ? " * 20, "Dua tahun .")]
    options = {"epochs": 1, "merge": False}
    folder, state = work(make_spec(train=rows, options=options, base={"name": str(small)}))
    assert (state["dropped"], state["dropped_reasons"]) == ([4], ["longer than 64 tokens"])
    settings = json.loads((folder / "adapter" / "training.json").read_text())["options"]
    assert settings["max_length"] == 64


def test_what_is_left_out_of_the_validation_is_told_by_its_line(make_spec):
    long = Example("Berapa lama ? " * 60, "Dua tahun .")
    held_out = [long, *tiny.examples(2), long]
    options = {"max_length": 100, "epochs": 1, "merge": False}
    _folder, state = work(make_spec(validation=held_out, options=options))
    told = {"count": 2, "lines": "1, 4", "reasons": "longer than 100 tokens"}
    assert state["warnings"] == [[lora_worker.HELD_OUT, told]]
    result = state["result"]
    assert (result["dropped_validation"], result["validation_examples"]) == (2, 2)


def test_what_the_template_does_not_take_is_left_out(make_spec):
    odd = Example("Berapa lama ?", "Dua tahun .", history=(("assistant", "Halo ."),))
    _folder, state = work(make_spec("gemma", train=[*tiny.examples(8), odd], options={"epochs": 1}))
    assert state["dropped"] == [9]
    assert state["dropped_reasons"] == ["the chat template does not take its turns"]


def test_tool_use_is_left_out_and_said(make_spec):
    call = '{"name":"cari","arguments":{}}'
    steps = Example("Lama ?", "Dua tahun .", steps=(("call", call), ("result", "2")))
    history = (("user", "Halo ?"), ("call", call), ("result", "2"), ("assistant", "Ya ."))
    earlier = Example("Lama ?", "Dua tahun .", history=history)
    rows = [steps, *tiny.examples(8), earlier]
    _folder, state = work(make_spec(train=rows, options={"epochs": 1, "merge": False}))
    assert (state["status"], state["dropped"]) == ("succeeded", [1, 10])
    assert state["dropped_reasons"] == ["the assistant uses tools in it, which is not taught here"]


def test_nothing_left_to_learn_from_fails_the_job(make_spec):
    long = Example("Berapa lama ? " * 60, "Dua tahun .")
    _folder, state = work(make_spec(train=[long], options={"max_length": 100}))
    assert state["status"] == "failed"
    assert state["message"] % state["values"] == "no example is left: longer than 100 tokens"
