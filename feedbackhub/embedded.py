"""The embedded mode's Celery: a worker and a beat as threads of the one web process."""

from __future__ import annotations

import logging
import threading

from celery.beat import Service
from celery.worker import WorkController
from django_celery_beat.schedulers import DatabaseScheduler

from feedbackhub.celery import app

log = logging.getLogger("hub.embedded")
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


def start() -> None:
    """Start both threads. They are daemons: the process ends with its web server, and what they
    were doing is found again in the database."""
    for name, target in (("worker", _work), ("beat", _beat)):
        threading.Thread(target=target, name=f"hub-{name}", daemon=True).start()
    log.info("worker and beat run in this process")
