"""The checks run over a pair: its own text, what is approved beside it, what is nearly the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from reviews.checks import (
    addressing,
    contradictions,
    duplicates,
    language,
    length,
    numerals,
    pii,
    placeholders,
    register,
    structure,
)
from reviews.checks.remarks import Remark
from reviews.domain import identity
from reviews.enums import FlagPlace, PairStatus
from reviews.models import Band, Flag, Pair, PairRevision

NEIGHBOURS = 5
"""Approved pairs of the family that an answer is held against."""
CANDIDATES = 50
"""Pairs that share a band and are compared letter by letter; those that share most go first."""
BUCKET = 500
"""Rows of shared bands that are read: a text that thousands share is found all the same."""
SERIOUS = frozenset({"personal_data", "placeholder"})


def _flags(remarks: Iterable[Remark], place: str) -> Iterator[Flag]:
    for remark in remarks:
        yield Flag(
            kind=remark.kind,
            place=place,
            start=remark.start,
            end=remark.end,
            values=remark.values,
            blocks=remark.kind in SERIOUS,
        )


def _personal_data(text: str) -> Iterator[Remark]:
    for span in pii.find(text):
        yield Remark("personal_data", span.start, span.end, {"what": span.kind})


def _own(pair: Pair, revision: PairRevision) -> Iterator[Flag]:
    """What the text says of itself."""
    question, answer = revision.input, revision.output
    for place, text in ((FlagPlace.QUESTION, question), (FlagPlace.ANSWER, answer)):
        yield from _flags(_personal_data(text), place)
        yield from _flags(placeholders.remarks(text), place)
        yield from _flags(numerals.remarks(text), place)
    earlier = "\n".join(text for _role, text in revision.history)
    yield from _flags(_personal_data(earlier), FlagPlace.HISTORY)
    yield from _flags(language.mismatch(answer, pair.language), FlagPlace.ANSWER)
    yield from _flags(register.mismatch(question, answer, pair.register), FlagPlace.ANSWER)
    yield from _flags(addressing.mixing(answer), FlagPlace.ANSWER)
    yield from _flags(addressing.mismatch(answer, pair.register), FlagPlace.ANSWER)
    yield from _flags(structure.remarks(answer), FlagPlace.ANSWER)
    for remark in length.remarks(question, answer):
        yield from _flags([remark], remark.values["part"])


# --- beside others -------------------------------------------------------------------------------
def _family(pair: Pair) -> list[PairRevision]:
    """The approved texts of the pair's question family."""
    approved = Pair.objects.approved().filter(question_id=pair.question_id).exclude(pk=pair.pk)
    rows = PairRevision.objects.filter(pk__in=approved.values("current_revision_id"))
    return list(rows.order_by("pk")[:NEIGHBOURS])


def _contradictions(revision: PairRevision, others: list[PairRevision]) -> Iterator[Flag]:
    """Amounts, durations, percentages and laws that an approved answer to the same denies."""
    for other in others:
        for found in contradictions.between(revision.output, other.output):
            mine, theirs = found.mine, found.theirs
            values = {
                "pair": other.pair_id,
                "mine": revision.output[mine.start : mine.end],
                "theirs": other.output[theirs.start : theirs.end],
            }
            yield Flag(
                kind="contradiction",
                place=FlagPlace.ANSWER,
                start=mine.start,
                end=mine.end,
                values=values,
            )


def _two_answers(revision: PairRevision, others: list[PairRevision]) -> Iterator[Flag]:
    key = identity.tidy(revision.output).casefold()
    asked = identity.of_question(revision.input)
    for other in others:
        if identity.of_question(other.input) != asked:
            continue
        if identity.tidy(other.output).casefold() != key:
            values = {"pair": other.pair_id}
            yield Flag(kind="two_answers", place=FlagPlace.QUESTION, values=values)
            return


def text_of(revision: PairRevision) -> duplicates.Text:
    return duplicates.text_of(revision.history, revision.input, revision.output)


def _candidates(pair: Pair, bands: list[int]) -> list[PairRevision]:
    """Texts of other pairs of the assistant that share a band, those that share most first."""
    rows = Band.objects.filter(value__in=bands, pair__assistant_id=pair.assistant_id)
    shared = Counter(rows.exclude(pair=pair).values_list("pair_id", flat=True)[:BUCKET])
    ids = [pk for pk, _count in shared.most_common(CANDIDATES)]
    gone = [PairStatus.REJECTED, PairStatus.RETIRED]
    current = Pair.objects.filter(pk__in=ids).exclude(status__in=gone)
    return list(PairRevision.objects.filter(pk__in=current.values("current_revision_id")))


def _near(pair: Pair, revision: PairRevision, bands: list[int]) -> Iterator[Flag]:
    """The one that is nearest the same, where one is."""
    mine, best = text_of(revision), (0.0, 0)
    for other in _candidates(pair, bands) if bands else ():
        best = max(best, (duplicates.likeness(mine, text_of(other)), -other.pair_id))
    if best[0] >= duplicates.NEAR:
        values = {"pair": -best[1], "percent": int(best[0] * 100)}
        yield Flag(kind="near_duplicate", place=FlagPlace.ANSWER, values=values)


def look(pair: Pair, bands: list[int] | None = None) -> list[Flag]:
    """The flags of the pair's current text, as rows that are not stored. Three queries at most."""
    revision = pair.current_revision
    if revision is None:
        return []
    others = _family(pair)
    bands = duplicates.bands(text_of(revision)) if bands is None else bands
    return [
        *_own(pair, revision),
        *_contradictions(revision, others),
        *_two_answers(revision, others),
        *_near(pair, revision, bands),
    ]
