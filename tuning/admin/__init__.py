"""The admin of the machine floor, one file a subject."""

from tuning.admin import datasets, evaluation, runs, traffic, versions

__all__ = ["datasets", "evaluation", "runs", "traffic", "versions"]
