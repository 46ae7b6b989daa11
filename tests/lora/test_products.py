"""What a job leaves: adapter, card, lineage, configuration, GGUF, answers; how it is started."""

from __future__ import annotations

import dataclasses
import json
import shlex
import sys
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from reviews.formats import Example
from tests.lora import tiny
from tests.lora.conftest import folder_of, work
from tests.lora.test_faults import end, until
from tuning.backends import lora_after, lora_worker
from tuning.backends import lora_templates as templates
from tuning.backends.base import PREFERENCE, Base, Data
from tuning.backends.lora import LIBRARIES

LINEAGE = {
    "dataset": "bisnis/inti-3",
    "content_hash": "ab12",
    "split": {"train": 24, "validation": 4},
    "sources": {"votes": 20, "bank|soal\n# x": 8},
    "verdicts": {"approve": 27, "reject": 1},
    "pairs": [{"pair": "p1", "part": "train"}],
}
SHORT = {"epochs": 1, "merge": False}
CALL = '{"name":"cari","arguments":{}}'


# --- beside the adapter --------------------------------------------------------------------------
def test_card_lineage_and_configuration_lie_beside_the_adapter(make_spec):
    spec = make_spec("llama", options=SHORT)
    raw = json.dumps(LINEAGE).encode()
    (spec.train_file.parent / "lineage.json").write_bytes(raw)
    folder, state = work(spec)
    adapter = folder / "adapter"
    assert sorted(path.name for path in adapter.iterdir()) == [
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
        "chat_template.jinja",
        "lineage.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "training.json",
    ]
    assert (adapter / "lineage.json").read_bytes() == raw
    config = json.loads((adapter / "training.json").read_text())
    named = [config[name] for name in ("label", "base_model", "method")]
    assert named == ["hub-uji", "dasar-llama", "sft"]
    assert (config["options"]["epochs"], config["options"]["dropout"]) == (1, 0.05)
    assert config["outcome"]["steps"] == state["result"]["steps"] == 6
    assert set(config["libraries"]) == set(LIBRARIES)
    card = (adapter / "README.md").read_text()
    assert card.splitlines()[:5] == [
        "---",
        'base_model: "dasar-llama"',
        "library_name: peft",
        'tags: ["lora", "sft"]',
        "---",
    ]
    told = {"| epochs | 1 |", "| approve | 27 |", "| bank\\|soal # x | 8 |", "| examples | 24 |"}
    assert told <= set(card.splitlines())
    # Where the base model lies on this machine is nobody's business.
    assert str(spec.base.name) not in card


def test_the_saved_template_has_no_marks_and_renders_as_the_trained_one(make_spec):
    folder, _state = work(make_spec("gemma", options=SHORT | {"learns": "conversation"}))
    words = AutoTokenizer.from_pretrained(folder / "adapter")
    assert words.chat_template == templates.unmarked(templates.GEMMA)
    assert "generation" in templates.GEMMA
    assert "{%- generation" not in words.chat_template


# --- GGUF ----------------------------------------------------------------------------------------
CONVERTERS = {
    "good": "import sys, pathlib; m, o = map(pathlib.Path, sys.argv[1:]); "
    "o.write_bytes(b'GGUF' + (m / 'config.json').read_bytes())",
    "fails": "import sys; sys.exit(3)",
    "writes nothing": "pass",
    "writes something else": "import sys; open(sys.argv[2], 'w').write('<html>')",
    "hangs": "import time; time.sleep(60)",
}
REASONS = {
    "fails": "ended with status 3",
    "writes nothing": "wrote no GGUF file",
    "writes something else": "wrote no GGUF file",
    "hangs": "not ended after 2 s",
}


def converted(monkeypatch, make_spec, command: list[str], **options):
    monkeypatch.setenv("LORA_GGUF_COMMAND", json.dumps(command))
    monkeypatch.setenv("LORA_GGUF_TIMEOUT_SECONDS", "2")
    return work(make_spec(options={"epochs": 1, **options}))


def by_python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code, "{model}", "{out}"]


def test_the_operators_converter_makes_a_gguf_file_of_the_merged_model(monkeypatch, make_spec):
    folder, state = converted(monkeypatch, make_spec, by_python(CONVERTERS["good"]))
    assert (state["status"], state["warnings"]) == ("succeeded", [])
    assert state["result"]["gguf"] == str(folder / "model.gguf")
    made = (folder / "model.gguf").read_bytes()
    assert made == b"GGUF" + (folder / "merged" / "config.json").read_bytes()


@pytest.mark.parametrize("kind", REASONS)
def test_a_converter_that_fails_is_a_warning_and_leaves_no_file(monkeypatch, make_spec, kind):
    folder, state = converted(monkeypatch, make_spec, by_python(CONVERTERS[kind]))
    warned = [[lora_after.NO_GGUF, {"reason": REASONS[kind]}]]
    assert (state["status"], state["warnings"]) == ("succeeded", warned)
    assert "gguf" not in state["result"]
    assert [path.name for path in folder.glob("model.gguf*")] == []


def test_a_converter_that_is_not_there_is_a_warning(monkeypatch, make_spec):
    _folder, state = converted(monkeypatch, make_spec, ["/nowhere/convert", "{model}", "{out}"])
    assert state["status"] == "succeeded"
    assert [message for message, _values in state["warnings"]] == [lora_after.NO_GGUF]


def test_no_shell_reads_the_converters_words(monkeypatch, make_spec, tmp_path):
    command = [*by_python(CONVERTERS["good"]), f"; touch {shlex.quote(str(tmp_path / 'shell'))}"]
    converted(monkeypatch, make_spec, command)
    assert not (tmp_path / "shell").exists()


def test_without_a_merged_model_no_gguf_is_tried(monkeypatch, make_spec):
    _folder, state = converted(monkeypatch, make_spec, by_python("1/0"), merge=False)
    assert (state["status"], state["warnings"]) == (
        "succeeded",
        [[lora_after.GGUF_NEEDS_MERGED, {}]],
    )


def test_a_merged_model_that_answers_otherwise_is_not_kept(monkeypatch, make_spec):
    # No difference is small enough: what rounding does to a merged model is.
    monkeypatch.setattr(lora_after, "DIFFERENT", -1.0)
    folder, state = converted(monkeypatch, make_spec, by_python(CONVERTERS["good"]))
    assert state["status"] == "succeeded"
    # That no GGUF came of it is said by that; nobody turned options.merge off.
    assert [message for message, _values in state["warnings"]] == [lora_after.UNLIKE]
    assert not (folder / "merged").exists()
    assert {"merged", "gguf"} & set(state["result"]) == set()


# --- what a merged model is compared by ----------------------------------------------------------
def test_a_merged_model_is_compared_by_the_first_questions_that_were_learned(make_spec):
    rows = tiny.examples(8)
    long = Example("Berapa lama ? " * 60, "Dua tahun .")
    tool = Example("Lama ?", "Ya .", steps=(("call", CALL), ("result", "2")))
    spec = make_spec(train=[long, rows[0], tool, *rows[1:]])
    asked = lora_worker._asked(spec, {"1": "too long", "3": "tools"})
    assert asked == [[{"role": "user", "content": row.input}] for row in rows[:4]]


@pytest.mark.parametrize("kind", ["gemma", "t5"])
def test_a_model_is_merged_though_the_first_lines_were_left_out(make_spec, kind):
    odd = Example("Berapa lama ?", "Dua tahun .", history=(("assistant", "Halo ."),))
    long = Example("Berapa lama ? " * 60, "Dua tahun .")
    rows = [odd, long, *tiny.examples(3)]
    options = {"epochs": 1, "max_length": 100}
    _folder, state = work(make_spec(kind, train=rows, options=options))
    # T5 has no template that turns must fit.
    left_out = [2] if kind == "t5" else [1, 2]
    assert (state["status"], state["dropped"], state["warnings"]) == ("succeeded", left_out, [])
    assert state["result"]["merge_difference"] < 1e-4


# --- as the hub starts it ------------------------------------------------------------------------
def test_a_job_runs_offline_to_its_end_and_says_so(backend, make_spec):
    job = backend.start(make_spec(options={"epochs": 2}))
    states = []
    until(lambda: states.append(backend.poll(job)) or states[-1].status != "running")
    last = states[-1]
    assert (last.status, last.progress, last.phase) == ("succeeded", 1.0, "")
    progress = [state.progress for state in states]
    assert progress == sorted(progress)
    phases = {state.phase for state in states[:-1]}
    assert {"loading the model", "training"} <= phases
    assert phases <= {"", "loading the model", "training", "merging"}
    assert backend.poll(job) == last
    backend.cancel(job)
    assert backend.poll(job) == last
    assert (backend.find(make_spec()), backend.find(make_spec(label="hub-lain"))) == (job, None)
    backend.delete(last.result)
    backend.delete(last.result)
    assert not (Path(job) / "adapter").exists()
    assert not (Path(job) / "checkpoints").exists()


def test_several_processes_train_together_through_a_launcher(backend, make_spec, settings):
    settings.LORA_LAUNCH = [
        str(Path(sys.executable).parent / "accelerate"),
        # --multi_gpu is how accelerate starts one process each; without cards they talk by gloo.
        *"launch --multi_gpu --num_processes 2 --num_machines 1 --mixed_precision no".split(),
        *"--dynamo_backend no --main_process_port 0".split(),
    ]
    asked = [tiny.question("visa")]
    spec = make_spec(questions=asked, options={"epochs": 2, "answer_tokens": 4})
    job = backend.start(spec)
    state = end(backend, job)
    assert (state.status, state.message) == ("succeeded", "")
    # 24 examples, four at a time in two processes.
    assert [step for step, _loss in state.losses] == [1, 2, 3, 4, 5, 6]
    assert sorted(state.result) == sorted(
        "answers artifact best_step checkpoint dropped_validation examples merge_difference merged "
        "planned_steps preset resumed_from steps tokens train_loss validation_examples "
        "validation_loss".split()
    )


def test_this_environment_has_what_training_needs(backend, bases):
    base = Base(str(bases("llama")), frozenset({"sft", PREFERENCE}))
    data = Data(train=24, validation=4, families=12, size=2400, longest=100)
    assert backend.check({}, base, data) == ()
    assert backend.check({}, base, data, PREFERENCE) == ()
    t5 = dataclasses.replace(base, name=str(bases("t5")))
    assert backend.check({}, t5, data) == ()
    assert [str(one) for one in backend.check({}, t5, data, PREFERENCE)] == [
        "method: a T5 model can't learn preferences; allowed: sft"
    ]


def test_four_bits_are_refused_where_there_is_no_cuda(backend, bases):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    base, data = Base(str(bases("llama"))), Data(24, 4, 12, 2400, 100)
    [problem] = backend.check({"four_bit": True}, base, data)
    assert problem.field == "options.four_bit"
    assert str(problem).startswith("options.four_bit: 4-bit training needs CUDA")


def test_only_the_first_process_of_several_holds_the_folder(make_spec, monkeypatch):
    """The others train along whoever holds the lock, and write nothing."""
    folder = folder_of(make_spec(options=SHORT))
    monkeypatch.setenv("RANK", "1")
    lora_worker.main(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoints", "spec.json"]
