"""What answers at the address of one location of Vertex AI: its protocol, and its refusals."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.standins.server import UNAUTHENTICATED, Received, Reply, Server, error
from tests.standins.vertex_data import Data, camel, question

if TYPE_CHECKING:
    from tests.standins.vertex import Vertex

PROJECT, NUMBER = "proyek-uji", "123456789012"
TUNABLE = {"gemini-3.5-flash", "gemini-3.1-flash-lite", "gemini-2.5-flash"}
METHODS = {
    "supervisedTuningSpec": "supervisedTuningDataStats",
    "preferenceOptimizationSpec": "preferenceOptimizationDataStats",
}
ADAPTERS = {f"ADAPTER_SIZE_{n}" for n in ("ONE", "TWO", "FOUR", "EIGHT", "SIXTEEN")}
UNKNOWN = "Maaf, saya belum tahu."
_LABEL = re.compile(r"[a-z0-9_-]{0,63}")
_PLACE = re.compile(r"/v1beta1/projects/([^/]+)/locations/([^/]+)/(.+)")
_ASKED = re.compile(r"(.+):(generateContent|streamGenerateContent)")


class Refused(Exception):
    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body)
        self.reply = reply


def refuse(status: int, word: str, message: str) -> Refused:
    return Refused(error(status, word, message))


def invalid(message: str) -> Refused:
    return refuse(400, "INVALID_ARGUMENT", message)


class Location(Server):
    """What answers at the address of one location, and for no other."""

    def __init__(self, vertex: Vertex, name: str, port: int) -> None:
        super().__init__(port)
        self.vertex, self.name = vertex, name

    def answer(self, request: Received) -> Reply:
        if request.path == "/token":
            kind = "urn:ietf:params:oauth:token-type:access_token"
            token = {"access_token": "standin", "token_type": "Bearer", "expires_in": 3600}
            return Reply(body=token | {"issued_token_type": kind})
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return UNAUTHENTICATED
        try:
            return self._act(request)
        except Refused as refused:
            return refused.reply

    def _act(self, request: Received) -> Reply:
        place = _PLACE.fullmatch(request.path)
        if place is None:
            raise refuse(404, "NOT_FOUND", "no such method")
        if place[1] not in (PROJECT, NUMBER):
            raise refuse(403, "PERMISSION_DENIED", f"Permission denied on project '{place[1]}'.")
        if place[2] != self.name:
            raise invalid(f"Location {place[2]} is not served here, only {self.name}.")
        if place[3] == "tuningJobs" and self.name == self.vertex.region:
            return self._list(request) if request.method == "GET" else self._create(request)
        if place[3].startswith("tuningJobs/"):
            return self._job(request, f"projects/{NUMBER}/locations/{place[2]}/{place[3]}")
        if place[3].startswith("models/") and request.method == "DELETE":
            return self._delete(f"projects/{NUMBER}/locations/{place[2]}/{place[3]}")
        if request.method == "POST" and (asked := _ASKED.fullmatch(place[3])):
            text = self._say(asked[1], camel(request.json))
            return _streamed(text) if asked[2].startswith("stream") else Reply(body=_whole(text))
        raise refuse(404, "NOT_FOUND", "no such method")

    # --- jobs --------------------------------------------------------------------------------
    def _create(self, request: Received) -> Reply:
        body = camel(request.json)
        given = [name for name in METHODS if name in body]
        if len(given) != 1:
            raise invalid(f"oneof tuning_spec: {len(given)} of its fields are set")
        self._check_base(body)
        if not all(_LABEL.fullmatch(value) for value in body.get("labels", {}).values()):
            raise invalid("a label's value holds a-z, 0-9, _ and - alone")
        spec = body[given[0]]
        data = Data.of(self._file(spec["trainingDatasetUri"]))
        if "validationDatasetUri" in spec:
            self._file(spec["validationDatasetUri"])
        spec["hyperParameters"] = _settled(spec.get("hyperParameters", {}))
        number = 6_000_000_000_000_000_000 + len(self.vertex.jobs)
        name = f"projects/{NUMBER}/locations/{self.name}/tuningJobs/{number}"
        body.setdefault("tunedModelDisplayName", f"model-{number}")
        self.vertex.begin(name, number, body, data)
        return Reply(body={"name": name, **body, "state": "JOB_STATE_PENDING"})

    def _check_base(self, body: dict[str, Any]) -> None:
        if earlier := body.get("preTunedModel"):
            job = self.vertex.succeeded().get(earlier.get("tunedModelName", ""))
            if job is None:
                raise refuse(404, "NOT_FOUND", "The pre-tuned model does not exist.")
            if int(earlier.get("checkpointId", 1)) > job.epochs:
                raise invalid("The pre-tuned model has no such checkpoint.")
            earlier["baseModel"] = job.body.get("baseModel", "")
        elif body.get("baseModel") not in TUNABLE:
            raise invalid(f"Base model {body.get('baseModel')} is not supported.")

    def _file(self, uri: str) -> bytes:
        start = f"gs://{self.vertex.storage.bucket}/"
        name = uri.removeprefix(start)
        if not uri.startswith(start) or name not in self.vertex.storage.objects:
            raise invalid(f"Cannot read {uri}.")
        return self.vertex.storage.objects[name]

    def _list(self, request: Received) -> Reply:
        jobs = list(self.vertex.jobs.values())[::-1]
        begin = int(request.query.get("pageToken") or 0)
        end = begin + int(request.query.get("pageSize") or 100)
        found = {"tuningJobs": [self.vertex.told(job) for job in jobs[begin:end]]}
        if not found["tuningJobs"]:
            return Reply(body={})
        more = end < len(jobs) or self.vertex.empty_follow_up
        return Reply(body=found | ({"nextPageToken": str(end)} if more else {}))

    def _job(self, request: Received, name: str) -> Reply:
        name, _colon, verb = name.partition(":")
        job = self.vertex.jobs.get(name)
        if job is None:
            raise refuse(404, "NOT_FOUND", f"TuningJob {name} is not found.")
        told = self.vertex.told(job)
        if request.method == "GET" and not verb:
            return Reply(body=told)
        if request.method != "POST" or verb != "cancel" or request.body:
            raise refuse(404, "NOT_FOUND", "no such method")
        if told["state"] not in ("JOB_STATE_PENDING", "JOB_STATE_RUNNING", "JOB_STATE_CANCELLING"):
            raise refuse(400, "FAILED_PRECONDITION", f"The job is in state {told['state']}.")
        job.cancelled = job.cancelled or self.vertex.clock()
        return Reply(body={})

    # --- models and endpoints ----------------------------------------------------------------
    def _delete(self, name: str) -> Reply:
        if f"{name}@1" not in self.vertex.succeeded():
            raise refuse(404, "NOT_FOUND", f"The Model {name} does not exist.")
        self.vertex.deleted.add(f"{name}@1")
        operation = f"projects/{NUMBER}/locations/{self.name}/operations/1"
        return Reply(body={"name": operation, "done": True, "response": {}})

    def _say(self, who: str, body: dict[str, Any]) -> str:
        if who.startswith("publishers/google/models/"):
            return UNKNOWN
        for job in self.vertex.succeeded().values():
            made = self.vertex.told(job)["tunedModel"]["checkpoints"]
            if any(one["endpoint"].endswith(f"/{who}") for one in made):
                return job.data.answers().get(question(body), UNKNOWN)
        raise refuse(404, "NOT_FOUND", f"{who} is not found.")


def _settled(given: dict[str, Any]) -> dict[str, Any]:
    """Hyperparameters as the service tells them: what nobody named is chosen."""
    if int(given.get("epochCount", 1)) < 1:
        raise invalid("epoch_count must be positive")
    if given.get("adapterSize", "ADAPTER_SIZE_FOUR") not in ADAPTERS:
        raise invalid("adapter_size is not supported by the base model")
    chosen = {"learningRateMultiplier": 1, "adapterSize": "ADAPTER_SIZE_FOUR", "epochCount": 40}
    found = chosen | given
    return found | {"epochCount": str(found["epochCount"])}


def _whole(text: str) -> dict[str, Any]:
    content = {"role": "model", "parts": [{"text": text}]}
    return {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}]}


def _streamed(text: str) -> Reply:
    event = b"data: " + json.dumps(_whole(text)).encode() + b"\n\n"
    return Reply(body=event, headers={"Content-Type": "text/event-stream"})
