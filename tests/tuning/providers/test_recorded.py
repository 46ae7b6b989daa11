"""A model that nobody serves answers what its job wrote down, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reviews.formats import write
from tuning.providers.base import Chunk, Completion, CompletionRequest, ProviderError, Trouble
from tuning.providers.recorded import RecordedProvider, key

ASKED = CompletionRequest("Berapa lama?", "Jawab singkat.", (("user", "Halo"), ("assistant", "Ya")))


@pytest.fixture
def answers(tmp_path) -> Path:
    path = tmp_path / "answers.jsonl"
    path.write_bytes(write({"key": key(ASKED), "text": "Dua tahun."}))
    return path


def refusal(answers: Path, request: CompletionRequest) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        RecordedProvider(answers).complete(request)
    assert str(answers) not in str(raised.value)
    assert (raised.value.permanent, raised.value.trouble) == (True, Trouble.UNAVAILABLE)
    return raised.value


def test_the_key_is_of_all_that_was_said():
    assert key(ASKED) == (
        # Of ["Jawab singkat.",[["user","Halo"],["assistant","Ya"]],"Berapa lama?"] and a newline.
        "ccea052d94b8ae0c13443d1a5212bc971493b429b9e248ac911dd015f5d14117"
    )


def test_a_recorded_question_is_answered(answers):
    assert RecordedProvider(answers).complete(ASKED) == Completion("Dua tahun.")
    chunks = [Chunk("Dua tahun."), Chunk(finish_reason="stop")]
    assert list(RecordedProvider(answers).stream(ASKED)) == chunks


@pytest.mark.parametrize(
    "other",
    [
        CompletionRequest("Berapa biaya?", ASKED.system, ASKED.history),
        CompletionRequest(ASKED.prompt, "", ASKED.history),
        CompletionRequest(ASKED.prompt, ASKED.system),
    ],
)
def test_another_question_has_no_answer(answers, other):
    assert str(refusal(answers, other)) == "this question has no recorded answer"


@pytest.mark.parametrize("content", [None, b"not json\n", b'{"key": "a"}\n', b"[]\n"])
def test_answers_that_are_missing_or_broken_are_an_error_of_the_provider(answers, content):
    answers.unlink()
    if content is not None:
        answers.write_bytes(content)
    assert str(refusal(answers, ASKED)) == "its recorded answers can't be read"


def test_a_newer_file_is_read_anew(answers):
    who = RecordedProvider(answers)
    assert who.complete(ASKED).text == "Dua tahun."
    answers.write_bytes(write({"key": key(ASKED), "text": "Lima tahun."}))
    os.utime(answers, ns=(1, 1))
    assert who.complete(ASKED).text == "Lima tahun."
