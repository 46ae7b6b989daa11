"""The stand-ins keep the protocol: what they take wrongly would hide a fault of ours."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from django.conf import settings
from google.genai import Client, errors, types
from google.oauth2.credentials import Credentials

from tests.standins.storage import Storage, crc32c
from tests.standins.vertex import NUMBER, PROJECT, Vertex
from tests.standins.vertex_data import Data
from tests.tuning.backends import vertexes

PLACE = f"/v1beta1/projects/{PROJECT}/locations/us-central1"
BEARER = {"Authorization": "Bearer uji"}
LINE = vertexes.lines(0, 1)


@pytest.fixture
def vertex(monkeypatch) -> Iterator[Vertex]:
    vertexes.no_proxy(monkeypatch)
    with Storage() as storage, Vertex(storage) as vertex:
        storage.objects["a.jsonl"] = LINE * 4
        yield vertex


def post(vertex: Vertex, body: dict, place: str = PLACE) -> httpx2.Response:
    return httpx2.post(f"{vertex.tuning.origin}{place}/tuningJobs", json=body, headers=BEARER)


def client(vertex: Vertex) -> Client:
    return Client(
        enterprise=True,
        project=PROJECT,
        location="us-central1",
        credentials=Credentials(token="uji"),
        http_options=types.HttpOptions(base_url=vertex.tuning.origin),
    )


SPEC = {"training_dataset_uri": "gs://ember-uji/a.jsonl", "hyperParameters": {"epoch_count": 2}}


# --- Vertex AI -----------------------------------------------------------------------------------
def test_both_casings_are_taken_and_camel_case_is_answered_with_numbers_as_texts(vertex):
    labels = {"with_line": "a"}
    body = {"base_model": "gemini-3.5-flash", "supervised_tuning_spec": SPEC, "labels": labels}
    answer = post(vertex, body).json()
    assert answer == {
        "name": f"projects/{NUMBER}/locations/us-central1/tuningJobs/6000000000000000000",
        "baseModel": "gemini-3.5-flash",
        "supervisedTuningSpec": {
            "trainingDatasetUri": "gs://ember-uji/a.jsonl",
            "hyperParameters": {
                "learningRateMultiplier": 1,
                "adapterSize": "ADAPTER_SIZE_FOUR",
                "epochCount": "2",
            },
        },
        "labels": labels,
        "tunedModelDisplayName": "model-6000000000000000000",
        "state": "JOB_STATE_PENDING",
    }
    vertex.clock.forward(60)
    told = httpx2.get(f"{vertex.tuning.origin}/v1beta1/{answer['name']}", headers=BEARER).json()
    stats = told["tuningDataStats"]["supervisedTuningDataStats"]
    assert (stats["tuningDatasetExampleCount"], stats["tuningStepCount"]) == ("4", "2")
    assert told["tunedModel"]["model"] == f"projects/{NUMBER}/locations/us/models/{6 * 10**18}@1"


def test_a_job_without_epochs_gets_many(vertex):
    spec = {"trainingDatasetUri": "gs://ember-uji/a.jsonl"}
    answer = post(vertex, {"baseModel": "gemini-3.5-flash", "supervisedTuningSpec": spec}).json()
    assert answer["supervisedTuningSpec"]["hyperParameters"]["epochCount"] == "40"


def test_two_specs_in_one_body_are_refused(vertex):
    """What the SDK makes of `beta` without `method`."""
    config = types.CreateTuningJobConfig(epoch_count=1, beta=0.1)
    data = types.TuningDataset(gcs_uri="gs://ember-uji/a.jsonl")
    asking = client(vertex)
    with pytest.raises(errors.ClientError, match="2 of its fields are set"):
        asking.tunings.tune(base_model="gemini-3.5-flash", training_dataset=data, config=config)
    assert vertex.jobs == {}


SFT = {"baseModel": "gemini-3.5-flash", "supervisedTuningSpec": SPEC}
DPO = {"baseModel": "gemini-2.5-flash", "preferenceOptimizationSpec": SPEC}


def hyper(**given: object) -> dict:
    return {"supervisedTuningSpec": SPEC | {"hyperParameters": given}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (SFT | {"baseModel": "gemini-1.5-pro"}, "Base model gemini-1.5-pro is not supported."),
        (SFT | {"labels": {"a": "Besar"}}, "labels hold"),
        (SFT | {"labels": {"a": "a" * 64}}, "labels hold"),
        (SFT | {"labels": {"1a": "a"}}, "labels hold"),
        (SFT | {"labels": {f"k{n}": "a" for n in range(65)}}, "labels hold"),
        (SFT | {"tunedModelDisplayName": "a" * 129}, "is longer than 128 characters"),
        (SFT | {"batchSize": 4}, 'Unknown name "batchSize"'),
        (SFT | hyper(batchSize=4), 'Unknown name "batchSize"'),
        (SFT | hyper(beta=0.1), 'Unknown name "beta"'),
        (SFT | hyper(epochCount="0"), "epoch_count must be positive"),
        (SFT | hyper(learningRateMultiplier=0), "must be positive"),
        (SFT | hyper(adapterSize="ADAPTER_SIZE_THIRTY_TWO"), "adapter_size is not supported"),
        (
            SFT | hyper(adapterSize="ADAPTER_SIZE_SIXTEEN") | {"baseModel": "gemini-2.5-pro"},
            "adapter_size is not supported",
        ),
        (
            {"supervisedTuningSpec": {"trainingDatasetUri": "gs://ember-uji/b.jsonl"}}
            | {"baseModel": "gemini-3.5-flash"},
            "Cannot read gs://ember-uji/b.jsonl.",
        ),
        (
            {"supervisedTuningSpec": {"trainingDatasetUri": "/tmp/a.jsonl"}}
            | {"baseModel": "gemini-3.5-flash"},
            "Cannot read /tmp/a.jsonl.",
        ),
        (DPO | {"baseModel": "gemini-3.5-flash"}, "Preference tuning is not supported"),
        (DPO | {"baseModel": "gemini-2.5-pro"}, "Preference tuning is not supported"),
        ({"supervisedTuningSpec": SPEC}, "one of base_model and pre_tuned_model is needed"),
        (SFT | {"preTunedModel": {"tunedModelName": "x"}}, "one of base_model and"),
        (
            {"supervisedTuningSpec": SPEC, "preTunedModel": {"tunedModelName": "projects/1"}},
            "The pre-tuned model does not exist.",
        ),
    ],
    ids=str,
)
def test_what_the_service_refuses_is_refused(vertex, body, said):
    answer = post(vertex, body)
    assert answer.status_code in (400, 404)
    assert said in answer.json()["error"]["message"]
    assert vertex.jobs == {}


@pytest.mark.parametrize("body", [SFT, DPO, SFT | hyper(adapterSize="ADAPTER_SIZE_SIXTEEN")])
def test_what_the_service_takes_is_taken(vertex, body):
    assert post(vertex, body).status_code == 200


@pytest.mark.parametrize(
    ("name", "taken"), [("gemini-3.5-flash", False), ("gemini-3.1-flash-lite", True)]
)
@pytest.mark.parametrize(("checkpoint", "there"), [("2", True), ("3", False), ("0", False)])
def test_a_job_goes_on_where_its_base_and_its_checkpoints_allow_it(
    vertex, name, taken, checkpoint, there
):
    post(vertex, SFT | {"baseModel": name})
    vertex.clock.forward(60)
    earlier = {"tunedModelName": next(iter(vertex.succeeded())), "checkpointId": checkpoint}
    answer = post(vertex, {"supervisedTuningSpec": SPEC, "preTunedModel": earlier})
    assert answer.status_code == (200 if taken and there else 400)


# --- the files -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("train", "held", "status"),
    [
        (4, 0, 400),
        (4, 1_000, 200),
        (4, 1_001, 400),
        (5_000, 1_500, 200),
        (5_000, 1_501, 400),
        (20_000, 5_000, 200),
        (20_000, 5_001, 400),
    ],
)
def test_a_validation_file_has_its_bounds(vertex, train, held, status):
    vertex.storage.objects |= {"a.jsonl": LINE * train, "v.jsonl": LINE * held}
    spec = SPEC | {"validationDatasetUri": "gs://ember-uji/v.jsonl"}
    assert post(vertex, SFT | {"supervisedTuningSpec": spec}).status_code == status


def turns(*roles: str, **more: object) -> bytes:
    said = [{"role": role, "parts": [{"text": "a"}]} for role in roles]
    return json.dumps({"contents": said, **more}).encode() + b"\n"


def scored(*scores: int, role: str = "model") -> dict:
    content = {"role": role, "parts": [{"text": "a"}]}
    return {"completions": [{"score": score, "completion": content} for score in scores]}


@pytest.mark.parametrize(
    ("line", "supervised", "preference"),
    [
        (turns("user", "model"), True, False),
        (turns("user", "model", "user", "model"), True, False),
        (turns("model", "user", "model"), False, False),
        (turns("user"), False, False),
        (turns("user", "assistant"), False, False),
        (turns("user", "model", label=1), False, False),
        (b"{}\n", False, False),
        (turns("user", **scored(1, 0)), False, True),
        (turns("user", "model", "user", **scored(0, 1)), False, True),
        (turns("user", "model", **scored(1, 0)), False, False),
        (turns("model", "user", **scored(1, 0)), False, False),
        (turns("user", **scored(1, 1)), False, False),
        (turns("user", **scored(1, 0, 0)), False, False),
        (turns("user", **scored(1, 0, role="user")), False, False),
    ],
)
def test_a_line_is_used_or_dropped(line, supervised, preference):
    assert bool(Data.of(line).examples) == supervised
    assert bool(Data.of(line, preference=True).examples) == preference


def test_files_of_which_all_is_dropped_fail_the_job(vertex):
    vertex.storage.objects["v.jsonl"] = turns("model", "user", "model") * 3
    for spec in (
        SPEC | {"trainingDatasetUri": "gs://ember-uji/v.jsonl"},
        SPEC | {"validationDatasetUri": "gs://ember-uji/v.jsonl"},
    ):
        name = post(vertex, SFT | {"supervisedTuningSpec": spec}).json()["name"]
        vertex.clock.forward(60)
        told = vertex.told(vertex.jobs[name])
        assert (told["state"], "tunedModel" in told) == ("JOB_STATE_FAILED", False)


# --- models and endpoints ------------------------------------------------------------------------
def test_a_deployed_model_is_not_deleted_nor_an_endpoint_that_holds_one(vertex):
    post(vertex, SFT)
    vertex.clock.forward(60)
    place = f"{vertex.serving.origin}/v1"
    endpoint, model = next(iter(vertex.endpoints().items()))
    for name in (model, endpoint):
        refused = httpx2.delete(f"{place}/{name}", headers=BEARER)
        assert (refused.status_code, refused.json()["error"]["status"]) == (
            400,
            "FAILED_PRECONDITION",
        )
    told = httpx2.get(f"{place}/{endpoint}", headers=BEARER).json()["deployedModels"]
    assert told == [{"id": "1", "model": model, "modelVersionId": "1"}]


@pytest.mark.parametrize(
    ("place", "status"),
    [
        ("/v1beta1/projects/lain/locations/us-central1", 403),
        (f"/v1beta1/projects/{NUMBER}/locations/us", 400),
        ("/v1beta1", 404),
        (f"/v1beta1/projects/{NUMBER}/locations/us-central1", 200),
    ],
)
def test_a_location_answers_for_itself_and_its_project_alone(vertex, place, status):
    body = {"baseModel": "gemini-3.5-flash", "supervisedTuningSpec": SPEC}
    assert post(vertex, body, place).status_code == status


def test_nobody_is_let_in_without_a_token(vertex):
    answer = httpx2.get(f"{vertex.tuning.origin}{PLACE}/tuningJobs")
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_an_empty_page_breaks_the_sdk_s_own_loop(vertex):
    """Why the backend goes by pages: should the SDK mend it, this fails and that can go."""
    vertex.empty_follow_up = True
    post(vertex, {"baseModel": "gemini-3.5-flash", "supervisedTuningSpec": SPEC})
    asking = client(vertex)
    with pytest.raises(IndexError):
        list(asking.tunings.list())


# --- Cloud Storage -------------------------------------------------------------------------------
def multipart(storage: Storage, about: str, content: bytes, query: str = "") -> httpx2.Response:
    body = (
        b"--batas\r\ncontent-type: application/json\r\n\r\n" + about.encode() + b"\r\n"
        b"--batas\r\ncontent-type: application/jsonl\r\n\r\n" + content + b"\r\n--batas--"
    )
    return httpx2.post(
        f"{storage.origin}/upload/storage/v1/b/ember-uji/o?uploadType=multipart{query}",
        content=body,
        headers=BEARER | {"Content-Type": 'multipart/related; boundary="batas"'},
    )


def test_a_precondition_keeps_what_is_there(vertex):
    storage = vertex.storage
    about = '{"name": "a.jsonl"}'
    assert multipart(storage, about, b"lain\n", "&ifGenerationMatch=0").status_code == 412
    assert storage.objects == {"a.jsonl": LINE * 4}
    assert multipart(storage, about, b"lain\n").json()["crc32c"] == crc32c(b"lain\n")
    assert storage.objects == {"a.jsonl": b"lain\n"}


def test_a_wrong_checksum_is_refused(vertex):
    about = f'{{"name": "b.jsonl", "crc32c": "{crc32c(b"x")}"}}'
    assert multipart(vertex.storage, about, b"y").status_code == 400
    assert multipart(vertex.storage, about, b"x").status_code == 200
    assert vertex.storage.objects["b.jsonl"] == b"x"


def test_parts_come_in_whole_units_and_in_order(vertex):
    storage, unit = vertex.storage, 256 * 1024
    begun = httpx2.post(
        f"{storage.origin}/upload/storage/v1/b/ember-uji/o?uploadType=resumable",
        json={"name": "b.jsonl"},
        headers=BEARER,
    )
    address = begun.headers["location"]

    def put(place: str, size: int) -> httpx2.Response:
        headers = BEARER | {"Content-Range": f"bytes {place}"}
        return httpx2.put(address, content=b"a" * size, headers=headers)

    first = put(f"0-{unit - 1}/*", unit)
    assert (first.status_code, first.headers["range"]) == (308, f"bytes=0-{unit - 1}")
    assert put(f"0-{unit - 1}/*", unit).status_code == 400
    assert "b.jsonl" not in storage.objects
    assert put(f"{unit}-{unit}/{unit + 1}", 1).status_code == 200
    assert storage.objects["b.jsonl"] == b"a" * (unit + 1)


# --- by itself -----------------------------------------------------------------------------------
WALK = """
import sys
from pathlib import Path
import django
django.setup()
from tests.tuning.backends import vertexes
from tuning import backends
spec, backend = vertexes.spec(Path(sys.argv[1])), backends.get("vertex")
backend.upload(spec)
print(backend.poll(backend.start(spec)).status)
"""


@pytest.mark.processes
def test_by_itself_it_prints_what_the_hub_needs(tmp_path):
    words = [sys.executable, "-m", "tests.standins.vertex", "--seconds", "0"]
    root = settings.BASE_DIR
    with subprocess.Popen(words, cwd=root, stdout=subprocess.PIPE, text=True) as standin:
        try:
            printed = [shlex.split(standin.stdout.readline()) for _line in range(4)]
            told = dict(word.split("=", 1) for line in printed for word in line[1:])
            environment = os.environ | told | {"DATA_DIR": str(tmp_path)}
            environment["DJANGO_SETTINGS_MODULE"] = "feedbackhub.settings"
            asked = [sys.executable, "-c", WALK, str(tmp_path)]
            done = subprocess.run(
                asked, check=False, cwd=root, env=environment, capture_output=True, text=True
            )
            assert done.stdout == "succeeded\n", done.stderr
            assert Path(told["GOOGLE_APPLICATION_CREDENTIALS"]).is_file()
        finally:
            standin.terminate()
    assert not Path(told["GOOGLE_APPLICATION_CREDENTIALS"]).exists()
