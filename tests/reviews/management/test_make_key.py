"""make_key: a key for a first try, without a browser."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from reviews.domain import keys
from reviews.models import ClientKey
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("make_key", *arguments, stdout=out)
    return out.getvalue()


def test_the_key_is_the_only_line_and_works(assistant):
    printed = run("bisnis", "--origin", "http://localhost:9000")
    assert printed.count("\n") == 1
    row = ClientKey.objects.get()
    assert keys.verify(printed.strip(), NOW) == row
    assert row.scopes == ["feedback", "generate", "read"]
    assert row.origins == ["http://localhost:9000"]


def test_scopes_are_what_is_asked_for(assistant):
    run("bisnis", "--scope", "log", "--scope", "operate", "--name", "agen")
    row = ClientKey.objects.get()
    assert (row.scopes, row.name) == (["log", "operate"], "agen")


@pytest.mark.parametrize("origin", ["localhost:9000", "https://a.id/x", "ftp://a.id", "https://[a"])
def test_what_is_no_origin_is_refused(assistant, origin):
    with pytest.raises(CommandError, match="is not a web origin"):
        run("bisnis", "--origin", origin)
    assert ClientKey.objects.count() == 0


def test_an_unknown_assistant_is_told_with_the_known_ones(assistant):
    with pytest.raises(CommandError, match="known: bisnis"):
        run("bisnes")
