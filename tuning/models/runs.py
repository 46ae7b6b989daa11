"""Base models, and tuning runs with what happened in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reviews.models import Assistant
from tuning.enums import (
    ACTIVE_RUN,
    RUN_MOVES,
    Ability,
    Backend,
    EventKind,
    Method,
    Provider,
    RunStatus,
    Trigger,
)
from tuning.models.datasets import DatasetVersion


def server_address(value: str) -> None:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        # A password in it would be shown to whoever reads what is active.
        usable = usable and not parts.username
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or any(char.isspace() for char in value):
        raise ValidationError(_("An address such as http://127.0.0.1:11434/v1."))


def _answers_only() -> list[str]:
    return [Ability.SFT.value]


def known_abilities(value: object) -> None:
    if not isinstance(value, list) or set(map(str, value)) - set(Ability.values):
        raise ValidationError(_("A list of these: %(names)s."), params={"names": Ability.values})


def whole_numbers(value: object) -> None:
    if not isinstance(value, list) or not all(type(size) is int and size > 0 for size in value):
        raise ValidationError(_("A list of whole numbers such as [1, 2, 4]."))


class BaseModel(models.Model):
    """A model that answers as it is, or that a run tunes. Configuration, never a constant."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    provider = models.CharField(_("provider"), max_length=20, choices=Provider)
    backend = models.CharField(_("tuning backend"), max_length=20, choices=Backend, blank=True)
    remote_name = models.CharField(
        _("name at the provider"),
        max_length=200,
        blank=True,
        help_text=_("What the provider calls it; its name here unless told."),
    )
    # Not a URLField: that takes no name without a dot, such as that of a container.
    endpoint = models.CharField(
        _("address"),
        max_length=200,
        blank=True,
        validators=[server_address],
        help_text=_("Of an OpenAI-compatible server, up to /v1: http://127.0.0.1:11434/v1"),
    )
    region = models.CharField(
        _("region"), max_length=40, blank=True, help_text=_("Where Vertex serves it, such as eu.")
    )
    tune_region = models.CharField(
        _("tuning region"),
        max_length=40,
        blank=True,
        help_text=_("Where Vertex tunes it, such as europe-west4."),
    )
    abilities = models.JSONField(
        _("abilities"), default=_answers_only, blank=True, validators=[known_abilities]
    )
    token_limit = models.PositiveIntegerField(
        _("tokens in an example, at most"), null=True, blank=True
    )
    adapter_sizes = models.JSONField(
        _("adapter sizes"), default=list, blank=True, validators=[whole_numbers]
    )
    price = models.FloatField(
        _("price"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("US dollars for a million tokens of training; empty: unknown."),
    )
    retires_date = models.DateField(_("retires on"), null=True, blank=True)
    successors = models.ManyToManyField(
        "self",
        symmetrical=False,
        blank=True,
        related_name="predecessors",
        verbose_name=_("successors"),
        help_text=_("What can take its place when it retires."),
    )
    note = models.TextField(
        _("note"), blank=True, help_text=_("Where these facts come from, and of which day.")
    )

    class Meta:
        verbose_name = _("base model")
        verbose_name_plural = _("base models")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(provider="openai") | ~Q(endpoint=""),
                name="base_model_openai_has_address",
                violation_error_message=_("An OpenAI-compatible server needs its address."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def provider_name(self) -> str:
        return self.remote_name or self.name


FARTHEST = timedelta(hours=1)
"""Longer than any lease and any wait between two looks."""


class TuningRunQuerySet(models.QuerySet["TuningRun"]):
    def active(self) -> TuningRunQuerySet:
        return self.filter(status__in=ACTIVE_RUN)

    def due(self, now: datetime) -> TuningRunQuerySet:
        """Active runs whose next look has come, that nobody holds and that wait for no person."""
        free = Q(locked_until=None) | Q(locked_until__lt=now) | Q(locked_until__gt=now + FARTHEST)
        # What is further off than anybody ever sets it was written before a clock was put right.
        due = Q(next_look_at__lte=now) | Q(next_look_at__gt=now + FARTHEST)
        return self.active().filter(free, due, confirmed=True)


class TuningRun(models.Model):
    MOVES = RUN_MOVES
    # Of two who try a failed run again, one may be late: it has failed once more by then.
    MOVE_GUARDS = ("attempt",)

    assistant = models.ForeignKey(
        Assistant, models.PROTECT, related_name="runs", verbose_name=_("assistant")
    )
    dataset_version = models.ForeignKey(
        DatasetVersion, models.PROTECT, related_name="runs", verbose_name=_("dataset version")
    )
    base_model = models.ForeignKey(
        BaseModel, models.PROTECT, related_name="runs", verbose_name=_("base model")
    )
    method = models.CharField(_("teaches"), max_length=10, choices=Method, default=Method.SFT)
    # A tuned model that this run goes on with, and from which of its checkpoints.
    continues = models.ForeignKey(
        "tuning.ModelVersion",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="continued_by",
        verbose_name=_("continues"),
    )
    checkpoint = models.CharField(_("from its checkpoint"), max_length=40, blank=True)
    # The base model's row as it was at the launch: it may be edited while the run is under way.
    base = models.JSONField(_("base model as launched"), default=dict, editable=False)
    options = models.JSONField(_("options"), default=dict, blank=True)
    status = models.CharField(
        _("status"), max_length=12, choices=RunStatus, default=RunStatus.QUEUED
    )
    trigger = models.CharField(
        _("asked for by"), max_length=10, choices=Trigger, default=Trigger.PERSON
    )
    # Stored before the outside job exists: after a crash the job is found by it and adopted.
    label = models.CharField(_("label"), max_length=63, unique=True, editable=False)
    # Counted from 1; a retry after a failed job is another job with a label of its own.
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1, editable=False)
    failed_at = models.CharField(
        _("failed at"), max_length=12, choices=RunStatus, blank=True, editable=False
    )
    # What only one run at a time may use, while this one uses it.
    holds = models.CharField(_("holds"), max_length=40, blank=True, editable=False)
    # False: it would cost more than the limit, and waits for a person's word.
    confirmed = models.BooleanField(_("confirmed"), default=True, editable=False)
    # {"tokens", "seconds", "cost"}: before, and what it took.
    estimate = models.JSONField(_("estimate"), default=dict, editable=False)
    actual = models.JSONField(_("actual"), default=dict, editable=False)
    phase = models.CharField(_("phase"), max_length=60, blank=True, editable=False)
    # The job of the attempt before, whose checkpoints the next may go on with.
    earlier_job = models.CharField(max_length=255, blank=True, editable=False)
    external_id = models.CharField(_("outside job"), max_length=255, blank=True, editable=False)
    progress = models.FloatField(_("progress"), default=0, editable=False)
    result = models.JSONField(_("result"), default=dict, editable=False)
    error = models.TextField(_("error"), blank=True, editable=False)
    error_values = models.JSONField(default=dict, editable=False)
    tries = models.PositiveIntegerField(_("failed looks in a row"), default=0, editable=False)
    next_look_at = models.DateTimeField(_("next look at"), editable=False)
    locked_until = models.DateTimeField(_("locked until"), null=True, editable=False)
    deadline_at = models.DateTimeField(_("deadline"), editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("created at"))
    # When the attempt's job began; what lay between a failure and a retry is taken off.
    started_at = models.DateTimeField(_("started at"), null=True, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True, editable=False)

    objects = TuningRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("tuning run")
        verbose_name_plural = _("tuning runs")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=RunStatus.values), name="run_status_known"
            ),
            # Asked twice, by a crash or by two people, the same run is one run.
            models.UniqueConstraint(
                fields=["dataset_version", "base_model", "method"],
                condition=Q(status__in=ACTIVE_RUN),
                name="run_active_once",
            ),
            models.UniqueConstraint(
                fields=["holds"],
                condition=Q(status__in=ACTIVE_RUN) & ~Q(holds=""),
                name="run_resource_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_look_at"],
                name="run_due",
                condition=Q(status__in=ACTIVE_RUN),
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def active(self) -> bool:
        return self.status in ACTIVE_RUN

    @property
    def why_failed(self) -> str:
        """The error in the reader's words."""
        return told(self.error, self.error_values)

    @property
    def key(self) -> str:
        """What the labels of all attempts begin with: the folder of its data."""
        return "-".join(self.label.split("-")[:2])


class RunEvent(models.Model):
    run = models.ForeignKey(TuningRun, models.CASCADE, related_name="events", verbose_name=_("run"))
    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("kind"), max_length=10, choices=EventKind)
    # A sentence that may be translated, and the values of its places.
    message = models.TextField(_("message"), blank=True)
    values = models.JSONField(_("values"), default=dict)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    # Points of a curve: the backend's step, counted from 1, and the loss at it; or the seconds
    # since the run began, and its progress (0 to 1).
    step = models.PositiveIntegerField(_("step"), null=True)
    value = models.FloatField(_("value"), null=True)

    class Meta:
        verbose_name = _("run event")
        verbose_name_plural = _("run events")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "attempt", "kind", "step"],
                condition=Q(step__isnull=False),
                name="loss_point_once",
            )
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """The message in the reader's words."""
        if self.kind == EventKind.STEP:
            return str(dict(RunStatus.choices).get(self.message, self.message))  # type: ignore[call-overload]
        if self.step is not None:
            return f"{self.step}: {self.value}"
        return told(self.message, self.values)


def told(message: str, values: Mapping[str, object]) -> str:
    """A stored sentence in the reader's language; as it is where its places don't fit."""
    words = gettext(message) if message else ""
    try:
        return words % values if values else words
    except (KeyError, TypeError, ValueError):
        return words
