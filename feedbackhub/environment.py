"""Reads the environment loudly: every variable has a type, a default and a rule, kept in one table.

The table is what the tests hold against `.env.example` and the README.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

_env = environ.Env()
seen: dict[str, Any] = {}
"""Every variable that the settings asked for, with its default."""


def load(path: Path) -> None:
    """Read `path` (a `.env` file) where it exists; real environment variables win."""
    if path.is_file():
        environ.Env.read_env(path)


def _read(name: str, default: Any, cast: Callable[[str], Any], wants: str) -> Any:
    seen[name] = default
    raw = _env.ENVIRON.get(name)
    if raw is None or raw.strip() == "":
        return default
    try:
        return cast(raw.strip())
    except (ValueError, TypeError, KeyError) as error:
        raise ImproperlyConfigured(f"{name}: {raw!r} is not {wants}") from error


def text(name: str, default: str = "") -> str:
    return str(_read(name, default, str, "a text"))


def path(name: str, default: Path) -> Path:
    return Path(_read(name, default, Path, "a path")).expanduser().absolute()


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


def number(name: str, default: float, low: float, high: float) -> float:
    wants = f"a number from {low} to {high}"
    return float(_read(name, default, _bounded(float, low, high), wants))


def words(name: str, default: list[str]) -> list[str]:
    """A comma-separated list."""

    def split(raw: str) -> list[str]:
        return [word.strip() for word in raw.split(",") if word.strip()]

    return list(_read(name, default, split, "a comma-separated list"))


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
        config = environ.Env.db_url_config(raw)
        known = ("django.db.backends.sqlite3", "django.db.backends.postgresql")
        if config.get("ENGINE") not in known or not config.get("NAME"):
            raise ValueError(raw)
        return dict(config)

    wants = "a database URL (sqlite:///FILE or postgres://USER@HOST/NAME)"
    found = _read(name, None, parse, wants)
    seen[name] = default
    return found or parse(default)


def redis_url(name: str) -> str:
    def check(raw: str) -> str:
        if not raw.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError(raw)
        return raw

    return str(_read(name, "", check, "a Redis URL (redis://HOST:PORT/DB)"))
