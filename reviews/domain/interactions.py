"""The interaction log: rows in, feedback linked, outcomes counted once (C1, C2)."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Subquery

from reviews.checks import pii
from reviews.enums import Processing
from reviews.models import Assistant, Feedback, Interaction, OutcomeCount
from reviews.sources.interactions import NewInteraction

log = logging.getLogger("hub.interactions")
BATCH = 500
LINK_WITHIN = timedelta(days=1)


REDACTED = ("input_description", "request_payload", "response_payload", "test_results")


def record(assistant: Assistant, new: Iterable[NewInteraction]) -> int:
    """Store the records, personal data redacted; those already there stay. Returns their number."""
    rows = [Interaction(assistant=assistant, **_redacted(item)) for item in new]
    Interaction.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    return len(rows)


def _redacted(new: NewInteraction) -> dict[str, Any]:
    values = {name: getattr(new, name) for name in NewInteraction.__slots__}
    return values | {name: pii.redact(values[name]) for name in REDACTED}


_COUNTED = ("assistant_id", "endpoint", "model_version", "timestamp", "status")


def _key(row: Interaction) -> tuple[Any, ...]:
    day = row.timestamp.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    return (row.assistant_id, row.endpoint, row.model_version, day)


def _count(rows: list[Interaction]) -> None:
    counts = Counter((_key(row), row.status) for row in rows)
    for ((assistant, endpoint, version, day), outcome), number in counts.items():
        line, _created = OutcomeCount.objects.get_or_create(
            assistant_id=assistant, endpoint=endpoint, model_version=version, day=day
        )
        OutcomeCount.objects.filter(pk=line.pk).update(**{outcome: F(outcome) + number})


def _process(rows: list[Interaction]) -> int:
    """Claim, count and mark a batch in one transaction: counted and marked, or neither."""
    with transaction.atomic():
        mine = []
        for row in rows:
            pending = Interaction.objects.pending().filter(pk=row.pk)
            if pending.update(processing_status=Processing.PROCESSED, processing_error=""):
                mine.append(row)
        _count(mine)
    return len(mine)


def _process_alone(row: Interaction) -> int:
    try:
        return _process([row])
    except (OperationalError, InterfaceError):
        # The database is away: that says nothing of the record, and the next look tries again.
        raise
    except Exception as error:
        # A record that can't be counted is marked with the reason and blocks nobody.
        log.exception("interaction not processed", extra={"interaction": str(row.pk)})
        Interaction.objects.pending().filter(pk=row.pk).update(
            processing_status=Processing.ERROR, processing_error=repr(error)
        )
        return 0


def process(limit: int = 50_000) -> int:
    """Count the outcomes of pending interactions. Returns how many were processed."""
    done = 0
    # The payloads stay where they are: a batch of them may be gigabytes.
    waiting = Interaction.objects.pending().only(*_COUNTED).order_by("timestamp", "id")
    for start in range(0, limit, BATCH):
        batch = list(waiting[: min(BATCH, limit - start)])
        if not batch:
            break
        try:
            done += _process(batch)
        except Exception:
            log.exception("batch of interactions not processed, trying one by one")
            done += sum(_process_alone(row) for row in batch)
    return done


def link_feedback(now: datetime) -> int:
    """Link the votes that came on recent interactions' answers, before or after processing."""
    vote = Feedback.objects.filter(
        request_id=OuterRef("request_id"), assistant=OuterRef("assistant")
    )
    recent = Interaction.objects.filter(
        feedback=None, request_id__isnull=False, timestamp__gte=now - LINK_WITHIN
    )
    return recent.filter(Exists(vote)).update(feedback=Subquery(vote.values("pk")[:1]))


def process_and_link(now: datetime) -> tuple[int, int]:
    """One look: (interactions processed, votes linked)."""
    return process(), link_feedback(now)
