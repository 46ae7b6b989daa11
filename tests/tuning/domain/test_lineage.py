"""A version's lineage counts the verdicts on exactly its texts."""

from __future__ import annotations

import pytest
from django.utils import translation

from reviews.domain import pairs
from reviews.enums import Decision
from reviews.models import Category
from tests import factories
from tests.tuning import making
from tuning.domain import lineage

NOW = factories.NOW


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def test_pairs_sources_and_verdicts(assistant, checklist, reviewer, second_reviewer):
    Category.objects.update(reviewers_needed=2)
    decided = factories.pair(assistant, family="izin", category=assistant.categories.first())
    for who in (reviewer, second_reviewer):
        factories.decide(decided, who, Decision.APPROVE)
    assert decided.status == "approved"
    same = factories.approved(assistant, family="izin")
    other = factories.approved(assistant)
    frozen = making.version_of(assistant, {"train": [decided, other], "test": [same]})
    found = lineage.of(frozen.dataset_version)
    assert found.parts == {"train": 2, "test": 1}
    assert found.sources == {"import": 3}
    assert (found.families, found.verdicts, found.reviewers) == (2, {"approve": 2}, 2)
    pairs.revise(decided, answer="Lain sama sekali.", by=reviewer, why="salah", now=NOW)
    assert lineage.of(frozen.dataset_version) == found


def test_a_version_without_verdicts(assistant):
    frozen = making.version_of(assistant, {"train": [factories.approved(assistant)]})
    found = lineage.of(frozen.dataset_version)
    assert (found.verdicts, found.reviewers) == ({}, 0)
