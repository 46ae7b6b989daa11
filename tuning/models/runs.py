"""Base models, and tuning runs with what happened in them."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from reviews.models import Assistant
from tuning.enums import (
    ACTIVE_RUN,
    RUN_MOVES,
    Backend,
    EventKind,
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
    retires_date = models.DateField(_("retires on"), null=True, blank=True)

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


class TuningRunQuerySet(models.QuerySet["TuningRun"]):
    def active(self) -> TuningRunQuerySet:
        return self.filter(status__in=ACTIVE_RUN)

    def due(self, now: object) -> TuningRunQuerySet:
        """Active runs whose next look has come and that nobody holds."""
        free = Q(locked_until=None) | Q(locked_until__lt=now)
        return self.active().filter(free, next_look_at__lte=now)


class TuningRun(models.Model):
    MOVES = RUN_MOVES
    MOVE_GUARDS = ()

    assistant = models.ForeignKey(
        Assistant, models.PROTECT, related_name="runs", verbose_name=_("assistant")
    )
    dataset_version = models.ForeignKey(
        DatasetVersion, models.PROTECT, related_name="runs", verbose_name=_("dataset version")
    )
    base_model = models.ForeignKey(
        BaseModel, models.PROTECT, related_name="runs", verbose_name=_("base model")
    )
    options = models.JSONField(_("options"), default=dict, blank=True)
    status = models.CharField(
        _("status"), max_length=12, choices=RunStatus, default=RunStatus.QUEUED
    )
    trigger = models.CharField(
        _("asked for by"), max_length=10, choices=Trigger, default=Trigger.PERSON
    )
    # Stored before the outside job exists: after a crash the job is found by it and adopted.
    label = models.CharField(_("label"), max_length=63, unique=True, editable=False)
    external_id = models.CharField(_("outside job"), max_length=255, blank=True, editable=False)
    progress = models.FloatField(_("progress"), default=0, editable=False)
    result = models.JSONField(_("result"), default=dict, editable=False)
    error = models.TextField(_("error"), blank=True, editable=False)
    tries = models.PositiveIntegerField(_("failed looks in a row"), default=0, editable=False)
    next_look_at = models.DateTimeField(_("next look at"), editable=False)
    locked_until = models.DateTimeField(_("locked until"), null=True, editable=False)
    deadline_at = models.DateTimeField(_("deadline"), editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("created at"))
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
                fields=["dataset_version", "base_model"],
                condition=Q(status__in=ACTIVE_RUN),
                name="run_active_once",
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


class RunEvent(models.Model):
    run = models.ForeignKey(TuningRun, models.CASCADE, related_name="events", verbose_name=_("run"))
    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("kind"), max_length=10, choices=EventKind)
    message = models.TextField(_("message"), blank=True)
    # Loss points: the backend's step, counted from 1, and the loss at it.
    step = models.PositiveIntegerField(_("step"), null=True)
    loss = models.FloatField(_("loss"), null=True)

    class Meta:
        verbose_name = _("run event")
        verbose_name_plural = _("run events")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "step"], condition=Q(kind="loss"), name="loss_point_once"
            )
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """The message; a step, in the reader's words."""
        if self.kind == EventKind.STEP:
            return str(dict(RunStatus.choices).get(self.message, self.message))  # type: ignore[call-overload]
        return self.message or f"{self.step}: {self.loss}"
