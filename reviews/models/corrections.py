"""A wrong answer beside the right one, and the lesson in it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from reviews.enums import CORRECTION_MOVES, CorrectionStatus, Language, PairStatus, Register
from reviews.models.assistants import Assistant
from reviews.models.pairs import Category, Pair


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def in_force(self) -> CorrectionQuerySet:
        """Finished corrections whose pair is approved: what lessons may be drawn from."""
        return self.filter(status=CorrectionStatus.FINISHED, pair__status=PairStatus.APPROVED)


class Correction(models.Model):
    MOVES = CORRECTION_MOVES
    MOVE_GUARDS = ()

    assistant = models.ForeignKey(
        Assistant, models.CASCADE, related_name="corrections", verbose_name=_("assistant")
    )
    # Of history, question and wrong answer: the same complaint twice is one task.
    identity = models.CharField(max_length=64, editable=False)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, verbose_name=_("category")
    )
    register = models.CharField(
        _("register"), max_length=10, choices=Register, default=Register.BUSINESS
    )
    language = models.CharField(
        _("language"), max_length=2, choices=Language, default=Language.INDONESIAN
    )
    history: models.JSONField[list[Any], list[Any]] = models.JSONField(
        _("earlier turns"), default=list, blank=True
    )
    question = models.TextField(_("question"))
    wrong_answer = models.TextField(_("wrong answer"))
    right_answer = models.TextField(_("right answer"), blank=True)
    why_wrong = models.TextField(_("why it was wrong"), blank=True)
    lesson = models.TextField(
        _("lesson"), blank=True, help_text=_("The rule behind it, in one or two sentences.")
    )
    status = models.CharField(
        _("status"), max_length=10, choices=CorrectionStatus, default=CorrectionStatus.OPEN
    )
    priority = models.IntegerField(_("votes"), default=0)
    # Two wrong answers may have the same right one.
    pair = models.ForeignKey(
        Pair,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="corrections",
        verbose_name=_("pair"),
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("author"),
    )
    model_version = models.CharField(_("model version"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["assistant", "identity"], name="correction_once"),
            models.CheckConstraint(
                condition=Q(status__in=CorrectionStatus.values), name="correction_status_known"
            ),
            models.CheckConstraint(
                condition=~Q(status=CorrectionStatus.FINISHED) | ~Q(right_answer=""),
                name="correction_finished_with_answer",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-priority", "id"], name="correction_queue"),
        ]

    def __str__(self) -> str:
        return self.question[:80]
