"""make_key ASSISTANT [--scope SCOPE …] [--origin ORIGIN …]"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reviews.domain import keys
from reviews.domain.errors import Invalid, Unknown
from reviews.enums import Scope


class Command(BaseCommand):
    help = (
        "Make a client key and print it, this once. The admin does the same: Set-up, Client keys."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("assistant", help="its slug")
        parser.add_argument("--name", default="command line")
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            help="what the key may do; feedback, generate and read unless told",
        )
        parser.add_argument(
            "--origin",
            action="append",
            default=[],
            help="a web origin whose pages may vote, such as https://app.example.com",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        scopes = options["scope"] or [Scope.FEEDBACK, Scope.GENERATE, Scope.READ]
        try:
            _row, key = keys.create_for(
                options["assistant"], options["name"], scopes=scopes, origins=options["origin"]
            )
        except (Unknown, Invalid) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(key)
