"""Datasets (a rule), their frozen versions, and the files written of those."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from reviews.models import Assistant, Category, Correction, PairRevision, PromptVersion
from tuning.enums import EXPORT_MOVES, ExportStatus, Part


class LeftOutReason(models.TextChoices):
    """Why a text that a rule chose is not in the version."""

    # Above the share of general data.
    SHARE = "share", _("more general data than the mix allows")
    # The same text is there as a pair of the assistant's own.
    TWIN = "twin", _("the same text as another pair's")
    # These tie it to a pair of another part, which stays where it was.
    FAMILY = "family", _("of one question family with a pair of another part")
    CONVERSATION = "conversation", _("of one conversation with a pair of another part")
    PERSON = "person", _("from the same person as a pair of another part")
    NEAR = "near", _("nearly the same as a pair of another part")
    # A blank turn; of the night's, which is Gemini's, one that the assistant begins.
    FORMAT = "format", _("no line of the training file can hold it")


class Dataset(models.Model):
    """Which approved pairs go into a version. A rule; the versions hold the rows.

    A list, a date or a number that is empty chooses nothing away.
    """

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
    categories = models.ManyToManyField(
        Category,
        blank=True,
        related_name="+",
        verbose_name=_("categories"),
        help_text=_("Of an assistant with none chosen: all."),
    )
    registers = models.JSONField(_("registers"), default=list, blank=True)
    languages = models.JSONField(_("languages"), default=list, blank=True)
    sources = models.JSONField(_("sources"), default=list, blank=True)
    approvals = models.PositiveSmallIntegerField(
        _("approving reviewers, at least"),
        default=0,
        validators=[MaxValueValidator(9)],
        help_text=_("On the present text. 0: also what was approved without a verdict."),
    )
    unanimous = models.BooleanField(
        _("only where nobody was against"),
        default=False,
        help_text=_("Leaves out texts that a reviewer rejected or sent back for work."),
    )
    min_rating = models.PositiveSmallIntegerField(
        _("users' rating, at least"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text=_("The mean of the ratings of a pair's votes; a pair that nobody rated stays."),
    )
    approved_from = models.DateField(_("approved from"), null=True, blank=True)
    approved_to = models.DateField(_("approved up to"), null=True, blank=True)
    created_from = models.DateField(_("created from"), null=True, blank=True)
    created_to = models.DateField(_("created up to"), null=True, blank=True)
    general_assistants = models.ManyToManyField(
        Assistant,
        blank=True,
        related_name="+",
        verbose_name=_("general data of other assistants"),
        help_text=_(
            "Their approved pairs are taken, too. Once this is saved, their categories show above."
        ),
    )
    general_categories = models.ManyToManyField(
        Category,
        blank=True,
        related_name="+",
        verbose_name=_("categories of general data"),
        help_text=_("The assistant's own categories that do not belong to its domain."),
    )
    general_percent = models.PositiveSmallIntegerField(
        _("general data, percent at most"),
        default=20,
        validators=[MaxValueValidator(100)],
        help_text=_("What is above is left out and counted. Data of the domain never is."),
    )

    class Meta:
        verbose_name = _("dataset")
        verbose_name_plural = _("datasets")
        ordering = ["assistant", "slug"]
        constraints = [
            models.UniqueConstraint(fields=["assistant", "slug"], name="dataset_slug_once"),
            models.CheckConstraint(
                condition=Q(general_percent__lte=100), name="dataset_percent_to_100"
            ),
            models.CheckConstraint(
                condition=Q(min_rating=None) | Q(min_rating__gte=1, min_rating__lte=5),
                name="dataset_rating_1_to_5",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assistant.slug}/{self.slug}"


for _chosen in (Dataset.categories, Dataset.general_categories):
    # Were a ticked category deleted, its tick would go with it, and a rule with none left takes
    # everything. Restricted, so that the dataset's own assistant can still be deleted whole.
    _chosen.through._meta.get_field("category").remote_field.on_delete = models.RESTRICT


class DatasetVersion(models.Model):
    """Frozen: members with their exact revisions, the split, and a hash over all of it."""

    dataset = models.ForeignKey(
        Dataset, models.PROTECT, related_name="versions", verbose_name=_("dataset")
    )
    number = models.PositiveIntegerField(_("number"))
    reference = models.CharField(_("reference"), max_length=120, unique=True, editable=False)
    # What it builds on: those members stay, in their parts, as long as their pairs are approved.
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("builds on"),
    )
    # The dataset's rule as it was, in names and not in ids.
    rule: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        _("rule"), default=dict, editable=False
    )
    prompt = models.ForeignKey(
        PromptVersion, models.PROTECT, null=True, verbose_name=_("system instruction")
    )
    content_hash = models.CharField(_("content hash"), max_length=64, editable=False)
    train_count = models.PositiveIntegerField(_("train"), default=0)
    validation_count = models.PositiveIntegerField(_("validation"), default=0)
    test_count = models.PositiveIntegerField(_("test"), default=0)
    paraphrase_count = models.PositiveIntegerField(_("paraphrase"), default=0)
    general_count = models.PositiveIntegerField(_("general data"), default=0)
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

    @property
    def size(self) -> int:
        return sum(self.split.values())


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


class DatasetPreference(models.Model):
    """A member's answer beside one that a correction found wrong: frozen as the members are."""

    member = models.ForeignKey(
        DatasetMember, models.CASCADE, related_name="preferences", verbose_name=_("dataset member")
    )
    correction = models.ForeignKey(
        Correction, models.PROTECT, related_name="memberships", verbose_name=_("correction")
    )
    # Made in Python, as a member's.
    position = models.PositiveIntegerField(_("position"))

    class Meta:
        verbose_name = _("dataset preference")
        verbose_name_plural = _("dataset preferences")
        ordering = ["member", "position"]
        constraints = [
            models.UniqueConstraint(fields=["member", "correction"], name="preference_once"),
            models.UniqueConstraint(fields=["member", "position"], name="preference_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.member}/{self.position}"


class LeftOut(models.Model):
    """A text that the rule chose and the version does not hold, and why."""

    version = models.ForeignKey(
        DatasetVersion, models.CASCADE, related_name="left_out", verbose_name=_("version")
    )
    revision = models.ForeignKey(
        PairRevision, models.PROTECT, related_name="+", verbose_name=_("revision")
    )
    reason = models.CharField(_("reason"), max_length=12, choices=LeftOutReason)
    against = models.ForeignKey(
        PairRevision, models.PROTECT, null=True, related_name="+", verbose_name=_("because of")
    )

    class Meta:
        verbose_name = _("pair left out")
        verbose_name_plural = _("pairs left out")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "revision"], name="left_out_once"),
            models.CheckConstraint(
                condition=Q(reason__in=LeftOutReason.values), name="left_out_reason_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.revision}: {self.get_reason_display()}"


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
