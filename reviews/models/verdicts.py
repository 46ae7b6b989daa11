"""The quality checklist, and what a reviewer decided on one revision."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from reviews.enums import ChecklistPart, Decision, Purpose
from reviews.models.assistants import Assistant
from reviews.models.pairs import PairRevision


class Checklist(models.Model):
    """A version of the checklist; without an assistant it holds for all that have none."""

    assistant = models.ForeignKey(
        Assistant, models.CASCADE, null=True, blank=True, verbose_name=_("assistant")
    )
    version = models.PositiveIntegerField(_("version"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("checklist")
        verbose_name_plural = _("checklists")
        ordering = ["assistant", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["assistant", "version"], name="checklist_version_once"),
            # NULLs differ from each other in a unique index: the shared list needs its own.
            models.UniqueConstraint(
                fields=["version"],
                condition=Q(assistant=None),
                name="checklist_shared_version_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assistant or '*'} v{self.version}"


class ChecklistItem(models.Model):
    """One question to the reviewer, worded so that yes is good."""

    checklist = models.ForeignKey(
        Checklist, models.CASCADE, related_name="items", verbose_name=_("checklist")
    )
    part = models.CharField(_("part"), max_length=14, choices=ChecklistPart)
    position = models.PositiveSmallIntegerField(_("position"))
    text_id = models.CharField(_("wording (Indonesian)"), max_length=300)
    text_en = models.CharField(_("wording (English)"), max_length=300, blank=True)
    text_it = models.CharField(_("wording (Italian)"), max_length=300, blank=True)
    required = models.BooleanField(_("required"), default=True)

    class Meta:
        verbose_name = _("checklist item")
        verbose_name_plural = _("checklist items")
        ordering = ["checklist", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["checklist", "position"], name="checklist_position_once"
            )
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """The wording in the reader's language, Indonesian where there is none."""
        language = (get_language() or "id")[:2]
        return getattr(self, f"text_{language}", "") or self.text_id


class VerdictQuerySet(models.QuerySet["Verdict"]):
    def counting(self) -> VerdictQuerySet:
        """Verdicts that count for their pair: no calibration, none taken back."""
        return self.filter(purpose=Purpose.REVIEW, withdrawn_at=None)


class Verdict(models.Model):
    """A reviewer's decision on a revision. Immutable: a later one of theirs supersedes it."""

    revision = models.ForeignKey(
        PairRevision, models.PROTECT, related_name="verdicts", verbose_name=_("revision")
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="verdicts",
        verbose_name=_("reviewer"),
    )
    checklist = models.ForeignKey(Checklist, models.PROTECT, null=True, verbose_name=_("checklist"))
    round = models.PositiveSmallIntegerField(_("round"))
    decision = models.CharField(_("decision"), max_length=10, choices=Decision)
    settles = models.BooleanField(_("settles a dispute"), default=False)
    purpose = models.CharField(
        _("purpose"), max_length=6, choices=Purpose, default=Purpose.REVIEW, editable=False
    )
    note = models.TextField(_("note"), blank=True)
    seconds = models.PositiveIntegerField(
        _("seconds"), null=True, blank=True, help_text=_("Time that the reviewer spent on it.")
    )
    at = models.DateTimeField(_("at"))
    # The one change that a verdict may know: its reviewer took it back within a minute.
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    objects = VerdictQuerySet.as_manager()

    class Meta:
        verbose_name = _("verdict")
        verbose_name_plural = _("verdicts")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decision__in=Decision.values), name="verdict_decision_known"
            )
        ]
        indexes = [models.Index(fields=["reviewer", "at"])]

    def __str__(self) -> str:
        return f"{self.get_decision_display()} ({self.reviewer})"


class ChecklistAnswer(models.Model):
    verdict = models.ForeignKey(
        Verdict, models.CASCADE, related_name="answers", verbose_name=_("verdict")
    )
    item = models.ForeignKey(ChecklistItem, models.PROTECT, verbose_name=_("item"))
    yes = models.BooleanField(_("yes"))
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("checklist answer")
        verbose_name_plural = _("checklist answers")
        constraints = [
            models.UniqueConstraint(fields=["verdict", "item"], name="checklist_answer_once")
        ]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.yes}"


class FactAnswer(models.Model):
    """What a reviewer said of one amount, duration, percentage or citation of the answer."""

    verdict = models.ForeignKey(
        Verdict, models.CASCADE, related_name="facts", verbose_name=_("verdict")
    )
    kind = models.CharField(_("kind"), max_length=10)
    value = models.TextField(_("value"))
    right = models.BooleanField(_("right"))

    class Meta:
        verbose_name = _("fact confirmed")
        verbose_name_plural = _("facts confirmed")
        constraints = [
            models.UniqueConstraint(fields=["verdict", "kind", "value"], name="fact_answer_once")
        ]

    def __str__(self) -> str:
        return f"{self.value}: {self.right}"
