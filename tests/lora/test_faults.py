"""kill -9, a full disk, no memory, no numbers: the run goes on or says what happened."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from reviews.formats import Example
from tests.lora import tiny
from tests.lora.conftest import folder_of, work
from tuning.backends import jobs, lora_failures, lora_templates, lora_worker
from tuning.backends import lora_checkpoints as checkpoints
from tuning.backends import lora_train as training
from tuning.backends.base import PREFERENCE
from tuning.backends.jobs import REVIVED
from tuning.backends.lora import DISK_FULL
from tuning.backends.lora_after import ADAPTER

LONG = {"epochs": 15, "merge": False}
"""90 steps: long enough to be met while it trains."""


def until(what: Callable[[], bool], seconds: float = 120) -> None:
    last = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < last, "waited too long"
        time.sleep(0.02)


def end(backend, job: str) -> jobs.JobState:
    states = []
    until(lambda: states.append(backend.poll(job)) or states[-1].status != "running")
    return states[-1]


def kill(folder: Path) -> None:
    """kill -9, past the time that a job is given to start."""
    os.kill(jobs.last_beat(folder)[0], signal.SIGKILL)

    def is_free() -> bool:
        with jobs.lock(folder) as free:
            return free

    until(is_free)
    starts = json.loads((folder / "starts.json").read_text())
    (folder / "starts.json").write_text(json.dumps(starts | {"at": -1e9}))


def steps(points) -> list[int]:
    return [step for step, _loss in points]


# --- kill -9 -------------------------------------------------------------------------------------
def test_a_killed_training_goes_on_at_its_checkpoint_as_if_nothing_had_been(backend, make_spec):
    _folder, whole = work(make_spec(options=LONG, label="hub-utuh"))
    spec = make_spec(options=LONG)
    job = backend.start(spec)
    folder = Path(job)
    until(lambda: len((jobs.read(folder / "state.json") or {}).get("checkpoints", [])) == 2)
    kill(folder)
    left = checkpoints.whole(folder)[-1]
    assert 0 < left.step < 90
    state = backend.poll(job)
    assert (state.status, state.message) == ("running", REVIVED)
    done = end(backend, job)
    assert done.status == "succeeded"
    assert done.result["resumed_from"] == left.id
    assert json.loads((folder / "starts.json").read_text())["count"] == 2
    assert steps(done.losses) == list(range(1, 91))
    # The same data in the same order, with the same chances: the same losses.
    assert [list(point) for point in done.losses] == whole["losses"]
    assert [list(point) for point in done.validation_losses] == whole["validation_losses"]
    assert done.tokens == whole["tokens"]


def test_a_job_killed_after_its_training_is_not_trained_again(make_spec):
    spec = make_spec(questions=[tiny.question("visa")], options={"epochs": 1, "answer_tokens": 4})
    folder, state = work(spec)
    before = (folder / ADAPTER / "adapter_model.safetensors").stat().st_mtime_ns
    # As a kill while it merged leaves it.
    shutil.rmtree(folder / "merged")
    (folder / "answers.jsonl").unlink()
    (folder / "merged.part").mkdir()
    (folder / "state.json.99.part").touch()
    jobs.replace(folder / "state.json", state | {"status": "running", "result": {}})
    lora_worker.main(folder)
    assert list(folder.glob("*.part")) == []
    assert json.loads((folder / "state.json").read_text()) == state
    assert (folder / ADAPTER / "adapter_model.safetensors").stat().st_mtime_ns == before


@pytest.mark.parametrize("after", [1, 2, 3])
def test_an_early_stop_comes_where_it_would_have_come(make_spec, monkeypatch, after):
    """Killed after so many of the three worse evaluations that end a training."""
    real = training.arguments
    # Every checkpoint is kept, to be killed at any.
    monkeypatch.setattr(training, "arguments", lambda *a: real(*a) | {"save_total_limit": None})
    wrong = [Example(one.input, "Tidak , tidak .") for one in tiny.examples(4)]
    options = {"epochs": 20, "learning_rate": 0.02, "merge": False}
    folder, state = work(make_spec(validation=wrong, options=options))
    result, stop = state["result"], state["result"]["best_step"] + 18
    assert result["steps"] == stop < 120
    shutil.rmtree(folder / ADAPTER)
    for step in range(stop - 18 + 6 * (after + 1), stop + 6, 6):
        shutil.rmtree(folder / "checkpoints" / f"checkpoint-{step}")
    jobs.replace(folder / "state.json", state | {"status": "running"})
    lora_worker.main(folder)
    again = json.loads((folder / "state.json").read_text())
    assert again["result"].pop("resumed_from") != result.pop("resumed_from")
    assert again["result"] == result
    assert again["validation_losses"] == state["validation_losses"]


@pytest.mark.parametrize(
    ("kind", "method"), [("gemma", "sft"), ("plain", PREFERENCE), ("t5", "sft")]
)
def test_a_checkpoint_that_is_not_whole_is_not_gone_on_with(make_spec, kind, method):
    spec = make_spec(kind, method=method, options={"epochs": 2, "merge": False})
    folder, state = work(spec)
    shutil.rmtree(folder / ADAPTER)
    # As a kill while the second was written leaves it.
    (folder / "checkpoints" / "checkpoint-12" / checkpoints.MARK).unlink()
    jobs.replace(folder / "state.json", state | {"status": "running"})
    lora_worker.main(folder)
    again = json.loads((folder / "state.json").read_text())
    assert (again["status"], again["result"]["resumed_from"]) == ("succeeded", "checkpoint-6")
    assert again["losses"] == state["losses"]


def test_a_retry_goes_on_with_the_checkpoints_of_the_job_before(make_spec):
    first, state = work(make_spec(options={"epochs": 2, "merge": False}, label="hub-satu"))
    shutil.rmtree(first / "checkpoints" / "checkpoint-12")
    spec = make_spec(options={"epochs": 2, "merge": False}, label="hub-dua", resume=str(first))
    second, again = work(spec)
    assert again["result"]["resumed_from"] == "checkpoint-6"
    assert steps(again["losses"]) == list(range(7, 13))
    assert again["losses"] == state["losses"][6:]
    assert [c.id for c in checkpoints.whole(first)] == ["checkpoint-6"]
    assert [c.id for c in checkpoints.whole(second)] == ["checkpoint-6", "checkpoint-12"]


def test_checkpoints_of_another_training_are_left_alone(make_spec):
    first, _state = work(make_spec(options={"epochs": 2, "merge": False}, label="hub-satu"))
    options = {"epochs": 1, "merge": False, "rank": 4}
    second, again = work(make_spec(options=options, label="hub-dua", resume=str(first)))
    assert again["result"]["resumed_from"] == ""
    assert steps(again["losses"]) == list(range(1, 7))
    assert [c.id for c in checkpoints.whole(second)] == ["checkpoint-6"]


def test_other_data_are_not_gone_on_with_either(make_spec):
    spec = make_spec(options={"epochs": 1, "merge": False})
    folder, state = work(spec)
    shutil.rmtree(folder / ADAPTER)
    lines = spec.train_file.read_bytes().splitlines(keepends=True)
    spec.train_file.write_bytes(b"".join(reversed(lines)))
    jobs.replace(folder / "state.json", state | {"status": "running"})
    lora_worker.main(folder)
    again = json.loads((folder / "state.json").read_text())
    assert (again["result"]["resumed_from"], steps(again["losses"])) == ("", list(range(1, 7)))


def test_answers_are_gone_on_with_after_the_last_whole_line(make_spec):
    asked = [tiny.question(thing) for thing in tiny.THINGS]
    spec = make_spec(questions=asked, options={"epochs": 1, "merge": False, "answer_tokens": 4})
    folder, state = work(spec)
    lines = (folder / "answers.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "answers.jsonl").unlink()
    kept = json.dumps({"key": asked[0], "text": "dari sebelumnya"}).encode() + b"\n"
    (folder / "answers.jsonl.begun").write_bytes(kept + lines[1][:9])
    jobs.replace(folder / "state.json", state | {"status": "running"})
    lora_worker.main(folder)
    assert (folder / "answers.jsonl").read_bytes().splitlines(keepends=True) == [kept, *lines[1:]]


# --- cancel --------------------------------------------------------------------------------------
def test_a_training_is_cancelled_and_leaves_no_model(backend, make_spec):
    job = backend.start(make_spec(options=LONG))
    until(lambda: len(backend.poll(job).losses) > 3)
    backend.cancel(job)
    state = end(backend, job)
    assert (state.status, state.result) == ("cancelled", {})
    assert 3 < len(state.losses) < 90
    assert not (Path(job) / ADAPTER).exists()


# --- no memory, no numbers -----------------------------------------------------------------------
def real(call: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as raised:  # noqa: PT011 — which one is what is asked
        call()
    return raised.value


@pytest.mark.parametrize(
    "error",
    [
        real(lambda: torch.empty(1 << 60)),
        real(lambda: bytearray(1 << 60)),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_memory_that_does_not_suffice_is_recognised(tmp_path, error):
    found = lora_failures.told(error, tmp_path, {"batch": 8, "max_length": 512, "rank": 16})
    assert found == (lora_failures.OUT_OF_MEMORY, {"batch": 8, "max_length": 512})


def test_another_error_is_not_taken_for_one_of_these(tmp_path):
    assert lora_failures.told(RuntimeError("shapes do not fit"), tmp_path, {}) is None
    assert not lora_failures.is_full_disk(OSError(13, "Permission denied"))


SHORT_OF_MEMORY = """
import resource, sys
from pathlib import Path
from tuning.backends import lora_worker, lora_train
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 1_200_000_000,) * 2)
lora_worker.main(Path(sys.argv[1]))
"""


def test_a_training_without_memory_fails_with_advice(backend, make_spec):
    long = dataclasses.replace(tiny.examples(1)[0], input="Berapa lama ? " * 600)
    options = {"batch": 256, "max_length": 4096, "epochs": 1}
    folder = folder_of(make_spec(train=[long] * 256, validation=[], options=options))
    command = [sys.executable, "-c", SHORT_OF_MEMORY, str(folder)]
    subprocess.run(command, env=backend.environment(), check=False, timeout=300)
    state = backend.poll(str(folder))
    assert (state.status, state.message) == ("failed", lora_failures.OUT_OF_MEMORY)
    assert state.values == {"batch": 256, "max_length": 4096}


def test_a_loss_that_is_no_number_ends_the_training_with_advice(make_spec, bases, tmp_path):
    broken = tmp_path / "rusak"
    shutil.copytree(bases("plain"), broken)
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"][0] = float("nan")
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    folder, state = work(make_spec(base={"name": str(broken)}))
    assert (state["status"], state["message"]) == ("failed", lora_failures.NOT_FINITE)
    assert state["values"] == {"step": 1, "value": "nan"}
    assert state["losses"] == []
    assert not (folder / ADAPTER).exists()


def test_data_that_cant_be_read_fail_the_job_and_the_line_is_named(make_spec):
    spec = make_spec()
    with spec.train_file.open("ab") as file:
        file.write(b"{}\n")
    _folder, state = work(spec)
    assert state["message"] % state["values"] == (
        "line 25 of train.jsonl: messages: a list of messages is needed"
    )


def change(name: str, **values) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        found = json.loads((folder / name).read_text()) | values
        (folder / name).write_text(json.dumps(found))

    return changed


def half(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])


BROKEN = {
    "no config": lambda folder: (folder / "config.json").unlink(),
    "another kind": change("config.json", model_type="wunder"),
    "other sizes": change("config.json", hidden_size=128),
    "half the weights": half,
    "empty weights": lambda folder: (folder / "model.safetensors").write_bytes(b""),
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    "no tokenizer": lambda folder: (folder / "tokenizer.json").unlink(),
    "no JSON": lambda folder: (folder / "tokenizer_config.json").write_text("{"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_base_model_that_is_not_whole_fails_the_job(make_spec, bases, tmp_path, what):
    broken = tmp_path / "rusak"
    shutil.copytree(bases("plain"), broken)
    BROKEN[what](broken)
    _folder, state = work(make_spec(base={"name": str(broken)}))
    assert (state["status"], state["message"]) == ("failed", lora_failures.NO_MODEL)
    assert state["values"]["model"] == str(broken)


def test_a_tokenizer_without_an_end_fails_the_job(make_spec, bases, tmp_path):
    broken = tmp_path / "rusak"
    shutil.copytree(bases("plain"), broken)
    change("tokenizer_config.json", eos_token=None, pad_token=None)(broken)
    _folder, state = work(make_spec(base={"name": str(broken)}))
    assert (state["status"], state["message"]) == ("failed", lora_templates.NO_END)


def test_a_base_below_the_home_folder_is_found(make_spec, bases, monkeypatch):
    monkeypatch.setenv("HOME", str(bases("plain").parent))
    base = {"name": f"~/{bases('plain').name}"}
    _folder, state = work(make_spec(base=base, options={"epochs": 1}))
    assert state["status"] == "succeeded"


def test_weights_as_pickles_are_not_loaded(make_spec, bases, tmp_path):
    pickled = tmp_path / "acar"
    shutil.copytree(bases("plain"), pickled)
    torch.save(load_file(pickled / "model.safetensors"), pickled / "pytorch_model.bin")
    (pickled / "model.safetensors").unlink()
    _folder, state = work(make_spec(base={"name": str(pickled)}))
    assert (state["status"], state["message"]) == ("failed", lora_failures.NO_MODEL)


# --- a full disk ---------------------------------------------------------------------------------
@pytest.fixture
def small_disk(tmp_path):
    """A disk of one megabyte for the jobs: an adapter's checkpoint takes more."""
    place = tmp_path / "jobs"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], check=False
    )
    if mounted.returncode:
        pytest.skip("may not mount a small disk here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_fails_the_job_with_no_half_checkpoint_and_a_retry_succeeds(
    small_disk, make_spec
):
    options = {"epochs": 1, "merge": False, "rank": 64}
    folder, state = work(make_spec(options=options))
    assert (state["status"], state["message"]) == ("failed", DISK_FULL)
    assert state["values"] == {"folder": str(folder)}
    assert list((folder / "checkpoints").glob("checkpoint-*")) == []
    assert not (folder / ADAPTER).exists()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    again, state = work(make_spec(options=options, label="hub-dua", resume=str(folder)))
    assert state["status"] == "succeeded"
    assert [c.id for c in checkpoints.whole(again)] == ["checkpoint-6"]
