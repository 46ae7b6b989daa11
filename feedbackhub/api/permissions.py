"""What a caller may do: each view names the scope that it needs."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from feedbackhub.api.authentication import VoteToken
from reviews.models import ClientKey


class HasScope(BasePermission):
    """The client key holds the view's `scope`, or the view takes a feedback token or staff."""

    def has_permission(self, request: Request, view: Any) -> bool:
        caller = request.auth
        if isinstance(caller, VoteToken):
            return True
        if isinstance(caller, ClientKey):
            if view.scope not in caller.scopes:
                raise PermissionDenied(f"This key lacks the scope {str(view.scope)!r}.")
            return True
        # Reached with a user only through StaffSession, on the views that take it.
        return bool(
            request.user and request.user.is_staff and request.user.has_perm(view.staff_permission)
        )
