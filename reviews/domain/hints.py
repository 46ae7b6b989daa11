"""Hints to the workers to look now. Losing one costs a minute: the schedule looks anyway."""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django.db import transaction

log = logging.getLogger("hub.hints")
EXAMINE = "reviews.examine_pairs"
"""Texts, or what they are held against, have changed: the checks are due."""


def _send(task: str, after: float, arguments: dict[str, Any]) -> None:
    try:
        current_app.send_task(task, kwargs=arguments, countdown=after or None)
    except Exception as error:
        # What the broker's client raises depends on the broker. The row is committed and will be
        # found: a caller must not be told that a stored vote or run failed.
        log.warning("hint lost", extra={"task": task, "error": repr(error)})


def hint(task: str, *, after: float = 0, **arguments: Any) -> None:
    """Once the transaction is committed, ask a worker to run `task` (a name), `after` so many
    seconds. Never raises."""
    transaction.on_commit(lambda: _send(task, after, arguments))
