"""The admin of the ground floor, one file a subject."""

from reviews.admin import (
    assistants,
    audit,
    capture,
    checklists,
    corrections,
    imports,
    keys,
    pairs,
    questions,
)

__all__ = [
    "assistants",
    "audit",
    "capture",
    "checklists",
    "corrections",
    "imports",
    "keys",
    "pairs",
    "questions",
]
