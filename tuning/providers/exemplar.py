"""The embedded model: the nearest approved answer, or the honest word that it does not know.

No weights: questions are vectors of word and character 4-gram counts, weighted by inverse
document frequency, and compared by their cosine (Salton and Buckley 1988, 'Term-weighting
approaches in automatic text retrieval'). Character n-grams carry Indonesian affixes and typing
errors; slang is read in its standard form.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reviews.checks import slang
from tuning.providers.base import Completion, CompletionRequest

DEFAULT_THRESHOLD = 0.5
"""Cosine below which it declines, where no run has calibrated it."""
_GRAM = 4
_GRAM_WEIGHT = 0.35
_EARLIER_WEIGHT = 0.4
"""How much the last earlier question counts: enough to tell short follow-ups apart."""
DECLINES = {
    "id": "Maaf, saya belum punya jawaban yang sudah diperiksa untuk pertanyaan ini.",
    "en": "Sorry, I do not have a verified answer to this question yet.",
    "it": "Mi dispiace, non ho ancora una risposta verificata a questa domanda.",
}


@dataclass(frozen=True, slots=True)
class Exemplar:
    """An approved question and answer. `earlier` is the user's turn before it, if any."""

    question: str
    answer: str
    earlier: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """An exemplar (by its place) and its cosine with the query, from 0 to 1."""

    place: int
    score: float


def _counts(text: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for word in slang.standard_words(text):
        counts[word] += 1.0  # type: ignore[assignment]
        padded = f" {word} "
        for at in range(len(padded) - _GRAM + 1):
            counts[padded[at : at + _GRAM]] += _GRAM_WEIGHT  # type: ignore[assignment]
    return counts


def features(question: str, earlier: str = "") -> dict[str, float]:
    """Feature weights of a question, before any document frequency. Empty for no words."""
    counts: dict[str, float] = dict(_counts(question))
    for name, count in _counts(earlier).items() if earlier else ():
        counts[name] = counts.get(name, 0.0) + _EARLIER_WEIGHT * count
    return {name: 1.0 + math.log(count) if count > 1 else count for name, count in counts.items()}


class Index:
    """Exemplars by feature. Immutable once made, so threads share it freely."""

    def __init__(self, exemplars: Iterable[Exemplar], threshold: float = DEFAULT_THRESHOLD) -> None:
        self.exemplars = list(exemplars)
        self.threshold = threshold
        rows = [features(item.question, item.earlier) for item in self.exemplars]
        frequency = Counter(name for row in rows for name in row)
        total = len(rows)
        self._idf = {name: math.log(1 + total / count) for name, count in frequency.items()}
        # A word that no exemplar holds says that the question is about something else.
        self._unseen_idf = math.log(1 + total) if total else 0.0
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for place, row in enumerate(rows):
            norm = self._norm(row)
            for name, weight in row.items():
                self._postings[name].append((place, weight * self._idf[name] / norm))

    def _norm(self, row: dict[str, float]) -> float:
        weights = (weight * self._idf.get(name, self._unseen_idf) for name, weight in row.items())
        return math.sqrt(sum(weight * weight for weight in weights)) or 1.0

    def search(self, question: str, earlier: str = "", without: int | None = None) -> Match | None:
        """The nearest exemplar, `without` one of them where asked; None where nothing is near."""
        row = features(question, earlier)
        norm = self._norm(row)
        scores: dict[int, float] = defaultdict(float)
        for name, weight in row.items():
            for place, stored in self._postings.get(name, ()):
                scores[place] += stored * weight * self._idf[name] / norm
        if without is not None:
            scores.pop(without, None)
        if not scores:
            return None
        # Of equals the first, so that the same index always answers the same.
        place = min(scores, key=lambda at: (-round(scores[at], 9), at))
        return Match(place, scores[place])


def last_question(history: Sequence[tuple[str, str]]) -> str:
    """The user's last earlier turn, or nothing."""
    return next((words for role, words in reversed(history) if role == "user"), "")


class ExemplarProvider:
    def __init__(self, index: Index) -> None:
        self.index = index

    def complete(self, request: CompletionRequest) -> Completion:
        match = self.index.search(request.prompt, last_question(request.history))
        if match is None or match.score < self.index.threshold:
            return Completion(DECLINES.get(request.language, DECLINES["id"]), declined=True)
        return Completion(self.index.exemplars[match.place].answer)
