"""What came in from applications: votes on answers, and agents' interactions."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from reviews.enums import Language, Outcome, Processing
from reviews.models.assistants import Assistant
from reviews.models.corrections import Correction
from reviews.models.pairs import Pair


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def unlinked(self) -> FeedbackQuerySet:
        """Votes that no draft and no correction task was made of yet."""
        return self.filter(linked_at=None)


class Feedback(models.Model):
    """A vote with the answer that it judges. Holds no user identifier."""

    request_id = models.UUIDField(_("request"), unique=True)
    assistant = models.ForeignKey(
        Assistant, models.CASCADE, related_name="feedback", verbose_name=_("assistant")
    )
    # Not indexed by itself, as slugs are: nobody looks for it alone, and every vote would pay.
    request_type = models.SlugField(_("request type"), db_index=False)
    # Earlier turns, oldest first: [["user", text], ["assistant", text], …].
    history: models.JSONField[list[Any], list[Any]] = models.JSONField(
        _("earlier turns"), default=list
    )
    prompt = models.TextField(_("question"))
    response = models.TextField(_("answer"))
    model_version = models.CharField(_("model version"), max_length=120, blank=True)
    prompt_version = models.CharField(_("prompt version"), max_length=120, blank=True)
    language = models.CharField(
        _("language"), max_length=2, choices=Language, default=Language.INDONESIAN
    )
    is_positive = models.BooleanField(_("helpful"))
    # What the caller sent of a thumb; empty where is_positive follows from the rating.
    thumb = models.BooleanField(_("thumb"), null=True)
    rating = models.PositiveSmallIntegerField(_("rating"), null=True)
    comment = models.TextField(_("comment"), blank=True)
    segment = models.CharField(_("segment"), max_length=40, blank=True)
    subject_hash = models.CharField(_("subject"), max_length=64, blank=True, db_index=True)
    asked_at = models.DateTimeField(_("asked at"))
    created_at = models.DateTimeField(_("voted at"))
    linked_at = models.DateTimeField(_("linked at"), null=True, editable=False)
    pair = models.ForeignKey(
        Pair,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="feedback",
        verbose_name=_("pair"),
    )
    correction = models.ForeignKey(
        Correction,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="feedback",
        verbose_name=_("correction"),
    )

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rating=None) | Q(rating__gte=1, rating__lte=5),
                name="feedback_rating_1_to_5",
            )
        ]
        indexes = [
            # Holds all that the statistics group by: they never read the texts beside it.
            models.Index(
                fields=[
                    "assistant",
                    "created_at",
                    "request_type",
                    "model_version",
                    "language",
                    "is_positive",
                ],
                name="feedback_by_time",
            ),
            models.Index(fields=["model_version", "created_at"], name="feedback_by_version"),
            models.Index(
                fields=["id"], name="feedback_unlinked", condition=Q(linked_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.prompt[:80]

    @property
    def calls_for_correction(self) -> bool:
        """A thumbs-down, or a rating under 3; a bare 3 asks for nothing."""
        return self.thumb is False or (self.rating is not None and self.rating < 3)


class InteractionQuerySet(models.QuerySet["Interaction"]):
    def pending(self) -> InteractionQuerySet:
        return self.filter(processing_status=Processing.PENDING)


class Interaction(models.Model):
    """One call of an agent, with its exact payloads and results."""

    id = models.UUIDField(primary_key=True)
    assistant = models.ForeignKey(
        Assistant, models.CASCADE, related_name="interactions", verbose_name=_("assistant")
    )
    timestamp = models.DateTimeField(_("time"), db_index=True)
    endpoint = models.CharField(_("endpoint"), max_length=200)
    input_description = models.TextField(_("input"), blank=True)
    # Text, not jsonb: kept as received.
    request_payload = models.TextField(_("request"), blank=True)
    response_payload = models.TextField(_("response"), blank=True)
    app_name = models.CharField(_("application"), max_length=200, blank=True)
    app_path = models.CharField(_("application's path"), max_length=500, blank=True)
    # Each step: prompt sent, raw model output, accepted output, error.
    steps = models.TextField(_("generative steps"), blank=True)
    # Language, framework, file tree.
    generated_code = models.TextField(_("generated code"), blank=True)
    test_results = models.TextField(_("test results"), blank=True)
    analysis_results = models.TextField(_("analysis results"), blank=True)
    explicit_feedback = models.TextField(_("explicit feedback"), blank=True)
    model_version = models.CharField(_("model version"), max_length=120, blank=True)
    status = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    # The gateway's or the application's answer that this interaction gave, if one was voted on.
    request_id = models.UUIDField(_("answer"), null=True, blank=True, db_index=True)
    feedback = models.ForeignKey(
        Feedback,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="interactions",
        verbose_name=_("feedback"),
    )
    processing_status = models.CharField(
        _("processing"), max_length=10, choices=Processing, default=Processing.PENDING
    )
    processing_error = models.TextField(_("processing error"), blank=True)

    objects = InteractionQuerySet.as_manager()

    class Meta:
        verbose_name = _("interaction")
        verbose_name_plural = _("interactions")
        ordering = ["-timestamp"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=Outcome.values), name="interaction_status_known"
            ),
            models.CheckConstraint(
                condition=Q(processing_status__in=Processing.values),
                name="interaction_processing_known",
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "timestamp"], name="interaction_by_endpoint"),
            models.Index(
                fields=["timestamp"],
                name="interaction_pending",
                condition=Q(processing_status="pending"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.timestamp:%Y-%m-%d %H:%M}"


class OutcomeCount(models.Model):
    """Interactions of an endpoint on a day, by outcome; counted once when they are processed."""

    assistant = models.ForeignKey(Assistant, models.CASCADE, verbose_name=_("assistant"))
    endpoint = models.CharField(_("endpoint"), max_length=200)
    model_version = models.CharField(_("model version"), max_length=120, blank=True)
    day = models.DateField(_("day"))
    success = models.PositiveIntegerField(_("success"), default=0)
    failure = models.PositiveIntegerField(_("failure"), default=0)
    error = models.PositiveIntegerField(_("error"), default=0)

    class Meta:
        verbose_name = _("outcomes of a day")
        verbose_name_plural = _("outcomes by day")
        ordering = ["-day", "endpoint"]
        constraints = [
            models.UniqueConstraint(
                fields=["assistant", "endpoint", "model_version", "day"],
                name="outcome_count_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.day}"
