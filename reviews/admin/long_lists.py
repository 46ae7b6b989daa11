"""Lists of tables that grow without end, and what the theme makes anew for each row of a list."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from unfold import admin, paginator
from unfold.templatetags import unfold_list


class InfinitePaginator(paginator.InfinitePaginator):
    """Reads by offset past keys alone, mostly in an index; the rows, with all that is joined to
    them, only of the page that is shown. The theme knows it by this name: under another it would
    show the number of rows, which nobody counted."""

    def _get_page(self, object_list: Any, *args: Any, **kwargs: Any) -> Any:
        keys = list(object_list.values_list("pk", flat=True))
        return super()._get_page(self.object_list.filter(pk__in=keys), *args, **kwargs)


class LongList:
    """For tables that grow without end: nothing counts all rows."""

    paginator = InfinitePaginator
    list_per_page = 25


# --- made once, and not for each row: together a third of a page's time ---------------------------
_make_headers = unfold_list.result_headers
_make_label = unfold_list.display_for_label
_make_checkbox = admin.checkbox.render
_VALUE = "value-of-the-row"


def _headers_once(cl: Any) -> list[dict[str, Any]]:
    if not hasattr(cl, "headers_made"):
        cl.headers_made = list(_make_headers(cl))
    made: list[dict[str, Any]] = cl.headers_made
    return made


@lru_cache(maxsize=1000)
def _label(code: str, words: str, color: str | None) -> SafeString:
    made: SafeString = _make_label((code, words), "", {code: color} if color else {})
    return made


def _label_once(value: Any, empty: str, label: Any) -> SafeString:
    """Of a choice: its code and its words in the reader's language."""
    if isinstance(value, tuple) and len(value) == 2 and isinstance(label, dict):
        code, words = value
        if isinstance(words, str) and code in label:
            return _label(str(code), words, label[code])
    made: SafeString = _make_label(value, empty, label)
    return made


@lru_cache(maxsize=100)
def _checkbox(name: str, _language: str | None) -> str:
    made: str = _make_checkbox(name, _VALUE)
    return made


def _checkbox_once(name: str, value: Any) -> SafeString:
    return mark_safe(_checkbox(name, get_language()).replace(_VALUE, escape(value)))  # noqa: S308


unfold_list.result_headers = _headers_once
unfold_list.display_for_label = _label_once
admin.checkbox.render = _checkbox_once
