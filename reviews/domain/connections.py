"""The thread's database connection, given back while it is not needed."""

from __future__ import annotations

from django.db import connection


def give_back() -> None:
    """Put it into its pool, where there is one: nobody may hold one while a provider thinks or a
    caller reads. Within a transaction nothing happens."""
    if connection.settings_dict["OPTIONS"].get("pool") and not connection.in_atomic_block:
        connection.close()
