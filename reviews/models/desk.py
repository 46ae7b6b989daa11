"""The review desk: who reviews what, who holds which item, and items whose verdict is known."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from reviews.enums import ClaimEnd, Decision, Language, Purpose
from reviews.models.assistants import known_languages
from reviews.models.pairs import Category, Pair, PairRevision
from reviews.models.verdicts import ChecklistItem, Verdict


def _every_language() -> list[str]:
    return list(Language.values)


class Reviewer(models.Model):
    """What a person reviews. Who has no such row is offered everything."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="reviewer", verbose_name=_("user")
    )
    languages = models.JSONField(
        _("languages"),
        default=_every_language,
        validators=[known_languages],
        help_text=_("Language codes, the main one first, such as id, en, it."),
    )
    skills = models.ManyToManyField(
        Category,
        blank=True,
        verbose_name=_("skills"),
        help_text=_("Categories that this person reviews; none chosen: all."),
    )
    daily_target = models.PositiveSmallIntegerField(_("target of the day"), null=True, blank=True)

    class Meta:
        verbose_name = _("reviewer")
        verbose_name_plural = _("reviewers")
        ordering = ["user"]

    def __str__(self) -> str:
        return str(self.user)


class ClaimQuerySet(models.QuerySet["Claim"]):
    def open(self) -> ClaimQuerySet:
        return self.filter(end="")

    def live(self, now: datetime) -> ClaimQuerySet:
        """Held, and the lease has not run out."""
        return self.filter(end="", expires_at__gt=now)

    def taking_slots(self) -> ClaimQuerySet:
        """Those that use up one of the pair's places: held, or decided in this round."""
        return self.filter(slot__isnull=False, end__in=["", ClaimEnd.DECIDED])


class Claim(models.Model):
    """A reviewer's hold of one text, for ten minutes at a time.

    Each has a slot of its own among those that the pair's round has; the database refuses a slot
    twice, so that no item is in more hands than the policy asks for. Slot 0 is the adjudicator's.
    Calibration items have none.
    """

    pair = models.ForeignKey(Pair, models.CASCADE, related_name="claims", verbose_name=_("pair"))
    revision = models.ForeignKey(
        PairRevision, models.PROTECT, related_name="claims", verbose_name=_("revision")
    )
    round = models.PositiveSmallIntegerField(_("round"))
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="claims",
        verbose_name=_("reviewer"),
    )
    purpose = models.CharField(
        _("purpose"), max_length=6, choices=Purpose, default=Purpose.REVIEW, editable=False
    )
    slot = models.PositiveSmallIntegerField(_("slot"), null=True)
    taken_at = models.DateTimeField(_("taken at"))
    expires_at = models.DateTimeField(_("expires at"))
    end = models.CharField(_("end"), max_length=8, choices=ClaimEnd, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    note = models.TextField(_("reason"), blank=True)
    verdict = models.OneToOneField(
        Verdict, models.SET_NULL, null=True, related_name="claim", verbose_name=_("verdict")
    )

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("item in hand")
        verbose_name_plural = _("items in hand")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "round", "slot"],
                condition=Q(slot__isnull=False, end__in=["", ClaimEnd.DECIDED]),
                name="claim_slot_once",
            ),
            models.UniqueConstraint(
                fields=["pair", "reviewer"], condition=Q(end=""), name="claim_open_once"
            ),
            models.CheckConstraint(
                condition=Q(end="", ended_at=None) | (~Q(end="") & Q(ended_at__isnull=False)),
                name="claim_end_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["reviewer", "taken_at"], condition=Q(end=""), name="claim_held"),
            models.Index(fields=["revision", "round"], name="claim_by_text"),
            models.Index(fields=["reviewer", "ended_at"], name="claim_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.revision} ({self.reviewer})"


class Suggestion(models.Model):
    """A text that somebody wrote and could not save, offered to whoever decides on the pair."""

    revision = models.ForeignKey(
        PairRevision, models.CASCADE, related_name="suggestions", verbose_name=_("on the text")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("author")
    )
    input = models.TextField(_("question"))
    output = models.TextField(_("answer"))
    why = models.CharField(_("why"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("suggestion")
        verbose_name_plural = _("suggestions")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.revision} ({self.author})"


class GoldItem(models.Model):
    """A text whose right verdict is known: shown among a reviewer's items, unmarked (J5)."""

    revision = models.OneToOneField(
        PairRevision, models.PROTECT, related_name="gold", verbose_name=_("revision")
    )
    decision = models.CharField(_("right verdict"), max_length=10, choices=Decision)
    wrong_items = models.ManyToManyField(
        ChecklistItem, blank=True, verbose_name=_("items that are wrong in it")
    )
    why = models.TextField(_("why"), help_text=_("Shown to the reviewer afterwards."))
    active = models.BooleanField(_("active"), default=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("author")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("gold item")
        verbose_name_plural = _("gold items")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decision__in=[Decision.APPROVE, Decision.REJECT, Decision.NEEDS_WORK]),
                name="gold_decision_known",
            )
        ]

    def __str__(self) -> str:
        return str(self.revision)
