"""The admin of the ground floor, one file a subject."""

from reviews.admin import (
    assistants,
    audit,
    calibration,
    capture,
    checklists,
    corrections,
    imports,
    keys,
    pairs,
    questions,
    queue_state,
    reviewers,
    verdicts,
)

__all__ = [
    "assistants",
    "audit",
    "calibration",
    "capture",
    "checklists",
    "corrections",
    "imports",
    "keys",
    "pairs",
    "questions",
    "queue_state",
    "reviewers",
    "verdicts",
]
