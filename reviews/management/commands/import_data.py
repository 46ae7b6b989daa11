"""import_data SOURCE FILE --assistant NAME [--dry-run]"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from reviews.domain import imports
from reviews.models import Assistant


class Command(BaseCommand):
    help = (
        "Import a question bank (Markdown), Alpaca pairs (JSON or JSONL) or an agent's interaction "
        "log (SQLite file with a table interactions_log)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", choices=sorted(imports.SOURCES))
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--assistant", required=True, help="its slug; made ready where there is none"
        )
        parser.add_argument("--dry-run", action="store_true", help="report, and change nothing")
        parser.add_argument("--json", action="store_true", help="report as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            # The name becomes part of addresses: made by this command it obeys the form's rules.
            Assistant._meta.get_field("slug").clean(options["assistant"], None)
        except ValidationError as error:
            raise CommandError(f"--assistant: not a slug: {' '.join(error.messages)}") from error
        file: Path = options["file"]
        try:
            raw = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        # A database's latest changes may be in a file of their own, which an import would miss.
        log = file.with_name(f"{file.name}-wal")
        if options["source"] == "interactions" and log.exists() and log.stat().st_size:
            raise CommandError(
                f"{log} holds changes: end the program that writes {file.name} first"
            )
        report = self.run_import(file, raw, options)
        self.tell(report, options["dry_run"], options["json"])
        if report.refused and not (report.created or report.unchanged):
            raise CommandError("no row could be imported")

    def run_import(self, file: Path, raw: bytes, options: dict[str, Any]) -> imports.Report:
        if Assistant._meta.db_table not in connection.introspection.table_names():
            raise CommandError("this database is empty: run `manage.py prepare` first")
        return imports.run_for(
            options["assistant"],
            options["source"],
            raw,
            file_name=file.name,
            dry_run=options["dry_run"],
        )

    def tell(self, report: imports.Report, dry_run: bool, as_json: bool) -> None:
        if as_json:
            refused = [{"line": item.line, "reason": item.reason} for item in report.refused]
            summary = {"created": report.created, "unchanged": report.unchanged}
            self.stdout.write(json.dumps(summary | {"refused": refused, "dry_run": dry_run}))
            return
        for item in report.refused:
            self.stderr.write(f"line {item.line}: {item.reason}")
        for key, count in sorted(report.ignored_keys.items()):
            self.stderr.write(f"key {key!r} is not used ({count} rows)")
        would = "would be " if dry_run else ""
        self.stdout.write(
            f"{report.created} {would}created, {report.unchanged} already there, "
            f"{len(report.refused)} refused"
        )
