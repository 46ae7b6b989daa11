"""Imports: the good rows kept, the bad ones refused by line, nothing doubled on a second run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from django.db import transaction

from reviews.domain import assistants, identity, imported, interactions, pairs, sheet_imports
from reviews.domain.hints import EXAMINE, hint
from reviews.domain.imported import Added, Categories
from reviews.enums import Language, Register
from reviews.formats import FormatError, alpaca
from reviews.formats import text as text_of
from reviews.models import Assistant, ImportRun, Question
from reviews.sources import Refusal, interaction_tables, objects, questions

PORTION = 200
"""Rows of a transaction."""
Report = imported.Report
KNOWN_KEYS = {"instruction", "input", "output", "system", "history"}
KNOWN_KEYS |= {"category", "register", "language", "family"}


def _choice(value: dict[str, Any], name: str, options: list[str], default: str) -> str:
    found = text_of(value, name, needed=False) or default
    if found not in options:
        raise FormatError(name, f"{found!r} is not one of {', '.join(options)}")
    return found


def _alpaca_row(
    value: dict[str, Any], run: ImportRun, line: int, categories: Categories
) -> pairs.NewPair:
    example = alpaca.parse(value)
    register = _choice(value, "register", Register.values, Register.BUSINESS)
    language = _choice(value, "language", Language.values, run.assistant.language)
    family = text_of(value, "family", needed=False).strip()
    # Last, for it may make a category: a refused row must leave none behind.
    category = text_of(value, "category", needed=False)
    return pairs.NewPair(
        question=example.input,
        answer=example.output,
        history=example.history,
        system=example.system,
        category=categories.find(category) if category.strip() else None,
        family=family,
        register=register,
        language=language,
        import_run=run,
        import_line=line,
    )


def _alpaca(raw: bytes, run: ImportRun, report: Report) -> Iterator[Added]:
    categories = Categories(run.assistant, report)
    for line, value in objects.read(raw):
        if isinstance(value, Refusal):
            report.refused.append(value)
            continue
        try:
            new = _alpaca_row(value, run, line, categories)
        except FormatError as error:
            report.refused.append(Refusal(line, str(error)))
            continue
        report.ignored_keys.update(value.keys() - KNOWN_KEYS)
        pair, created = pairs.add(run.assistant, new, in_bulk=True)
        yield Added(pair.identity, created)


def _decoded(raw: bytes, report: Report) -> Iterator[questions.BankQuestion]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        report.refused.append(Refusal(line, "not UTF-8"))
        return
    for found in questions.parse(text):
        if isinstance(found, Refusal):
            report.refused.append(found)
        else:
            yield found


def _questions(raw: bytes, run: ImportRun, report: Report) -> Iterator[Added]:
    categories = Categories(run.assistant, report)
    for found in _decoded(raw, report):
        question, created = Question.objects.get_or_create(
            assistant=run.assistant,
            identity=identity.of_question(found.text),
            defaults={
                "text": found.text,
                "category": categories.find(found.section),
                "import_run": run,
                "import_line": found.line,
            },
        )
        yield Added(question.identity, created)


def _interactions(raw: bytes, run: ImportRun, report: Report) -> Iterator[Added]:
    rows = interaction_tables.read(raw)
    while portion := list(islice(rows, PORTION)):
        report.refused += [item for item in portion if isinstance(item, Refusal)]
        new = [item for item in portion if not isinstance(item, Refusal)]
        done = interactions.record(run.assistant, new)
        report.refused += done.refused
        # Which of them are new is not told, only how many.
        taken = range(done.accepted + done.duplicates)
        yield from (Added(f"{portion[0].line}+{n}", n < done.accepted) for n in taken)


SOURCES: dict[str, Callable[[bytes, ImportRun, Report], Iterator[Added]]] = {
    "questions": _questions,
    "alpaca": _alpaca,
    "interactions": _interactions,
    **sheet_imports.SOURCES,
}


def _in_portions(rows: Iterator[Added], report: Report, dry_run: bool) -> None:
    """Take the rows a portion at a time, each a transaction of its own: SQLite has one writer, and
    votes must not wait for a whole file. A dry run takes each portion back."""
    seen: set[str] = set()
    more = True
    while more:
        with transaction.atomic():
            portion = list(islice(rows, PORTION))
            transaction.set_rollback(dry_run)
        for added in portion:
            # In a dry run the same row comes as new once more in a later portion.
            report.count(added, added.created and added.key not in seen)
            seen.add(added.key)
        more = len(portion) == PORTION


def run(
    assistant: Assistant,
    source: str,
    raw: bytes,
    *,
    file_name: str,
    by: Any = None,
    dry_run: bool = False,
) -> Report:
    """Import `raw` (a file's bytes). After a crash the same file again takes what is missing.

    A dry run does the same and takes it back, so that what it reports is what would happen.
    """
    report = Report()
    row = ImportRun.objects.create(
        assistant=assistant,
        source=source,
        file_name=file_name[:255],
        sha256=hashlib.sha256(raw).hexdigest(),
        by=by,
    )
    try:
        _in_portions(SOURCES[source](raw, row, report), report, dry_run)
    finally:
        row.created_count, row.unchanged_count = report.created, report.unchanged
        row.refused = [{"line": item.line, "reason": item.reason} for item in report.refused]
        row.save()
        if dry_run:
            row.delete()
    report.run = None if dry_run else row
    if report.created and not dry_run:
        hint(EXAMINE)
    return report


def run_for(slug: str, source: str, raw: bytes, *, file_name: str, dry_run: bool = False) -> Report:
    """`run` for the assistant called `slug`, made ready where there is none."""
    known = Assistant.objects.filter(slug=slug).exists()
    assistant = assistants.ensure(slug, slug.replace("-", " ").capitalize())
    try:
        return run(assistant, source, raw, file_name=file_name, dry_run=dry_run)
    finally:
        if dry_run and not known:
            assistant.delete()
