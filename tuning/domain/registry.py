"""Model versions that no run of their own made, and the end of a tuned model at its provider.

A model that was tuned elsewhere and another checkpoint of one that was tuned here are candidates as
any: asked the same questions, held against the same gates, given traffic by a person alone.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from reviews.domain.errors import Conflict, Invalid, Refused, Unavailable
from reviews.domain.hints import hint
from reviews.domain.transitions import StaleMove, move
from reviews.models import Assistant
from tuning.backends import BackendError
from tuning.domain import evaluations, gates, naming, run_files, versions
from tuning.enums import SERVING, Method, Provider, RunStatus, Stage, VersionStatus
from tuning.models import BaseModel, DatasetVersion, Evaluation, ModelVersion, TuningRun

log = logging.getLogger("hub.registry")
LEASE = timedelta(minutes=30)
"""A look asks fifty questions of both sides, and a model may think for a while."""
LOOK_TASK = "tuning.evaluate_candidates"
ANSWERING = (Provider.GEMINI, Provider.OPENAI)
"""Providers that answer for a tuned model by its name."""


# --- new ones ------------------------------------------------------------------------------------
def _candidate(
    assistant: Assistant,
    wanted: naming.Wanted,
    measured_by: DatasetVersion,
    now: datetime,
    **fields: Any,
) -> ModelVersion:
    made = versions.make(assistant, wanted, **fields)
    Evaluation.objects.create(
        version=made,
        baseline=versions.ensure_base(assistant),
        dataset_version=measured_by,
        created_at=now,
    )
    hint(LOOK_TASK)
    return made


def register(
    base_model: BaseModel,
    artifact: str,
    measured_by: DatasetVersion,
    *,
    taught: bool,
    now: datetime,
) -> ModelVersion:
    """A candidate of a model that was tuned elsewhere: `artifact` is what its provider calls it.

    The questions of `measured_by` decide whether it passes the gates; `taught` says that it learned
    that version's train part. Asked twice, it is one. Raises Invalid.
    """
    name = artifact.strip()
    if base_model.provider not in ANSWERING:
        reason = gettext_noop("no server answers for it by a name; allowed: Gemini, OpenAI")
        raise Invalid({"base_model": reason})
    if not name or len(name) > 255 or any(char.isspace() for char in name):
        raise Invalid({"artifact": gettext_noop("1 to 255 characters without spaces")})
    assistant = measured_by.dataset.assistant
    known = measured_by if taught else None
    wanted = naming.Wanted(base_model.pk, Method.SFT, versions.samples(known), could_continue=True)
    with transaction.atomic():
        versions.take_row(assistant)
        rows = ModelVersion.objects.candidates().filter(assistant=assistant, artifact=name)
        there = rows.filter(base_model=base_model, run=None, origin=None).first()
        return there or _candidate(
            assistant,
            wanted,
            measured_by,
            now,
            base_model=base_model,
            prompt=(known and known.prompt) or assistant.prompts.latest("number"),
            dataset_version=known,
            artifact=name,
            settings={"artifact": name, "model": name},
        )


def checkpoints(version: ModelVersion) -> list[dict[str, Any]]:
    """The checkpoints that the version's run kept: {id, step, epoch, loss, reference}, the last
    two where they are known. A reference is what the provider serves."""
    found: list[dict[str, Any]] = version.run.actual.get("checkpoints", []) if version.run else []
    return found


def of_checkpoint(version: ModelVersion, checkpoint: str, *, now: datetime) -> ModelVersion:
    """A candidate of another checkpoint of the version's tuned model; the same one when asked
    again. Raises Refused where nobody serves that checkpoint."""
    known = {row["id"]: row.get("reference", "") for row in checkpoints(version)}
    reference = known.get(checkpoint)
    if not reference or version.base_model.provider not in ANSWERING:
        raise Refused(gettext_noop("no server answers for this checkpoint"))
    if reference in version.settings.values():
        raise Conflict(gettext_noop("the version itself is this checkpoint"))
    assert version.run is not None
    assert version.dataset_version is not None
    samples = versions.samples(version.dataset_version)
    wanted = naming.Wanted(
        version.base_model_id, version.run.method, samples, continues=version.name
    )
    with transaction.atomic():
        versions.take_row(version.assistant)
        if ModelVersion.objects.exclude(deleted_at=None).filter(pk=version.pk).exists():
            raise Refused(gettext_noop("its tuned model is not there any more"))
        there = version.taken.filter(checkpoint=checkpoint).first()
        return there or _candidate(
            version.assistant,
            wanted,
            version.dataset_version,
            now,
            base_model=version.base_model,
            prompt=version.prompt,
            dataset_version=version.dataset_version,
            artifact=version.artifact or reference,
            checkpoint=checkpoint,
            origin=version,
            settings=version.settings | {"model": reference, "checkpoint": checkpoint},
        )


# --- their evaluation ----------------------------------------------------------------------------
def _look(version: ModelVersion, now: datetime) -> None:
    evaluation = version.evaluation
    if now >= evaluation.created_at + timedelta(hours=settings.TUNING_RUN_TIMEOUT_HOURS):
        move(version, VersionStatus.BARRED, note=gettext_noop("not evaluated in time"), now=now)
        return
    if evaluation.finished_at is None and evaluations.look(evaluation, now) < 1:
        hint(LOOK_TASK)
        return
    passed = gates.passed(evaluation, Stage.TEN)
    move(version, VersionStatus.GATED if passed else VersionStatus.BARRED, now=now)


def _waiting(now: datetime) -> QuerySet[ModelVersion]:
    """Candidates without a run that nobody holds. A lease that ends further off than anybody ever
    takes one was taken before a clock was put right."""
    free = Q(locked_until=None) | Q(locked_until__lt=now) | Q(locked_until__gt=now + LEASE)
    rows = ModelVersion.objects.candidates().filter(run=None, status=VersionStatus.CANDIDATE)
    return rows.filter(free)


def _claim(version: ModelVersion, now: datetime) -> bool:
    version.locked_until = now + LEASE
    mine = _waiting(now).filter(pk=version.pk)
    return bool(mine.update(locked_until=version.locked_until))


def _look_safely(version: ModelVersion, now: datetime) -> None:
    try:
        _look(version, now)
    except StaleMove:
        log.info("version moved by somebody else", extra={"version": version.reference})
    except Exception as error:
        # A provider that is away may be back at the next look; the deadline ends it.
        told = {"version": version.reference, "error": repr(error)}
        log.warning("evaluation failed", extra=told, exc_info=error)
    finally:
        # Only our own lease: past it, somebody else may hold the version.
        mine = ModelVersion.objects.filter(pk=version.pk, locked_until=version.locked_until)
        mine.update(locked_until=None)


def reconcile(now: datetime) -> int:
    """Ask each candidate without a run its next questions. Returns how many were looked at."""
    related = ("assistant", "base_model", "prompt__assistant", "evaluation__dataset_version")
    looked, began = 0, time.monotonic()
    for version in _waiting(now).select_related(*related).order_by("id"):
        # The looks before took their minutes: a lease counted from `now` might be over already.
        moment = now + timedelta(minutes=(time.monotonic() - began) // 60)
        if _claim(version, moment):
            _look_safely(version, moment)
            looked += 1
    return looked


# --- their end -----------------------------------------------------------------------------------
def _refuse_deletion(whole: ModelVersion, family: list[ModelVersion], reason: str) -> None:
    if whole.is_base:
        raise Refused(gettext_noop("a base is no tuned model"))
    if whole.run is None:
        raise Refused(gettext_noop("it was tuned elsewhere: delete it there"))
    if not reason.strip():
        raise Invalid({"reason": gettext_noop("say why it is deleted")})
    if any(one.status in SERVING for one in family):
        raise Conflict(gettext_noop("it serves: roll it back first"))
    if TuningRun.objects.active().filter(continues__in=family).exists():
        raise Conflict(gettext_noop("a run that is under way goes on with it"))


def _given_up(version: ModelVersion) -> bool:
    """Whether its run failed before its evaluation had ended: nobody asks it any more."""
    failed = version.run is not None and version.run.status == RunStatus.FAILED
    return version.status == VersionStatus.CANDIDATE and failed


def deletable(version: ModelVersion) -> bool:
    """Whether its status lets its tuned model go, or it went and may be asked for again."""
    gone = VersionStatus.DELETED
    if _given_up(version):
        return True
    return version.status == gone or gone in version.MOVES[version.status]


def delete_model(version: ModelVersion, *, by: Any, now: datetime, reason: str) -> None:
    """Delete the tuned model at its provider, with all its checkpoints; the rows stay.

    Never while one of them serves. Asked again, the provider is asked again: a crash or an error
    between the rows and the provider leaves a model that costs money. Raises Unavailable where the
    provider did not delete it.
    """
    whole = version.origin or version
    with transaction.atomic():
        # Nobody makes a version of one more checkpoint meanwhile.
        versions.take_row(whole.assistant)
        family = [whole, *whole.taken.all()]
        _refuse_deletion(whole, family, reason)
        for one in family:
            if _given_up(one):
                move(one, VersionStatus.BARRED, by=by, note=reason, now=now)
            if one.status != VersionStatus.DELETED:
                fields = {"deleted_at": now}
                move(one, VersionStatus.DELETED, by=by, note=reason, now=now, fields=fields)
    assert whole.run is not None
    try:
        run_files.backend_of(whole.run).delete(whole.settings)
    except BackendError as error:
        told = {"version": whole.reference, "error": str(error)}
        log.warning("tuned model not deleted", extra=told)
        raise Unavailable(
            gettext_noop("it is out of use, but its provider did not delete it: ask again")
        ) from error
