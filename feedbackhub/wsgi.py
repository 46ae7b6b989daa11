"""The WSGI application."""

import gc
import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedbackhub.settings")
# Half a millisecond in the place of five: beside many open streams a short call would wait that
# long at each of its steps. Measured in docs/performance.md.
sys.setswitchinterval(0.0005)

application = get_wsgi_application()

# What was loaded by now stays: the collector need not look through it again and again, nor after
# every 700 objects, which a single page makes many times over. A tenth of a decision's time.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 100)
