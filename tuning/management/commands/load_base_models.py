"""load_base_models [--dry-run]"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tuning.domain import base_models


class Command(BaseCommand):
    help = "Make rows of the base models that are known to begin with; those that are there stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say which are missing")

    def handle(self, *args: Any, **options: Any) -> None:
        for name in base_models.absent() if options["dry_run"] else base_models.load():
            self.stdout.write(name)
