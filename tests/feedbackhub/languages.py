"""What a reader meets on a page, and where English source texts are written."""

from __future__ import annotations

import ast
import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils.translation import trans_real
from django.utils.translation.template import templatize

# --- what a page shows ----------------------------------------------------------------------------
HIDDEN = {"style", "textarea", "code", "pre", "svg", "noscript"}
VOID = {"br", "hr", "img", "input", "link", "meta", "source", "wbr", "col"}
SAID = ("title", "placeholder", "aria-label", "alt", "data-confirm", "data-tooltip")
BUTTONS = {"submit", "button", "reset"}


class _Visible(HTMLParser):
    """Collects the texts that a person sees or hears, each with its spaces made one."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self._open: list[tuple[str, bool]] = []
        self._script: dict[str, str | None] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        for name in SAID:
            self._add(told.get(name) or "")
        if tag == "input" and told.get("type") in BUTTONS:
            self._add(told.get("value") or "")
        if tag in VOID:
            return
        if tag == "script":
            self._script = told
        hidden = tag in HIDDEN or "material-symbols-outlined" in (told.get("class") or "")
        # A text marked as being in a language of its own is what it says: the language menu.
        hidden = hidden or (tag != "html" and bool(told.get("lang")))
        self._open.append((tag, hidden))

    def handle_endtag(self, tag: str) -> None:
        self._script = None if tag == "script" else self._script
        if tag in [name for name, _hidden in self._open]:
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self.scripts.append((self._script, data))
        elif not any(hidden for _tag, hidden in self._open):
            self._add(data)

    def _add(self, text: str) -> None:
        if text := " ".join(text.split()):
            self.texts.add(text)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield " ".join(value.split())
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def visible(html: str) -> set[str]:
    """Texts, spoken attributes, labels of buttons, and the words that a page hands its scripts
    (`<script type="application/json" id="…-words">`)."""
    parser = _Visible()
    parser.feed(html)
    for told, data in parser.scripts:
        if told.get("type") == "application/json" and (told.get("id") or "").endswith("-words"):
            parser.texts.update(_strings(json.loads(data)))
    return parser.texts


# --- where English is written ---------------------------------------------------------------------
CALLS = re.compile(r"^(?:u?n?p?gettext(?:_lazy|_noop)?|_)$")
IN_TEMPLATE = re.compile(
    r"\b(n?p?gettext|_)\(((?:[^()'\"]|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')*)\)"
)
IN_SCRIPT = re.compile(r"\bn?gettext\(\s*(['\"])((?:\\.|(?!\1).)*)\1")


@dataclass(frozen=True, slots=True)
class Source:
    """A text that goes through gettext. `keys` are what a catalogue may know it by."""

    text: str
    context: str | None
    where: str

    @property
    def keys(self) -> list[Any]:
        key = f"{self.context}\x04{self.text}" if self.context else self.text
        return [key, (key, 0), (key, 1)]


def _source(call: ast.Call, where: str) -> Source | None:
    name = getattr(call.func, "id", None) or getattr(call.func, "attr", "")
    if not CALLS.match(name):
        return None
    texts = [getattr(argument, "value", None) for argument in call.args]
    texts = [text for text in texts if isinstance(text, str)]
    context = texts.pop(0) if "pgettext" in name and len(texts) > 1 else None
    return Source(texts[0], context, where) if texts and texts[0] else None


def _calls(file: Path) -> Iterator[ast.AST]:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".py":
        yield from ast.walk(ast.parse(text))
    elif "{%" in text:
        for name, arguments in IN_TEMPLATE.findall(templatize(text)):
            yield ast.parse(f"{name}({arguments})", mode="eval").body


def _files(folder: Path) -> Iterator[Path]:
    """Python and templates of `folder`, without tests and the theme's parts for other packages."""
    parts = folder / "contrib"
    for file in sorted(folder.rglob("*")):
        if file.suffix not in {".py", ".html", ".txt"} or {"migrations", "tests"} & set(file.parts):
            continue
        if folder.name == "unfold" and parts in file.parents:
            part = f"unfold.contrib.{file.relative_to(parts).parts[0]}"
            if not apps.is_installed(part) and not part.endswith("import_export"):
                continue
        yield file


@functools.cache
def sources() -> frozenset[Source]:
    """The texts of all installed apps and of the hub's templates."""
    folders = [Path(app.path) for app in apps.get_app_configs() if app.name not in SILENT]
    found = set()
    for folder in [*folders, Path(settings.BASE_DIR, "templates")]:
        for file in _files(folder):
            where = str(file.relative_to(folder.parent))
            calls = (_source(call, where) for call in _calls(file) if isinstance(call, ast.Call))
            found.update(source for source in calls if source)
    return frozenset(found)


SILENT = {"rest_framework", "drf_spectacular", "drf_spectacular_sidecar"}
"""They speak to programs, and programs are answered in English."""


def script_sources() -> set[str]:
    """Texts that the admin's scripts ask Django's JavaScript catalogue for."""
    found = set()
    for name in ("django.contrib.admin", "unfold"):
        app = next(app for app in apps.get_app_configs() if app.name == name)
        for file in Path(app.path, "static").rglob("*.js"):
            if "vendor" not in file.parts:
                texts = IN_SCRIPT.findall(file.read_text(encoding="utf-8"))
                found.update(ast.literal_eval(f"{quote}{text}{quote}") for quote, text in texts)
    return found


# --- what a language says -------------------------------------------------------------------------
@functools.cache
def catalogue(language: str) -> dict[Any, str]:
    """Every translation that is loaded for `language`, by key; plurals have keys (text, form)."""
    merged: dict[Any, str] = {}
    for part in reversed(trans_real.translation(language)._catalog._catalogs):
        merged.update(part)
    return merged


HOLE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
WORD = re.compile(r"[^\W\d_]{2,}(?:['’][^\W\d_]+)*")
CODE = re.compile(r"\w+…|\S*[^\W\d][._/@=&{}<>:\\#]\w\S*|\S*[\d_*]\S*")


def words(text: str) -> set[str]:
    """The words of a text, small. Names of things such as `tuning.purge` are none, nor is what a
    page cut short."""
    return {word.casefold() for word in WORD.findall(CODE.sub(" ", HOLE.sub(" ", text)))}
