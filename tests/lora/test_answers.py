"""Answers that a job records for a tuned model that nobody serves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reviews.formats import write
from tests.lora import tiny
from tests.lora.conftest import work
from tuning.backends import jobs, lora_answers, lora_worker
from tuning.backends import lora_data as data
from tuning.providers.base import Completion, CompletionRequest
from tuning.providers.recorded import RecordedProvider, key

SHORT = {"epochs": 1, "merge": False, "answer_tokens": 6}
ASKED = tiny.question("visa")


def talk(*turns: str) -> list[dict[str, str]]:
    """Turns of 'role: text'."""
    return [dict(zip(("role", "content"), turn.split(": ", 1), strict=True)) for turn in turns]


ODD = {
    "begins": talk("assistant: Halo .", f"user: {ASKED}"),
    "used a tool": talk("user: Halo ?", "call: {}", "result: 2", f"user: {ASKED}"),
    "plain": talk(f"user: {ASKED}"),
    "last": talk("user: Halo ?", "assistant: Ya .", f"user: {ASKED}"),
}


def asked(make_spec, kind: str, questions: dict[str, list[dict[str, str]]], **options):
    """Train, with these questions by their keys; (answers by key, last state, job's folder)."""
    spec = make_spec(kind, questions=[], options=SHORT | options)
    rows = [{"key": name, "messages": turns} for name, turns in questions.items()]
    spec.questions_file.write_bytes(b"".join(map(write, rows)))
    folder, state = work(spec)
    lines = (folder / "answers.jsonl").read_bytes().splitlines()
    return {row.pop("key"): row for row in map(json.loads, lines)}, state, folder


def test_an_unserved_model_answers_through_what_its_job_recorded(make_spec):
    request = CompletionRequest(ASKED, "Jawab singkat.")
    turns = talk(f"system: {request.system}", f"user: {request.prompt}")
    found, state, _folder = asked(make_spec, "gemma", {key(request): turns})
    told = RecordedProvider(Path(state["result"]["answers"])).complete(request)
    assert told == Completion(found[key(request)]["text"])
    assert (told.text != "", state["warnings"]) == (True, [])


@pytest.mark.parametrize("kind", ["gemma", "t5"])
def test_questions_asked_together_are_answered_as_each_alone(make_spec, bases, kind):
    spec = make_spec(kind, options={"epochs": 4, "merge": False})
    folder, _state = work(spec)
    options = {"four_bit": False, "batch": 4, "answer_tokens": 8, "max_length": 99}
    adapter, none = folder / "adapter", folder / "none"
    tuned = lora_answers.load(str(bases(kind)), kind == "t5", adapter, none, options)
    questions = [talk("user: Berapa ?"), talk(f"user: {tiny.question('restoran')}")]
    together = lora_answers.answer(tuned, questions)
    assert together == [lora_answers.answer(tuned, [one])[0] for one in questions]
    assert all(together)


def test_a_question_that_cant_be_asked_is_told_and_the_others_are_answered(make_spec):
    found, state, _folder = asked(make_spec, "gemma", ODD)
    assert state["status"] == "succeeded"
    assert list(found) == list(ODD)
    assert found["begins"] == {"text": "", "reason": data.UNRENDERED}
    assert found["used a tool"] == {"text": "", "reason": data.TOOLS}
    assert [list(found[name]) for name in ("plain", "last")] == [["text"], ["text"]]
    reasons = f"{data.TOOLS}; {data.UNRENDERED}"
    told = {"count": 2, "reasons": reasons, "question": ASKED}
    assert state["warnings"] == [[lora_answers.UNANSWERED, told]]


def test_t5_is_asked_whatever_its_turns_unless_tools_stand_in_them(make_spec):
    found, _state, _folder = asked(make_spec, "t5", ODD)
    assert [name for name, row in found.items() if "reason" in row] == ["used a tool"]


LONG = talk("user: " + "Berapa lama ? " * 60)


@pytest.mark.parametrize("kind", ["plain", "t5"])
def test_a_question_longer_than_what_was_learned_from_is_told(make_spec, kind):
    found, state, _folder = asked(make_spec, kind, {"long": LONG} | ODD, max_length=100)
    assert found["long"] == {"text": "", "reason": "longer than 100 tokens"}
    assert (list(found["plain"]), state["status"]) == (["text"], "succeeded")


def test_a_question_without_room_for_its_answer_is_told(make_spec, tmp_path):
    small = tiny.causal(tmp_path / "kecil", positions=64)
    spec = make_spec(base={"name": str(small)}, questions=[], options=SHORT | {"answer_tokens": 40})
    rows = [{"key": "room", "messages": ODD["plain"]}, {"key": "none", "messages": ODD["last"]}]
    spec.questions_file.write_bytes(b"".join(map(write, rows)))
    folder, state = work(spec)
    first, second = map(json.loads, (folder / "answers.jsonl").read_bytes().splitlines())
    assert second["reason"].endswith("it leaves no room for an answer: the model takes 64")
    assert (list(first), state["status"]) == (["key", "text"], "succeeded")


def test_what_cant_be_asked_is_told_again_by_a_job_that_is_started_again(make_spec):
    spec = make_spec("gemma", questions=[], options=SHORT)
    rows = [{"key": name, "messages": turns} for name, turns in ODD.items()]
    spec.questions_file.write_bytes(b"".join(map(write, rows)))
    folder, state = work(spec)
    jobs.replace(folder / "state.json", state | {"status": "running"})
    lora_worker.main(folder)
    assert json.loads((folder / "state.json").read_text()) == state


def test_an_answer_holds_no_nul(make_spec, bases):
    folder, _state = work(make_spec(options=SHORT))
    options = {"four_bit": False, "batch": 4, "answer_tokens": 2, "max_length": 99}
    adapter, none = folder / "adapter", folder / "none"
    tuned = lora_answers.load(str(bases("plain")), False, adapter, none, options)
    nul = tuned.tokenizer("\x00", add_special_tokens=False)["input_ids"]
    assert tuned.tokenizer.decode(nul) == "\x00"
    # A model that says nothing else.
    others = [token for token in range(len(tuned.tokenizer)) if token not in nul]
    tuned.model.generation_config.suppress_tokens = others
    assert lora_answers.answer(tuned, [ODD["plain"]]) == [""]
