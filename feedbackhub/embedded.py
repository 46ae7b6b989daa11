"""The embedded mode's Celery: a worker and a beat as threads of the one web process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from celery.beat import Service
from celery.worker import WorkController
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.db import connections
from django_celery_beat.schedulers import DatabaseScheduler

from feedbackhub.celery import app

log = logging.getLogger("hub.embedded")
AGAIN_SECONDS = 5
SWEEP_SECONDS = 60
QUEUES = ["default", "export", "tuning"]


def _work() -> None:
    app.loader.init_worker()
    worker = WorkController(
        app=app,
        hostname="embedded",
        # Tasks run one after the other in this thread: SQLite has one writer anyway.
        pool_cls="solo",
        concurrency=1,
        queues=QUEUES,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        # The web server's logging stays as it is.
        redirect_stdouts=False,
    )
    worker.start()


def _beat() -> None:
    Service(app, scheduler_cls=DatabaseScheduler).start()


def _sweep() -> None:
    """Drop what has expired from the in-process cache, which does so only where it is touched.

    A context is nobody's to keep beyond its time, and thousands of them are memory.
    """
    while True:
        time.sleep(SWEEP_SECONDS)
        kept = caches["default"]
        if isinstance(kept, LocMemCache):
            for name in list(kept._cache):  # type: ignore[attr-defined]
                # Its own look-up drops an expired name; the bare one has prefix and version.
                kept.has_key(name.split(":", 2)[2])


def _keep(target: Callable[[], None], name: str) -> None:
    """Run `target` for as long as the process lives.

    Both return or raise when a server that they need is away, and a thread that ended in silence
    would leave a hub that takes votes and does nothing with them.
    """
    while True:
        try:
            target()
        except Exception:
            log.exception("thread failed", extra={"part": name})
        # A connection that broke in this thread must not meet the next try.
        connections.close_all()
        time.sleep(AGAIN_SECONDS)
        log.warning("thread starts again", extra={"part": name})


def start() -> None:
    """Start the threads. They are daemons: the process ends with its web server, and what they
    were doing is found again in the database."""
    for name, target in (("worker", _work), ("beat", _beat), ("sweeper", _sweep)):
        threading.Thread(target=_keep, args=(target, name), name=f"hub-{name}", daemon=True).start()
    log.info("worker and beat run in this process")
