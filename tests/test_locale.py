"""The catalogues are whole, and the compiled files hold what the written ones say."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest
from django.conf import settings

CATALOGUES = sorted(Path(settings.BASE_DIR, "locale").rglob("django.po"))


def _texts(catalogue: polib.POFile | polib.MOFile) -> dict[object, object]:
    return {
        (entry.msgctxt, entry.msgid): entry.msgstr_plural or entry.msgstr
        for entry in catalogue
        if entry.msgid
    }


def test_both_languages_have_a_catalogue():
    own = {path.parts[-3] for path in CATALOGUES if path.parts[-4] == "locale"}
    assert own == {"id", "it"}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: "/".join(path.parts[-4:-2]))
def test_nothing_is_left_untranslated_or_doubtful(path):
    catalogue = polib.pofile(str(path))
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: "/".join(path.parts[-4:-2]))
def test_the_compiled_catalogue_is_up_to_date(path):
    compiled = polib.mofile(str(path.with_suffix(".mo")))
    assert _texts(compiled) == _texts(polib.pofile(str(path)))


def test_both_languages_translate_the_same_texts():
    id_, it = (
        set(_texts(polib.pofile(str(settings.BASE_DIR / f"locale/{code}/LC_MESSAGES/django.po"))))
        for code in ("id", "it")
    )
    assert id_ == it
