"""Which version answers a request, and the answer itself (G1, G2, J2)."""

from __future__ import annotations

import hashlib
import logging
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from reviews.domain import contexts
from reviews.models import Assistant, Correction, RequestType
from tuning.domain import datasets, versions
from tuning.enums import AnswerOutcome, Part, Provider
from tuning.models import Answer, DatasetMember, ModelVersion
from tuning.providers.base import Completion, CompletionRequest, ModelProvider, ProviderError
from tuning.providers.exemplar import (
    DEFAULT_THRESHOLD,
    Exemplar,
    ExemplarProvider,
    Index,
    last_question,
)

log = logging.getLogger("hub.gateway")
_KEPT = 32
_indexes: OrderedDict[tuple[Any, ...], ExemplarProvider] = OrderedDict()
_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the gateway. `session` keeps a caller on one version; it is never stored."""

    prompt: str
    history: tuple[tuple[str, str], ...] = ()
    language: str = "id"
    session: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer with the context that a vote on it needs."""

    context: contexts.Context
    completion: Completion


# --- the exemplar model of a version -------------------------------------------------------------
def lessons(version: ModelVersion) -> list[Exemplar]:
    """Corrections in force that the version was not taught: correct once, effective at once.

    A version whose train part holds them needs no reminder, so each retires by itself (J2); one
    that fell into its test or validation part was never taught.
    """
    taught = DatasetMember.objects.filter(
        version=version.dataset_version_id,
        part=Part.TRAIN,
        revision=OuterRef("pair__current_revision"),
    )
    rows = Correction.objects.in_force().filter(~Exists(taught), assistant=version.assistant_id)
    texts = rows.order_by("id").values_list(
        "pair__current_revision__input",
        "pair__current_revision__output",
        "history",
        "pair__question__identity",
    )
    return [Exemplar(q, a, last_question(turns), family) for q, a, turns, family in texts]


def _exemplars(version: ModelVersion) -> list[Exemplar]:
    if version.is_base or version.dataset_version is None:
        return []
    taught = datasets.examples(version.dataset_version, Part.TRAIN)
    families = datasets.groups(version.dataset_version, Part.TRAIN)
    return [
        Exemplar(example.input, example.output, last_question(example.history), family)
        for example, family in zip(taught, families, strict=True)
    ]


def _make(version: ModelVersion, with_lessons: bool) -> ExemplarProvider:
    threshold = version.settings.get("threshold", DEFAULT_THRESHOLD)
    found = _exemplars(version) + (lessons(version) if with_lessons else [])
    return ExemplarProvider(Index(found, threshold))


def _lessons_stamp(version: ModelVersion) -> tuple[Any, ...]:
    # Each text, not a count: one withdrawn and another approved leave that as it was.
    rows = Correction.objects.in_force().filter(assistant=version.assistant_id)
    return tuple(rows.order_by("id").values_list("pk", "pair__current_revision"))


def _exemplar(version: ModelVersion, with_lessons: bool) -> ExemplarProvider:
    """The version's index, kept until a lesson changes; a version's own exemplars never do."""
    stamp = _lessons_stamp(version) if with_lessons else ("none",)
    key = (version.pk, version.reference, *stamp)
    with _guard:
        if key in _indexes:
            _indexes.move_to_end(key)
            return _indexes[key]
    made = _make(version, with_lessons)
    with _guard:
        _indexes[key] = made
        while len(_indexes) > _KEPT:
            _indexes.popitem(last=False)
    return made


_PROVIDERS: dict[str, Callable[[ModelVersion, bool], ModelProvider]] = {
    Provider.EXEMPLAR: _exemplar,
}


def provider(version: ModelVersion, *, with_lessons: bool = True) -> ModelProvider:
    """Who answers for the version. Evaluations ask without lessons: they measure the version."""
    return _PROVIDERS[version.base_model.provider](version, with_lessons)


# --- routing -------------------------------------------------------------------------------------
def _point(assistant: Assistant, session: str) -> float:
    """Where on the scale from 0 to 100 a request falls: the same for the same session."""
    if not session:
        return random.uniform(0, 100)
    digest = hashlib.sha256(f"{assistant.pk}:{session}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 * 100


def route(assistant: Assistant, session: str = "") -> ModelVersion:
    """The version for a request, by traffic weight; the base takes what the others leave."""
    serving = ModelVersion.objects.serving().filter(assistant=assistant)
    rows = serving.select_related("base_model", "prompt__assistant", "dataset_version__prompt")
    point = _point(assistant, session)
    base = None
    for version in rows.order_by("id"):
        if version.is_base:
            base = version
            continue
        point -= version.traffic_weight
        if point < 0:
            return version
    return base or versions.ensure_base(assistant)


def _note(version: ModelVersion, outcome: str, began: float, now: datetime) -> None:
    milliseconds = round((time.perf_counter() - began) * 1000)
    Answer.objects.create(version=version, at=now, milliseconds=milliseconds, outcome=outcome)


def _complete(
    version: ModelVersion, request: CompletionRequest, now: datetime
) -> tuple[ModelVersion, Completion]:
    """Ask the version; a candidate that fails falls back to the base and has it counted."""
    began = time.perf_counter()
    try:
        completion = provider(version).complete(request)
    except ProviderError as error:
        _note(version, AnswerOutcome.FAILED, began, now)
        if version.is_base:
            raise
        log.warning("candidate failed", extra={"version": version.reference, "error": str(error)})
        base = versions.ensure_base(version.assistant)
        return _complete(base, replace(request, system=base.prompt.text), now)
    outcome = AnswerOutcome.DECLINED if completion.declined else AnswerOutcome.ANSWERED
    _note(version, outcome, began, now)
    return version, completion


def answer(
    assistant: Assistant,
    request_type: RequestType,
    asked: Asked,
    *,
    now: datetime,
) -> Answered:
    """Answer through the version that the traffic weights choose, and register the context."""
    version = route(assistant, asked.session)
    request = CompletionRequest(
        prompt=request_type.fill(asked.prompt),
        system=version.prompt.text,
        history=asked.history,
        language=asked.language,
    )
    version, completion = _complete(version, request, now)
    context = contexts.Context(
        request_id=str(contexts.new_id(now.timestamp())),
        assistant_id=assistant.pk,
        request_type=request_type.slug,
        prompt=asked.prompt,
        response=completion.text,
        asked_at=now.isoformat(),
        history=[list(turn) for turn in asked.history],
        model_version=version.reference,
        prompt_version=str(version.prompt),
        language=asked.language,
        declined=completion.declined,
    )
    contexts.register(context)
    return Answered(context, completion)
