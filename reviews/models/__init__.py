"""Rows of the ground floor, one file a subject."""

from reviews.models.assistants import Assistant, ClientKey, PromptVersion, RequestType
from reviews.models.audit import StatusChange
from reviews.models.capture import Feedback, Interaction, OutcomeCount
from reviews.models.corrections import Correction
from reviews.models.desk import Claim, GoldItem, Reviewer, Suggestion
from reviews.models.flags import Band, Flag, Passage
from reviews.models.imports import ImportRun
from reviews.models.pairs import Category, Pair, PairRevision, Question
from reviews.models.verdicts import (
    Checklist,
    ChecklistAnswer,
    ChecklistItem,
    FactAnswer,
    Verdict,
)

__all__ = [
    "Assistant",
    "Band",
    "Category",
    "Checklist",
    "ChecklistAnswer",
    "ChecklistItem",
    "Claim",
    "ClientKey",
    "Correction",
    "FactAnswer",
    "Feedback",
    "Flag",
    "GoldItem",
    "ImportRun",
    "Interaction",
    "OutcomeCount",
    "Pair",
    "PairRevision",
    "Passage",
    "PromptVersion",
    "Question",
    "RequestType",
    "Reviewer",
    "StatusChange",
    "Suggestion",
    "Verdict",
]
