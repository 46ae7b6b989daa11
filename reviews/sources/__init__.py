"""Importers that need judgement: from a file's bytes to rows or refusals, each with its line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the row at `line` (counted from 1) was not taken."""

    line: int
    reason: str
