"""Model versions: the base of each assistant, new ones, traffic by a person, and back (E4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet, Sum
from django.utils.translation import gettext_noop

from reviews.domain import assistants
from reviews.domain.briefly import Known
from reviews.domain.errors import Conflict, Invalid, Refused
from reviews.domain.transitions import history, move
from reviews.models import Assistant
from tuning.domain import answerers, gates, naming
from tuning.enums import SERVING, Ability, Backend, Method, Provider, Stage, VersionStatus
from tuning.models import BaseModel, DatasetVersion, Evaluation, ModelVersion, TuningRun

BASE_NAME = "base"
serving: Known[list[ModelVersion]] = Known(1.0)
"""What each assistant's requests go to: a rollback holds at once here, elsewhere in a second."""


def base_model() -> BaseModel:
    """The base model that TUNING_BASE_MODEL names: the embedded one, GEMINI_MODEL, or a row that
    is there.

    Raises ImproperlyConfigured for a name that nobody has: a misspelt one must not become a model.
    """
    name = settings.TUNING_BASE_MODEL
    known: dict[str, dict[str, str]] = {
        settings.GEMINI_MODEL: {"provider": Provider.GEMINI},
        Provider.EXEMPLAR: {"provider": Provider.EXEMPLAR, "backend": Backend.EXEMPLAR},
    }
    if name in known:
        made, _created = BaseModel.objects.get_or_create(name=name, defaults=known[name])
        return made
    found = BaseModel.objects.filter(name=name).first()
    if found is None:
        raise ImproperlyConfigured(f"TUNING_BASE_MODEL: no base model is called {name!r}")
    return found


def _bases(assistant: Assistant) -> QuerySet[ModelVersion]:
    return ModelVersion.objects.filter(assistant=assistant, is_base=True)


def _make_base(assistant: Assistant, model: BaseModel) -> ModelVersion:
    earlier = _bases(assistant).count()
    name = f"{BASE_NAME}-{earlier + 1}" if earlier else BASE_NAME
    return ModelVersion.objects.create(
        assistant=assistant,
        name=name,
        reference=f"{assistant.slug}/{name}",
        base_model=model,
        prompt=assistant.prompts.latest("number"),
        status=VersionStatus.LIVE,
        is_base=True,
    )


def ensure_base(assistant: Assistant) -> ModelVersion:
    """The assistant's base version, made where there is none: every assistant starts with one."""
    live = _bases(assistant).filter(status=VersionStatus.LIVE)
    found = live.select_related("base_model", "prompt__assistant").first()
    if found:
        return found
    assistants.prepare(assistant)
    try:
        with transaction.atomic():
            return _make_base(assistant, base_model())
    except IntegrityError:
        return live.get()


def _check_served(model: BaseModel) -> None:
    """Raise Refused where nobody would answer: what a run recorded is no server."""
    if model.provider == Provider.RECORDED:
        raise Refused(gettext_noop("no server answers for it yet: set its base model's provider"))


def change_base(
    assistant: Assistant, model: BaseModel, *, by: Any, now: datetime, reason: str
) -> ModelVersion:
    """Let another base model answer what the candidates leave, with the newest prompt.

    A base version never changes: the old one is retired and a new one made, in one transaction.
    """
    if not reason.strip():
        raise Invalid({"reason": gettext_noop("say why the base changes")})
    _check_served(model)
    old = ensure_base(assistant)
    with transaction.atomic():
        move(old, VersionStatus.RETIRED, by=by, note=reason, now=now)
        new = _make_base(assistant, model)
    serving.forget()
    return new


def _made(assistant: Assistant) -> list[naming.Made]:
    rows = ModelVersion.objects.candidates().filter(assistant=assistant)
    related = rows.select_related("run", "origin__run", "dataset_version")
    return [
        naming.Made(one.name, one.base_model_id, _method(one), samples(one.dataset_version))
        for one in related
    ]


def _method(version: ModelVersion) -> str:
    run = version.run or (version.origin and version.origin.run)
    return run.method if run else Method.SFT


def samples(version: DatasetVersion | None) -> int:
    """The pairs of a dataset version; 0 where nobody knows it."""
    return sum(version.split.values()) if version else 0


def make(assistant: Assistant, wanted: naming.Wanted, **fields: Any) -> ModelVersion:
    """A candidate under the next name of its line. Call it in a transaction that took the
    assistant's row by `take_row`: of two at once the second sees the first one's name."""
    made = _made(assistant)
    line = naming.line(wanted, made)
    name = naming.following([one.name for one in made], line)
    reference = f"{assistant.slug}/{name}"
    return ModelVersion.objects.create(
        assistant=assistant, name=name, reference=reference, **fields
    )


def take_row(assistant: Assistant) -> None:
    """Hold the assistant's row until the transaction ends: who comes second sees what the first
    did."""
    Assistant.objects.filter(pk=assistant.pk).update(name=F("name"))


def _wanted(
    version: DatasetVersion, model: BaseModel, method: str, continues: ModelVersion | None = None
) -> naming.Wanted:
    return naming.Wanted(
        model.pk,
        method,
        samples(version),
        continues=continues.name if continues else "",
        could_continue=Ability.CONTINUOUS in model.abilities,
    )


def to_continue(version: DatasetVersion, model: BaseModel, method: str) -> ModelVersion | None:
    """The tuned model that a run of the machine goes on with; None where it starts anew (D6): the
    base model can't be tuned further, a milestone was crossed, or none passed its gates."""
    assistant = version.dataset.assistant
    wanted = _wanted(version, model, method)
    if not wanted.could_continue or naming.adds_to(wanted, _made(assistant)) is None:
        return None
    good = [VersionStatus.GATED, *SERVING]
    rows = ModelVersion.objects.filter(assistant=assistant, base_model=model, status__in=good)
    return rows.filter(run__method=method).exclude(artifact="").order_by("-id").first()


def create(run: TuningRun, result: dict[str, Any]) -> ModelVersion:
    """The version that a finished training made; the same one when asked again."""
    version = run.dataset_version
    with transaction.atomic():
        take_row(run.assistant)
        there = ModelVersion.objects.filter(run=run).first()
        return there or make(
            run.assistant,
            _wanted(version, run.base_model, run.method, run.continues),
            base_model=run.base_model,
            prompt=version.prompt or run.assistant.prompts.latest("number"),
            run=run,
            dataset_version=version,
            settings=result,
            artifact=result.get("artifact", ""),
            checkpoint=result.get("checkpoint", ""),
        )


def base_weight(assistant: Assistant) -> int:
    """What the others leave to the base, in percent."""
    taken = ModelVersion.objects.candidates().filter(assistant=assistant)
    return 100 - (taken.aggregate(total=Sum("traffic_weight"))["total"] or 0)


def _check_left(version: ModelVersion, weight: int) -> None:
    left = base_weight(version.assistant) + version.traffic_weight
    if weight > left:
        raise Conflict(f"other versions hold traffic: at most {left} % are left")


def overrides(version: ModelVersion) -> bool:
    """Whether traffic for it overrides a gate. Overridden and rolled back, it needs that again."""
    barred = VersionStatus.BARRED
    return version.status == barred or history(version).filter(to_status=barred).exists()


def _gates_passed(version: ModelVersion, weight: int) -> bool:
    """Whether the gates before the stage that the weight falls into were passed."""
    stage = next(stage for stage in Stage.values if weight <= stage)
    if stage == Stage.TEN:
        # What the status says: such a version was gated, or overridden before.
        return not overrides(version)
    evaluation = Evaluation.objects.filter(version=version).first()
    return evaluation is not None and gates.passed(evaluation, stage)


def _may_override(by: Any, reason: str) -> None:
    if by is None or not by.has_perm("tuning.override_gate"):
        raise Refused(gettext_noop("a required gate was not passed, and you may not override it"))
    if not reason.strip():
        raise Invalid({"reason": gettext_noop("say why a gate is overridden")})


def set_traffic(
    version: ModelVersion, weight: int = Stage.TEN, *, by: Any, now: datetime, reason: str = ""
) -> None:
    """Give the version this share of the traffic, in percent: its first one, or another.

    A person does this, or a key that a person gave the scope to; never the machine. Gates that the
    share needs and that were not passed take a written reason and the permission to override.
    Before its first traffic, a version on a server of one's own must answer a question.
    """
    if version.is_base:
        raise Refused(gettext_noop("the base takes what the others leave"))
    if not 1 <= weight <= 100:
        raise Invalid({"weight": gettext_noop("a whole number from 1 to 100")})
    if version.status in SERVING and weight == version.traffic_weight:
        return
    _check_served(version.base_model)
    if version.status not in SERVING:
        answerers.probe(version)
    if not _gates_passed(version, weight):
        _may_override(by, reason)
    with transaction.atomic():
        # Two at once: the second counts the first.
        take_row(version.assistant)
        _check_left(version, weight)
        note = f"{version.traffic_weight} % → {weight} %." + (f" {reason}" if reason else "")
        fields = {"traffic_weight": weight}
        move(version, VersionStatus.CANARY, by=by, note=note, now=now, fields=fields)
    serving.forget()


def roll_back(version: ModelVersion, *, by: Any, now: datetime, reason: str) -> None:
    """Take all traffic from the version; the base answers again from the next request on."""
    if version.is_base:
        raise Refused(gettext_noop("there is nothing behind the base"))
    if not reason.strip():
        raise Invalid({"reason": gettext_noop("say why it is rolled back")})
    fields = {"traffic_weight": 0}
    move(version, VersionStatus.ROLLED_BACK, by=by, note=reason, now=now, fields=fields)
    serving.forget()


def deactivate(version: ModelVersion, *, by: Any, now: datetime, reason: str) -> None:
    """Roll it back where it serves. Asked again, nothing happens."""
    if version.is_base or version.status in SERVING:
        roll_back(version, by=by, now=now, reason=reason)
