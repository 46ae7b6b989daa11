"""retrain [--trigger weekly|export] [--dry-run] [--json]"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from tuning.domain import automation
from tuning.domain.automation import Forecast
from tuning.enums import Trigger


class Command(BaseCommand):
    help = "The weekly retrain now, or what it would do for each assistant, and why not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="change nothing")
        parser.add_argument("--json", action="store_true", help="one JSON array on standard output")
        parser.add_argument(
            "--trigger", default=Trigger.WEEKLY, choices=[Trigger.WEEKLY, Trigger.EXPORT]
        )

    def handle(self, *args: Any, **options: Any) -> None:
        act = automation.forecast if options["dry_run"] else automation.tune
        found = act(options["trigger"], timezone.now())
        if options["json"]:
            told = [one.as_json() for one in found]
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for one in found:
            self.stdout.write(_line(one))


def _line(found: Forecast) -> str:
    about = [f"{found.assistant.slug}: {found.outcome.label}"]
    if found.dataset_pairs is not None:
        about.append(f"{found.dataset_pairs} pairs, {found.train} taught")
    if found.continues:
        about.append(f"continues {found.continues}")
    return "; ".join([*about, *map(str, found.reasons)])
