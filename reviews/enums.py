"""The words that columns of this floor may hold, and the legal moves of each lifecycle."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

Moves = dict[str, frozenset[str]]
"""From each status, the statuses that may follow it."""


class Language(TextChoices):
    INDONESIAN = "id", _("Indonesian")
    ENGLISH = "en", _("English")
    ITALIAN = "it", _("Italian")


class Register(TextChoices):
    FORMAL = "formal", _("formal")
    BUSINESS = "business", _("business")
    CASUAL = "casual", _("casual")


class Scope(TextChoices):
    """What a client key may do."""

    FEEDBACK = "feedback", _("register answers and vote")
    READ = "read", _("read statistics and exports")
    GENERATE = "generate", _("ask through the gateway")
    LOG = "log", _("write the interaction log")
    OPERATE = "operate", _("see model versions and set their traffic")


class PairSource(TextChoices):
    IMPORT = "import", _("import")
    FEEDBACK = "feedback", _("positive vote")
    CORRECTION = "correction", _("correction")
    GOLDEN = "golden", _("golden answer")


class PairStatus(TextChoices):
    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    NEEDS_WORK = "needs_work", _("needs work")
    DISPUTED = "disputed", _("disputed")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")
    RETIRED = "retired", _("retired")


QUEUED = [PairStatus.DRAFT, PairStatus.IN_REVIEW]
"""Statuses in which a pair waits for any reviewer."""
WAITING = [*QUEUED, PairStatus.DISPUTED]
"""Statuses in which a pair waits for a verdict."""
SORTABLE = [PairStatus.DRAFT, PairStatus.IN_REVIEW, PairStatus.NEEDS_WORK]
"""Statuses in which category and register may still change."""
PAIR_MOVES: Moves = {
    PairStatus.DRAFT: frozenset({PairStatus.IN_REVIEW}),
    PairStatus.IN_REVIEW: frozenset(
        {
            PairStatus.APPROVED,
            PairStatus.REJECTED,
            PairStatus.NEEDS_WORK,
            PairStatus.DISPUTED,
        }
    ),
    PairStatus.NEEDS_WORK: frozenset({PairStatus.IN_REVIEW}),
    # Back to in_review when somebody edits the text: the verdicts were on the old one.
    PairStatus.DISPUTED: frozenset(
        {PairStatus.APPROVED, PairStatus.REJECTED, PairStatus.IN_REVIEW}
    ),
    PairStatus.APPROVED: frozenset({PairStatus.IN_REVIEW, PairStatus.RETIRED}),
    # A wrong rejection must not be a dead end.
    PairStatus.REJECTED: frozenset({PairStatus.IN_REVIEW}),
    PairStatus.RETIRED: frozenset(),
}


class Decision(TextChoices):
    """What one reviewer says of one revision."""

    APPROVE = "approve", _("approve")
    REJECT = "reject", _("reject")
    NEEDS_WORK = "needs_work", _("needs work")
    # Counts for neither side, and from then on the asker's own approval is not enough.
    SECOND = "second", _("ask a second reviewer")


class Agreement(TextChoices):
    """What the verdicts of several reviewers must be for the pair to be decided."""

    UNANIMOUS = "unanimous", _("all agree")
    MAJORITY = "majority", _("most agree")


class Purpose(TextChoices):
    """What an item in a reviewer's hand is for. Only the first counts for the pair."""

    REVIEW = "review", _("review")
    # Both look like any other item: they measure the reviewer and the checklist (J5).
    GOLD = "gold", _("gold item")
    REPEAT = "repeat", _("repeat")


class ClaimEnd(TextChoices):
    """How a reviewer's hold of an item ended; empty while it lasts."""

    DECIDED = "decided", _("decided")
    EDITED = "edited", _("edited")
    SKIPPED = "skipped", _("skipped")
    RELEASED = "released", _("given back")
    EXPIRED = "expired", _("expired")
    UNDONE = "undone", _("undone")


class FlagPlace(TextChoices):
    """The text that a flag speaks of."""

    QUESTION = "question", _("question")
    ANSWER = "answer", _("answer")
    HISTORY = "history", _("earlier turns")


class CorrectionStatus(TextChoices):
    OPEN = "open", _("open")
    FINISHED = "finished", _("finished")
    DISMISSED = "dismissed", _("dismissed")


CORRECTION_MOVES: Moves = {
    CorrectionStatus.OPEN: frozenset({CorrectionStatus.FINISHED, CorrectionStatus.DISMISSED}),
    CorrectionStatus.DISMISSED: frozenset({CorrectionStatus.OPEN}),
    CorrectionStatus.FINISHED: frozenset(),
}


class ChecklistPart(TextChoices):
    NATURALNESS = "naturalness", _("naturalness")
    ACCURACY = "accuracy", _("accuracy")
    TONE = "tone", _("tone")
    COMPLETENESS = "completeness", _("completeness")
    BRAND = "brand", _("brand")


class Outcome(TextChoices):
    """How an agent's interaction ended."""

    SUCCESS = "success", _("success")
    FAILURE = "failure", _("failure")
    ERROR = "error", _("error")


class Processing(TextChoices):
    PENDING = "pending", _("pending")
    PROCESSED = "processed", _("processed")
    ERROR = "error", _("error")
