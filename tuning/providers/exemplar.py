"""The embedded model: the nearest approved answer, or the honest word that it does not know.

No weights are trained: each question family is a document of the words of its questions and
answers, and a question is scored against it by BM25 (Robertson and Zaragoza 2009, 'The
Probabilistic Relevance Framework: BM25 and Beyond', eq. 3.15) as a share of the best score that the
question could reach. For the best few families the nearest wording is looked at by itself, and the
second one's score is taken off in part: a question that fits two equally well fits neither. Words
are stemmed lightly and slang is read in its standard form; character 4-grams carry typing errors
and the affixes that the stemmer misses.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reviews.checks import slang
from tuning.providers.base import Chunk, Completion, CompletionRequest, Usage

DEFAULT_THRESHOLD = 0.3
"""Score below which it declines, where no run has calibrated it."""
_K1, _B = 1.2, 0.5
_GRAM, _GRAM_WEIGHT = 4, 0.3
_COMMON_WEIGHT = 0.1
"""Of words that any question may hold ('apa', 'berapa', 'kami')."""
_EARLIER_WEIGHT = 0.4
"""How much the last earlier question counts: enough to tell short follow-ups apart."""
_RIVAL_WEIGHT = 0.7
"""How much of the second family's score is taken off the best one's."""
_RANKED = 6
"""Families whose wordings are looked at one by one."""
DECLINES = {
    "id": "Maaf, saya belum punya jawaban yang sudah diperiksa untuk pertanyaan ini.",
    "en": "Sorry, I do not have a verified answer to this question yet.",
    "it": "Mi dispiace, non ho ancora una risposta verificata a questa domanda.",
}


@dataclass(frozen=True, slots=True)
class Exemplar:
    """An approved question and answer. `earlier` is the user's turn before it, if any; `family`
    names what it asks, and without one its own answer stands for it."""

    question: str
    answer: str
    earlier: str = ""
    family: str = ""

    @property
    def home(self) -> str:
        return self.family or self.answer


@dataclass(frozen=True, slots=True)
class Match:
    """The exemplar that fits best, and how well, from 0 to 1."""

    exemplar: Exemplar
    score: float


Features = dict[str, float]


def features(text: str, weight: float = 1.0) -> Features:
    """Weights of the text's stems and their character 4-grams; empty for no words."""
    found: Features = defaultdict(float)
    for word in slang.standard_words(text):
        share = weight * (_COMMON_WEIGHT if word in slang.COMMON else 1.0)
        stem = slang.stem(word)
        found[stem] += share
        padded = f" {stem} "
        for at in range(len(padded) - _GRAM + 1):
            # The mark keeps a gram apart from a word of the same letters.
            found[f"#{padded[at : at + _GRAM]}"] += share * _GRAM_WEIGHT
    return found


def _query(question: str, earlier: str) -> Features:
    row = features(question)
    for name, weight in features(earlier, _EARLIER_WEIGHT).items():
        row[name] = row.get(name, 0.0) + weight
    return row


def _document(items: list[Exemplar]) -> Features:
    """The words of a family: every question, and each different answer once."""
    row: Features = defaultdict(float)
    texts = [_query(item.question, item.earlier) for item in items]
    texts += [features(answer) for answer in dict.fromkeys(item.answer for item in items)]
    for text in texts:
        for name, weight in text.items():
            row[name] += weight
    return row


class Index:
    """Families by feature. Immutable once made, so threads share it freely."""

    def __init__(self, exemplars: Iterable[Exemplar], threshold: float = DEFAULT_THRESHOLD) -> None:
        self.threshold = threshold
        families: dict[str, list[Exemplar]] = defaultdict(list)
        for item in exemplars:
            families[item.home].append(item)
        self.families = list(families.values())
        rows = [_document(items) for items in self.families]
        frequency = Counter(name for row in rows for name in row)
        self._idf = {name: self._rarity(count) for name, count in frequency.items()}
        # A word that no family holds says that the question is about something else.
        self._unknown = self._rarity(0)
        self._postings = self._weigh(rows)

    def _rarity(self, count: int) -> float:
        return math.log(1 + (len(self.families) - count + 0.5) / (count + 0.5))

    @staticmethod
    def _weigh(rows: list[Features]) -> dict[str, list[tuple[int, float]]]:
        """For each feature, the families that hold it with their BM25 gain."""
        sizes = [sum(row.values()) for row in rows]
        mean = sum(sizes) / len(sizes) if sizes else 1.0
        postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for place, (row, size) in enumerate(zip(rows, sizes, strict=True)):
            damping = _K1 * (1 - _B + _B * size / mean)
            for name, count in row.items():
                postings[name].append((place, count * (_K1 + 1) / (count + damping)))
        return postings

    def _shortlist(self, row: Features) -> list[tuple[float, int]]:
        """(share of the best possible score, family) of the best few, best first."""
        scores: dict[int, float] = defaultdict(float)
        for name, weight in row.items():
            for place, gain in self._postings.get(name, ()):
                scores[place] += weight * self._idf[name] * gain
        rarities = (weight * self._idf.get(name, self._unknown) for name, weight in row.items())
        best_possible = sum(rarities) * (_K1 + 1) or 1.0
        # Of equals the first, so that the same index always answers the same.
        ranked = sorted(scores, key=lambda at: (-round(scores[at], 9), at))
        return [(scores[place] / best_possible, place) for place in ranked[:_RANKED]]

    def _closeness(self, row: Features, item: Exemplar) -> float:
        """How alike two questions are: weighted Jaccard similarity, 1 for the same words."""
        own = _query(item.question, item.earlier)
        shared = whole = 0.0
        for name in row.keys() | own.keys():
            mine, theirs = row.get(name, 0.0), own.get(name, 0.0)
            rarity = self._idf.get(name, self._unknown)
            shared += min(mine, theirs) * rarity
            whole += max(mine, theirs) * rarity
        return shared / whole if whole else 0.0

    def _ranked(self, question: str, earlier: str) -> list[Match]:
        """The best wording of each of the best few families, best first."""
        row = _query(question, earlier)
        matches = []
        for share, place in self._shortlist(row):
            # In a family the nearest wording answers, and one that is the same says all.
            near, item = max(
                ((self._closeness(row, item), item) for item in self.families[place]),
                key=lambda pair: pair[0],
            )
            matches.append(Match(item, max(share, near)))
        return sorted(matches, key=lambda match: -match.score)

    def search(self, question: str, earlier: str = "") -> Match | None:
        """What fits best; None where no word of the question is known."""
        matches = self._ranked(question, earlier)
        if not matches:
            return None
        best = matches[0]
        rival = matches[1].score if len(matches) > 1 else 0.0
        return Match(best.exemplar, best.score - _RIVAL_WEIGHT * rival)

    def nearest(self, question: str, earlier: str = "", top: int = 3) -> list[Match]:
        """The `top` families (at most six), best first; here rivals take nothing off a score."""
        return self._ranked(question, earlier)[:top]


def last_question(history: Sequence[tuple[str, str]]) -> str:
    """The user's last earlier turn, or nothing."""
    return next((words for role, words in reversed(history) if role == "user"), "")


class ExemplarProvider:
    def __init__(self, index: Index) -> None:
        self.index = index

    def complete(self, request: CompletionRequest) -> Completion:
        match = self.index.search(request.prompt, last_question(request.history))
        if match is None or match.score < self.index.threshold:
            text, declined = DECLINES.get(request.language, DECLINES["id"]), True
        else:
            text, declined = match.exemplar.answer, False
        asked = [request.system, request.prompt, *(words for _role, words in request.history)]
        # It has no tokens: words are what can be counted.
        usage = Usage(sum(len(part.split()) for part in asked), len(text.split()))
        return Completion(text, declined, usage=usage)

    def stream(self, request: CompletionRequest) -> Iterator[Chunk]:
        """In one piece: the answer is there at once."""
        done = self.complete(request)
        yield Chunk(done.text, done.declined)
        yield Chunk(finish_reason=done.finish_reason, usage=done.usage)
