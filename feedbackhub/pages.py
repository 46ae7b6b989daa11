"""Django's middleware for pages alone: calls of the API go past it, straight to their view.

Sessions, languages, CSRF, messages and static files are nothing to a vote, and together they cost
it more than its insert. Each is the middleware that its name says, and steps aside for the API.
"""

from __future__ import annotations

from typing import Any

from axes.middleware import AxesMiddleware
from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils import translation
from whitenoise.middleware import WhiteNoiseMiddleware

API = ("/api/v1/", "/v1/")


class _PagesOnly:
    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(API):
            return self.get_response(request)  # type: ignore[attr-defined]
        return super().__call__(request)  # type: ignore[misc]


class Security(_PagesOnly, SecurityMiddleware):
    pass


class StaticFiles(_PagesOnly, WhiteNoiseMiddleware):
    pass


class Sessions(_PagesOnly, SessionMiddleware):
    pass


class Languages(_PagesOnly, LocaleMiddleware):
    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(API):
            # Or the thread still speaks what the last page spoke, and REST framework with it.
            translation.activate("en")
        return super().__call__(request)


class Common(_PagesOnly, CommonMiddleware):
    def __call__(self, request: HttpRequest) -> Any:
        # Raises for a host that is not ours, for the API as for pages.
        request.get_host()
        return super().__call__(request)


class Csrf(_PagesOnly, CsrfViewMiddleware):
    pass


class Users(_PagesOnly, AuthenticationMiddleware):
    pass


class Messages(_PagesOnly, MessageMiddleware):
    pass


class Frames(_PagesOnly, XFrameOptionsMiddleware):
    pass


class Lockouts(_PagesOnly, AxesMiddleware):
    pass


class ContentPolicy(_PagesOnly, CSPMiddleware):
    pass
