"""What a database needs before the hub runs on it. Safe to run at every start."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from feedbackhub import roles, schedules
from reviews.domain import checklists
from tuning.domain import automation, versions


def migrate() -> bool:
    """Migrate where something is open; returns whether it was. Looking is cheaper than running."""
    executor = MigrationExecutor(connections["default"])
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    call_command("migrate", interactive=False, verbosity=0)
    return True


def prepare() -> None:
    """Migrate, and make the roles, schedules, checklist, bases and gates that are missing."""
    migrate()
    roles.ensure()
    schedules.ensure()
    checklists.load_default()
    # A wrong TUNING_BASE_MODEL stops the start, not the first night that needs it.
    versions.base_model()
    automation.equip()
