"""gunicorn's settings for the embedded mode: one process that is web server, worker and beat.

Exactly one worker: with two there would be two beats, and the memory broker and cache of one are
not the other's. Production starts gunicorn with its own flags (docker-compose.yml).
"""

from __future__ import annotations

import os
from typing import Any

bind = os.environ.get("HUB_BIND", "127.0.0.1:8000")
workers = 1
worker_class = "gthread"
threads = 8
# Never recycled and never preloaded: threads would be lost, or stay behind in the parent.
max_requests = 0
preload_app = False
reload = False
control_socket_disable = True
graceful_timeout = 5
accesslog = None
loglevel = "warning"


def post_worker_init(worker: Any) -> None:
    from feedbackhub import embedded

    embedded.start()
