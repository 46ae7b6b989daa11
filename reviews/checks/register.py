"""How casual or formal an Indonesian text is, by its words and never by its punctuation."""

from collections.abc import Sequence
from dataclasses import dataclass

from reviews.checks import casual, language, words
from reviews.checks.remarks import Remark
from reviews.checks.words import Word

CASUAL, NEUTRAL, FORMAL = "casual", "neutral", "formal"

# Scores from here on, and down to here, are a tone.
_CASUAL_FROM, _FORMAL_TO = 0.74, 0.2
# What each standard word weighs against what is only colloquial.
_STANDARD = 0.15
# A longer text needs more casual words for the same tone: one for each so many words of it.
_STRETCH = 60
# The casual words that are shown at most: the tone is clear by then.
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Sign:
    """A casual word at text[start:end]; a `weight` of 1 is casual in any company."""

    text: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Reading:
    """The tone of a text, its score from 0 (formal) to 1 (casual), and what speaks for casual."""

    tone: str
    score: float
    signs: tuple[Sign, ...]


def of(text: str) -> Reading:
    """Read the tone of an Indonesian text; of no words, neutral."""
    read = words.read(text)
    signs = tuple(_signs(text, read))
    score = min(1.0, max(0.0, 0.5 + _evidence(read, signs) / 2))
    tone = CASUAL if score >= _CASUAL_FROM else FORMAL if score <= _FORMAL_TO else NEUTRAL
    return Reading(tone, score, signs)


def score(text: str) -> float:
    """Return how casual an Indonesian text is, from 0 (formal) to 1; 0.5 where nothing speaks."""
    return of(text).score


def mismatch(question: str, answer: str, wanted: str) -> list[Remark]:
    """Compare an answer's tone to `wanted`: "formal", "business", "casual" or "" (not said).

    Asked for a formal or business tone, a casual answer is remarked on as a whole (`register`)
    and each surely casual word by itself (`casual_word`). Asked for a casual one, a formal answer
    to a question that is casual itself is. Texts in other languages get no remarks.
    """
    if not wanted or language.of(answer) not in ("id", ""):
        return []
    read = of(answer)
    if wanted == CASUAL:
        stiff = read.tone == FORMAL and of(question).tone == CASUAL
        return [_remark(wanted, FORMAL)] if stiff else []
    whole = [_remark(wanted, CASUAL)] if read.tone == CASUAL else []
    sure = [sign for sign in read.signs if sign.weight >= 1 or whole][:_SHOWN]
    return whole + [Remark("casual_word", s.start, s.end, {"word": s.text}) for s in sure]


def _remark(wanted: str, found: str) -> Remark:
    return Remark("register", values={"wanted": wanted, "found": found})


def _evidence(read: Sequence[Word], signs: tuple[Sign, ...]) -> float:
    """Return the casual weights less the standard ones, for a stretch of text."""
    sure = sum(sign.weight for sign in signs if sign.weight >= 1)
    rest = sum(sign.weight for sign in signs if sign.weight < 1)
    rest -= _STANDARD * len({word.low for word in read} & casual.STANDARD)
    return (sure + max(0.0, rest) if sure else rest) / max(1.0, len(read) / _STRETCH)


def _signs(text: str, read: Sequence[Word]) -> list[Sign]:
    found = []
    for at, word in enumerate(read):
        behind = read[at + 1] if at + 1 < len(read) else None
        if word.low == "di" and behind and _are_beside(word, behind) and casual.is_verb(behind.low):
            found.append(Sign(text[word.start : behind.end], word.start, behind.end, 1.0))
        elif weight := _weight(text, word, read[at - 1] if at else None, behind):
            found.append(Sign(word.text, word.start, word.end, weight))
    return found


def _weight(text: str, word: Word, before: Word | None, behind: Word | None) -> float:
    if _is_other(text, word, behind):
        return 0.0
    return casual.weight(word.low) or casual.built_weight(word.low) or _again(word, before)


def _is_other(text: str, word: Word, behind: Word | None) -> bool:
    """Return whether a word is written like a casual one and is none."""
    low = word.low
    # "GA" is an abbreviation, "Elo" a name.
    if word.text[0].isupper() and (len(low) < 4 if word.text.isupper() else not word.opens):
        return True
    # "Ya," at the start is a yes, "min. 18" a minimum.
    if (low == "ya" and word.opens) or (low == "min" and _is_number(behind)):
        return True
    if low in casual.DOTTED and (word.text[0].isupper() or text[word.end : word.end + 1] == "."):
        return True
    # Tokenised text has "dm - nya" for "dm-nya".
    return low in casual.ENDINGS and text[: word.start][-2:].strip() == "-"


def _is_number(word: Word | None) -> bool:
    return word is not None and (word.text[0].isdigit() or word.low == "xxxnumberxxx")


def _again(word: Word, before: Word | None) -> float:
    """Return a weight for "teman teman", which is written with a hyphen."""
    if before is None or before.low != word.low or not _are_beside(before, word):
        return 0.0
    return 0.5 if len(word.low) > 3 and word.low.isalpha() and word.low not in casual.MASKS else 0.0


def _are_beside(word: Word, behind: Word) -> bool:
    return behind.start - word.end == 1
