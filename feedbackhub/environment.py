"""Reads the environment loudly: every variable has a type, a default and a rule, kept in one table.

The table is what the tests hold against `.env.example` and the README.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import environ
from django.core.exceptions import ImproperlyConfigured

_env = environ.Env()
seen: dict[str, Any] = {}
"""Every variable that the settings asked for, with its default."""


def load(path: Path) -> None:
    """Read `path` (a `.env` file) where it exists; real environment variables win."""
    if path.is_file():
        environ.Env.read_env(path)


def _read(
    name: str, default: Any, cast: Callable[[str], Any], wants: str, *, secret: bool = False
) -> Any:
    """`secret` keeps a value that may hold a password out of the message."""
    seen[name] = default
    raw = _env.ENVIRON.get(name)
    if raw is None or raw.strip() == "":
        return default
    try:
        return cast(raw.strip())
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        told = "its value" if secret else repr(raw)
        raise ImproperlyConfigured(f"{name}: {told} is not {wants}") from error


def text(name: str, default: str = "") -> str:
    return str(_read(name, default, str, "a text"))


def _folder(raw: str) -> Path:
    found = Path(raw).expanduser().absolute()
    there = next(place for place in (found, *found.parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise ValueError(raw)
    return found


def folder(name: str, default: Path) -> Path:
    """A folder that is there or can be made."""
    return Path(_read(name, default, _folder, "a folder to write in"))


def _boolean(raw: str) -> bool:
    values = {"1": True, "true": True, "yes": True, "on": True}
    values |= {"0": False, "false": False, "no": False, "off": False}
    return values[raw.lower()]


def flag(name: str, default: bool | None) -> bool:
    """A yes or no. A default of None stays None: the caller tells 'unset' from 'off'."""
    value: bool = _read(name, default, _boolean, "true or false")
    return value


def _bounded(cast: Callable[[str], Any], low: float, high: float) -> Callable[[str], Any]:
    def inner(raw: str) -> Any:
        value = cast(raw)
        if not low <= value <= high:
            raise ValueError(raw)
        return value

    return inner


def integer(name: str, default: int, low: int = 0, high: int = 10**9) -> int:
    wants = f"a whole number from {low} to {high}"
    return int(_read(name, default, _bounded(int, low, high), wants))


def optional(
    name: str, kind: Callable[[str], int | float], low: float, high: float
) -> int | float | None:
    """A number (int or float), or None where nobody says."""
    wants = f"a {'whole ' if kind is int else ''}number from {low:g} to {high:g}"
    value: int | float | None = _read(name, None, _bounded(kind, low, high), wants)
    return value


def _split(raw: str) -> list[str]:
    return [word.strip() for word in raw.split(",") if word.strip()]


def words(name: str, default: list[str]) -> list[str]:
    """A comma-separated list."""
    return list(_read(name, default, _split, "a comma-separated list"))


def command(name: str, default: list[str], places: tuple[str, ...] = ()) -> list[str]:
    """A program with its arguments, quoted as a shell would, though none ever sees it. `places`
    are words that must stand in it."""

    def check(raw: str) -> list[str]:
        # `~` as a shell would read it.
        found = [os.path.expanduser(word) for word in shlex.split(raw)]
        if not shutil.which(found[0]) or not all(place in raw for place in places):
            raise ValueError(raw)
        return found

    needed = f" with {' and '.join(places)}" if places else ""
    return list(_read(name, default, check, f"a program that is here, and its arguments{needed}"))


def origins(name: str) -> list[str]:
    """A comma-separated list of web origins, each with its scheme."""

    def check(raw: str) -> list[str]:
        found = _split(raw)
        if any(urlsplit(one).scheme not in ("http", "https") for one in found):
            raise ValueError(raw)
        return found

    return list(_read(name, [], check, "a list of origins such as https://hub.example.com"))


def keys_by_origin(name: str) -> dict[str, str]:
    """`ORIGIN=KEY`, comma-separated: which secret goes to which server, and to no other."""

    def check(raw: str) -> dict[str, str]:
        found = {}
        for one in _split(raw):
            origin, _, key = one.partition("=")
            parts = urlsplit(origin)
            if origin != f"{parts.scheme}://{parts.netloc}" or not parts.netloc or not key:
                raise ValueError(one)
            found[origin] = key
        return found

    wants = "a list such as https://llm.example.com=KEY"
    return dict(_read(name, {}, check, wants, secret=True))


def time_zone(name: str, default: str) -> str:
    def check(raw: str) -> str:
        if raw not in available_timezones():
            raise ValueError(raw)
        return raw

    return str(_read(name, default, check, "a time zone such as Asia/Jakarta"))


def choice(name: str, default: str, options: tuple[str, ...]) -> str:
    def pick(raw: str) -> str:
        if raw not in options:
            raise ValueError(raw)
        return raw

    return str(_read(name, default, pick, "one of " + ", ".join(options)))


def crontab(name: str, default: str) -> str:
    """Five cron fields, checked by the parser that will run them."""

    def check(raw: str) -> str:
        from celery.schedules import ParseException, crontab

        try:
            crontab.from_string(raw)
        except (ParseException, ValueError) as error:
            raise ValueError(raw) from error
        return raw

    return str(_read(name, default, check, "five cron fields such as '0 2 * * *'"))


def database(name: str, default: str) -> dict[str, Any]:
    """A database URL: `sqlite:///…` or `postgres://…`."""

    def parse(raw: str) -> dict[str, Any]:
        if not raw.startswith(("sqlite:", "postgres:", "postgresql:")):
            raise ValueError(raw)
        config = environ.Env.db_url_config(raw)
        if not config.get("NAME"):
            raise ValueError(raw)
        return dict(config)

    wants = "a database URL (sqlite:///FILE or postgres://USER@HOST/NAME)"
    found = _read(name, None, parse, wants, secret=True)
    seen[name] = default
    return found or parse(default)


def redis_url(name: str) -> str:
    def check(raw: str) -> str:
        found = urlsplit(raw)
        if found.scheme == "unix":
            return raw
        number = found.path.strip("/")
        # Reading the port checks it.
        usable = found.hostname and found.port != 0 and (number.isdecimal() or not number)
        if found.scheme not in ("redis", "rediss") or not usable:
            raise ValueError(raw)
        return raw

    return str(_read(name, "", check, "a Redis URL (redis://HOST:PORT/DB)", secret=True))
