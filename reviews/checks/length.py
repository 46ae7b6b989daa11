"""Answers that are far too short for what was asked, and texts that are far too long."""

import re

from reviews.checks.remarks import Remark

_LONGEST = 20_000
# What cannot be answered in four words, in Indonesian, English and Italian.
_ASKS_MUCH = re.compile(
    r"\b(?:jelaskan|uraikan|sebutkan|bandingkan|bagaimana|gimana|mengapa|kenapa|apa saja|langkah"
    r"|prosedur|perbedaan|bedanya|explain|describe|compare|list|how do|how does|how can|how to|why"
    r"|steps|difference|spiega|descrivi|elenca|confronta|come si|perché|quali sono|differenza)\b",
    re.IGNORECASE,
)
_FEW = 5
_WORD = re.compile(r"\w+")


def remarks(question: str, answer: str) -> list[Remark]:
    """Remark on the length of a question and its answer (`length`).

    `values`: "part" ("question" or "answer"), "reason" ("short", "long" or "empty"), and "count",
    words of a short text or characters of a long one.
    """
    found = [
        _remark(part, "long", len(text))
        for part, text in (("question", question), ("answer", answer))
        if len(text) > _LONGEST
    ]
    count = _count(answer)
    if count == 0:
        found.append(_remark("answer", "empty", 0))
    elif count < _FEW and _ASKS_MUCH.search(question[:_LONGEST]):
        found.append(_remark("answer", "short", count))
    return found


def _count(text: str) -> int:
    """Count words, at most a few: more are enough."""
    count = 0
    for _ in _WORD.finditer(text):
        count += 1
        if count == _FEW:
            break
    return count


def _remark(part: str, reason: str, count: int) -> Remark:
    return Remark("length", values={"part": part, "reason": reason, "count": str(count)})
