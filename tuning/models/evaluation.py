"""Evaluations, base beside tuned, and the gates that decide on their figures."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from reviews.models import Assistant
from tuning.enums import Measure, Requirement, Slice, Stage
from tuning.models.datasets import DatasetMember, DatasetVersion
from tuning.models.versions import ModelVersion


class Evaluation(models.Model):
    """A version and its base asked the same questions. Each look asks some; rows remember."""

    version = models.OneToOneField(
        ModelVersion, models.CASCADE, related_name="evaluation", verbose_name=_("model version")
    )
    baseline = models.ForeignKey(
        ModelVersion, models.PROTECT, related_name="+", verbose_name=_("base")
    )
    dataset_version = models.ForeignKey(
        DatasetVersion, models.PROTECT, verbose_name=_("dataset version")
    )
    # {"base": {...}, "tuned": {...}}, see tuning.domain.evaluations.
    metrics = models.JSONField(_("metrics"), default=dict)
    created_at = models.DateTimeField(_("created at"))
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.version)


class EvaluationAnswer(models.Model):
    """One question of an evaluation with both answers."""

    evaluation = models.ForeignKey(
        Evaluation, models.CASCADE, related_name="answers", verbose_name=_("evaluation")
    )
    # Its revision holds the golden answer.
    member = models.ForeignKey(DatasetMember, models.CASCADE, verbose_name=_("member"))
    slice = models.CharField(_("slice"), max_length=12, choices=Slice)
    # As asked: the member's own wording, or one made of it by rule.
    question = models.TextField(_("question"))
    base_answer = models.TextField(_("base's answer"))
    base_declined = models.BooleanField(_("base declined"))
    tuned_answer = models.TextField(_("tuned answer"))
    tuned_declined = models.BooleanField(_("tuned declined"))
    # What the tuned version says to a wording that it was taught; empty where it declines.
    taught_answer = models.TextField(_("tuned answer to a taught wording"), null=True)

    class Meta:
        verbose_name = _("evaluation answer")
        verbose_name_plural = _("evaluation answers")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "member", "slice"], name="evaluation_answer_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.evaluation_id}/{self.member_id}"


class Gate(models.Model):
    """A target that a version must reach before a share of the traffic."""

    assistant = models.ForeignKey(
        Assistant, models.CASCADE, related_name="gates", verbose_name=_("assistant")
    )
    stage = models.PositiveSmallIntegerField(_("before"), choices=Stage)
    measure = models.CharField(_("measure"), max_length=20, choices=Measure)
    target = models.FloatField(_("target"), help_text=_("Passed at this value or above."))
    requirement = models.CharField(_("requirement"), max_length=16, choices=Requirement)

    class Meta:
        verbose_name = _("quality gate")
        verbose_name_plural = _("quality gates")
        ordering = ["assistant", "stage", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["assistant", "stage", "measure"], name="gate_measure_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_measure_display()} ≥ {self.target:g}"


class GateResult(models.Model):
    """What a gate said of an evaluation; target and requirement as they were then."""

    evaluation = models.ForeignKey(
        Evaluation, models.CASCADE, related_name="gates", verbose_name=_("evaluation")
    )
    stage = models.PositiveSmallIntegerField(_("before"), choices=Stage)
    measure = models.CharField(_("measure"), max_length=20, choices=Measure)
    target = models.FloatField(_("target"))
    requirement = models.CharField(_("requirement"), max_length=16, choices=Requirement)
    # Empty: not measured, and then a required gate does not pass.
    measured = models.FloatField(_("measured"), null=True)
    passed = models.BooleanField(_("passed"))

    class Meta:
        verbose_name = _("gate result")
        verbose_name_plural = _("gate results")
        ordering = ["evaluation", "stage", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "stage", "measure"], name="gate_result_once"
            ),
            models.CheckConstraint(
                condition=Q(passed=False) | Q(measured__isnull=False),
                name="gate_unmeasured_never_passes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure}: {self.measured}"
