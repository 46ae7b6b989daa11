"""Export files: whole or absent, the same bytes each time, nothing twice (A7)."""

from __future__ import annotations

import glob
import hashlib
import logging
import os
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from reviews import formats
from reviews.domain import turns
from reviews.domain.errors import Conflict
from reviews.domain.hints import hint
from reviews.domain.transitions import StaleMove, move
from reviews.formats import PREFERENCES, Example, files
from reviews.models import Assistant, Feedback
from tuning.domain import datasets, leaks, selection
from tuning.enums import ExportStatus, Part
from tuning.models import DatasetMember, DatasetPreference, DatasetVersion, Export
from tuning.models.runs import told

log = logging.getLogger("hub.exports")
_LEFT_SECONDS = 3600
_NAME_TRIES = 100
_ROWS_AT_ONCE = 100


_TEXT = "member__revision__"


def _preferences(version: DatasetVersion, part: str | None) -> QuerySet[DatasetPreference]:
    """In the order of the file: the members', and of one member as they were frozen."""
    rows = DatasetPreference.objects.filter(member__version=version)
    rows = rows.filter(member__part=part) if part else rows
    return rows.order_by("member__position", "position")


def preference_pairs(version: DatasetVersion, part: str | None) -> list[int]:
    """The pair (id) of each line that `preferences` yields."""
    return list(_preferences(version, part).values_list(f"{_TEXT}pair_id", flat=True))


def preferences(version: DatasetVersion, part: str | None) -> Generator[Example, None, None]:
    """Chosen and rejected of each correction that was finished when the version was frozen.

    Chosen is the member's text: an edit, a reopening or a new correction later changes no file.
    """
    texts = [f"{_TEXT}{name}" for name in ("input", "output", "system")]
    history = turns.column(f"{_TEXT}history")
    rows = _preferences(version, part).values_list(*texts, history, "correction__wrong_answer")
    prompt = version.prompt.text if version.prompt else ""
    for question, answer, system, earlier, rejected in rows.iterator():
        yield Example(question, answer, system or prompt, turns.read(earlier), rejected)


def lines(
    version: DatasetVersion, format_name: str, part: str | None = Part.TRAIN
) -> Iterator[bytes]:
    """The file's lines. A preference form holds the corrections among the version's members.

    Raises FormatError, which names the pair, where the format can't hold one of them.
    """
    try:
        # Closed at once where a line is refused: a cursor that lives on with the traceback is
        # closed by the server's next transaction, which fails of it.
        with closing(_examples(version, format_name, part)) as examples:
            yield from files.lines(format_name, examples)
    except formats.FormatError as error:
        pair = next(iter(refused(version, format_name, part)), None)
        if pair is None:
            raise
        raise formats.FormatError(error.field, f"{error.reason} (#{pair})") from error


def _examples(
    version: DatasetVersion, format_name: str, part: str | None
) -> Generator[Example, None, None]:
    read = preferences if format_name in PREFERENCES else datasets.examples
    return read(version, part)


def refused(
    version: DatasetVersion, format_name: str, part: str | None = None
) -> dict[int, formats.FormatError]:
    """Why the format can't hold them, by pair (id), for each that it can't."""
    codec, found = formats.by_name(format_name), {}
    with closing(_examples(version, format_name, part)) as examples:
        for place, example in enumerate(examples):
            try:
                codec.dumps(example)
            except formats.FormatError as error:
                found[place] = error
    if not found:
        return {}
    if format_name in PREFERENCES:
        pairs = preference_pairs(version, part)
    else:
        members = version.members.filter(part=part) if part else version.members.all()
        pairs = list(members.order_by("position").values_list("revision__pair", flat=True))
    return {pairs[place]: error for place, error in found.items()}


def write_to(file: BinaryIO, rows: Iterable[bytes]) -> tuple[int, str]:
    """Write the lines; returns their count and the SHA-256 (hex) of all bytes."""
    digest, count, left = hashlib.sha256(), 0, iter(rows)
    # Some at a time: a call for each row costs as much as a tenth of the row.
    while portion := list(islice(left, _ROWS_AT_ONCE)):
        block = b"".join(portion)
        file.write(block)
        digest.update(block)
        count += len(portion)
    return count, digest.hexdigest()


def path(export: Export) -> Path:
    return Path(settings.FEEDBACK_EXPORT_DIR) / export.file_name


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(target: Path) -> None:
    """Remove what writers that were killed left of this file; a living one is not that slow."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        if time.time() - left.lstat().st_mtime > _LEFT_SECONDS:
            left.unlink(missing_ok=True)


def write_whole(target: Path, rows: Iterable[bytes]) -> tuple[int, str]:
    """The file under its name only once it is whole and on the disk; nothing left on failure."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    # A name for each writer: two at once each finish a whole file of the same bytes.
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with temporary.open("wb") as file:
            result = write_to(file, rows)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)
    return result


def write(export: Export, now: datetime) -> None:
    """Write the export's file, then complete its row: after a crash the next look does it."""
    rows, sha256 = write_whole(path(export), lines(export.version, export.format))
    fields = {"rows": rows, "sha256": sha256, "completed_at": now, "error": ""}
    try:
        move(export, ExportStatus.COMPLETED, now=now, fields=fields)
    except StaleMove:
        # Another worker completed it with the same bytes.
        export.refresh_from_db()


def _names(now: datetime, suffix: str) -> Iterator[str]:
    """feedback_export_YYYYMMDD_HHMMSS.jsonl (or .csv), and a second later each time."""
    local = now.astimezone(ZoneInfo(settings.TIME_ZONE))
    for seconds in range(_NAME_TRIES):
        yield f"feedback_export_{local + timedelta(seconds=seconds):%Y%m%d_%H%M%S}{suffix}"


def _of(version: DatasetVersion, format_name: str) -> Export | None:
    return Export.objects.filter(version=version, format=format_name).first()


def request(version: DatasetVersion, format_name: str, now: datetime) -> Export:
    """The export of this version in this format, opened where there is none.

    Raises leaks.Leaking where the version would teach what a test asks, and Conflict where it is
    not what was frozen.
    """
    formats.by_name(format_name)
    if there := _of(version, format_name):
        return there
    refuse(version)
    return _open(version, format_name, now)


def refuse(version: DatasetVersion) -> None:
    """Raise Conflict where the version lacks what was frozen, leaks.Leaking where it would leak."""
    lacks = [told(problem.reason, problem.values) for problem in datasets.broken(version)]
    if lacks:
        raise Conflict("; ".join(lacks))
    leaks.refuse(version)


def _open(version: DatasetVersion, format_name: str, now: datetime) -> Export:
    """Under the first name that is free; one that another worker takes meanwhile is passed over."""
    for name in _names(now, files.suffix(format_name)):
        if there := _of(version, format_name):
            return there
        if Export.objects.filter(file_name=name).exists():
            continue
        try:
            with transaction.atomic():
                return Export.objects.create(
                    version=version, format=format_name, file_name=name, created_at=now
                )
        except IntegrityError:
            continue
    raise Conflict("no file name is free: too many exports in this minute")


def write_pending(now: datetime) -> int:
    """Finish what a crash or a full disk left open. One that fails is tried again next time."""
    done = 0
    for export in Export.objects.filter(status=ExportStatus.PENDING).order_by("id"):
        done += _write_safely(export, now)
    return done


def _write_safely(export: Export, now: datetime) -> int:
    """1 for a file that was completed. What the format can't hold fails for good, whatever else
    went wrong is tried again."""
    try:
        write(export, now)
    except formats.FormatError as error:
        # By compare-and-swap: another worker who met the same error may have been first.
        with suppress(StaleMove):
            fields = {"error": str(error)}
            move(export, ExportStatus.FAILED, now=now, note=str(error), fields=fields)
        return 0
    except Exception as error:
        log.exception("export not written", extra={"export": export.pk})
        Export.objects.filter(pk=export.pk).update(error=str(error))
        return 0
    return 1


def open_nightly(version: DatasetVersion, now: datetime) -> Export | None:
    """The night's export of the version; None where that would leak or give a text twice."""
    try:
        refuse(version)
    except Conflict as error:
        log.error("export not opened", extra={"version": version.pk, "error": str(error)})
        return None
    with transaction.atomic():
        datasets.alone(version.dataset.assistant_id)
        # Another night, at the same time, may have taken some of them since they were chosen.
        written = selection.exported().filter(revision_id=OuterRef("revision_id"))
        if version.members.filter(Exists(written)).exists():
            return None
        return _open(version, "gemini", now)


def nightly(now: datetime) -> int:
    """The export of the night, for each assistant. Returns how many files were completed."""
    if not settings.FEEDBACK_EXPORT_ENABLED:
        return 0
    for assistant in Assistant.objects.order_by("id"):
        dataset = datasets.ensure(assistant, datasets.NIGHTLY)
        version = datasets.freeze(dataset, now=now) if datasets.selected(dataset).exists() else None
        if version:
            open_nightly(version, now)
    return write_pending(now)


def unexported_votes(assistant: Assistant) -> int:
    """Votes whose pair is in no completed export (A5): those without a pair count, too."""
    written = Export.objects.filter(status=ExportStatus.COMPLETED).exclude(format__in=PREFERENCES)
    own = written.filter(version__dataset__assistant=assistant)
    # The versions by their ids: a database that doesn't know which they are plans badly.
    versions = list(own.order_by().values_list("version_id", flat=True).distinct())
    exported = DatasetMember.objects.filter(
        revision__pair_id=OuterRef("pair_id"), version__in=versions
    )
    return Feedback.objects.filter(~Exists(exported), assistant=assistant).count()


def order(version: DatasetVersion, format_name: str, now: datetime) -> Export:
    """The export, and a hint to write it now; the next look would in a minute."""
    export = request(version, format_name, now)
    if export.status == ExportStatus.FAILED:
        refuse(version)
        move(export, ExportStatus.PENDING, now=now, note="asked for again")
    if export.status == ExportStatus.PENDING:
        hint("tuning.write_exports")
    return export
