"""The edge: settings, the public HTTP API, and the commands that run it all."""

from feedbackhub.celery import app as celery_app

__all__ = ["celery_app"]
