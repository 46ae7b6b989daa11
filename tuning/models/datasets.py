"""Datasets (a rule), their frozen versions, and the files written of those."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from reviews.models import Assistant, PairRevision, PromptVersion
from tuning.enums import EXPORT_MOVES, ExportStatus, Part


class Dataset(models.Model):
    """Which approved pairs go into a version. A rule; the versions hold the rows."""

    assistant = models.ForeignKey(
        Assistant, models.CASCADE, related_name="datasets", verbose_name=_("assistant")
    )
    slug = models.SlugField(_("slug"))
    name = models.CharField(_("name"), max_length=100)
    only_unexported = models.BooleanField(
        _("only what no export holds yet"),
        default=False,
        help_text=_("For the nightly export: each version continues where the last one ended."),
    )

    class Meta:
        verbose_name = _("dataset")
        verbose_name_plural = _("datasets")
        ordering = ["assistant", "slug"]
        constraints = [
            models.UniqueConstraint(fields=["assistant", "slug"], name="dataset_slug_once")
        ]

    def __str__(self) -> str:
        return f"{self.assistant.slug}/{self.slug}"


class DatasetVersion(models.Model):
    """Frozen: members with their exact revisions, the split, and a hash over all of it."""

    dataset = models.ForeignKey(
        Dataset, models.PROTECT, related_name="versions", verbose_name=_("dataset")
    )
    number = models.PositiveIntegerField(_("number"))
    reference = models.CharField(_("reference"), max_length=120, unique=True, editable=False)
    prompt = models.ForeignKey(
        PromptVersion, models.PROTECT, null=True, verbose_name=_("system instruction")
    )
    content_hash = models.CharField(_("content hash"), max_length=64, editable=False)
    train_count = models.PositiveIntegerField(_("train"), default=0)
    validation_count = models.PositiveIntegerField(_("validation"), default=0)
    test_count = models.PositiveIntegerField(_("test"), default=0)
    paraphrase_count = models.PositiveIntegerField(_("paraphrase"), default=0)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("by")
    )
    frozen_at = models.DateTimeField(_("frozen at"))

    class Meta:
        verbose_name = _("dataset version")
        verbose_name_plural = _("dataset versions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="dataset_number_once")
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def split(self) -> dict[str, int]:
        return {part: getattr(self, f"{part}_count") for part in Part.values}


class DatasetMember(models.Model):
    version = models.ForeignKey(
        DatasetVersion, models.CASCADE, related_name="members", verbose_name=_("version")
    )
    revision = models.ForeignKey(
        PairRevision, models.PROTECT, related_name="memberships", verbose_name=_("revision")
    )
    part = models.CharField(_("part"), max_length=10, choices=Part)
    # An integer made in Python: a database's collation must not decide the order of a file.
    position = models.PositiveIntegerField(_("position"))

    class Meta:
        verbose_name = _("dataset member")
        verbose_name_plural = _("dataset members")
        ordering = ["version", "position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "revision"], name="member_once"),
            models.UniqueConstraint(fields=["version", "position"], name="member_position_once"),
            models.CheckConstraint(condition=Q(part__in=Part.values), name="member_part_known"),
        ]
        indexes = [models.Index(fields=["version", "part", "position"], name="member_by_part")]

    def __str__(self) -> str:
        return f"{self.version_id}/{self.position}"


class Export(models.Model):
    """The train part of a version as a file. Completed only once the file is whole."""

    MOVES = EXPORT_MOVES
    MOVE_GUARDS = ()

    version = models.ForeignKey(
        DatasetVersion, models.PROTECT, related_name="exports", verbose_name=_("dataset version")
    )
    format = models.CharField(_("format"), max_length=20)
    status = models.CharField(
        _("status"), max_length=10, choices=ExportStatus, default=ExportStatus.PENDING
    )
    file_name = models.CharField(_("file"), max_length=120, unique=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    error = models.TextField(_("error"), blank=True)
    created_at = models.DateTimeField(_("created at"))
    completed_at = models.DateTimeField(_("completed at"), null=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "format"], name="export_format_once"),
            models.CheckConstraint(
                condition=Q(status__in=ExportStatus.values), name="export_status_known"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
