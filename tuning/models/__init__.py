"""Rows of the machine floor, one file a subject."""

from tuning.models.datasets import Dataset, DatasetMember, DatasetPreference, DatasetVersion, Export
from tuning.models.evaluation import Evaluation, EvaluationAnswer, Gate, GateResult
from tuning.models.runs import BaseModel, RunEvent, TuningRun
from tuning.models.traffic import Answer, TrafficWindow
from tuning.models.versions import ModelVersion

__all__ = [
    "Answer",
    "BaseModel",
    "Dataset",
    "DatasetMember",
    "DatasetPreference",
    "DatasetVersion",
    "Evaluation",
    "EvaluationAnswer",
    "Export",
    "Gate",
    "GateResult",
    "ModelVersion",
    "RunEvent",
    "TrafficWindow",
    "TuningRun",
]
