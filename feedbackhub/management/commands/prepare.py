"""prepare: migrate, and make the roles, schedules, checklist, bases and gates that are missing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from feedbackhub import preparation


class Command(BaseCommand):
    help = "Bring the database to where the hub can run on it. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        preparation.prepare()
        self.stdout.write("ready")
