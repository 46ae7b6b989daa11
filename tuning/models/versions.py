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
        """All but the bases."""
        return self.filter(is_base=False)


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
    is_base = models.BooleanField(_("base of its assistant"), default=False, editable=False)
    # Empty for a base, for a model that was tuned elsewhere, and for another checkpoint.
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
    # The tuned model itself: a folder on this machine or the provider's name; empty for a base.
    artifact = models.CharField(_("tuned model"), max_length=255, blank=True, editable=False)
    checkpoint = models.CharField(_("checkpoint"), max_length=40, blank=True, editable=False)
    # The version whose tuned model this one is, at another checkpoint.
    origin = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="taken",
        verbose_name=_("checkpoint of"),
    )
    # The tuned model at the provider was deleted: it answers nothing any more.
    deleted_at = models.DateTimeField(_("deleted at"), null=True, editable=False)
    status = models.CharField(
        _("status"), max_length=12, choices=VersionStatus, default=VersionStatus.CANDIDATE
    )
    # Percent. The base takes what the others leave.
    traffic_weight = models.PositiveSmallIntegerField(_("traffic share"), default=0)
    # A worker evaluates it, where no run does.
    locked_until = models.DateTimeField(_("locked until"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        ordering = ["assistant", "-id"]
        permissions = [
            ("activate_modelversion", "Can give traffic to a model version and roll it back"),
            ("override_gate", "Can give traffic to a barred version, with a reason"),
            ("delete_tuned_model", "Can delete a tuned model at its provider"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["assistant", "name"], name="version_name_once"),
            models.UniqueConstraint(
                fields=["assistant"],
                condition=Q(is_base=True, status=VersionStatus.LIVE),
                name="version_base_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=VersionStatus.values), name="version_status_known"
            ),
            models.UniqueConstraint(
                fields=["origin", "checkpoint"],
                condition=Q(origin__isnull=False),
                name="version_checkpoint_once",
            ),
            models.CheckConstraint(
                condition=Q(is_base=False)
                | Q(run=None, status__in=[VersionStatus.LIVE, VersionStatus.RETIRED]),
                name="version_base_live_or_retired",
            ),
            # What is no base was tuned: by a run, or elsewhere, and then it has a name there.
            models.CheckConstraint(
                condition=Q(is_base=True) | Q(run__isnull=False) | ~Q(artifact=""),
                name="version_tuned_has_model",
            ),
            models.CheckConstraint(
                condition=Q(status=VersionStatus.DELETED, deleted_at__isnull=False)
                | (~Q(status=VersionStatus.DELETED) & Q(deleted_at=None)),
                name="version_deleted_at_known",
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
