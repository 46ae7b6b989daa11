"""demo: the whole loop on sample data, then serve."""

from __future__ import annotations

import json
import signal
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from feedbackhub import preparation
from feedbackhub.demo import cast, sample
from feedbackhub.demo.loop import Loop
from feedbackhub.demo.process import Client, Hub, HubError, free_port
from reviews.domain import assistants
from tuning.domain import gates, versions


class Command(BaseCommand):
    help = "Run the loop, from votes to a model on trial, and serve until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run the loop and end")
        parser.add_argument("--json", action="store_true", help="the last line is the summary")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--pairs", type=Path, help="your own pairs (Alpaca JSON or JSONL)")
        parser.add_argument("--questions", type=Path, help="your own question bank (Markdown)")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        # Ended by a signal, the demo must still end the hub that it started.
        for ending in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(ending, lambda number, _frame: sys.exit(128 + number))
        # The terminal speaks English throughout; the admin speaks each user's language.
        translation.activate("en")
        chosen = self._sample(options["pairs"], options["questions"])
        preparation.prepare()
        self._wanted = 0 if options["once"] else options["port"]
        hub = Hub(free_port(self._wanted))
        try:
            summary = self._loop(chosen, hub)
            summary["seconds"] = round(time.monotonic() - began, 1)
            if options["json"]:
                self.stdout.write(json.dumps(summary))
                self.stdout.flush()
            if not options["once"]:
                self._serve(hub)
        except HubError as error:
            raise CommandError(str(error)) from error
        finally:
            hub.stop()

    def _sample(self, pairs: Path | None, questions: Path | None) -> sample.Sample:
        try:
            return sample.of_team(pairs, questions) if pairs or questions else sample.own()
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error

    def _tell(self, line: str) -> None:
        # Progress goes to standard error: standard output is for the summary.
        self.stderr.write(f"· {line}", lambda text: text)
        self.stderr.flush()

    def _loop(self, chosen: sample.Sample, hub: Hub) -> dict[str, Any]:
        assistant = assistants.ensure(chosen.assistant, chosen.name)
        versions.ensure_base(assistant)
        gates.ensure(assistant)
        players = cast.assemble(assistant)
        hub.start()
        self._tell(f"the hub runs on port {hub.port}")
        if self._wanted and hub.port != self._wanted:
            self._tell(f"port {self._wanted} is taken, perhaps by a hub that runs already")
        loop = Loop(chosen, assistant, players, Client(hub.port, players.key), self._tell)
        loop.run()
        self._login = (cast.ADMIN, players.password)
        return loop.summary()

    def _serve(self, hub: Hub) -> None:
        name, password = self._login
        self.stdout.write("")
        self.stdout.write(f"  Admin     http://127.0.0.1:{hub.port}/admin/")
        self.stdout.write(
            f"  Log in    {name} / {password}   (also peninjau1, penengah, kurator, operator)"
        )
        self.stdout.write(f"  API       http://127.0.0.1:{hub.port}/api/docs/")
        self.stdout.write("  Ctrl-C ends it; run it again and it goes on where it was.")
        self.stdout.flush()
        try:
            hub.wait()
        except KeyboardInterrupt:
            self.stdout.write("")
