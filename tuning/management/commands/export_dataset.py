"""export_dataset VERSION --format NAME --out FILE|-"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reviews import formats
from reviews.domain.errors import Conflict
from tuning.domain import datasets, exports
from tuning.enums import Part


class Command(BaseCommand):
    help = "Write a frozen dataset version: the same version gives the same bytes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", help="such as assistant/approved@1, or its number")
        parser.add_argument("--format", required=True, choices=formats.NAMES)
        parser.add_argument("--out", required=True, help="a file, or - for standard output")
        parser.add_argument("--part", default=Part.TRAIN, choices=[*Part.values, "all"])

    def handle(self, *args: Any, **options: Any) -> None:
        version = datasets.find(options["version"])
        if version is None:
            raise CommandError(f"there is no dataset version {options['version']!r}")
        part = None if options["part"] == "all" else options["part"]
        try:
            exports.refuse(version)
        except Conflict as error:
            raise CommandError(str(error)) from error
        rows = exports.lines(version, options["format"], part)
        try:
            if options["out"] == "-":
                count, sha256 = exports.write_to(sys.stdout.buffer, rows)
                sys.stdout.buffer.flush()
            else:
                count, sha256 = exports.write_whole(Path(options["out"]).absolute(), rows)
        except (OSError, formats.FormatError) as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"{count} rows, sha256 {sha256}")
