"""What Django answers by itself, in the shape that the address speaks."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from feedbackhub.api import openai
from feedbackhub.api.errors import problem

OPENAI, OURS = "/v1/", "/api/"
API_PATHS = (OPENAI, OURS)


def _told(
    request: HttpRequest, status: int, title: str, detail: str, page: Callable[[], HttpResponse]
) -> HttpResponse:
    if request.path.startswith(OPENAI):
        return openai.error(status, detail or title)
    return problem(status, title, detail) if request.path.startswith(OURS) else page()


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    page = lambda: defaults.bad_request(request, exception)  # noqa: E731
    return _told(request, 400, "Not understood", "", page)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    page = lambda: defaults.page_not_found(request, exception)  # noqa: E731
    return _told(request, 404, "Not known", "there is no such address", page)


def server_error(request: HttpRequest) -> HttpResponse:
    return _told(
        request, 500, "Our fault", "the error is logged", lambda: defaults.server_error(request)
    )
