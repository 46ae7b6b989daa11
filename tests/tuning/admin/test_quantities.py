"""Tokens, time and cost as the reader writes them, and the curves' scales."""

from __future__ import annotations

import pytest
from django.utils import translation

from tuning.admin import curves, evaluation, quantities


@pytest.mark.parametrize(
    ("name", "value", "english", "indonesian"),
    [
        ("tokens", 262585, "262,585", "262.585"),
        ("cost", 0.787755, "0.79", "0,79"),
        ("cost", 0, "0.00", "0,00"),
        ("cost", 1234.5, "1,234.50", "1.234,50"),
        ("tokens", None, "–", "–"),
    ],
)
def test_a_figure_is_rounded_and_written_as_the_reader_does(name, value, english, indonesian):
    told = []
    for language in ("en", "id"):
        with translation.override(language):
            told.append(quantities.written(name, value))
    assert told == [english, indonesian]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (1.32, "1 s"),
        (59.6, "1 min 0 s"),
        (440, "7 min 20 s"),
        (3600, "1 h 0 min"),
        (86399, "23 h 59 min"),
    ],
)
def test_a_time_is_told_in_its_two_greatest_units(seconds, told):
    with translation.override("en"):
        assert quantities.duration(seconds) == told


def test_progress_is_drawn_in_percent_over_time():
    with translation.override("en"):
        chart = curves.of_run({"progress": [(60, 0.25), (7200, 0.75)]})
        assert [words for _y, words in chart.marks] == ["75%", "50%", "25%"]
        assert (chart.first, chart.last, chart.lines[0].last) == ("1 min 0 s", "2 h 0 min", "75%")


def test_losses_are_rounded_not_cut():
    with translation.override("id"):
        chart = curves.of_run({"loss": [(1, 6.2748), (1200, 6.2226)]})
        assert [words for _y, words in chart.marks] == ["6,275", "6,249", "6,223"]
        assert (chart.first, chart.last) == ("1", "1.200")


def test_measures_are_written_as_the_reader_does():
    with translation.override("id"):
        rows = evaluation.metric_rows({"tuned": {"bleu": 43.06, "exact_match": 0.434}})
        assert [row["tuned"] for row in rows[:3]] == ["43%", "43,1", "–"]
