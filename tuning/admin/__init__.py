"""The admin of the machine floor, one file a subject."""

from tuning.admin import base_models, datasets, evaluation, runs, traffic, versions

__all__ = ["base_models", "datasets", "evaluation", "runs", "traffic", "versions"]
