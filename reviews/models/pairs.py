"""Questions, and the question/answer pairs that reviewers make trustworthy."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Least
from django.utils.translation import gettext_lazy as _

from reviews.enums import (
    PAIR_MOVES,
    QUEUED,
    WAITING,
    Agreement,
    Language,
    PairSource,
    PairStatus,
    Register,
)
from reviews.models.assistants import Assistant, texts
from reviews.models.imports import ImportRun


class Category(models.Model):
    assistant = models.ForeignKey(
        Assistant, models.CASCADE, related_name="categories", verbose_name=_("assistant")
    )
    slug = models.SlugField(_("slug"))
    name = models.CharField(_("name"), max_length=100)
    aliases = models.JSONField(
        _("aliases"),
        default=list,
        blank=True,
        validators=[texts],
        help_text=_("Other names of it in imported files."),
    )
    reviewers_needed = models.PositiveSmallIntegerField(
        _("reviewers needed"),
        default=1,
        help_text=_("How many must approve a pair. 2 where a wrong amount or law does harm."),
    )
    agreement = models.CharField(
        _("agreement"),
        max_length=10,
        choices=Agreement,
        default=Agreement.UNANIMOUS,
        help_text=_("When verdicts differ beyond this, a senior reviewer settles it."),
    )
    confirm_facts = models.BooleanField(
        _("confirm facts"),
        default=False,
        help_text=_("Each amount, duration and legal reference is confirmed on its own."),
    )
    target = models.PositiveIntegerField(
        _("target"), null=True, blank=True, help_text=_("Approved pairs wanted.")
    )
    # What the category's pairs are moved up by in the queue while it is short of its target.
    boost = models.PositiveSmallIntegerField(_("boost"), default=0, editable=False)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["assistant", "slug"]
        constraints = [
            models.UniqueConstraint(fields=["assistant", "slug"], name="category_slug_once"),
            models.CheckConstraint(
                condition=Q(reviewers_needed__gte=1, reviewers_needed__lte=9),
                name="category_reviewers_between_1_and_9",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class QuestionQuerySet(models.QuerySet["Question"]):
    def unanswered(self) -> QuestionQuerySet:
        """Questions of the bank that no pair answers yet."""
        return self.filter(pairs=None)


class Question(models.Model):
    """A family: one thing asked, in however many wordings."""

    assistant = models.ForeignKey(
        Assistant, models.CASCADE, related_name="questions", verbose_name=_("assistant")
    )
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="questions", verbose_name=_("category")
    )
    # Of the family's name where a file gives one, else of the normalised text.
    identity = models.CharField(max_length=64, editable=False)
    text = models.TextField(_("question"))
    import_run = models.ForeignKey(
        ImportRun, models.SET_NULL, null=True, blank=True, verbose_name=_("import")
    )
    import_line = models.PositiveIntegerField(_("line"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["assistant", "identity"], name="question_once")
        ]

    def __str__(self) -> str:
        return self.text[:80]


def _points(condition: Q, points: int) -> Case:
    return Case(When(condition, then=Value(points)), default=Value(0))


# What moves a pair up in the queue, in points: a dispute that people wait for, verdicts that would
# be lost work without one more, answers that users complained of, age, and users' applause.
PRIORITY = (
    _points(Q(status=PairStatus.DISPUTED), 400)
    + _points(Q(given__gt=0), 200)
    + 20 * Least(F("complaints"), Value(5))
    + _points(Q(stale=True), 50)
    + Least(F("voices"), Value(20))
)


class PairQuerySet(models.QuerySet["Pair"]):
    def open(self) -> PairQuerySet:
        """Pairs that wait for a person."""
        return self.filter(
            status__in=[
                PairStatus.DRAFT,
                PairStatus.IN_REVIEW,
                PairStatus.NEEDS_WORK,
                PairStatus.DISPUTED,
            ]
        )

    def waiting(self) -> PairQuerySet:
        """Pairs that wait for a verdict."""
        return self.filter(status__in=WAITING)

    def approved(self) -> PairQuerySet:
        return self.filter(status=PairStatus.APPROVED)

    def by_priority(self) -> PairQuerySet:
        return self.order_by("-priority", "id")


class Pair(models.Model):
    """A question/answer pair; its text lives in its revisions alone."""

    MOVES = PAIR_MOVES
    # Nobody decides on a text that they did not see.
    MOVE_GUARDS = ("current_revision_id", "round")

    assistant = models.ForeignKey(
        Assistant, models.CASCADE, related_name="pairs", verbose_name=_("assistant")
    )
    # Of history, input and output as they came in; edits do not change it, so that a second
    # import or vote finds the same pair.
    identity = models.CharField(max_length=64, editable=False)
    question = models.ForeignKey(
        Question, models.PROTECT, related_name="pairs", verbose_name=_("question family")
    )
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="pairs", verbose_name=_("category")
    )
    register = models.CharField(
        _("register"), max_length=10, choices=Register, default=Register.BUSINESS
    )
    language = models.CharField(
        _("language"), max_length=2, choices=Language, default=Language.INDONESIAN
    )
    source = models.CharField(_("source"), max_length=12, choices=PairSource)
    status = models.CharField(
        _("status"), max_length=12, choices=PairStatus, default=PairStatus.DRAFT
    )
    # Events change these columns, and the database the priority with them.
    voices = models.PositiveIntegerField(_("helpful votes"), default=0, editable=False)
    complaints = models.PositiveIntegerField(_("complaints"), default=0, editable=False)
    given = models.PositiveSmallIntegerField(_("verdicts given"), default=0, editable=False)
    stale = models.BooleanField(_("waits long"), default=False, editable=False)
    priority = models.GeneratedField(
        expression=PRIORITY,
        output_field=models.IntegerField(),
        db_persist=True,
        verbose_name=_("priority"),
    )
    reviewers_needed = models.PositiveSmallIntegerField(_("reviewers needed"), default=1)
    # How many may have a hand in this round: those needed, and one more for each who asked for it.
    slots = models.PositiveSmallIntegerField(default=1, editable=False)
    # Who wrote its text or decided on it last: the queue passes over their own at no cost. Whether
    # they may decide is asked elsewhere.
    last_hand = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
    )
    # The automatic checks have not seen the present text, or what they compare it with changed.
    checks_due = models.BooleanField(default=True, editable=False)
    # Whether a text was left for whoever decides: seldom, so that most items need not ask.
    suggested = models.BooleanField(default=False, editable=False)
    # Verdicts of an earlier round do not count: a reopened pair starts anew.
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    current_revision = models.OneToOneField(
        "PairRevision",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("current text"),
    )
    import_run = models.ForeignKey(
        ImportRun, models.SET_NULL, null=True, blank=True, verbose_name=_("import")
    )
    import_line = models.PositiveIntegerField(_("line"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = PairQuerySet.as_manager()

    class Meta:
        verbose_name = _("question/answer pair")
        verbose_name_plural = _("question/answer pairs")
        ordering = ["-id"]
        permissions = [
            ("review_pair", "Can give a verdict on a pair"),
            ("adjudicate_pair", "Can settle a dispute"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["assistant", "identity"], name="pair_once"),
            models.CheckConstraint(
                condition=Q(status__in=PairStatus.values), name="pair_status_known"
            ),
        ]
        indexes = [
            models.Index(fields=["-priority", "id"], name="pair_by_priority"),
            models.Index(
                fields=["-priority", "id"],
                name="pair_waiting",
                condition=Q(status__in=WAITING),
            ),
            # The queue: the top of each category and language, whatever waits below it.
            models.Index(
                fields=["category", "language", "-priority", "id"],
                name="pair_queue",
                condition=Q(status__in=QUEUED),
            ),
            models.Index(
                fields=["-priority", "id"],
                name="pair_disputed",
                condition=Q(status=PairStatus.DISPUTED),
            ),
            models.Index(
                fields=["created_at"],
                name="pair_not_stale",
                condition=Q(status__in=WAITING, stale=False),
            ),
            models.Index(fields=["id"], name="pair_checks_due", condition=Q(checks_due=True)),
            models.Index(fields=["assistant", "status"], name="pair_by_status"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def waits(self) -> bool:
        return self.status in WAITING


class PairRevision(models.Model):
    """One text of a pair, never edited: a change is a new number."""

    pair = models.ForeignKey(Pair, models.CASCADE, related_name="revisions", verbose_name=_("pair"))
    number = models.PositiveIntegerField(_("number"))
    system = models.TextField(_("system instruction"), blank=True)
    # Earlier turns, oldest first: [["user", text], ["assistant", text], …].
    history: models.JSONField[list[Any], list[Any]] = models.JSONField(
        _("earlier turns"), default=list, blank=True
    )
    input = models.TextField(_("question"))
    output = models.TextField(_("answer"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("author"),
    )
    why = models.CharField(_("why"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering = ["pair", "number"]
        constraints = [
            models.UniqueConstraint(fields=["pair", "number"], name="revision_number_once")
        ]

    def __str__(self) -> str:
        return f"#{self.pair_id}.{self.number}"
