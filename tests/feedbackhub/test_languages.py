"""No English on the pages of an Indonesian or Italian reader.

Two nets. The source net: every text that an installed app hands to gettext has a translation. The
page net, for what never went through gettext: every word on every page of the admin stands in the
language's catalogues or in the rows that the page shows.
"""

from __future__ import annotations

import json
import re
import uuid
import zoneinfo
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, models, transaction
from django.test import Client
from django.urls import URLPattern, reverse

from feedbackhub import roles, schedules
from reviews.domain import assistants, checklists, corrections, keys
from reviews.enums import Scope
from tests import factories
from tests.feedbackhub import languages
from tests.tuning import making

LANGUAGES = ["id", "it"]

NAMES = """
    FeedbackHub BLEU chrF Gemini sharegpt preference generate operate esc
"""
"""Words that are the same in every language: names, of measures, of providers, of formats and
scopes as programs write them, and of a key on the keyboard."""


# --- the source net -------------------------------------------------------------------------------
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_a_translation(language):
    known = languages.catalogue(language)
    missing = [
        f"{source.where}: {source.text!r}"
        for source in languages.sources()
        if not any(key in known for key in source.keys)
    ]
    assert sorted(missing) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_admins_scripts_have_their_words(client, db, language):
    client.force_login(User.objects.create_superuser("boss"))
    answer = client.get(reverse("admin:jsi18n"), headers={"accept-language": language})
    script = answer.content.decode()
    missing = [text for text in languages.script_sources() if f"{json.dumps(text)}: " not in script]
    assert missing == []


# --- rows for the pages ---------------------------------------------------------------------------
def _value(field: models.Field) -> Any:
    if field.choices:
        return field.choices[0][0]
    if isinstance(field, models.ForeignKey):
        return some(field.related_model)
    kinds = {
        models.DateTimeField: factories.NOW,
        models.DateField: factories.NOW.date(),
        models.UUIDField: uuid.uuid4(),
        models.JSONField: {},
        models.GenericIPAddressField: "192.0.2.1",
        models.BooleanField: False,
        models.IntegerField: 1,
        models.FloatField: 0.5,
    }
    return next((value for kind, value in kinds.items() if isinstance(field, kind)), "contoh")


def some(model: type[models.Model]) -> models.Model:
    """A row of `model`: one that is there, or one made of what it asks for."""
    if row := model._default_manager.first():
        return row
    wanted = {
        field.name: _value(field)
        for field in model._meta.concrete_fields
        if not (field.has_default() or field.null or isinstance(field, models.AutoField))
        and not getattr(field, "auto_now_add", False)
    }
    return model._default_manager.create(**wanted)


@pytest.fixture
def rows(db, reviewer, second_reviewer, senior, curator, operator) -> dict[str, Any]:
    """The admin's models with a row each, and the pk of one, by 'app_model'."""
    User.objects.create_superuser("boss")
    schedules.ensure()
    assistant = assistants.ensure("bisnis", "Asisten Bisnis")
    checklists.load_default()
    keys.create(assistant, "situs", scopes=list(Scope.values))
    factories.pair(assistant)
    AccessAttempt.objects.create(
        username="peninjau1", ip_address="192.0.2.1", failures_since_start=1
    )
    making.approved_many(assistant, 3)
    corrections.open_task(assistant, "Berapa modal PT?", "Tidak ada.")
    making.canary(assistant)
    found = {}
    for model in admin.site._registry:
        try:
            with transaction.atomic():
                row = some(model)
        except DatabaseError:
            continue
        found[f"{model._meta.app_label}_{model._meta.model_name}"] = row.pk
        LogEntry.objects.create(
            user=operator,
            content_type=ContentType.objects.get_for_model(model),
            object_id=row.pk,
            object_repr="contoh",
            action_flag=CHANGE,
            change_message="",
        )
    return found


def data_words() -> set[str]:
    """The words in the rows: what people wrote, in whatever language."""
    found: set[str] = set()
    for model in apps.get_models():
        if model._meta.label in {"auth.Permission", "contenttypes.ContentType"}:
            continue
        texts = [
            field.attname
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField) and not field.choices
        ]
        for row in model._default_manager.values_list(*texts) if texts else []:
            found |= languages.words(" ".join(str(value) for value in row))
    return found


def slugs() -> set[str]:
    """Short names that people gave, some of which are English words ('approved')."""
    found: set[str] = set()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.SlugField):
                found.update(model._default_manager.values_list(field.attname, flat=True))
    return found


# --- the page net ---------------------------------------------------------------------------------
def _patterns(found: list[Any], before: str = "") -> list[tuple[str, URLPattern]]:
    flat = []
    for pattern in found:
        if isinstance(pattern, URLPattern):
            flat.append((before, pattern))
        else:
            flat += _patterns(pattern.url_patterns, before + str(pattern.pattern))
    return flat


def addresses(rows: dict[str, Any]) -> list[str]:
    """Every address of the admin: those without arguments, and those of one row."""
    found = []
    for prefix, pattern in _patterns(admin.site.get_urls()):
        names = list(pattern.pattern.converters) or list(pattern.pattern.regex.groupindex)
        if not pattern.name or pattern.name in {"view_on_site", "jsi18n", "logout"}:
            continue
        if pattern.name == "app_list":
            labels = {model._meta.app_label for model in admin.site._registry}
            found += [reverse("admin:app_list", args=[label]) for label in sorted(labels)]
        elif not names:
            found.append(reverse(f"admin:{pattern.name}"))
        elif len(names) == 1 and (pk := rows.get(prefix.strip("/").replace("/", "_"))):
            found.append(reverse(f"admin:{pattern.name}", kwargs={names[0]: pk}))
    return found


class Reader:
    """Reads pages in one language and knows what is not in it."""

    def __init__(self, language: str) -> None:
        self.language = language
        known = languages.catalogue(language)
        said = {text for text in known.values() if isinstance(text, str)}
        self.said = {_plain(text) for text in said} | set(dict(settings.LANGUAGES).values())
        self.said |= slugs()
        self.vocabulary = data_words().union(*map(languages.words, [NAMES, *self.said]))
        for zone in zoneinfo.available_timezones():
            self.vocabulary |= {part.casefold() for part in re.split(r"[\W_]+", zone)}
        self.english = {
            _plain(source.text)
            for source in languages.sources()
            if known.get(source.keys[0], source.text) != source.text
        }
        self.seen: set[str] = set()
        self.strange: dict[str, str] = {}

    def read(self, address: str, html: str) -> None:
        texts = languages.visible(html) - self.seen
        self.seen |= texts
        for text in texts:
            if text in self.english and text not in self.said:
                self.strange.setdefault(text, address)
            elif unknown := languages.words(text) - self.vocabulary:
                self.strange.setdefault(f"{text} ({', '.join(sorted(unknown))})", address)

    def report(self) -> list[str]:
        return sorted(f"{text} <- {address}" for text, address in self.strange.items())

    def browse(self, client: Client, to_see: list[str]) -> int:
        """Open each address and read what comes as a page; returns how many did."""
        read = 0
        for address in to_see:
            page = client.get(address, headers={"accept-language": self.language})
            assert page.status_code < 500, address
            if page.headers.get("Content-Type", "").startswith("text/html") and page.content:
                self.read(address, page.content.decode())
                read += page.status_code == 200
        return read

    def send_empty(self, client: Client, forms: list[str]) -> None:
        """Send each form empty, and read what it has to say about that."""
        for address in forms:
            page = client.post(address, {}, headers={"accept-language": self.language})
            if page.status_code == 200:
                self.read(address, page.content.decode())


def _plain(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", languages.HOLE.sub(" ", text)).split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_administrator_meets_no_english(rows, client, language):
    reader = Reader(language)
    to_see = addresses(rows)
    reader.browse(client, [reverse("admin:login"), reverse("admin:index") + "404"])
    client.force_login(User.objects.get(username="boss"))
    read = reader.browse(client, [*to_see, reverse("admin:index") + "none/"])
    reader.send_empty(client, [address for address in to_see if address.endswith("/add/")])
    assert reader.report() == []
    assert read > 2 * len(rows)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", list(roles.ROLES))
def test_a_role_meets_no_english(rows, client, language, role):
    reader = Reader(language)
    client.force_login(User.objects.filter(groups__name=role)[0])
    to_see = [address for address in addresses(rows) if not re.search("history|delete", address)]
    assert reader.browse(client, to_see) > 5
    assert reader.report() == []
