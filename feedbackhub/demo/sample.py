"""The sample: files written for this project, or a team's own in their place."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from reviews.domain import identity
from reviews.formats import Example, FormatError, alpaca
from reviews.sources import Refusal, objects

FOLDER = Path(__file__).resolve().parent / "data"
_NAMESPACE = uuid.UUID("5f1d3c1e-7a52-4d5e-9d0c-2f6f1f0f6a11")
OWN_VOTES = 60
"""Votes that the demo casts on a team's own pairs."""


@dataclass(frozen=True, slots=True)
class SampleVote:
    """An answer to register and the vote on it. The id follows from the text: a second demo finds
    the vote stored and casts no other."""

    request_id: uuid.UUID
    question: str
    answer: str
    request_type: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    assistant: str
    name: str
    pairs: bytes
    pairs_name: str
    questions: bytes = b""
    votes: tuple[SampleVote, ...] = ()
    corrections: tuple[dict[str, Any], ...] = ()
    decisions: dict[str, dict[str, Any]] = field(default_factory=dict)
    traffic: tuple[str, ...] = ()
    left_to_review: int = 0


def _rows(name: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (FOLDER / name).read_bytes().splitlines()]


def _vote(place: int, row: dict[str, Any]) -> SampleVote:
    request_id = uuid.uuid5(_NAMESPACE, f"{place}:{row['question']}:{row['answer']}")
    return SampleVote(request_id, row["question"], row["answer"], row["request_type"], row["vote"])


def own() -> Sample:
    """The sample that comes with the project."""
    decisions = {
        identity.of_pair([], row["instruction"], row["output"]): row
        for row in _rows("decisions.jsonl")
    }
    return Sample(
        assistant="bisnis",
        name="Asisten Bisnis",
        pairs=(FOLDER / "pairs.jsonl").read_bytes(),
        pairs_name="pairs.jsonl",
        votes=tuple(_vote(place, row) for place, row in enumerate(_rows("votes.jsonl"))),
        corrections=tuple(_rows("corrections.jsonl")),
        decisions=decisions,
        traffic=tuple(row["question"] for row in _rows("traffic.jsonl")),
        left_to_review=5,
    )


def _examples(raw: bytes) -> list[Example]:
    found = []
    for _line, value in objects.read(raw):
        if isinstance(value, Refusal):
            continue
        try:
            found.append(alpaca.parse(value))
        except FormatError:
            # The import refuses it by line; here only the good rows matter.
            continue
    return found


def of_team(pairs: Path | None, questions: Path | None) -> Sample:
    """A team's own files: pairs to review, and questions of a bank that nobody has answered."""
    raw = pairs.read_bytes() if pairs else b""
    examples = [example for example in _examples(raw) if not example.history]
    votes = []
    for place, example in enumerate(examples[:OWN_VOTES]):
        row = {"question": example.input, "answer": example.output, "request_type": "chat"}
        votes.append(_vote(place, row | {"vote": {"is_positive": True}}))
    bank = questions.read_bytes() if questions else b""
    asked = [example.input for example in examples[:: max(1, len(examples) // 30)]]
    return Sample(
        assistant="demo",
        name="Demo",
        pairs=raw,
        pairs_name=pairs.name if pairs else "",
        questions=bank,
        votes=tuple(votes),
        traffic=tuple(asked[:30]),
    )
