"""What a machine noticed in a pair, for the reviewer to judge (B9). People decide.

The checks are pure functions (`reviews/checks`); here they are run over a pair's text and over what
is approved beside it, and their remarks stored as rows with the place they speak of. A new text, or
an approval in the same question family, makes the checks due; the background runs them within
seconds, and the desk at once where a reviewer is quicker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from reviews.checks import facts, pii
from reviews.domain import identity
from reviews.enums import FlagPlace
from reviews.models import Flag, Pair, PairRevision

_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\[(?:NAMA|NAME|TODO|XXX)\]|\blorem ipsum\b", re.IGNORECASE)
PORTION = 200
NEIGHBOURS = 5
"""Approved pairs of the family that an answer is held against."""


def _places(revision: PairRevision) -> Iterator[tuple[str, str]]:
    yield FlagPlace.QUESTION, revision.input
    yield FlagPlace.ANSWER, revision.output


def _personal_data(revision: PairRevision) -> Iterator[Flag]:
    for place, text in _places(revision):
        for span in pii.find(text):
            yield Flag(
                kind="personal_data",
                place=place,
                start=span.start,
                end=span.end,
                values={"what": span.kind},
                blocks=True,
            )


def _placeholders(revision: PairRevision) -> Iterator[Flag]:
    for place, text in _places(revision):
        for found in _PLACEHOLDER.finditer(text):
            start, end = found.span()
            values = {"text": found[0][:60]}
            yield Flag(
                kind="placeholder", place=place, start=start, end=end, values=values, blocks=True
            )


def _family(pair: Pair) -> list[PairRevision]:
    """The approved texts of the pair's question family."""
    approved = Pair.objects.approved().filter(question_id=pair.question_id).exclude(pk=pair.pk)
    rows = PairRevision.objects.filter(pk__in=approved.values("current_revision_id"))
    return list(rows.order_by("pk")[:NEIGHBOURS])


def _contradictions(revision: PairRevision, others: list[PairRevision]) -> Iterator[Flag]:
    """Facts that approved answers of the same question family do not hold."""
    mine = facts.find(revision.output)
    for other in others if mine else []:
        theirs = facts.values(other.output)
        # A fact of a kind that the other does not speak of adds to it, and contradicts nothing.
        kinds = {kind for kind, _value in theirs}
        for fact in mine:
            if fact.kind in kinds and (fact.kind, fact.value) not in theirs:
                values = {"pair": other.pair_id, "fact": fact.value}
                yield Flag(
                    kind="contradiction",
                    place=FlagPlace.ANSWER,
                    start=fact.start,
                    end=fact.end,
                    values=values,
                )


def _two_answers(revision: PairRevision, others: list[PairRevision]) -> Iterator[Flag]:
    key = identity.tidy(revision.output).casefold()
    asked = identity.of_question(revision.input)
    for other in others:
        if identity.of_question(other.input) != asked:
            continue
        if identity.tidy(other.output).casefold() != key:
            yield Flag(kind="two_answers", place=FlagPlace.QUESTION, values={"pair": other.pair_id})
            return


def look(pair: Pair) -> list[Flag]:
    """The flags of the pair's current text, as rows that are not stored."""
    revision = pair.current_revision
    if revision is None:
        return []
    others = _family(pair)
    return [
        *_personal_data(revision),
        *_placeholders(revision),
        *_contradictions(revision, others),
        *_two_answers(revision, others),
    ]


def examine(pair: Pair) -> int:
    """Run the checks on the pair's current text and store what they say; returns how many flags.

    Safe to run twice. A text that changed meanwhile is left to the next look.
    """
    revision = pair.current_revision
    found = look(pair)
    with transaction.atomic():
        mine = Pair.objects.filter(pk=pair.pk, current_revision=revision)
        if revision is None or not mine.update(checks_due=False):
            return 0
        Flag.objects.filter(revision=revision).delete()
        for flag in found:
            flag.revision = revision
        Flag.objects.bulk_create(found)
    pair.checks_due = False
    return len(found)


def examine_due(now: datetime, limit: int = 5000) -> int:
    """Check the texts that have not been checked; returns how many. Safe to run twice."""
    done = 0
    while done < limit:
        due = Pair.objects.filter(checks_due=True).select_related("current_revision", "category")
        rows = list(due.order_by("id")[:PORTION])
        for pair in rows:
            examine(pair)
        done += len(rows)
        if len(rows) < PORTION:
            break
    return done


def due_in_family(pair: Pair) -> None:
    """What is approved in the pair's family changed: those that wait are held against it anew."""
    rows = Pair.objects.waiting().filter(question_id=pair.question_id).exclude(pk=pair.pk)
    rows.update(checks_due=True)


def of(pair: Pair) -> list[Flag]:
    """What is stored of the pair's current text."""
    return list(Flag.objects.filter(revision_id=pair.current_revision_id).order_by("id"))
