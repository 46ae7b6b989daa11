"""Gemini tuned on Vertex AI through google-genai, its data on Cloud Storage (docs/vertex.md).

A job's id is its resource name. The run's label is a label of the job: a create whose answer was
lost is found by it and never paid twice, for the service knows no request ids.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext_noop

from reviews.formats import gemini
from tuning.backends import options as of_options
from tuning.backends import vertex_checks as checks
from tuning.backends import vertex_state as state
from tuning.backends.base import (
    PREFERENCE,
    SFT,
    BackendError,
    Base,
    Data,
    Estimate,
    JobState,
    Problem,
    TrainingSpec,
)
from tuning.backends.vertex_google import SECONDS, Google, translated

if TYPE_CHECKING:
    from google.cloud.storage import Bucket
    from google.genai.types import CreateTuningJobConfig, TuningJob

log = logging.getLogger("hub.vertex")
_LABEL = "feedbackhub"
"""The key of the job's label that holds the run's."""
_FOLDER = "feedbackhub"
_BYTES_A_TOKEN = 3
"""For estimates. Prose in Latin letters has about four bytes (UTF-8) a token, Chinese, Japanese or
Thai three and more: a run costs less rather than more."""
_CHUNK = 8 * 1024 * 1024
"""Bytes of a file that an upload holds in memory."""
_PAGE = 100


class VertexBackend:
    formats: ClassVar[Mapping[str, str]] = {SFT: gemini.NAME, PREFERENCE: "gemini_preference"}
    exclusive: ClassVar[str] = ""
    options: ClassVar[type] = checks.Options

    def __init__(
        self, google: Google | None = None, today: Callable[[], date] = timezone.localdate
    ) -> None:
        self._google, self._today = google or Google.configured(), today

    # --- before ----------------------------------------------------------------------------------
    def check(
        self, options: Mapping[str, Any], base: Base, data: Data, method: str = SFT
    ) -> tuple[Problem, ...]:
        return checks.problems(options, base, data, method, self._today())

    def estimate(
        self, options: Mapping[str, Any], base: Base, data: Data, method: str = SFT
    ) -> Estimate:
        """Billed are the dataset's tokens, once an epoch; of preferences the prompt twice, once for
        each answer (which `data` can't tell apart: all of it is counted twice). Nobody publishes
        how long a job takes."""
        epochs = of_options.read(checks.Options, options).epochs or 0
        times = 2 * epochs if method == PREFERENCE else epochs
        tokens = -(-data.size // _BYTES_A_TOKEN) * times
        cost = None if base.price is None else tokens * base.price / 1_000_000
        return Estimate(tokens, None, cost)

    # --- the files -------------------------------------------------------------------------------
    def upload(self, spec: TrainingSpec) -> None:
        checks.check_files(spec, self.formats[spec.method])
        bucket = self._google.bucket()
        for path in _files(spec):
            _upload(bucket, path)

    def _uri(self, path: Path) -> str:
        return f"gs://{self._google.bucket_name}/{_object_name(path)}"

    # --- the job ---------------------------------------------------------------------------------
    def start(self, spec: TrainingSpec) -> str:
        from google.genai.types import TuningDataset

        client = self._google.vertex(spec.base.tune_region)
        data = TuningDataset(gcs_uri=self._uri(spec.train_file))
        config = self._config(spec)
        with translated():
            job = client.tunings.tune(
                base_model=spec.base.continues or spec.base.name,
                training_dataset=data,
                config=config,
            )
        return _name(job)

    def _config(self, spec: TrainingSpec) -> CreateTuningJobConfig:
        # Always the class: of a dict the SDK loses the checkpoint without a word.
        from google.genai import types

        given = of_options.read(checks.Options, spec.options)
        held_out = spec.validation_file if spec.validation_file in _files(spec) else None
        tuning = types.TuningMethod
        return types.CreateTuningJobConfig(
            # Named even where it is the default: with `beta` alone the SDK sends both specs.
            method=tuning.PREFERENCE_TUNING
            if spec.method == PREFERENCE
            else tuning.SUPERVISED_FINE_TUNING,
            labels={_LABEL: spec.label},
            tuned_model_display_name=spec.label,
            epoch_count=given.epochs,
            learning_rate_multiplier=given.learning_rate_multiplier,
            adapter_size=types.AdapterSize(checks.ADAPTER_SIZES[given.adapter_size])
            if given.adapter_size
            else None,
            beta=given.beta,
            export_last_checkpoint_only=given.export_last_checkpoint_only or None,
            pre_tuned_model_checkpoint_id=spec.base.checkpoint or None,
            validation_dataset=types.TuningValidationDataset(gcs_uri=self._uri(held_out))
            if held_out
            else None,
        )

    def find(self, spec: TrainingSpec) -> str | None:
        """Labels are compared here: whether the service can filter by them is written nowhere.

        Should two jobs bear the label, the one that did not end for nothing, then the newest.
        """
        jobs = self._jobs(spec.base.tune_region)
        mine = [job for job in jobs if (job.labels or {}).get(_LABEL) == spec.label]
        if len(mine) > 1:
            names = [job.name for job in mine]
            log.warning("several jobs bear one label", extra={"label": spec.label, "jobs": names})
        mine.sort(key=lambda job: state.word(job.state) in state.IN_VAIN)
        return _name(mine[0]) if mine else None

    def _jobs(self, region: str) -> Iterator[TuningJob]:
        from google.genai.types import ListTuningJobsConfig

        client = self._google.vertex(region)
        with translated():
            pages = client.tunings.list(config=ListTuningJobsConfig(page_size=_PAGE))
        while True:
            # By page: the SDK's own loop fails at one that is empty.
            yield from pages.page
            try:
                with translated():
                    pages.next_page()
            except IndexError:
                return

    def poll(self, job: str) -> JobState:
        return state.read(self._get(job))

    def _get(self, job: str) -> TuningJob:
        client = self._google.vertex(_region(job))
        with translated():
            return client.tunings.get(name=job)

    def cancel(self, job: str) -> None:
        client = self._google.vertex(_region(job))
        try:
            with translated():
                client.tunings.cancel(name=job)
        except BackendError as error:
            # One that has ended can't be cancelled, and that is well.
            if not error.permanent or state.word(self._get(job).state) not in state.ENDED:
                raise

    def delete(self, result: Mapping[str, Any]) -> None:
        """The model with all its versions, taken off its endpoints first, for the service refuses
        one that is deployed. An endpoint that holds nothing else goes, too."""
        model = str(result.get("artifact", "")).partition("@")[0]
        if not model:
            return
        # Each is asked, whatever the one before says.
        off = [self._took_off(name, model) for name in state.endpoints(result)]
        if not all(off):
            reason = gettext_noop("Google is taking the model off its endpoints: ask again later")
            raise BackendError(reason, permanent=False)
        client = self._google.vertex(_region(model))
        with _gone_is_well(), translated():
            client.models.delete(model=model)

    def _took_off(self, endpoint: str, model: str) -> bool:
        """Whether the endpoint is rid of the model; the service may still be at it."""
        place = _region(endpoint)
        with _gone_is_well():
            held = self._google.ask("GET", place, endpoint).get("deployedModels") or []
            mine = [one for one in held if state.is_same_model(one.get("model"), model)]
            asked = [
                self._google.ask(
                    "POST", place, f"{endpoint}:undeployModel", {"deployedModelId": one["id"]}
                )
                for one in mine
            ]
            if not all(operation.get("done") for operation in asked):
                return False
            if len(mine) == len(held):
                self._google.ask("DELETE", place, endpoint)
        return True


@contextmanager
def _gone_is_well() -> Iterator[None]:
    try:
        yield
    except BackendError as error:
        if error.values.get("status") != 404:
            raise


def _region(resource: str) -> str:
    """The location in a resource's name: the SDK asks the client's, whatever the name says."""
    found = state.location(resource)
    if not found:
        reason = gettext_noop("%(name)s is no resource of Vertex AI")
        raise BackendError(reason, permanent=True, values={"name": resource})
    return found


def _name(job: TuningJob) -> str:
    if not job.name:
        raise BackendError(gettext_noop("an answer that is not Google's protocol"), permanent=False)
    return job.name


# --- Cloud Storage -------------------------------------------------------------------------------
def _files(spec: TrainingSpec) -> list[Path]:
    """What is uploaded: an empty validation part is no file to the service."""
    held_out = [spec.validation_file] if spec.validation_file.stat().st_size else []
    return [spec.train_file, *held_out]


def _object_name(path: Path) -> str:
    """By content: the same file has one object, and an object never changes."""
    with path.open("rb") as file:
        return f"{_FOLDER}/{hashlib.file_digest(file, 'sha256').hexdigest()}.jsonl"


def _crc32c(path: Path) -> str:
    """As Cloud Storage writes it: base64 of the big-endian checksum."""
    import google_crc32c

    with path.open("rb") as file:
        found = google_crc32c.Checksum()
        for _block in found.consume(file, _CHUNK):
            continue
    return base64.b64encode(found.digest()).decode()


def _upload(bucket: Bucket, path: Path) -> None:
    from google.api_core.exceptions import PreconditionFailed
    from google.cloud.storage.retry import DEFAULT_RETRY

    blob = bucket.blob(_object_name(path), chunk_size=_CHUNK)
    # Sent again is harmless, and the next look tries anyway.
    patient = {"retry": DEFAULT_RETRY.with_timeout(SECONDS), "timeout": SECONDS}
    with translated():
        try:
            # Only where nothing is there yet.
            blob.upload_from_filename(
                str(path), content_type="application/jsonl", if_generation_match=0, **patient
            )
        except PreconditionFailed:
            blob.reload(**patient)
    if blob.crc32c != _crc32c(path):
        reason = gettext_noop("another file lies at %(name)s on Cloud Storage")
        raise BackendError(reason, permanent=True, values={"name": blob.name})
