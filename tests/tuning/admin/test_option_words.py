"""Options of a backend, as people read them."""

from __future__ import annotations

import dataclasses

import pytest
from django.utils import translation

from tuning import backends
from tuning.admin import option_words
from tuning.backends import BACKENDS


@pytest.mark.parametrize("name", sorted(BACKENDS))
def test_each_option_and_each_of_its_choices_in_words_has_some(name):
    lacking = []
    for field in dataclasses.fields(backends.get(name).options):
        choices = [one for one in field.metadata.get("choices", ()) if isinstance(one, str)]
        lacking += [one for one in [field.name, *choices] if one not in option_words.WORDS]
    assert lacking == []


def test_what_has_no_words_is_shown_as_it_is():
    with translation.override("en"):
        given = {"epochs": 3, "learning_rate": "0.001", "four_bit": True, "of_tomorrow": "x"}
        assert option_words.chosen(given) == [
            ("epochs", "Epochs", "3"),
            ("learning_rate", "Learning rate", "0.001"),
            ("four_bit", "4-bit training (QLoRA)", "yes"),
            ("of_tomorrow", "of_tomorrow", "x"),
        ]


@pytest.mark.parametrize(
    ("bound", "typed"), [(1e-7, "0.0000001"), (2**31 - 1, "2147483647"), (0.9, "0.9"), (100, "100")]
)
def test_a_bound_is_written_as_one_types_it(bound, typed):
    assert option_words.figure(bound) == typed
