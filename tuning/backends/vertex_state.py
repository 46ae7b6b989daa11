"""What a tuning job of Vertex AI says of itself, in the words of the contract."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from tuning.backends.base import Checkpoint, JobState
from tuning.backends.vertex_google import line

if TYPE_CHECKING:
    from google.genai.types import TuningJob

_SUCCEEDED = {"JOB_STATE_SUCCEEDED", "JOB_STATE_PARTIALLY_SUCCEEDED"}
_FAILED = {"JOB_STATE_FAILED", "JOB_STATE_EXPIRED"}
_CANCELLED = "JOB_STATE_CANCELLED"
IN_VAIN = _FAILED | {_CANCELLED}
ENDED = _SUCCEEDED | IN_VAIN
_PHASES = {
    "JOB_STATE_QUEUED": gettext_noop("waiting"),
    "JOB_STATE_PENDING": gettext_noop("being prepared"),
    "JOB_STATE_RUNNING": gettext_noop("running"),
    "JOB_STATE_UPDATING": gettext_noop("being changed"),
    "JOB_STATE_PAUSED": gettext_noop("paused"),
    "JOB_STATE_CANCELLING": gettext_noop("being cancelled"),
    "TUNING_JOB_STATE_WAITING_FOR_QUOTA": gettext_noop("waiting for quota"),
    "TUNING_JOB_STATE_WAITING_FOR_CAPACITY": gettext_noop("waiting for machines"),
    "TUNING_JOB_STATE_PROCESSING_DATASET": gettext_noop("reading the data"),
    "TUNING_JOB_STATE_TUNING": gettext_noop("training"),
    "TUNING_JOB_STATE_POST_PROCESSING": gettext_noop("finishing"),
}
DEPLOYING = gettext_noop("being put on its endpoint")
_LOCATION = re.compile(r"projects/[^/]+/locations/([^/]+)/")
_PHASE_LENGTH = 60


def location(resource: str) -> str:
    """The location that a resource's name bears, or nothing."""
    found = _LOCATION.match(resource)
    return found[1] if found else ""


def word(state: Any) -> str:
    """The service's own word, one that the SDK does not know among them."""
    return str(getattr(state, "value", state) or "")


def read(job: TuningJob) -> JobState:
    """A running job has no end that is not in its state: unknown states, and a success whose
    endpoint is not there yet, run on until the run's own deadline."""
    state = word(job.state)
    if state in _FAILED:
        message, values = _failure(job, state)
        return JobState("failed", message=message, values=values, **_figures(job))
    if state == _CANCELLED:
        return JobState("cancelled", **_figures(job))
    made = job.tuned_model
    if state in _SUCCEEDED and made and made.endpoint:
        more = {"result": _result(job), **_figures(job), "progress": 1.0}
        if state != "JOB_STATE_SUCCEEDED":
            more["message"] = gettext_noop("the job succeeded in part: some results are missing")
        return JobState("succeeded", **more)
    return JobState("running", phase=_phase(job, state), **_figures(job))


def _phase(job: TuningJob, state: str) -> str:
    if state in _SUCCEEDED:
        return DEPLOYING
    finer = word(job.tuning_job_state)
    if state == "JOB_STATE_RUNNING" and finer in _PHASES:
        state = finer
    return _PHASES.get(state, line(state))[:_PHASE_LENGTH]


def _failure(job: TuningJob, state: str) -> tuple[str, dict[str, Any]]:
    said = line(job.error.message or "") if job.error else ""
    values: dict[str, Any] = {"said": said or state}
    if job.error and job.error.code is not None:
        values["said"] = f"{values['said']} ({job.error.code})"
    if job.tuned_model and job.tuned_model.model:
        # It was made and is paid for; a person can still put it on an endpoint.
        values["model"] = job.tuned_model.model
        return gettext_noop("%(said)s The model was made, but nothing serves it: %(model)s"), values
    return "%(said)s", values


# --- figures -------------------------------------------------------------------------------------
def _spec(job: TuningJob) -> Any:
    return job.supervised_tuning_spec or job.preference_optimization_spec


def _epochs(job: TuningJob) -> int:
    spec = _spec(job)
    parameters = spec.hyper_parameters if spec else None
    return (parameters.epoch_count if parameters else None) or 0


def _stats(job: TuningJob) -> Any:
    found = job.tuning_data_stats
    if found is None:
        return None
    return found.supervised_tuning_data_stats or found.preference_optimization_data_stats


def _done(job: TuningJob) -> int | None:
    """Epochs that are over, all of them where a model was made; None where nobody says."""
    metadata, made = job.tuning_job_metadata, job.tuned_model
    if metadata and metadata.completed_epoch_count:
        return min(metadata.completed_epoch_count, _epochs(job))
    if word(job.state) in _SUCCEEDED or (made and made.model):
        return _epochs(job)
    # A nought is left out of what Google sends.
    return 0 if metadata else None


def _figures(job: TuningJob) -> dict[str, Any]:
    """Progress, checkpoints, tokens, and the examples that were left out. The service tells no
    losses: only its console draws them."""
    epochs, done = _epochs(job), _done(job)
    figures: dict[str, Any] = {"progress": min((done or 0) / epochs, 1.0) if epochs else 0.0}
    made = job.tuned_model
    figures["checkpoints"] = tuple(
        Checkpoint(one.checkpoint_id or "", one.step, one.epoch, one.endpoint or "")
        for one in (made.checkpoints if made else None) or []
    )
    stats = _stats(job)
    if stats is None:
        return figures
    if stats.total_billable_token_count is not None and done is not None:
        # The count is of the dataset; it is billed once an epoch.
        figures["tokens"] = stats.total_billable_token_count * done
    return figures | _dropped(stats)


def _dropped(stats: Any) -> dict[str, Any]:
    """The service names a sample of the lines; its own count exceeds it. Preferences have no count.

    `truncated` is its old word for dropped: such an example is left out, not shortened.
    """
    lines = getattr(stats, "truncated_example_indices", None)
    lines = tuple(lines or getattr(stats, "dropped_example_indices", None) or ())
    count = getattr(stats, "total_truncated_example_count", None) or 0
    reasons = tuple(line(reason) for reason in stats.dropped_example_reasons or ())
    return {
        "dropped": lines,
        "dropped_count": max(count, len(lines)),
        "dropped_reasons": reasons,
    }


# --- result --------------------------------------------------------------------------------------
def _result(job: TuningJob) -> Mapping[str, Any]:
    """`model` is what answers, the endpoint: a model's own name is refused there. `artifact` is the
    model in the registry, which can be tuned further and deleted. `region` is where it is served,
    which need not be where it was tuned. `checkpoint` is the one behind `model`.
    """
    made = job.tuned_model
    assert made is not None
    endpoint = made.endpoint or ""
    checkpoints = [
        {
            "id": one.checkpoint_id or "",
            "epoch": one.epoch,
            "step": one.step,
            "endpoint": one.endpoint or "",
        }
        for one in made.checkpoints or []
    ]
    default = next((one["id"] for one in checkpoints if one["endpoint"] == endpoint), "")
    found = {
        "model": endpoint,
        "artifact": made.model or "",
        "checkpoint": default,
        "region": location(endpoint),
        "base": job.base_model or (job.pre_tuned_model and job.pre_tuned_model.base_model) or "",
        "job": job.name or "",
        "checkpoints": checkpoints,
        "experiment": job.experiment or "",
        "metrics": job.gcs_metrics_uri or "",
    }
    return {name: value for name, value in found.items() if value}


def endpoints(result: Mapping[str, Any]) -> list[str]:
    """The endpoints that a result names, each once: the model's, and those of its checkpoints."""
    named = [result.get("model"), *(one.get("endpoint") for one in result.get("checkpoints", ()))]
    return list(dict.fromkeys(name for name in named if name))


def is_same_model(one: object, other: str) -> bool:
    """Whether two names mean one model: a project has a name and a number, a version is no matter.
    Numbers of models are the service's own and repeat nowhere in a location."""
    return str(one).partition("@")[0].rpartition("/")[2] == other.rpartition("/")[2]
