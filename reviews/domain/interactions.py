"""The interaction log: rows in, feedback linked, outcomes counted once (C1, C2)."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, F, OuterRef, Subquery

from reviews.domain.redaction import redact
from reviews.enums import Processing
from reviews.models import Assistant, Feedback, Interaction, OutcomeCount
from reviews.sources import Refusal
from reviews.sources.interactions import PAYLOADS as REDACTED
from reviews.sources.interactions import NewInteraction

log = logging.getLogger("hub.interactions")
BATCH = 500
LINK_WITHIN = timedelta(days=1)
PORTION = 1_000
"""Records of a transaction: SQLite has one writer, and votes must not wait for ten thousand."""


class Recorded(NamedTuple):
    """What became of records: how many are new, how many were there already, which are refused."""

    accepted: int
    duplicates: int
    refused: list[Refusal]


def record(assistant: Assistant, new: Iterable[NewInteraction]) -> Recorded:
    """Store the records, personal data redacted, a portion at a time; again is harmless.

    What is there already stays as it was. An id that is there with other content is refused, and
    so is one of another assistant, in the same words: whose it is is nobody's business.
    """
    waiting, total = iter(new), Recorded(0, 0, [])
    while portion := list(islice(waiting, PORTION)):
        # By id, so that two requests with the same records wait for each other in one order.
        portion.sort(key=lambda item: item.id.int)
        done = _store(assistant, portion)
        total = Recorded(
            total.accepted + done.accepted,
            total.duplicates + done.duplicates,
            total.refused + done.refused,
        )
    return total


Row = tuple[Any, ...]
"""The values of `_COLUMNS`."""
_SENT = NewInteraction._fields[:-2]
_CONTENT = ("assistant_id", *_SENT)
_COLUMNS = (*_CONTENT, "processing_status", "processing_error")
_FIRST, _LAST = _SENT.index(REDACTED[0]), _SENT.index(REDACTED[-1]) + 1


def _row(assistant: Assistant, new: NewInteraction) -> Row:
    sent: Row = new[:-1]
    texts = [text and redact(text) for text in sent[_FIRST:_LAST]]
    return (assistant.pk, *sent[:_FIRST], *texts, *sent[_LAST:], "")


def _store(assistant: Assistant, portion: list[NewInteraction]) -> Recorded:
    there: dict[uuid.UUID, Row] = {}
    while True:
        fresh, duplicates, refused = _sorted_out(assistant, portion, there)
        rows: Iterable[Row] = (_row(assistant, item) for item in fresh)
        if connection.vendor == "sqlite":
            # Redacted before the lock of the one writer is taken. PostgreSQL stores the first rows
            # while the last are being redacted.
            rows = list(rows)
        try:
            with transaction.atomic():
                _insert(rows)
        except IntegrityError as error:
            if not _is_taken(error):
                raise
            # Nearly all records are new, so that is tried first; what is there is looked up now.
            found = Interaction.objects.filter(pk__in=[item.id for item in portion])
            there = {row[1]: row for row in found.values_list(*_CONTENT)}
        else:
            return Recorded(len(fresh), duplicates, refused)


def _is_taken(error: IntegrityError) -> bool:
    """Whether the id is there already, and not the assistant gone."""
    return getattr(error.__cause__, "sqlstate", "") == "23505" or "UNIQUE" in str(error)


def _sorted_out(
    assistant: Assistant, portion: list[NewInteraction], there: dict[uuid.UUID, Row]
) -> tuple[list[NewInteraction], int, list[Refusal]]:
    """(what is new, how many are there with the same content, refusals of those with another)."""
    fresh: dict[uuid.UUID, NewInteraction] = {}
    duplicates, refused = 0, []
    for item in portion:
        first, known = fresh.get(item.id), there.get(item.id)
        if known is None and first is None:
            fresh[item.id] = item
            continue
        known = known or _row(assistant, cast(NewInteraction, first))
        if known[: len(_CONTENT)] == _row(assistant, item)[: len(_CONTENT)]:
            duplicates += 1
        else:
            refused.append(Refusal(item.line, "id: is there already with other content"))
    return list(fresh.values()), duplicates, refused


def _insert(rows: Iterable[Row]) -> None:
    """Without a model object for each row: that took three quarters of the time."""
    quote = connection.ops.quote_name
    table, columns = quote(Interaction._meta.db_table), ", ".join(map(quote, _COLUMNS))
    with connection.wrap_database_errors, connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A quarter of what the same rows cost as VALUES.
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(_COLUMNS))
            sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608
            cursor.executemany(sql, [_prepared(row) for row in rows])


_PREPARED: list[tuple[int, Any]] = [
    (_COLUMNS.index(name), Interaction._meta.get_field(name))
    for name in ("id", "timestamp", "request_id")
]


def _prepared(row: Row) -> list[Any]:
    """The row with UUIDs and times as SQLite holds them."""
    values = list(row)
    for place, field in _PREPARED:
        values[place] = field.get_db_prep_save(values[place], connection)
    return values


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
