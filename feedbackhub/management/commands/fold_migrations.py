"""fold_migrations: write each app's regenerated 0001 with its indexes and constraints in place.

makemigrations adds each of them by an operation of its own, and Django renders every related model
anew for each: twice the time of a first start, and of every test database. While an app has one
0001, they can stand in the model's own creation.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db.migrations.operations import AddConstraint, AddIndex, CreateModel
from django.db.migrations.writer import MigrationWriter
from django.db.models import Q

APPS = ("reviews", "tuning")


def _names(condition: Any) -> set[str]:
    """Fields that a condition speaks of."""
    found: set[str] = set()
    for child in condition.children if isinstance(condition, Q) else ():
        found |= {child[0].split("__")[0]} if isinstance(child, tuple) else _names(child)
    return found


def fold(operations: list[Any]) -> list[Any]:
    """The operations, with what needs only fields of a model's creation moved into it."""
    creations = {op.name_lower: op for op in operations if isinstance(op, CreateModel)}
    kept = []
    for operation in operations:
        if not isinstance(operation, (AddIndex, AddConstraint)):
            kept.append(operation)
            continue
        kind = "index" if isinstance(operation, AddIndex) else "constraint"
        added: Any = getattr(operation, kind)
        creation = creations[operation.model_name_lower]
        needs = {name.lstrip("-") for name in getattr(added, "fields", ())}
        if needs | _names(added.condition) <= {name for name, _field in creation.fields}:
            plural = "indexes" if kind == "index" else "constraints"
            creation.options.setdefault(plural, []).append(added)
        else:
            kept.append(operation)
    return kept


class Command(BaseCommand):
    help = "After regenerating the 0001s: fold indexes and constraints into the models' creation."

    def handle(self, *args: Any, **options: Any) -> None:
        for app in APPS:
            module = import_module(f"{app}.migrations.0001_initial")
            migration = module.Migration("0001_initial", app)
            migration.operations = fold(list(migration.operations))
            Path(str(module.__file__)).write_text(
                MigrationWriter(migration, include_header=False).as_string(), encoding="utf-8"
            )
