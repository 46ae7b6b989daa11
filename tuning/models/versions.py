"""Model versions: the base, and what runs made of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from reviews.models import Assistant, PromptVersion
from tuning.enums import SERVING, VERSION_MOVES, VersionStatus
from tuning.models.datasets import DatasetVersion
from tuning.models.runs import BaseModel, TuningRun


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def serving(self) -> ModelVersionQuerySet:
        return self.filter(status__in=SERVING)

    def candidates(self) -> ModelVersionQuerySet:
        """All but the base."""
        return self.exclude(run=None)


class ModelVersion(models.Model):
    """What answers. Its prompt, dataset and settings never change; a change is a new version."""

    MOVES = VERSION_MOVES
    # Two people who set the traffic at once: the second must look again.
    MOVE_GUARDS = ("traffic_weight",)

    assistant = models.ForeignKey(
        Assistant, models.PROTECT, related_name="model_versions", verbose_name=_("assistant")
    )
    name = models.CharField(_("name"), max_length=40)
    # What other floors, caches and applications know it by.
    reference = models.CharField(_("reference"), max_length=120, unique=True, editable=False)
    base_model = models.ForeignKey(BaseModel, models.PROTECT, verbose_name=_("base model"))
    prompt = models.ForeignKey(PromptVersion, models.PROTECT, verbose_name=_("prompt version"))
    # Empty for the base of an assistant.
    run = models.OneToOneField(
        TuningRun,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="model_version",
        verbose_name=_("run"),
    )
    dataset_version = models.ForeignKey(
        DatasetVersion, models.PROTECT, null=True, blank=True, verbose_name=_("dataset version")
    )
    settings = models.JSONField(
        _("settings"), default=dict, help_text=_("What the run found, for the provider.")
    )
    status = models.CharField(
        _("status"), max_length=12, choices=VersionStatus, default=VersionStatus.CANDIDATE
    )
    # Percent. The base takes what the others leave.
    traffic_weight = models.PositiveSmallIntegerField(_("traffic share"), default=0)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        ordering = ["assistant", "-id"]
        permissions = [
            ("activate_modelversion", "Can give traffic to a model version and roll it back"),
            ("override_gate", "Can give traffic to a barred version, with a reason"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["assistant", "name"], name="version_name_once"),
            models.UniqueConstraint(
                fields=["assistant"],
                condition=Q(run=None, status=VersionStatus.LIVE),
                name="version_base_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=VersionStatus.values), name="version_status_known"
            ),
            models.CheckConstraint(
                condition=Q(run__isnull=False)
                | Q(status__in=[VersionStatus.LIVE, VersionStatus.RETIRED]),
                name="version_base_live_or_retired",
            ),
            models.CheckConstraint(
                condition=Q(traffic_weight__lte=100), name="version_weight_percent"
            ),
            models.CheckConstraint(
                condition=Q(traffic_weight=0) | Q(status__in=SERVING),
                name="version_weight_only_when_serving",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_base(self) -> bool:
        return self.run_id is None
