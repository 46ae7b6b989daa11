"""Rows of the ground floor, one file a subject."""

from reviews.models.assistants import Assistant, ClientKey, PromptVersion, RequestType
from reviews.models.audit import StatusChange
from reviews.models.capture import Feedback, Interaction, OutcomeCount
from reviews.models.corrections import Correction
from reviews.models.imports import ImportRun
from reviews.models.pairs import Category, Pair, PairRevision, Question
from reviews.models.verdicts import Checklist, ChecklistAnswer, ChecklistItem, Verdict

__all__ = [
    "Assistant",
    "Category",
    "Checklist",
    "ChecklistAnswer",
    "ChecklistItem",
    "ClientKey",
    "Correction",
    "Feedback",
    "ImportRun",
    "Interaction",
    "OutcomeCount",
    "Pair",
    "PairRevision",
    "PromptVersion",
    "Question",
    "RequestType",
    "StatusChange",
    "Verdict",
]
