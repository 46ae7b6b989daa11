"""Tuning on Vertex AI: the real clients against a stand-in that speaks the protocol."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from google.oauth2.credentials import Credentials

from tests.standins.server import BROKEN_DOWN, QUOTA, Fault, Reply, error
from tests.standins.storage import Storage
from tests.standins.vertex import NUMBER, PROJECT, Vertex
from tests.tuning.backends import vertexes
from tests.tuning.backends.vertexes import ABLE, lines
from tuning.backends import BackendError, Checkpoint, JobState
from tuning.backends.vertex import VertexBackend
from tuning.providers.base import CompletionRequest, ProviderError
from tuning.providers.gemini import GeminiProvider

CREATE = "/tuningJobs"
BASE_DIR = Path(__file__).resolve().parents[3]


@pytest.fixture
def spec(tmp_path):
    return vertexes.spec(tmp_path)


def started(backend: VertexBackend, spec) -> str:
    backend.upload(spec)
    return backend.start(spec)


def refusal(call, *args) -> tuple[bool, str]:
    with pytest.raises(BackendError) as raised:
        call(*args)
    return raised.value.permanent, str(raised.value)


def created(vertex: Vertex) -> dict:
    """The body of the one request that made a job."""
    asked = [one for one in vertex.tuning.requests if one.method == "POST"]
    assert len(asked) == 1
    return asked[0].json


def object_names(vertex: Vertex) -> list[str]:
    return [f"gs://{vertex.storage.bucket}/{name}" for name in vertex.storage.objects]


# --- what is sent --------------------------------------------------------------------------------
def test_a_job_is_made_of_its_files_its_label_and_five_epochs(vertex, backend, spec):
    job = started(backend, spec)
    train, validation = object_names(vertex)
    assert created(vertex) == {
        "baseModel": "gemini-3.5-flash",
        "supervisedTuningSpec": {
            "trainingDatasetUri": train,
            "validationDatasetUri": validation,
            "hyperParameters": {"epochCount": 5},
        },
        "tunedModelDisplayName": "hub-uji",
        "labels": {"feedbackhub": "hub-uji"},
    }
    assert list(vertex.storage.objects.values()) == [lines(0, 8), lines(8, 3)]
    assert job == f"projects/{NUMBER}/locations/us-central1/tuningJobs/6000000000000000000"


def test_every_option_is_sent(vertex, backend, spec):
    options = {
        "epochs": 3,
        "learning_rate_multiplier": 1.5,
        "adapter_size": 8,
        "export_last_checkpoint_only": True,
    }
    started(backend, replace(spec, options=options))
    sent = created(vertex)["supervisedTuningSpec"]
    assert sent["hyperParameters"] == {
        "epochCount": 3,
        "learningRateMultiplier": 1.5,
        "adapterSize": "ADAPTER_SIZE_EIGHT",
    }
    assert sent["exportLastCheckpointOnly"] is True


def test_epochs_come_from_the_settings_unless_told(settings, vertex, backend, spec):
    settings.TUNING_EPOCH_COUNT = 7
    started(backend, spec)
    assert created(vertex)["supervisedTuningSpec"]["hyperParameters"] == {"epochCount": 7}


def test_an_empty_validation_part_is_no_file(vertex, backend, tmp_path):
    started(backend, vertexes.spec(tmp_path, validation=b""))
    assert len(vertex.storage.objects) == 1
    assert "validationDatasetUri" not in created(vertex)["supervisedTuningSpec"]


PREFERENCE_LINE = {
    "contents": [{"role": "user", "parts": [{"text": "Berapa biaya izin?"}]}],
    "completions": [
        {"score": 1, "completion": {"role": "model", "parts": [{"text": "Rp1 juta."}]}},
        {"score": 0, "completion": {"role": "model", "parts": [{"text": "Entahlah."}]}},
    ],
}


def test_preferences_are_one_spec_with_their_beta(vertex, backend, tmp_path):
    line = json.dumps(PREFERENCE_LINE).encode() + b"\n"
    spec = vertexes.spec(
        tmp_path,
        train=line * 4,
        validation=line,
        method="preference",
        options={"beta": 0.1},
        base=ABLE,
    )
    job = started(backend, spec)
    body = created(vertex)
    assert "supervisedTuningSpec" not in body
    sent = body["preferenceOptimizationSpec"]
    assert sent["hyperParameters"] == {"epochCount": 5, "beta": 0.1}
    vertex.clock.forward(60)
    asked, all_of_it = "Berapa biaya izin?", "Berapa biaya izin?Rp1 juta.Entahlah."
    assert backend.poll(job).tokens == 4 * (len(asked) // 4 + len(all_of_it) // 4) * 5


def test_a_tuned_model_is_tuned_further_from_its_checkpoint(vertex, backend, spec):
    earlier = started(backend, replace(spec, base=ABLE))
    vertex.clock.forward(60)
    model = backend.poll(earlier).result["artifact"]
    vertex.tuning.requests.clear()
    base = replace(ABLE, continues=model, checkpoint="2")
    later = backend.start(replace(spec, label="hub-lagi", base=base))
    body = created(vertex)
    assert "baseModel" not in body
    assert body["preTunedModel"] == {"tuned_model_name": model, "checkpoint_id": "2"}
    vertex.clock.forward(60)
    assert backend.poll(later).result["base"] == "gemini-2.5-flash"


# --- created once --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (None, "no answer from Google (RemoteProtocolError)"),
        (BROKEN_DOWN, "Google answered 503: Service Unavailable"),
        (Reply(201, {}), "Google answered 201: Created"),
        (Reply(200, b"<html>"), "an answer that is not Google's protocol"),
    ],
    ids=["dropped", "html 503", "201", "html 200"],
)
def test_a_create_whose_answer_is_lost_makes_one_job_that_is_adopted(
    vertex, backend, spec, reply, said
):
    vertex.tuning.faults.append(Fault("POST", CREATE, reply, heard=True))
    backend.upload(spec)
    assert backend.find(spec) is None
    assert refusal(backend.start, spec) == (False, said)
    assert [backend.find(spec)] == list(vertex.jobs)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (
            QUOTA,
            (
                False,
                "Google answered 429: Quota exceeded for concurrent tuning jobs.; "
                "it asks to wait 13s",
            ),
        ),
        (BROKEN_DOWN, (False, "Google answered 503: Service Unavailable")),
        (Reply(200, b"<html>"), (False, "an answer that is not Google's protocol")),
        (Reply(200, []), (False, "an answer that is not Google's protocol")),
        (Reply(200, {}), (False, "an answer that is not Google's protocol")),
        (Reply(201, {"name": "x"}), (False, "Google answered 201: Created")),
        (
            error(403, "PERMISSION_DENIED", "Permission\ndenied."),
            (True, "Google answered 403: Permission denied."),
        ),
        (error(400, "INVALID_ARGUMENT", "Bad."), (True, "Google answered 400: Bad.")),
        (None, (False, "no answer from Google (RemoteProtocolError)")),
    ],
    ids=["quota", "html 503", "html 200", "list", "no name", "201", "403", "400", "dropped"],
)
def test_a_refused_create_is_sent_once_and_makes_no_job(vertex, backend, spec, reply, expected):
    vertex.tuning.faults.append(Fault("POST", CREATE, reply))
    backend.upload(spec)
    assert refusal(backend.start, spec) == expected
    assert (len(vertex.tuning.requests), len(vertex.jobs)) == (1, 0)


def test_a_server_that_is_away_is_no_permanent_trouble(vertex, backend, spec):
    with Storage() as storage, Vertex(storage) as gone:
        google = vertexes.google(gone)
    assert refusal(VertexBackend(google).find, spec) == (
        False,
        "no answer from Google (ConnectError)",
    )


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("jobs", [0, 1, 3])
def test_a_job_is_found_by_its_label_on_whatever_page(
    monkeypatch, vertex, backend, spec, jobs, empty
):
    monkeypatch.setattr("tuning.backends.vertex._PAGE", 1)
    vertex.empty_follow_up = empty
    backend.upload(spec)
    made = [backend.start(replace(spec, label=f"hub-{n}")) for n in range(jobs)]
    assert [backend.find(replace(spec, label=f"hub-{n}")) for n in range(jobs)] == made
    assert backend.find(replace(spec, label="hub-lain")) is None


def test_a_list_that_fails_is_no_answer(vertex, backend, spec):
    """Taken for an empty one, it would make a second job."""
    vertex.tuning.faults.append(Fault("GET", CREATE, BROKEN_DOWN))
    assert refusal(backend.find, spec) == (False, "Google answered 503: Service Unavailable")


# --- watched -------------------------------------------------------------------------------------
def test_a_job_tells_its_phase_and_its_progress(vertex, backend, spec):
    job = started(backend, spec)
    seen = []
    for _look in range(11):
        state = backend.poll(job)
        seen.append((state.status, state.phase, state.progress))
        vertex.clock.forward(6)
    assert seen == [
        ("running", "being prepared", 0.0),
        ("running", "training", 0.0),
        ("running", "training", 0.0),
        ("running", "training", 0.2),
        ("running", "training", 0.2),
        ("running", "training", 0.4),
        ("running", "training", 0.6),
        ("running", "training", 0.6),
        ("running", "training", 0.8),
        ("running", "finishing", 1.0),
        ("succeeded", "", 1.0),
    ]


def test_a_success_tells_what_serves_where_and_its_checkpoints(vertex, backend, spec):
    job = started(backend, replace(spec, options={"epochs": 2}))
    vertex.clock.forward(60)
    place = f"projects/{NUMBER}/locations/us"
    first, last = (f"{place}/endpoints/600000000000000000000{n}" for n in (1, 2))
    taught = sum(
        len(f"Berapa biaya izin {n}?Biayanya Rp{n} juta.Jawab singkat.") // 4 for n in range(8)
    )
    assert backend.poll(job) == JobState(
        "succeeded",
        progress=1.0,
        result={
            "model": last,
            "artifact": f"{place}/models/6000000000000000000@1",
            "checkpoint": "2",
            "region": "us",
            "base": "gemini-3.5-flash",
            "job": job,
            "checkpoints": [
                {"id": "1", "epoch": 1, "step": 2, "endpoint": first},
                {"id": "2", "epoch": 2, "step": 4, "endpoint": last},
            ],
            "experiment": f"projects/{NUMBER}/locations/us-central1/metadataStores/default"
            "/contexts/tuning-experiment-6000000000000000000",
        },
        checkpoints=(Checkpoint("1", 2, 1, first), Checkpoint("2", 4, 2, last)),
        tokens=taught * 2,
    )


@pytest.mark.parametrize(
    ("told", "status", "phase"),
    [
        ({"state": "JOB_STATE_QUEUED"}, "running", "waiting"),
        ({"state": "JOB_STATE_PAUSED"}, "running", "paused"),
        ({"state": "JOB_STATE_UPDATING"}, "running", "being changed"),
        ({"state": "JOB_STATE_CANCELLING"}, "running", "being cancelled"),
        ({"state": "JOB_STATE_HIBERNATING"}, "running", "JOB_STATE_HIBERNATING"),
        ({"state": "JOB_STATE_RUNNING"}, "running", "running"),
        (
            {"state": "JOB_STATE_RUNNING", "tuningJobState": "TUNING_JOB_STATE_WAITING_FOR_QUOTA"},
            "running",
            "waiting for quota",
        ),
        (
            {"state": "JOB_STATE_RUNNING", "tuningJobState": "TUNING_JOB_STATE_DANCING"},
            "running",
            "running",
        ),
        ({"state": "JOB_STATE_SUCCEEDED"}, "running", "being put on its endpoint"),
        (
            {"state": "JOB_STATE_SUCCEEDED", "tunedModel": {"model": "projects/1/models/7@1"}},
            "running",
            "being put on its endpoint",
        ),
        ({"state": "JOB_STATE_CANCELLED"}, "cancelled", ""),
        ({"state": "JOB_STATE_EXPIRED"}, "failed", ""),
        ({}, "running", ""),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:.* is not a valid")
def test_every_state_is_read(vertex, backend, spec, told, status, phase):
    job = started(backend, spec)
    vertex.overrides[job] = {"state": None, "tuningJobState": None} | told
    state = backend.poll(job)
    assert (state.status, state.phase) == (status, phase)


def test_half_a_success_is_one_with_a_word_on_it(vertex, backend, spec):
    job = started(backend, spec)
    vertex.clock.forward(60)
    vertex.overrides[job] = {"state": "JOB_STATE_PARTIALLY_SUCCEEDED"}
    state = backend.poll(job)
    assert (state.status, state.result["checkpoint"]) == ("succeeded", "5")
    assert state.message == "the job succeeded in part: some results are missing"


def test_a_failure_tells_the_service_s_words_and_code(vertex, backend, spec):
    job = started(backend, spec)
    said = {"code": 3, "message": "Dataset is empty\nafter validation."}
    vertex.overrides[job] = {"state": "JOB_STATE_FAILED", "error": said}
    state = backend.poll(job)
    assert (state.status, state.message % state.values) == (
        "failed",
        "Dataset is empty after validation. (3)",
    )


def test_a_failure_names_the_model_that_was_made_all_the_same(vertex, backend, spec):
    job = started(backend, spec)
    model = f"projects/{NUMBER}/locations/us-central1/models/1402067540926005248@1"
    vertex.overrides[job] = {
        "state": "JOB_STATE_FAILED",
        "error": {"code": 13, "message": "Failed to create endpoint."},
        "tunedModel": {"model": model},
    }
    state = backend.poll(job)
    assert state.status == "failed"
    assert state.message % state.values == (
        f"Failed to create endpoint. (13) The model was made, but nothing serves it: {model}"
    )


def test_dropped_examples_are_told_by_line_and_reason(vertex, backend, spec):
    """What nobody checked, such as a file of somebody else's at the same name."""
    backend.upload(spec)
    name = next(iter(vertex.storage.objects))
    empty = lines(0, 1).replace(b"Biayanya Rp0 juta.", b" ")
    vertex.storage.objects[name] = lines(0, 2) + empty + lines(3, 2) + b"{}\n"
    job = backend.start(spec)
    vertex.clock.forward(60)
    state = backend.poll(job)
    assert state.dropped == (3, 6)
    assert state.dropped_count == 2
    assert state.dropped_reasons == ("Empty text.", "Invalid example.")


def test_more_are_dropped_than_named(vertex, backend, spec):
    backend.upload(spec)
    name = next(iter(vertex.storage.objects))
    vertex.storage.objects[name] = lines(0, 2) + b"{}\n" * 25
    job = backend.start(spec)
    vertex.clock.forward(60)
    state = backend.poll(job)
    assert (len(state.dropped), state.dropped_count) == (10, 25)


def test_a_job_that_is_gone_is_a_permanent_error(vertex, backend, spec):
    job = started(backend, spec)
    assert refusal(backend.poll, job + "1") == (
        True,
        f"Google answered 404: TuningJob {job}1 is not found.",
    )
    assert refusal(backend.poll, "/somewhere") == (True, "/somewhere is no resource of Vertex AI")


# --- cancelled -----------------------------------------------------------------------------------
def test_a_cancelled_job_passes_through_cancelling(vertex, backend, spec):
    job = started(backend, spec)
    backend.cancel(job)
    assert backend.poll(job).phase == "being cancelled"
    backend.cancel(job)
    vertex.clock.forward(3)
    assert backend.poll(job).status == "cancelled"


def test_a_cancelled_job_may_still_succeed(vertex, backend, spec):
    vertex.cancel_wins = False
    job = started(backend, spec)
    vertex.clock.forward(30)
    backend.cancel(job)
    vertex.clock.forward(20)
    assert backend.poll(job).phase == "being cancelled"
    vertex.clock.forward(10)
    assert backend.poll(job).status == "succeeded"


def test_an_ended_job_is_left_alone_by_cancel(vertex, backend, spec):
    job = started(backend, spec)
    vertex.clock.forward(60)
    ended = backend.poll(job)
    backend.cancel(job)
    assert backend.poll(job) == ended


def test_a_cancel_that_is_refused_is_told(vertex, backend, spec):
    job = started(backend, spec)
    vertex.tuning.faults.append(Fault("POST", ":cancel", error(403, "PERMISSION_DENIED", "No.")))
    assert refusal(backend.cancel, job) == (True, "Google answered 403: No.")


@pytest.mark.parametrize(
    ("seconds", "epochs"),
    [(2, None), (14, 0), (20, 1), (32, 2)],
    ids=["unread", "none", "one", "two"],
)
def test_a_cancelled_job_took_the_epochs_that_were_over(vertex, backend, spec, seconds, epochs):
    """Before the data is read the service says nothing, so nobody knows."""
    job = started(backend, spec)
    vertex.clock.forward(seconds)
    backend.cancel(job)
    vertex.clock.forward(3)
    state, taught = backend.poll(job), vertex.jobs[job].data.tokens
    assert state.status == "cancelled"
    assert state.tokens == (None if epochs is None else epochs * taught)


@pytest.mark.parametrize(
    ("told", "epochs"),
    [
        ({}, None),
        ({"tuningJobMetadata": {"completedEpochCount": "1"}}, 1),
        ({"tuningJobMetadata": {}}, 0),
        # The training was over, its endpoint failed.
        ({"tunedModel": {"model": "projects/1/locations/us/models/7@1"}}, 5),
    ],
    ids=str,
)
def test_a_failed_job_took_the_epochs_that_were_over(vertex, backend, spec, told, epochs):
    job = started(backend, spec)
    vertex.clock.forward(60)
    failed = {"state": "JOB_STATE_FAILED", "tuningJobMetadata": None, "tunedModel": None}
    vertex.overrides[job] = failed | told
    taught = vertex.jobs[job].data.tokens
    expected = None if epochs is None else epochs * taught
    assert (backend.poll(job).status, backend.poll(job).tokens) == ("failed", expected)


# --- served -------------------------------------------------------------------------------------
def asked(vertex: Vertex, model: str, address: str) -> str:
    provider = GeminiProvider(
        model, project=PROJECT, base_url=address, credentials=Credentials(token="uji")
    )
    return provider.complete(CompletionRequest("Berapa biaya izin 3?")).text


def test_the_tuned_model_answers_in_the_serving_region_alone(vertex, backend, spec):
    job = started(backend, spec)
    vertex.clock.forward(60)
    result = backend.poll(job).result
    assert result["region"] == "us"
    assert asked(vertex, result["model"], vertex.addresses["us"]) == "Biayanya Rp3 juta."
    with pytest.raises(ProviderError, match="HTTP 400: Location us is not served here"):
        asked(vertex, result["model"], vertex.addresses["us-central1"])
    # Every checkpoint answers, too.
    first = result["checkpoints"][0]["endpoint"]
    assert asked(vertex, first, vertex.addresses["us"]) == "Biayanya Rp3 juta."


# --- the machine's own credentials ---------------------------------------------------------------
def test_settings_and_the_machine_s_credentials_are_enough(
    settings, monkeypatch, tmp_path, vertex, spec
):
    vertexes.configure(settings, monkeypatch, tmp_path, vertex)
    job = started(VertexBackend(), spec)
    assert VertexBackend().find(spec) == job
    sent = {one.headers["authorization"] for one in vertex.storage.requests}
    assert sent == {"Bearer standin"}


def test_without_credentials_the_error_says_so(
    settings, monkeypatch, caplog, tmp_path, vertex, spec
):
    vertexes.configure(settings, monkeypatch, tmp_path, vertex)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    """Not where the file lies: whoever reads the run's page need not know this machine."""
    assert refusal(VertexBackend().upload, spec) == (
        True,
        "no Google credentials that work (DefaultCredentialsError); the log says more",
    )
    assert str(tmp_path) in caplog.text


@pytest.mark.processes
def test_who_tunes_nothing_loads_nothing_of_google_s():
    code = "import sys, tuning.backends; print({'google.genai', 'google.cloud'} & set(sys.modules))"
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=BASE_DIR, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
