"""What the database itself refuses, whatever code writes to it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, models
from django.db.models import ProtectedError

from reviews.domain import transitions
from reviews.domain.transitions import IllegalMove, move
from tests import factories
from tests.tuning import making
from tuning import enums
from tuning.domain import datasets, exports, runs, versions
from tuning.models import (
    Answer,
    Dataset,
    DatasetMember,
    DatasetVersion,
    Evaluation,
    EvaluationAnswer,
    Export,
    Gate,
    ModelVersion,
    TrafficWindow,
    TuningRun,
)

NOW = factories.NOW
LIVES = {Export: enums.EXPORT_MOVES, TuningRun: enums.RUN_MOVES, ModelVersion: enums.VERSION_MOVES}


@pytest.fixture
def world(assistant):
    """One row of everything."""
    making.approved_many(assistant, 10)
    frozen = making.frozen(assistant)
    exports.request(frozen, "gemini", NOW)
    version = making.canary(assistant)
    evaluation = Evaluation.objects.create(
        version=version,
        baseline=versions.ensure_base(assistant),
        dataset_version=frozen,
        created_at=NOW,
    )
    EvaluationAnswer.objects.create(
        evaluation=evaluation,
        member=frozen.members.first(),
        slice="unseen",
        question="Apa?",
        base_declined=True,
        tuned_declined=True,
    )
    Gate.objects.create(
        assistant=assistant, stage=10, measure="accuracy", target=0.8, requirement="required"
    )
    Answer.objects.create(version=version, at=NOW, milliseconds=1, outcome="answered")
    TrafficWindow.objects.create(version=version, starts_at=NOW)
    runs.launch(frozen, versions.base_model(), now=NOW)


def again(row: models.Model) -> None:
    row.pk = None
    row._state.adding = True
    row.save()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (Dataset, {"name": "lain"}),
        (DatasetVersion, {"reference": "lain"}),
        (DatasetMember, {"position": 99}),
        (Export, {"file_name": "lain"}),
        (Export, {"format": "chat"}),
        (EvaluationAnswer, {"question": "Lain?"}),
        (Gate, {"target": 0.1}),
        (TrafficWindow, {"answered": 9}),
        (TuningRun, {"label": "lain"}),
    ],
    ids=str,
)
def test_a_second_one_of_the_same_is_refused(world, kind, changes):
    row = kind.objects.order_by("-id").first()
    for name, value in changes.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError):
        again(row)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (DatasetMember, {"part": "rest"}),
        (Export, {"status": "half"}),
        (TuningRun, {"status": "somewhere"}),
        (ModelVersion, {"status": "somewhere"}),
        (Answer, {"outcome": "maybe"}),
    ],
    ids=str,
)
def test_unknown_words_are_refused(world, kind, changes):
    with pytest.raises(IntegrityError):
        kind.objects.update(**changes)


def test_a_revision_that_a_version_holds_is_not_deleted(world, assistant):
    with pytest.raises(ProtectedError):
        DatasetMember.objects.first().revision.delete()


def test_a_version_with_an_export_or_a_run_is_not_deleted(world):
    with pytest.raises(ProtectedError):
        DatasetVersion.objects.order_by("id").first().delete()


@pytest.mark.parametrize("kind", LIVES)
def test_no_other_move_is_made_than_the_table_holds(world, kind):
    row, life = kind.objects.order_by("-id").first(), LIVES[kind]
    for came, to in [(came, to) for came in life for to in life if to not in life[came]]:
        row.status = came
        with pytest.raises(IllegalMove):
            move(row, to, now=NOW)
    assert transitions.history(row).count() == 0


def test_the_lives_name_every_status_and_nothing_else():
    for kind, life in LIVES.items():
        known = {value for value, _label in kind._meta.get_field("status").choices}
        assert set(life) == known
        assert {to for moves in life.values() for to in moves} <= known


def test_both_datasets_are_made_once(assistant):
    for _ in range(2):
        datasets.ensure(assistant, datasets.EVERYTHING)
        datasets.ensure(assistant, datasets.NIGHTLY)
    found = dict(Dataset.objects.values_list("slug", "only_unexported"))
    assert found == {"approved": False, "nightly": True}
