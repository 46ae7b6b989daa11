"""The admin's first page: what waits, and how the loop stands, for whoever may see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from reviews.admin import queue_state
from reviews.domain import queue
from reviews.enums import CorrectionStatus
from reviews.models import Correction, Feedback, Pair
from tuning.domain import succession
from tuning.enums import VersionStatus
from tuning.models import ModelVersion, TuningRun

COUNTED = 999
"""Counting stops here: more is 'a lot', and a page must not count a million rows."""


STEERING = (
    "reviews.view_claim",
    "reviews.add_checklist",
    "reviews.add_assistant",
    "tuning.view_modelversion",
    "tuning.activate_modelversion",
)
"""Who may do any of these has more to look after than the next pair."""


def only_reviews(user: Any) -> bool:
    """Whether the desk is this user's first page."""
    if not user.is_staff or not user.has_perm("reviews.review_pair"):
        return False
    return not any(user.has_perm(permission) for permission in STEERING)


def _count(rows: Any) -> str:
    found = rows.order_by()[: COUNTED + 1].count()
    return f"{COUNTED}+" if found > COUNTED else str(found)


def _tile(figure: str, title: str, about: str, link: str, action: str) -> dict[str, str]:
    return {"figure": figure, "title": title, "about": about, "link": link, "action": action}


def _review(user: Any) -> list[dict[str, str]]:
    waiting = _count(queue.waiting_for(user, timezone.now()))
    open_tasks = _count(Correction.objects.filter(status=CorrectionStatus.OPEN))
    return [
        _tile(
            waiting,
            _("pairs wait for your verdict"),
            _("%s waiting in all") % _count(Pair.objects.open()),
            reverse("admin:reviews_pair_desk"),
            _("Start reviewing"),
        ),
        _tile(
            open_tasks,
            _("open corrections"),
            _("Answers that users found wrong"),
            f"{reverse('admin:reviews_correction_changelist')}?status__exact=open",
            _("Write corrections"),
        ),
    ]


def _votes() -> list[dict[str, str]]:
    recent = Feedback.objects.filter(created_at__gte=timezone.now() - timedelta(days=7))
    positive = _count(recent.filter(is_positive=True))
    return [
        _tile(
            _count(recent),
            _("votes in seven days"),
            _("%s helpful") % positive,
            reverse("admin:reviews_feedback_changelist"),
            _("See the votes"),
        )
    ]


def _models() -> list[dict[str, str]]:
    trials = ModelVersion.objects.filter(status=VersionStatus.CANARY)
    names = ", ".join(trials.values_list("reference", flat=True)[:3])
    return [
        _tile(
            _count(trials),
            _("versions on trial"),
            names or _("The base answers everything"),
            reverse("admin:tuning_modelversion_changelist"),
            _("See the versions"),
        ),
        _tile(
            _count(TuningRun.objects.active()),
            _("runs under way"),
            "",
            reverse("admin:tuning_tuningrun_changelist"),
            _("See the runs"),
        ),
    ]


def _endings() -> list[dict[str, str]]:
    """A tile where a base model in use retires soon, and none otherwise."""
    ending = succession.endings(timezone.now())
    if not ending:
        return []
    return [
        _tile(
            str(len(ending)),
            _("base models retire soon"),
            ", ".join(str(one.base_model) for one in ending[:3]),
            reverse("admin:tuning_basemodel_succession"),
            _("See the plan"),
        )
    ]


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Tiles for the page, and the queue's state, as the user's permissions allow."""
    user = request.user
    tiles: list[dict[str, str]] = []
    if user.has_perm("reviews.review_pair"):  # type: ignore[union-attr]
        tiles += _review(user)
    if user.has_perm("reviews.view_feedback"):  # type: ignore[union-attr]
        tiles += _votes()
    if user.has_perm("tuning.view_modelversion"):  # type: ignore[union-attr]
        tiles += _models()
    if user.has_perm("tuning.view_basemodel"):  # type: ignore[union-attr]
        tiles += _endings()
    sees_queue = user.has_perm("reviews.view_claim")  # type: ignore[union-attr]
    queue_now = queue_state.state_context(request) if sees_queue else {}
    return context | {"tiles": tiles} | queue_now
