"""Earlier turns in bulk: read as the stored text, for most are none and decoding costs the most."""

from __future__ import annotations

import orjson
from django.db.models import TextField
from django.db.models.functions import Cast

NONE = "[]"


def column(name: str) -> Cast:
    """The JSON column of turns called `name`, for `values_list`, as text."""
    return Cast(name, TextField())


def read(text: str) -> tuple[tuple[str, str], ...]:
    """The (role, words) turns of such a text, oldest first."""
    if text == NONE:
        return ()
    return tuple((role, words) for role, words in orjson.loads(text))
