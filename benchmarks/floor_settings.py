"""The hub's settings without its edge, for the floor alone."""

from feedbackhub.settings import *  # noqa: F403

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "benchmarks.floor"
