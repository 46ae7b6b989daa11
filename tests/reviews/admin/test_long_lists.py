"""What the theme makes for each row of a list is made once, and looks the same."""

from __future__ import annotations

import pytest
from django.contrib.admin import helpers
from django.urls import reverse
from django.utils.translation import override
from unfold import admin as theme
from unfold.templatetags import unfold_list

from reviews.admin import long_lists
from tests import factories

pytestmark = pytest.mark.django_db


def url(name: str) -> str:
    return reverse(f"admin:reviews_pair_{name}")


def test_the_headers_are_made_once_a_page(client, assistant, reviewer, monkeypatch):
    for _number in range(3):
        factories.pair(assistant)
    made, make = [], long_lists._make_headers
    monkeypatch.setattr(long_lists, "_make_headers", lambda cl: made.append(cl) or make(cl))
    client.force_login(reviewer)
    page = client.get(url("changelist"))
    assert made == [page.context["cl"]]
    assert page.content.decode().count('data-label="pertanyaan"') == 3


def test_a_rows_checkbox_is_the_themes_in_the_readers_language():
    for language in ("id", "en", "id"):
        with override(language):
            for value in ("1", "23", "<b>"):
                ours = theme.checkbox.render(helpers.ACTION_CHECKBOX_NAME, value)
                assert ours == long_lists._make_checkbox(helpers.ACTION_CHECKBOX_NAME, value)


@pytest.mark.parametrize(
    "value",
    [("draft", "Draf"), ("draft", "<b>Draft"), ("other", "Lain"), "draft", 3, None],
)
def test_a_rows_label_is_the_themes(value):
    colors = {"draft": "info", "a": "danger"}
    for _twice in range(2):
        ours = unfold_list.display_for_label(value, "-", colors)
        assert ours == long_lists._make_label(value, "-", colors)


def test_a_checkbox_and_a_label_are_made_once_a_list(client, assistant, reviewer, monkeypatch):
    made = []
    long_lists._checkbox.cache_clear()
    long_lists._label.cache_clear()
    for name in ("_make_checkbox", "_make_label"):
        make = getattr(long_lists, name)
        monkeypatch.setattr(
            long_lists, name, lambda *of, name=name, make=make: made.append(name) or make(*of)
        )
    for _number in range(3):
        factories.pair(assistant)
    client.force_login(reviewer)
    page = client.get(url("changelist")).content.decode()
    keys = [f'name="_selected_action" value="{pair.pk}"' for pair in assistant.pairs.all()]
    assert [page.count(key) for key in keys] == [1, 1, 1]
    assert sorted(made) == ["_make_checkbox", "_make_label"]
