"""hub: serve embedded, everything in one process."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections

from feedbackhub import preparation


class Command(BaseCommand):
    help = "Serve the hub on this machine: web server, worker and beat in one process."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        preparation.prepare()
        connections.close_all()
        address = f"{options['host']}:{options['port']}"
        self.stdout.write(f"FeedbackHub: http://{address}/admin/")
        self.stdout.flush()
        os.environ["HUB_BIND"] = address
        command = [sys.executable, "-m", "gunicorn", "--config", "python:feedbackhub.gunicorn"]
        # Replaces this process: one process to watch, and its memory is given back.
        os.execv(sys.executable, [*command, "feedbackhub.wsgi:application"])
