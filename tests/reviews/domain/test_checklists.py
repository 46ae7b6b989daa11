"""The checklist: versions that stay as they are, worded in the reader's language."""

from __future__ import annotations

import pytest
from django.utils import translation

from reviews.domain import assistants, checklists
from reviews.domain.errors import Conflict
from reviews.models import Checklist, ChecklistItem

ROWS = [
    {"part": "accuracy", "text_id": "Benar?", "text_en": "Right?"},
    {"part": "tone", "text_id": "Sopan?", "required": False},
]


def test_the_default_has_thirteen_items_in_five_parts(checklist, assistant):
    items = checklists.items(assistant)
    assert [item.position for item in items] == list(range(1, 14))
    parts = list(dict.fromkeys(item.part for item in items))
    assert parts == ["naturalness", "accuracy", "tone", "completeness", "brand"]
    assert all(item.text_id and item.text_en and item.text_it for item in items)


def test_a_version_loaded_again_stays_as_it_is(checklist):
    ChecklistItem.objects.filter(position=1).update(text_id="Diubah kurator")
    assert checklists.load_default() == checklist
    assert ChecklistItem.objects.count() == 13
    assert ChecklistItem.objects.get(position=1).text_id == "Diubah kurator"


def test_a_new_version_is_in_force_and_the_old_is_kept(checklist, assistant):
    newer = checklists.load(ROWS, version=2)
    assert checklists.current(assistant) == newer
    assert [(i.part, i.text_id, i.required) for i in checklists.items(assistant)] == [
        ("accuracy", "Benar?", True),
        ("tone", "Sopan?", False),
    ]
    assert checklist.items.count() == 13


def test_an_assistants_own_list_goes_before_a_newer_shared_one(checklist, assistant):
    own = checklists.load(ROWS, version=1, assistant=assistant)
    checklists.load(ROWS, version=9)
    assert checklists.current(assistant) == own


def test_without_a_list_there_are_no_items(assistant):
    assert Checklist.objects.count() == 0
    assert checklists.items(assistant) == ()


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("id", ["Benar?", "Sopan?"]),
        ("en", ["Right?", "Sopan?"]),
        ("it", ["Benar?", "Sopan?"]),
        ("en-gb", ["Right?", "Sopan?"]),
        ("fr", ["Benar?", "Sopan?"]),
    ],
)
def test_an_item_reads_in_the_readers_language(assistant, language, texts):
    checklists.load(ROWS, version=1)
    with translation.override(language):
        assert [str(item) for item in checklists.items(assistant)] == texts


# --- an assistant's own, given up for the shared one ---------------------------------------------
def test_given_up_the_shared_list_is_in_force_and_the_own_versions_stay(checklist, assistant):
    own = checklists.publish(assistant, ROWS)
    assert checklists.current(assistant) == own
    given_up = checklists.give_up(own)
    assert checklists.current(assistant) == checklist
    assert [item.position for item in checklists.items(assistant)] == list(range(1, 14))
    kept = Checklist.objects.filter(assistant=assistant).order_by("version")
    assert [(row, row.version, row.items.count()) for row in kept] == [
        (own, 1, 2),
        (given_up, 2, 0),
    ]


def test_another_assistant_keeps_its_own(checklist, assistant):
    other = checklists.publish(assistants.ensure("lain", "Lain"), ROWS)
    checklists.give_up(checklists.publish(assistant, ROWS))
    assert checklists.current(other.assistant) == other


def test_after_that_it_may_have_one_of_its_own_again(checklist, assistant):
    checklists.give_up(checklists.publish(assistant, ROWS))
    again = checklists.publish(assistant, ROWS)
    assert (again.version, checklists.current(assistant)) == (3, again)


def test_only_what_is_in_force_and_an_assistants_own_is_given_up(checklist, assistant):
    first = checklists.publish(assistant, ROWS)
    newer = checklists.load(ROWS, version=9, assistant=assistant)
    for other in (checklist, first):
        with pytest.raises(Conflict):
            checklists.give_up(other)
    assert checklists.current(assistant) == newer
    empty = checklists.give_up(newer)
    for other in (newer, empty):
        with pytest.raises(Conflict):
            checklists.give_up(other)
    assert Checklist.objects.count() == 4


def test_who_published_at_the_same_moment_wins(checklist, assistant, monkeypatch):
    own = checklists.publish(assistant, ROWS)
    store = checklists._store

    def after_somebody(*args):
        store(assistant, own.version + 1, ROWS)
        return store(*args)

    monkeypatch.setattr(checklists, "_store", after_somebody)
    with pytest.raises(Conflict):
        checklists.give_up(own)
    assert [item.checklist.version for item in checklists.items(assistant)] == [2, 2]
