"""Answers of Vertex AI that are half, lost or odd: none is taken for one that makes another job."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.standins.server import Fault, Reply
from tests.tuning.backends import vertexes
from tuning.backends import BackendError

STRANGE = "an answer that is not Google's protocol"


@pytest.fixture
def spec(tmp_path, backend):
    spec = vertexes.spec(tmp_path)
    backend.upload(spec)
    return spec


def refusal(call: Any, *args: Any) -> tuple[bool, str]:
    with pytest.raises(BackendError) as raised:
        call(*args)
    return raised.value.permanent, str(raised.value)


HALVES = {
    "half": (Reply(200, b'{"tuningJobs": [{"na'), STRANGE),
    "empty": (Reply(200, b""), STRANGE),
    "null": (Reply(200, b"null"), STRANGE),
    "list": (Reply(200, b"[]"), STRANGE),
    "text": (Reply(200, b'"x"'), STRANGE),
    "bytes": (Reply(200, b"\xff\xfe"), STRANGE),
    "cut off": (
        Reply(200, b'{"tuningJobs"', promised=900),
        "no answer from Google (RemoteProtocolError)",
    ),
}


@pytest.mark.parametrize("name", HALVES)
def test_a_list_that_got_lost_is_no_empty_one(vertex, backend, spec, name):
    """Taken for one, it would make a second job."""
    reply, said = HALVES[name]
    job = backend.start(spec)
    vertex.tuning.faults.append(Fault("GET", "/tuningJobs", reply))
    assert refusal(backend.find, spec) == (False, said)
    assert backend.find(spec) == job


@pytest.mark.parametrize("name", HALVES)
def test_a_job_s_answer_that_got_lost_is_asked_for_again(vertex, backend, spec, name):
    reply, said = HALVES[name]
    job = backend.start(spec)
    for method, path, call in (("GET", job, backend.poll), ("POST", ":cancel", backend.cancel)):
        vertex.tuning.faults.append(Fault(method, path, reply))
        assert refusal(call, job) == (False, said)
        assert vertex.tuning.faults == []
    assert backend.poll(job).status == "running"


@pytest.mark.parametrize("name", HALVES)
def test_a_create_whose_answer_is_half_made_one_job(vertex, backend, spec, name):
    reply, said = HALVES[name]
    vertex.tuning.faults.append(Fault("POST", "/tuningJobs", reply, heard=True))
    assert refusal(backend.start, spec) == (False, said)
    assert [backend.find(spec)] == list(vertex.jobs)


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ((None, None), 1),
        ((None, "JOB_STATE_FAILED"), 0),
        (("JOB_STATE_FAILED", None), 1),
        (("JOB_STATE_CANCELLED", "JOB_STATE_EXPIRED"), 1),
        (("JOB_STATE_SUCCEEDED", "JOB_STATE_CANCELLED"), 0),
    ],
)
def test_of_two_jobs_with_one_label_the_one_that_is_of_use_is_adopted(
    vertex, backend, spec, caplog, states, found
):
    jobs = [backend.start(spec) for _state in states]
    for job, told in zip(jobs, states, strict=True):
        vertex.overrides[job] = {"state": told} if told else {}
    assert backend.find(spec) == jobs[found]
    assert [one.jobs for one in caplog.records if hasattr(one, "jobs")] == [jobs[::-1]]


@pytest.mark.parametrize(
    "told",
    [
        {"state": "JOB_STATE_FAILED", "error": {"code": "x"}},
        {"tuningDataStats": {"supervisedTuningDataStats": {"totalBillableTokenCount": "many"}}},
        {"createTime": "yesterday"},
    ],
    ids=str,
)
def test_a_job_of_another_shape_is_no_end_of_the_run(vertex, backend, spec, told):
    job = backend.start(spec)
    vertex.overrides[job] = told
    assert refusal(backend.poll, job) == (False, STRANGE)


@pytest.mark.parametrize(
    "told",
    [
        {"state": "JOB_STATE_FAILED", "error": None},
        {"state": "JOB_STATE_SUCCEEDED", "tunedModel": {}},
        {"tuningDataStats": {"distillationDataStats": {}}},
        {"supervisedTuningSpec": None, "labels": None, "baseModel": None},
        {"somethingNew": {"a": [1]}},
    ],
    ids=str,
)
def test_what_is_missing_or_new_is_read_over(vertex, backend, spec, told):
    job = backend.start(spec)
    vertex.overrides[job] = told
    assert backend.poll(job).status in ("running", "failed")


def test_no_job_took_more_epochs_than_it_has(vertex, backend, spec):
    job = backend.start(spec)
    vertex.clock.forward(60)
    vertex.overrides[job] = {"tuningJobMetadata": {"completedEpochCount": "99"}}
    assert backend.poll(job).tokens == 5 * vertex.jobs[job].data.tokens


@pytest.mark.parametrize("name", ["latih ké 1.jsonl", "a b#?%2F.jsonl", "数据.jsonl"])
def test_a_file_s_own_name_goes_nowhere(vertex, backend, spec, tmp_path, name):
    there = dict(vertex.storage.objects)
    file = spec.train_file.rename(tmp_path / name)
    backend.upload(replace(spec, train_file=file))
    assert vertex.storage.objects == there
