"""What a machine noticed in a pair, for the reviewer to judge (B9). People decide.

The checks are pure functions (`reviews/checks`); `inspection` runs them over a pair, and here their
remarks are stored with the place they speak of. A new text, or an approval in the same question
family, makes a pair due; the background looks at it within seconds, and the desk at once where a
reviewer is quicker. The same look keeps what other pairs are compared with: the pair's MinHash
bands, and its passage among those that are searched.
"""

from __future__ import annotations

import logging

from django.db import InterfaceError, OperationalError, transaction

from reviews.checks import duplicates
from reviews.domain import inspection, passages
from reviews.enums import WAITING, PairStatus
from reviews.models import Band, Flag, Pair, PairRevision

log = logging.getLogger("hub.flags")
PORTION = 200
LOOKED_AT = [*WAITING, PairStatus.NEEDS_WORK]
"""Statuses in which a person still has to judge what is noticed."""


def _store(pair: Pair, revision: PairRevision, found: list[Flag], bands: list[int]) -> None:
    Flag.objects.filter(revision=revision).delete()
    for flag in found:
        flag.revision = revision
    Flag.objects.bulk_create(found)
    Band.objects.filter(pair=pair).delete()
    Band.objects.bulk_create(
        Band(pair=pair, position=position, value=value) for position, value in enumerate(bands)
    )


def examine(pair: Pair) -> int:
    """Run the checks on the pair's current text and store what they say; returns how many flags.

    Safe to run twice. A text or status that changed meanwhile is left to the next look.
    """
    revision = pair.current_revision
    if revision is None:
        return 0
    bands = duplicates.bands(inspection.text_of(revision))
    found = inspection.look(pair, bands) if pair.status in LOOKED_AT else []
    with transaction.atomic():
        # Takes the row: of two looks at once the second finds nothing due.
        mine = Pair.objects.filter(
            pk=pair.pk, current_revision=revision, status=pair.status, checks_due=True
        )
        if not mine.update(checks_due=False):
            return 0
        _store(pair, revision, found, bands)
        passages.keep_up(pair)
        _others_due(pair)
    pair.checks_due = False
    return len(found)


def _others_due(pair: Pair) -> None:
    """Those that wait in the family of an approved pair are held against it anew."""
    if pair.status == PairStatus.APPROVED:
        rows = Pair.objects.filter(question_id=pair.question_id, status__in=LOOKED_AT)
        rows.exclude(pk=pair.pk).update(checks_due=True)


def examine_due(limit: int = 5000) -> int:
    """Look at the pairs that are due; returns how many. Safe to run twice.

    Goes on by id past those that fail, so that one poisoned text holds back no others.
    """
    done = last = 0
    while done < limit:
        due = Pair.objects.filter(checks_due=True, pk__gt=last)
        rows = list(due.select_related("current_revision").order_by("id")[:PORTION])
        for pair in rows:
            examine_safely(pair)
            last = pair.pk
        done += len(rows)
        if len(rows) < PORTION:
            break
    return done


def examine_safely(pair: Pair) -> None:
    try:
        examine(pair)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("pair not examined", extra={"pair": pair.pk})


def of(pair: Pair) -> list[Flag]:
    """What is stored of the pair's current text."""
    return list(Flag.objects.filter(revision_id=pair.current_revision_id).order_by("id"))
