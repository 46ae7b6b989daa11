"""Answers that a training job wrote down: for a tuned model that no server serves yet.

Enough to evaluate it, for an evaluation's questions are known before; a question that nobody asked
then has no answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import orjson

from reviews.formats import write
from tuning.providers.base import Chunk, Completion, CompletionRequest, ProviderError


def key(request: CompletionRequest) -> str:
    """What a question is found by: SHA-256 (hex) over all that was said."""
    said = [request.system, request.history, request.prompt]
    return hashlib.sha256(write(said)).hexdigest()


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> dict[str, str]:
    """The file's answers by their keys; `_changed` tells a newer file of the same name."""
    with path.open("rb") as file:
        return {row["key"]: row["text"] for row in map(orjson.loads, file)}


class RecordedProvider:
    """Lines of `answers`: {"key": text, "text": answer}."""

    def __init__(self, answers: Path) -> None:
        self.answers = answers

    def complete(self, request: CompletionRequest) -> Completion:
        try:
            known = _read(self.answers, self.answers.stat().st_mtime_ns)
        except (OSError, ValueError, KeyError, TypeError) as error:
            # The error itself names a folder of this machine.
            raise ProviderError("its recorded answers can't be read", permanent=True) from error
        text = known.get(key(request))
        if text is None:
            raise ProviderError("this question has no recorded answer", permanent=True)
        return Completion(text)

    def stream(self, request: CompletionRequest) -> Iterator[Chunk]:
        """In one piece: the answer is there at once."""
        done = self.complete(request)
        yield Chunk(done.text)
        yield Chunk(finish_reason=done.finish_reason)
