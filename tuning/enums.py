"""The words that columns of this floor may hold, and the legal moves of each lifecycle."""

from __future__ import annotations

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _

from reviews.enums import Moves


class Part(TextChoices):
    """Where a member of a dataset version goes."""

    TRAIN = "train", _("train")
    VALIDATION = "validation", _("validation")
    TEST = "test", _("test")
    PARAPHRASE = "paraphrase", _("paraphrase")


class ExportStatus(TextChoices):
    PENDING = "pending", _("pending")
    COMPLETED = "completed", _("completed")
    FAILED = "failed", _("failed")


EXPORT_MOVES: Moves = {
    ExportStatus.PENDING: frozenset({ExportStatus.COMPLETED, ExportStatus.FAILED}),
    ExportStatus.FAILED: frozenset({ExportStatus.PENDING}),
    ExportStatus.COMPLETED: frozenset(),
}


class Backend(TextChoices):
    EXEMPLAR = "exemplar", _("exemplar (embedded)")
    VERTEX = "vertex", "Gemini (Vertex AI)"
    LORA = "lora", _("LoRA on own hardware")


class Provider(TextChoices):
    EXEMPLAR = "exemplar", _("exemplar (embedded)")
    GEMINI = "gemini", "Gemini"
    OPENAI = "openai", _("OpenAI-compatible server")
    RECORDED = "recorded", _("nobody yet: answers that its run recorded")


class Method(TextChoices):
    """What a run teaches."""

    SFT = "sft", _("answers")
    PREFERENCE = "preference", _("preferences (DPO)")


class Ability(TextChoices):
    """What can be done with a base model."""

    SFT = "sft", _("tuning with answers")
    PREFERENCE = "preference", _("tuning with preferences")
    CONTINUOUS = "continuous", _("tuning a tuned model further")


class RunStatus(TextChoices):
    QUEUED = "queued", _("queued")
    PREPARING = "preparing", _("preparing")
    UPLOADING = "uploading", _("uploading")
    TRAINING = "training", _("training")
    EVALUATING = "evaluating", _("evaluating")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLING = "cancelling", _("cancelling")
    CANCELLED = "cancelled", _("cancelled")


ACTIVE_RUN = [
    RunStatus.QUEUED,
    RunStatus.PREPARING,
    RunStatus.UPLOADING,
    RunStatus.TRAINING,
    RunStatus.EVALUATING,
    RunStatus.CANCELLING,
]
_ENDS = {RunStatus.FAILED, RunStatus.CANCELLING}
RUN_MOVES: Moves = {
    RunStatus.QUEUED: frozenset({RunStatus.PREPARING} | _ENDS),
    RunStatus.PREPARING: frozenset({RunStatus.UPLOADING} | _ENDS),
    RunStatus.UPLOADING: frozenset({RunStatus.TRAINING} | _ENDS),
    RunStatus.TRAINING: frozenset({RunStatus.EVALUATING} | _ENDS),
    RunStatus.EVALUATING: frozenset({RunStatus.SUCCEEDED} | _ENDS),
    RunStatus.CANCELLING: frozenset({RunStatus.CANCELLED, RunStatus.FAILED}),
    RunStatus.SUCCEEDED: frozenset(),
    # Tried again, from the step that failed.
    RunStatus.FAILED: frozenset(
        {RunStatus.PREPARING, RunStatus.UPLOADING, RunStatus.TRAINING, RunStatus.EVALUATING}
    ),
    RunStatus.CANCELLED: frozenset(),
}


class Trigger(TextChoices):
    """Who asked for a run."""

    PERSON = "person", _("a person")
    EXPORT = "export", _("the nightly export")
    WEEKLY = "weekly", _("the weekly retrain")
    SUCCESSION = "succession", _("the end of a base model")


class EventKind(TextChoices):
    STEP = "step", _("step")
    LOSS = "loss", _("loss")
    VALIDATION = "validation", _("loss on held-out data")
    PROGRESS = "progress", _("progress")
    WARNING = "warning", _("warning")
    ERROR = "error", _("error")


POINTS = (EventKind.LOSS, EventKind.VALIDATION, EventKind.PROGRESS)
"""Kinds of events that are points of a curve."""


class VersionStatus(TextChoices):
    CANDIDATE = "candidate", _("candidate")
    GATED = "gated", _("gates passed")
    BARRED = "barred", _("barred")
    CANARY = "canary", _("trial")
    LIVE = "live", _("live")
    RETIRED = "retired", _("retired")
    ROLLED_BACK = "rolled_back", _("rolled back")
    # Its tuned model is no more at its provider.
    DELETED = "deleted", _("deleted")


SERVING = [VersionStatus.CANARY, VersionStatus.LIVE]
VERSION_MOVES: Moves = {
    VersionStatus.CANDIDATE: frozenset({VersionStatus.GATED, VersionStatus.BARRED}),
    VersionStatus.GATED: frozenset({VersionStatus.CANARY, VersionStatus.DELETED}),
    VersionStatus.BARRED: frozenset({VersionStatus.CANARY, VersionStatus.DELETED}),
    # To itself: another share of the traffic.
    VersionStatus.CANARY: frozenset(
        {VersionStatus.CANARY, VersionStatus.LIVE, VersionStatus.ROLLED_BACK}
    ),
    VersionStatus.LIVE: frozenset({VersionStatus.RETIRED, VersionStatus.ROLLED_BACK}),
    VersionStatus.RETIRED: frozenset({VersionStatus.CANARY, VersionStatus.DELETED}),
    VersionStatus.ROLLED_BACK: frozenset({VersionStatus.CANARY, VersionStatus.DELETED}),
    VersionStatus.DELETED: frozenset(),
}


class Slice(TextChoices):
    """Which questions an evaluation asked."""

    PARAPHRASE = "paraphrase", _("taught, in held-out words")
    REWORDED = "reworded", _("taught, reworded by rule")
    UNSEEN = "unseen", _("never taught")


class Stage(IntegerChoices):
    """Traffic shares, in percent, that gates stand before."""

    TEN = 10, "10 %"
    FIFTY = 50, "50 %"
    ALL = 100, "100 %"


class Requirement(TextChoices):
    REQUIRED = "required", _("required")
    ADVISORY = "advisory", _("advisory")
    NOT_APPLICABLE = "not_applicable", _("not applicable")


class Measure(TextChoices):
    """What a gate measures; each is better when higher."""

    ACCURACY = "accuracy", _("answers whose facts agree with the golden answer")
    COVERAGE = "coverage", _("taught questions answered")
    ACCURACY_GAIN = "accuracy_gain", _("accuracy over the base, relatively")
    FACT_PRECISION = "fact_precision", _("precision on critical facts")
    CONSISTENCY = "consistency", _("same facts when asked in other words")
    UNSEEN_DECLINED = "unseen_declined", _("unknown questions honestly declined")
    PREFERENCE = "preference", _("preferred to the base in blind pairs")
    NATURALNESS = "naturalness", _("naturalness (1 to 10)")
    NO_CRITICAL_ERRORS = "no_critical_errors", _("blind trial without critical errors")


class AnswerOutcome(TextChoices):
    ANSWERED = "answered", _("answered")
    DECLINED = "declined", _("declined")
    FAILED = "failed", _("failed")
    # The caller asked what no model takes, or went away before the end: against nobody.
    REJECTED = "rejected", _("refused as wrong")
    CANCELLED = "cancelled", _("cancelled")
