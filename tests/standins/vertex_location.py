"""What answers at the address of one location of Vertex AI: its protocol, and its refusals."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.standins import vertex_rules as rules
from tests.standins.server import UNAUTHENTICATED, Received, Reply, Server
from tests.standins.vertex_data import Data, camel, question
from tests.standins.vertex_rules import Refused, invalid, refuse

if TYPE_CHECKING:
    from tests.standins.vertex import Vertex

PROJECT, NUMBER = "proyek-uji", "123456789012"
UNKNOWN = "Maaf, saya belum tahu."
_PLACE = re.compile(r"/v1(?:beta1)?/projects/([^/]+)/locations/([^/]+)/(.+)")
_ASKED = re.compile(r"(.+):(generateContent|streamGenerateContent)")


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
        if place[3].startswith("endpoints/"):
            return self._endpoint(request, f"projects/{NUMBER}/locations/{place[2]}/{place[3]}")
        raise refuse(404, "NOT_FOUND", "no such method")

    # --- jobs --------------------------------------------------------------------------------
    def _create(self, request: Received) -> Reply:
        body = camel(request.json)
        method = rules.method(body)
        base = self._base(body, method)
        rules.check_names(body)
        spec = body[method]
        train = self._file(spec["trainingDatasetUri"])
        held = self._file(spec["validationDatasetUri"]) if "validationDatasetUri" in spec else None
        rules.check_files(train, held)
        spec["hyperParameters"] = rules.settled(spec.get("hyperParameters", {}), base)
        number = 6_000_000_000_000_000_000 + len(self.vertex.jobs)
        name = f"projects/{NUMBER}/locations/{self.name}/tuningJobs/{number}"
        body.setdefault("tunedModelDisplayName", f"model-{number}")
        preference = method == rules.PREFERENCE
        data = Data.of(train, preference=preference)
        unseen = None if held is None else Data.of(held, preference=preference)
        self.vertex.begin(name, number, body, data, usable=rules.usable(data, unseen))
        return Reply(body={"name": name, **body, "state": "JOB_STATE_PENDING"})

    def _base(self, body: dict[str, Any], method: str) -> str:
        """The base model that the job tunes in the end."""
        earlier = body.get("preTunedModel")
        if bool(earlier) == ("baseModel" in body):
            raise invalid("one of base_model and pre_tuned_model is needed")
        if earlier:
            job = self.vertex.succeeded().get(earlier.get("tunedModelName", ""))
            if job is None:
                raise refuse(404, "NOT_FOUND", "The pre-tuned model does not exist.")
            if int(earlier.get("checkpointId", 1)) not in range(1, job.epochs + 1):
                raise invalid("The pre-tuned model has no such checkpoint.")
            earlier["baseModel"] = job.base
        base = earlier["baseModel"] if earlier else body["baseModel"]
        rules.check_base(base, method, further=bool(earlier))
        return base

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
        if any(model == name for model in self.vertex.endpoints().values()):
            said = f"The Model {name} is deployed at an endpoint."
            raise refuse(400, "FAILED_PRECONDITION", said)
        self.vertex.deleted.add(f"{name}@1")
        return self._operation(done=True)

    def _operation(self, *, done: bool) -> Reply:
        name = f"projects/{NUMBER}/locations/{self.name}/operations/1"
        return Reply(body={"name": name} | ({"done": True, "response": {}} if done else {}))

    def _endpoint(self, request: Received, name: str) -> Reply:
        name, _colon, verb = name.partition(":")
        held = self.vertex.endpoints()
        if name not in held or name in self.vertex.deleted:
            raise refuse(404, "NOT_FOUND", f"The Endpoint {name} does not exist.")
        there = [{"id": "1", "model": held[name], "modelVersionId": "1"}] if held[name] else []
        if request.method == "GET" and not verb:
            return Reply(body={"name": name} | ({"deployedModels": there} if there else {}))
        if request.method == "POST" and verb == "undeployModel":
            if request.json.get("deployedModelId") != "1" or not there:
                raise invalid("No such deployed model.")
            self.vertex.undeployed[name] = self.vertex.clock() + self.vertex.undeploys_in
            return self._operation(done=not self.vertex.undeploys_in)
        if request.method != "DELETE" or verb:
            raise refuse(404, "NOT_FOUND", "no such method")
        if there:
            raise refuse(400, "FAILED_PRECONDITION", f"The Endpoint {name} has deployed models.")
        self.vertex.deleted.add(name)
        return self._operation(done=True)

    def _say(self, who: str, body: dict[str, Any]) -> str:
        if who.startswith("publishers/google/models/"):
            return UNKNOWN
        model = self.vertex.endpoints().get(f"projects/{NUMBER}/locations/{self.name}/{who}")
        if model:
            job = self.vertex.succeeded()[f"{model}@1"]
            return job.data.answers().get(question(body), UNKNOWN)
        raise refuse(404, "NOT_FOUND", f"{who} is not found.")


def _whole(text: str) -> dict[str, Any]:
    content = {"role": "model", "parts": [{"text": text}]}
    return {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}]}


def _streamed(text: str) -> Reply:
    event = b"data: " + json.dumps(_whole(text)).encode() + b"\n\n"
    return Reply(body=event, headers={"Content-Type": "text/event-stream"})
