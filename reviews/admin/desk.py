"""The review desk's page and the calls that it makes (B8). One domain call an act."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.decorators import csp
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from reviews.admin import desk_bodies as sent
from reviews.admin import desk_items, desk_words
from reviews.domain import claims, corrections, desk, reviewers, similar, verdicts
from reviews.domain.errors import Conflict, Expired, Invalid, Refused, Unknown
from reviews.domain.transitions import StaleMove
from reviews.enums import ClaimEnd, Decision, PairStatus, Purpose
from reviews.models import Category, Claim, Pair

PERMISSION = "reviews.review_pair"
STRICT = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "connect-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "require-trusted-types-for": ["'script'"],
}
"""What the page may load and do: its texts come from anybody."""


def _problem(status: int, code: str, message: str, **more: Any) -> JsonResponse:
    return JsonResponse({"problem": code, "message": message, "fields": {}, **more}, status=status)


def _refusal(error: Refused, **more: Any) -> JsonResponse:
    """How a domain refusal is told: the most special class first."""
    if isinstance(error, Invalid):
        fields = {name: _(str(reason)) for name, reason in error.fields.items()}
        return _problem(422, "invalid", "; ".join(fields.values()), fields=fields)
    codes: tuple[tuple[type[Refused], int, str], ...] = (
        (claims.Lost, 409, "lost"),
        (claims.Gone, 409, "done"),
        (StaleMove, 409, "stale"),
        (Conflict, 409, "conflict"),
        (Expired, 410, "too_late"),
        (Unknown, 404, "gone"),
    )
    for kind, status, code in codes:
        if isinstance(error, kind):
            return _problem(status, code, _(str(error)), **more)
    return _problem(422, "refused", _(str(error)))


def _call(view: Callable[..., Any]) -> Callable[..., HttpResponse]:
    """A call of the page: JSON both ways, refusals as problems, never a redirect to a form."""

    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        user = request.user
        if not (user.is_active and user.is_staff):  # type: ignore[union-attr]
            return _problem(401, "login", _("Your session is over: log in again."))
        if not reviewers.profile(user).reviews:
            return _problem(403, "forbidden", _("You may not review pairs."))
        try:
            return JsonResponse(view(request, sent.body_of(request)))
        except sent.Wrong as error:
            return _problem(422, "malformed", str(error))
        except Refused as error:
            stale = isinstance(error, StaleMove)
            more = {"item": _as_it_stands(request)} if stale else {}
            return _refusal(error, **more)
        except DatabaseError:
            return _problem(503, "away", _("The database does not answer: try again."))

    return answer


# --- telling -------------------------------------------------------------------------------------
def _item(claim: Claim | None, request: HttpRequest) -> dict[str, Any] | None:
    if claim is None:
        return None
    return desk_items.item(claim, request.user, timezone.now())


def _as_it_stands(request: HttpRequest) -> dict[str, Any] | None:
    """The item with the text that it has by now."""
    pk = sent.number(sent.body_of(request), "claim")
    return _item(desk.look_again(pk, by=request.user, now=timezone.now()), request)


def _progress(request: HttpRequest) -> dict[str, Any]:
    now = desk.progress(request.user, timezone.now())
    return {
        "today": now.today,
        "target": now.target,
        "waiting": now.waiting,
        "waiting_more": now.more,
    }


def _state(request: HttpRequest, found: list[Claim], message: str = "") -> dict[str, Any]:
    items = [_item(claim, request) for claim in found] + [None, None]
    return {
        "item": items[0],
        "next": items[1],
        "progress": _progress(request),
        "message": message,
    }


DONE = {
    PairStatus.APPROVED: gettext_lazy("Approved."),
    PairStatus.REJECTED: gettext_lazy("Rejected."),
    PairStatus.NEEDS_WORK: gettext_lazy("Sent back: needs work."),
    # Not that they differ: whoever knows that could undo, and agree.
    PairStatus.DISPUTED: gettext_lazy("Noted. Another reviewer decides next."),
    PairStatus.IN_REVIEW: gettext_lazy("Noted. Another reviewer decides next."),
    PairStatus.DRAFT: gettext_lazy("Noted. Another reviewer decides next."),
}


def _told(claim: Claim, decision: str) -> str:
    """What became of the item, in a sentence; a calibration item says what any other would."""
    if claim.end == ClaimEnd.SKIPPED:
        return _("Skipped.")
    if decision == "edit":
        return _("Saved. Another reviewer approves your text.")
    if claim.purpose != Purpose.REVIEW:
        return str(DONE[_as_if(claim.pair, decision)])
    return str(DONE.get(PairStatus(claim.pair.status), ""))


def _as_if(pair: Pair, decision: str) -> PairStatus:
    """Where the first verdict on a pair like this one leads."""
    if decision == Decision.NEEDS_WORK:
        return PairStatus.NEEDS_WORK
    alone = {Decision.APPROVE: PairStatus.APPROVED, Decision.REJECT: PairStatus.REJECTED}
    one = pair.reviewers_needed == 1
    return alone.get(Decision(decision), PairStatus.IN_REVIEW) if one else PairStatus.IN_REVIEW


def _done(request: HttpRequest, claim: Claim, decision: str, undo: bool = True) -> dict[str, Any]:
    """What a decision led to, and one more item where the page holds too few."""
    now = timezone.now()
    following = desk.fill(request.user, now, sent.ids(sent.body_of(request), "holding"))
    return {
        "done": {
            "pair": claim.pair_id,
            "claim": claim.pk,
            "decision": decision,
            "message": _told(claim, decision),
            "undo": undo,
        },
        "next": _item(following, request),
        "progress": _progress(request),
    }


# --- the calls -----------------------------------------------------------------------------------
@require_POST
@_call
def decide(request: HttpRequest, body: dict[str, Any]) -> dict[str, Any]:
    pk, now, by = sent.number(body, "claim"), timezone.now(), request.user
    decision = sent.text_of(body, "decision")
    if decision == "skip":
        claim = desk.skip(pk, sent.text_of(body, "note"), by=by, now=now)
    elif decision == "edit":
        claim = desk.edit(pk, sent.number(body, "seen"), sent.new_text(body), by=by, now=now)
    else:
        claim = desk.decide(pk, sent.number(body, "seen"), sent.ruling(body), by=by, now=now)
    return _done(request, claim, decision)


@require_POST
@_call
def correct(request: HttpRequest, body: dict[str, Any]) -> dict[str, Any]:
    pk, by = sent.number(body, "claim"), request.user
    mine = claims.of(pk, by)
    category: Category | None = mine.pair.category if mine else None
    remedy = corrections.Remedy(
        right_answer=sent.text_of(body, "right_answer"),
        why_wrong=sent.text_of(body, "why_wrong"),
        lesson=sent.text_of(body, "lesson"),
        category=category,
        register=mine.pair.register if mine else "",
    )
    seen, now = sent.number(body, "seen"), timezone.now()
    claim = desk.correct(pk, seen, remedy, by=by, now=now, seconds=sent.seconds(body))
    return _done(request, claim, Decision.REJECT, undo=False)


@require_POST
@_call
def undo(request: HttpRequest, body: dict[str, Any]) -> dict[str, Any]:
    claim = desk.undo(sent.number(body, "claim"), by=request.user, now=timezone.now())
    return {"item": _item(claim, request), "message": _("Undone.")}


@require_POST
@_call
def renew(request: HttpRequest, body: dict[str, Any]) -> dict[str, Any]:
    left = claims.renew(sent.ids(body, "claims"), request.user, timezone.now())
    return {"left": {str(pk): seconds for pk, seconds in left.items()}}


@require_POST
@_call
def fill(request: HttpRequest, body: dict[str, Any]) -> dict[str, Any]:
    found = desk.fill(request.user, timezone.now(), sent.ids(body, "holding"))
    return {"next": _item(found, request), "progress": _progress(request)}


@require_POST
@_call
def suggest(request: HttpRequest, body: dict[str, Any]) -> dict[str, Any]:
    pair, seen = sent.number(body, "pair"), sent.number(body, "seen")
    desk.suggest(pair, seen, sent.new_text({"text": body}), by=request.user, now=timezone.now())
    return {"message": _("Your text is kept as a suggestion.")}


@require_GET
@_call
def state(request: HttpRequest, body: dict[str, Any]) -> dict[str, Any]:
    found = desk.sit_down(request.user, timezone.now())
    user = request.user.get_username()
    return {"csrf": get_token(request), "user": user, **_state(request, found)}


@require_GET
@_call
def beside(request: HttpRequest, body: dict[str, Any]) -> dict[str, Any]:
    pk = request.GET.get("pair", "")
    if not pk.isdecimal() or len(pk) > 18:
        raise sent.Wrong("pair: a number is wanted")
    found = similar.beside(int(pk))
    return {
        "pairs": [
            {
                "pair": row.pair,
                "question": row.question,
                "answer": row.answer,
                "score": row.score,
                "family": row.family,
                "url": reverse("admin:reviews_pair_change", args=[row.pair]),
            }
            for row in found.pairs
        ],
        "lessons": [
            {
                "question": lesson.question,
                "wrong_answer": lesson.wrong_answer,
                "right_answer": lesson.right_answer,
                "why_wrong": lesson.why_wrong,
                "lesson": lesson.lesson,
            }
            for lesson in found.lessons
        ],
    }


# --- the page ------------------------------------------------------------------------------------
def _config(request: HttpRequest) -> dict[str, Any]:
    calls = ("decide", "undo", "renew", "next", "beside", "suggest", "correct", "state")
    urls = {name: reverse(f"admin:reviews_pair_desk_{name}") for name in calls}
    login = f"{reverse('admin:login')}?next={reverse('admin:reviews_pair_desk')}"
    admin = reverse("admin:reviews_pair_changelist")
    mine = reverse("admin:reviews_golditem_mine")
    return {
        "csrf": get_token(request),
        "user": request.user.get_username(),
        "urls": urls | {"login": login, "admin": admin, "mine": mine},
        "language": get_language() or "id",
        "lease": int(claims.LEASE.total_seconds()),
        "undo_seconds": int(verdicts.UNDO.total_seconds()),
    }


def _seat(request: HttpRequest) -> tuple[list[Claim], str]:
    """The items to begin with: the pair that was asked for first, where it can be had."""
    now, wanted = timezone.now(), request.GET.get("pair", "")
    if not wanted.isdecimal() or len(wanted) > 18:
        return desk.sit_down(request.user, now), ""
    try:
        picked = desk.pick(int(wanted), request.user, now)
    except Refused as error:
        return desk.sit_down(request.user, now), _(str(error))
    following = desk.fill(request.user, now, [picked.pk])
    return [picked, *([following] if following else [])], ""


@csp(STRICT)
def page(request: HttpRequest) -> HttpResponse:
    found, message = _seat(request)
    context = {
        "config": _config(request),
        "state": _state(request, found, message),
        "words": desk_words.words(),
    }
    return render(request, "admin/reviews/desk.html", context)


def urls(site_view: Callable[..., Any], may: Callable[[HttpRequest, str], None]) -> list[Any]:
    """The desk's addresses; `site_view` is the admin's own guard, for the page alone."""

    def guarded(request: HttpRequest) -> HttpResponseBase:
        may(request, PERMISSION)
        return page(request)

    calls: dict[str, Callable[..., HttpResponse]] = {
        "decide": decide,
        "undo": undo,
        "renew": renew,
        "next": fill,
        "beside": beside,
        "suggest": suggest,
        "correct": correct,
        "state": state,
    }
    return [
        path("desk/", site_view(guarded), name="reviews_pair_desk"),
        *(
            path(f"desk/{name}", view, name=f"reviews_pair_desk_{name}")
            for name, view in calls.items()
        ),
    ]
