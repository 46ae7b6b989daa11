"""The base models that are known to begin with: rows where absent, never over a person's."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.management import call_command

from tuning.domain import base_models
from tuning.models import BaseModel

pytestmark = pytest.mark.django_db


def test_each_is_a_right_row():
    made = base_models.load()
    assert len(made) == BaseModel.objects.count() == 8
    for model in BaseModel.objects.all():
        model.full_clean()
        assert model.note


def test_what_is_told_of_gemini():
    base_models.load()
    flash = BaseModel.objects.get(name="gemini-3.5-flash")
    assert (flash.tune_region, flash.region, flash.retires_date) == ("us-central1", "us", None)
    assert (flash.abilities, flash.adapter_sizes) == (["sft"], [1, 2, 4, 8, 16])
    old = BaseModel.objects.get(name="gemini-2.5-flash")
    assert old.retires_date == date(2026, 10, 20)
    assert list(old.successors.all()) == [flash]


def test_a_price_that_nobody_knows_is_empty():
    base_models.load()
    assert set(BaseModel.objects.values_list("price", flat=True)) == {None}


def test_again_nothing_is_made_and_nothing_changed():
    base_models.load()
    old = BaseModel.objects.get(name="gemini-2.5-flash")
    old.successors.clear()
    BaseModel.objects.filter(pk=old.pk).update(retires_date=date(2027, 1, 31))
    assert (base_models.absent(), base_models.load()) == ([], [])
    old.refresh_from_db()
    assert (old.retires_date, old.successors.count()) == (date(2027, 1, 31), 0)


def test_one_that_somebody_made_is_theirs():
    BaseModel.objects.create(name="gemini-3.5-flash", provider="gemini", region="eu")
    assert "gemini-3.5-flash" not in base_models.load()
    assert BaseModel.objects.get(name="gemini-3.5-flash").region == "eu"


def test_the_command_tells_and_makes(capsys):
    call_command("load_base_models", dry_run=True)
    told = capsys.readouterr().out
    assert (len(told.splitlines()), BaseModel.objects.count()) == (8, 0)
    call_command("load_base_models")
    assert (capsys.readouterr().out, BaseModel.objects.count()) == (told, 8)
    call_command("load_base_models")
    assert capsys.readouterr().out == ""
