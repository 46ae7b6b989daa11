"""What the gateway answered, without any text, and the hours it is rolled up into."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tuning.enums import AnswerOutcome
from tuning.models.versions import ModelVersion


class Answer(models.Model):
    """One answer of the gateway; pruned once its hour is rolled up."""

    version = models.ForeignKey(
        ModelVersion, models.CASCADE, related_name="answers", verbose_name=_("model version")
    )
    at = models.DateTimeField(_("at"))
    milliseconds = models.PositiveIntegerField(_("milliseconds"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=AnswerOutcome)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=AnswerOutcome.values), name="answer_outcome_known"
            )
        ]
        indexes = [models.Index(fields=["at", "version"], name="answer_by_time")]

    def __str__(self) -> str:
        return f"{self.version_id} {self.outcome}"


class TrafficWindow(models.Model):
    """An hour of a version: made anew from Answer and Feedback at each look, so never doubled."""

    version = models.ForeignKey(
        ModelVersion, models.CASCADE, related_name="windows", verbose_name=_("model version")
    )
    starts_at = models.DateTimeField(_("hour"))
    answered = models.PositiveIntegerField(_("answered"), default=0)
    declined = models.PositiveIntegerField(_("declined"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    rejected = models.PositiveIntegerField(_("refused as wrong"), default=0)
    cancelled = models.PositiveIntegerField(_("cancelled"), default=0)
    mean_milliseconds = models.FloatField(_("milliseconds (mean)"), null=True)
    positive = models.PositiveIntegerField(_("helpful"), default=0)
    negative = models.PositiveIntegerField(_("not helpful"), default=0)

    class Meta:
        verbose_name = _("traffic of an hour")
        verbose_name_plural = _("traffic by hour")
        ordering = ["-starts_at", "version"]
        constraints = [
            models.UniqueConstraint(fields=["version", "starts_at"], name="traffic_window_once")
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.starts_at:%Y-%m-%d %H:00}"
