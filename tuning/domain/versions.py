"""Model versions: the base of each assistant, new ones, traffic by a person, and back (E4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils.translation import gettext_noop

from reviews.domain import assistants
from reviews.domain.errors import Conflict, Invalid, Refused
from reviews.domain.transitions import history, move
from reviews.models import Assistant
from tuning.enums import Backend, Provider, Stage, VersionStatus
from tuning.models import BaseModel, ModelVersion, TuningRun

BASE_NAME = "base"


def base_model() -> BaseModel:
    """The base model that TUNING_BASE_MODEL names: the embedded one, or a row that is there.

    Raises ImproperlyConfigured for a name that nobody has: a misspelt one must not become a model.
    """
    name = settings.TUNING_BASE_MODEL
    if name == Provider.EXEMPLAR:
        embedded, _created = BaseModel.objects.get_or_create(
            name=name, defaults={"provider": Provider.EXEMPLAR, "backend": Backend.EXEMPLAR}
        )
        return embedded
    found = BaseModel.objects.filter(name=name).first()
    if found is None:
        raise ImproperlyConfigured(f"TUNING_BASE_MODEL: no base model is called {name!r}")
    return found


def ensure_base(assistant: Assistant) -> ModelVersion:
    """The assistant's base version, made where there is none: every assistant starts with one."""
    found = ModelVersion.objects.filter(assistant=assistant, run=None).first()
    if found:
        return found
    assistants.prepare(assistant)
    try:
        with transaction.atomic():
            return ModelVersion.objects.create(
                assistant=assistant,
                name=BASE_NAME,
                reference=f"{assistant.slug}/{BASE_NAME}",
                base_model=base_model(),
                prompt=assistant.prompts.latest("number"),
                status=VersionStatus.LIVE,
            )
    except IntegrityError:
        return ModelVersion.objects.get(assistant=assistant, run=None)


def _next_name(assistant: Assistant) -> str:
    """v1.0, then v1.1, v1.2, …"""
    count = ModelVersion.objects.candidates().filter(assistant=assistant).count()
    return f"v1.{count}"


def create(run: TuningRun, result: dict[str, Any]) -> ModelVersion:
    """The version that a finished training made; the same one when asked again."""
    there = ModelVersion.objects.filter(run=run).first()
    if there:
        return there
    name = _next_name(run.assistant)
    version = run.dataset_version
    return ModelVersion.objects.create(
        assistant=run.assistant,
        name=name,
        reference=f"{run.assistant.slug}/{name}",
        base_model=run.base_model,
        prompt=version.prompt or run.assistant.prompts.latest("number"),
        run=run,
        dataset_version=version,
        settings=result,
    )


def base_weight(assistant: Assistant) -> int:
    """What the others leave to the base, in percent."""
    taken = ModelVersion.objects.candidates().filter(assistant=assistant)
    return 100 - (taken.aggregate(total=Sum("traffic_weight"))["total"] or 0)


def _check_weight(version: ModelVersion, weight: int) -> None:
    left = base_weight(version.assistant) + version.traffic_weight
    if weight not in Stage.values:
        raise Invalid({"weight": "one of " + ", ".join(str(stage) for stage in Stage.values)})
    if weight > left:
        raise Conflict(f"other versions hold traffic: at most {left} % are left")


def overrides(version: ModelVersion) -> bool:
    """Whether traffic for it overrides a gate. Overridden and rolled back, it needs that again."""
    barred = VersionStatus.BARRED
    return version.status == barred or history(version).filter(to_status=barred).exists()


def activate(
    version: ModelVersion, *, by: Any, now: datetime, weight: int = Stage.TEN, reason: str = ""
) -> None:
    """Give the version its first share of the traffic. A person does this, never the machine.

    A barred version needs a written reason and the permission to override a gate.
    """
    if version.is_base:
        raise Refused(gettext_noop("the base takes what the others leave"))
    if overrides(version):
        if not by.has_perm("tuning.override_gate"):
            raise Refused(
                gettext_noop("a required gate was not passed, and you may not override it")
            )
        if not reason.strip():
            raise Invalid({"reason": gettext_noop("say why a gate is overridden")})
    if weight != Stage.TEN:
        # Wider stages have gates of their own, which a rollout measures.
        raise Invalid({"weight": gettext_noop("a version starts at 10 %")})
    with transaction.atomic():
        # Two activations at once: the assistant's row makes the second count the first.
        Assistant.objects.filter(pk=version.assistant_id).update(name=F("name"))
        _check_weight(version, weight)
        fields = {"traffic_weight": weight}
        move(version, VersionStatus.CANARY, by=by, note=reason, now=now, fields=fields)


def roll_back(version: ModelVersion, *, by: Any, now: datetime, reason: str) -> None:
    """Take all traffic from the version; the base answers again from the next request on."""
    if version.is_base:
        raise Refused(gettext_noop("there is nothing behind the base"))
    if not reason.strip():
        raise Invalid({"reason": gettext_noop("say why it is rolled back")})
    fields = {"traffic_weight": 0}
    move(version, VersionStatus.ROLLED_BACK, by=by, note=reason, now=now, fields=fields)
