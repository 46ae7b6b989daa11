"""The WSGI application."""

import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedbackhub.settings")
# Half a millisecond in the place of five: beside many open streams a short call would wait that
# long at each of its steps. Measured in docs/performance.md.
sys.setswitchinterval(0.0005)

application = get_wsgi_application()
