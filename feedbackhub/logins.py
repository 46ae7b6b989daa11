"""Who fails to log in, from where, and what they are told (django-axes, the AXES_ settings).

Failures are counted by name and address together. By name alone anybody could lock a colleague
out; by address alone one colleague's forgotten password would lock out an office.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

UNKNOWN = "?"
"""Begins what stands for a name that nobody has."""


def address(request: HttpRequest) -> str | None:
    """Where the request comes from; None where no address is told.

    Behind the TLS proxy that is the last entry of X-Forwarded-For, the one the proxy wrote: what
    stands before it is the caller's own claim. An IPv6 caller owns a whole /64 and is counted
    as that.
    """
    told = str(request.META.get("REMOTE_ADDR", ""))
    if settings.SECURE_PROXY:
        told = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rsplit(",", 1)[-1] or told
    try:
        found = ip_address(told.strip().strip("[]"))
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped or ip_network((found, 64), strict=False).network_address)
    return str(found)


def name(request: HttpRequest, credentials: dict[str, str] | None = None) -> str:
    """The user name of an attempt. One that nobody has is kept as a keyed hash: people type their
    password into the wrong field."""
    typed = str((credentials or request.POST).get("username") or "")
    if User.objects.filter(username=typed).exists():
        return typed
    return UNKNOWN + salted_hmac("feedbackhub.logins", typed).hexdigest()[:24]


def shown(attempt: AccessAttempt) -> str:
    """The name of an attempt for people; None is as unknown as a name that nobody has."""
    known = attempt.username and not attempt.username.startswith(UNKNOWN)
    return str(attempt.username) if known else gettext("a name that nobody has")


def free_at(request: HttpRequest, who: str) -> datetime:
    """When `who` may try again from this address."""
    failed = AccessAttempt.objects.filter(username=who, ip_address=address(request))
    last = failed.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    return (last or timezone.now()) + settings.AXES_COOLOFF_TIME


def locked(
    request: HttpRequest, _response: HttpResponse | None, credentials: dict[str, str] | None = None
) -> HttpResponse:
    """The page for who failed too often: 429, with the time to try again."""
    until = free_at(request, name(request, credentials))
    seconds = max(1, int((until - timezone.now()).total_seconds()))
    context = admin.site.each_context(request) | {"until": until, "minutes": -(-seconds // 60)}
    page = render(request, "admin/locked.html", context, status=429)
    page.headers["Retry-After"] = str(seconds)
    return page


def unlock(attempts: Iterable[AccessAttempt]) -> None:
    """Forget these names' failures from these addresses, whatever browser they came from."""
    for who, where in {(attempt.username, attempt.ip_address) for attempt in attempts}:
        AccessAttempt.objects.filter(username=who, ip_address=where).delete()


def prune(now: datetime) -> int:
    """Delete attempts that lock nobody any more. A login does so, too; this is for quiet days."""
    old = AccessAttempt.objects.filter(attempt_time__lt=now - settings.AXES_COOLOFF_TIME)
    deleted, _by_kind = old.delete()
    return int(deleted)
