"""Tuning on Vertex AI: jobs, their models and endpoints, in two locations with a server each.

    with Storage() as storage, Vertex(storage, seconds=60) as vertex:
        vertex.addresses  # {"us-central1": ..., "us": ..., "storage": ...}, for GEMINI_ADDRESSES
        vertex.clock.forward(30)

A job takes `seconds`, by a clock that also runs by itself. It reads its data from the storage, and
drops without a word what the service would drop. Its model has learned by heart: asked what it was
taught, it answers so. `overrides` are laid over a job's answer, by the job's name.

By itself, for a walk through the hub: `python -m tests.standins.vertex 9001 9002 9003`.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from tests.standins.storage import Storage
from tests.standins.vertex_data import Data
from tests.standins.vertex_location import NUMBER, PROJECT, Location
from tests.standins.vertex_rules import METHODS

READS_UNTIL, TUNES_UNTIL = 0.1, 0.9
"""Shares of a job's time."""


class Clock:
    """Seconds that pass by themselves, and faster where a test says so."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def forward(self, seconds: float) -> None:
        self._ahead += seconds

    def __call__(self) -> float:
        return time.time() + self._ahead


@dataclass
class Job:
    name: str
    number: int
    body: dict[str, Any]
    data: Data
    began: float
    usable: bool = True
    cancelled: float | None = None
    cancel_wins: bool = True

    @property
    def method(self) -> str:
        return next(name for name in METHODS if name in self.body)

    @property
    def base(self) -> str:
        return self.body.get("baseModel") or self.body["preTunedModel"]["baseModel"]

    @property
    def epochs(self) -> int:
        return int(self.body[self.method]["hyperParameters"]["epochCount"])


def stamp(seconds: float) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


class Vertex:
    """The service in one project. `jobs` are the newest last."""

    def __init__(
        self,
        storage: Storage,
        region: str = "us-central1",
        serves: str = "us",
        *,
        seconds: float = 60.0,
        ports: tuple[int, int] = (0, 0),
    ) -> None:
        self.storage, self.region, self.serves = storage, region, serves
        self.seconds, self.clock = seconds, Clock()
        self.jobs: dict[str, Job] = {}
        self.overrides: dict[str, dict[str, Any]] = {}
        self.deleted: set[str] = set()
        self.undeployed: dict[str, float] = {}
        """When an endpoint loses its model, by its name."""
        self.undeploys_in = 0.0
        """Seconds that it takes."""
        self.empty_follow_up = False
        """Each last page of a list is followed by one that is empty."""
        self.cancel_wins = True
        """Whether a job that is asked to end does; else it still succeeds."""
        self.tuning = Location(self, region, ports[0])
        self.serving = Location(self, serves, ports[1])

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            opened.enter_context(self.tuning)
            opened.enter_context(self.serving)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._opened.close()

    @property
    def addresses(self) -> dict[str, str]:
        found = {self.region: self.tuning.origin, self.serves: self.serving.origin}
        return found | {"storage": self.storage.origin}

    def begin(
        self, name: str, number: int, body: dict[str, Any], data: Data, *, usable: bool
    ) -> None:
        job = Job(name, number, body, data, self.clock(), usable, cancel_wins=self.cancel_wins)
        self.jobs[name] = job

    # --- a job as it is told -----------------------------------------------------------------
    def share(self, job: Job, now: float | None = None) -> float:
        """How much of the job's time is over, or was."""
        now = self.clock() if now is None else now
        return (now - job.began) / self.seconds if self.seconds else 1.0

    def told(self, job: Job) -> dict[str, Any]:
        share, end = self.share(job), stamp(job.began + self.seconds)
        found = {"name": job.name, **job.body, "createTime": stamp(job.began)}
        asked = job.cancelled is not None
        if asked and job.cancel_wins and self.clock() >= job.cancelled + self.seconds / 20:
            found |= {"state": "JOB_STATE_CANCELLED", "endTime": stamp(job.cancelled)}
            found["error"] = {"code": 1, "message": "The tuning job was cancelled."}
            found |= self._so_far(job, job.cancelled)
        elif asked and (job.cancel_wins or share < 1):
            found["state"] = "JOB_STATE_CANCELLING"
        elif share < READS_UNTIL / 2:
            found["state"] = "JOB_STATE_PENDING"
        elif share >= READS_UNTIL and not job.usable:
            found |= {"state": "JOB_STATE_FAILED", "endTime": end, **self._stats(job)}
            found["error"] = {"code": 3, "message": "Dataset is empty after validation."}
        elif share < 1:
            found |= {"state": "JOB_STATE_RUNNING", **self._running(job, share)}
        else:
            found |= {"state": "JOB_STATE_SUCCEEDED", "endTime": end, **self._made(job)}
        return found | self.overrides.get(job.name, {})

    def _running(self, job: Job, share: float) -> dict[str, Any]:
        if share < READS_UNTIL:
            return {"tuningJobState": "TUNING_JOB_STATE_PROCESSING_DATASET"}
        finer = "TUNING" if share < TUNES_UNTIL else "POST_PROCESSING"
        return {"tuningJobState": f"TUNING_JOB_STATE_{finer}", **self._so_far(job, self.clock())}

    def _so_far(self, job: Job, now: float) -> dict[str, Any]:
        """Statistics, once the data is read, and the epochs that were over; no nought is sent."""
        share = self.share(job, now)
        if share < READS_UNTIL:
            return {}
        tuned = min((share - READS_UNTIL) / (TUNES_UNTIL - READS_UNTIL), 1.0)
        done = int(tuned * job.epochs)
        metadata = {"completedEpochCount": str(done)} if done else {}
        return {"tuningJobMetadata": metadata, **self._stats(job)}

    def steps(self, job: Job) -> int:
        """Steps of an epoch: four examples each."""
        return max(1, len(job.data.examples) // 4)

    def _stats(self, job: Job) -> dict[str, Any]:
        """int64 travels as text; what is empty is left out."""
        data = job.data
        stats: dict[str, Any] = {
            "tuningDatasetExampleCount": str(len(data.examples) + len(data.dropped)),
            "totalBillableTokenCount": str(data.tokens),
            "tuningStepCount": str(self.steps(job) * job.epochs),
        }
        if data.dropped:
            supervised = job.method == "supervisedTuningSpec"
            lines = "truncatedExampleIndices" if supervised else "droppedExampleIndices"
            stats[lines] = [str(number) for number in data.dropped][:10]
            stats["droppedExampleReasons"] = list(data.dropped.values())[:10]
            if supervised:
                stats["totalTruncatedExampleCount"] = str(len(data.dropped))
        return {"tuningDataStats": {METHODS[job.method]: stats}}

    def _made(self, job: Job) -> dict[str, Any]:
        place = f"projects/{NUMBER}/locations/{self.serves}"
        checkpoints = [
            {
                "checkpointId": str(epoch),
                "epoch": str(epoch),
                "step": str(epoch * self.steps(job)),
                "endpoint": f"{place}/endpoints/{job.number}{epoch:03}",
            }
            for epoch in range(1, job.epochs + 1)
        ]
        if job.body[job.method].get("exportLastCheckpointOnly"):
            checkpoints = checkpoints[-1:]
        metadata = {"completedEpochCount": str(job.epochs)}
        context = f"metadataStores/default/contexts/tuning-experiment-{job.number}"
        made = {"model": self.model(job), "endpoint": checkpoints[-1]["endpoint"]}
        return {
            "tuningJobMetadata": metadata,
            "experiment": f"projects/{NUMBER}/locations/{self.region}/{context}",
            "tunedModel": made | {"checkpoints": checkpoints},
            **self._stats(job),
        }

    def model(self, job: Job) -> str:
        return f"projects/{NUMBER}/locations/{self.serves}/models/{job.number}@1"

    def succeeded(self) -> dict[str, Job]:
        """Jobs whose model is there, by the model's name."""
        jobs = self.jobs.values()
        done = [job for job in jobs if self.told(job).get("state") == "JOB_STATE_SUCCEEDED"]
        found = {self.model(job): job for job in done}
        return {name: job for name, job in found.items() if name not in self.deleted}

    def endpoints(self) -> dict[str, str]:
        """The model (without its version) that each endpoint holds, or nothing."""
        found = {}
        for job in self.jobs.values():
            model = self.model(job)
            for one in self.told(job).get("tunedModel", {}).get("checkpoints", ()):
                off = self.undeployed.get(one["endpoint"])
                held = off is None or self.clock() < off
                found[one["endpoint"]] = model.removesuffix("@1") if held else ""
        return found


# --- by itself -----------------------------------------------------------------------------------
def credentials(path: Path, token_address: str) -> None:
    """A file of workload identity, whose tokens the stand-in gives.

    Not a service account's: for that one Google's library asks Google itself for more.
    """
    about = {
        "type": "external_account",
        "audience": "//standin",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": token_address,
        # The token to be exchanged stands in this file itself.
        "credential_source": {
            "file": str(path),
            "format": {"type": "json", "subject_token_field_name": "subject"},
        },
        "subject": "hub",
    }
    path.write_text(json.dumps(about), encoding="ascii")


def main() -> None:
    parser = argparse.ArgumentParser(description="Vertex AI and Cloud Storage, until ended.")
    parser.add_argument("tuning", type=int, nargs="?", default=0, help="port of us-central1")
    parser.add_argument("serving", type=int, nargs="?", default=0, help="port of us")
    parser.add_argument("storage", type=int, nargs="?", default=0, help="port of Cloud Storage")
    parser.add_argument("--seconds", type=float, default=60.0, help="that a job takes")
    said = parser.parse_args()
    # Ended, it takes its file along.
    signal.signal(signal.SIGTERM, lambda *_args: sys.exit())
    with (
        tempfile.TemporaryDirectory() as folder,
        Storage(port=said.storage) as storage,
        Vertex(storage, seconds=said.seconds, ports=(said.tuning, said.serving)) as vertex,
    ):
        file = Path(folder) / "credentials.json"
        credentials(file, f"{vertex.tuning.origin}/token")
        places = ",".join(f"{origin}={place}" for place, origin in vertex.addresses.items())
        print("export NO_PROXY=127.0.0.1")
        print(f"export GEMINI_PROJECT_ID={PROJECT} GEMINI_BUCKET={storage.bucket}")
        print(f"export GEMINI_ADDRESSES={places}")
        print(f"export GOOGLE_APPLICATION_CREDENTIALS={file}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
