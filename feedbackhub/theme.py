"""The admin's look and its sidebar, grouped by what people do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _


def _page(title: Any, icon: str, name: str, *permissions: str) -> dict[str, Any]:
    """A link to a page of our own, for whoever has each of the permissions."""
    return {"title": title, "icon": icon, "name": name, "permissions": permissions}


def _item(title: Any, icon: str, model: str) -> dict[str, Any]:
    """A link to the list of `model` ('app.name'), for whoever may see its rows."""
    app, name = model.split(".")
    return _page(title, icon, f"{app}_{name}_changelist", f"{app}.view_{name}")


def _group(title: Any, *items: dict[str, Any], collapsible: bool = False) -> dict[str, Any]:
    return {"title": title, "separator": True, "collapsible": collapsible, "items": list(items)}


def _here(request: HttpRequest, name: str, link: str) -> bool:
    """On the page itself; of a list on its rows, too, unless they have an item of their own."""
    match = request.resolver_match
    shown = (match.url_name or "") if match else ""
    below = name.endswith("_changelist") and request.path.startswith(link)
    return shown == name or (below and shown not in _NAMES)


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups with what this reader may open. Made here and not by the theme, which makes a
    class for each permission that it asks for."""
    return [
        group | {"items": [_shown(request, item) for item in group["items"] if _may(request, item)]}
        for group in _GROUPS
    ]


def _may(request: HttpRequest, item: dict[str, Any]) -> bool:
    return bool(request.user.has_perms(item["permissions"]))  # type: ignore[union-attr]


def _shown(request: HttpRequest, item: dict[str, Any]) -> dict[str, Any]:
    link = reverse(f"admin:{item['name']}")
    active = _here(request, item["name"], link)
    return {"title": item["title"], "icon": item["icon"], "link": link, "active": active}


def _stylesheet(_request: HttpRequest) -> str:
    return static("reviews/desk.css")


def _curating(_request: HttpRequest) -> str:
    return static("reviews/curating.css")


def _icon(_request: HttpRequest) -> str:
    return static("reviews/desk/icon.svg")


def _script(_request: HttpRequest) -> str:
    return static("reviews/desk.js")


# A calm teal: green and red are taken by verdicts.
_PRIMARY = {
    "50": "oklch(97.1% .014 195)",
    "100": "oklch(94% .035 195)",
    "200": "oklch(88% .06 195)",
    "300": "oklch(80% .085 195)",
    "400": "oklch(70% .1 195)",
    "500": "oklch(60% .1 195)",
    "600": "oklch(50% .085 195)",
    "700": "oklch(43% .075 195)",
    "800": "oklch(37% .062 195)",
    "900": "oklch(32% .052 195)",
    "950": "oklch(25% .042 195)",
}
_GROUPS = [
    _group(
        _("Review"),
        _page(_("Review desk"), "rate_review", "reviews_pair_desk", "reviews.review_pair"),
        _item(_("All pairs"), "question_answer", "reviews.pair"),
        _item(_("Corrections"), "edit_note", "reviews.correction"),
        _item(_("Question bank"), "quiz", "reviews.question"),
        _item(_("Feedback"), "thumbs_up_down", "reviews.feedback"),
        _item(_("Interactions"), "receipt_long", "reviews.interaction"),
        _page(
            _("My calibration"),
            "self_improvement",
            "reviews_golditem_mine",
            "reviews.review_pair",
        ),
    ),
    _group(
        _("Quality of review"),
        _page(_("State of the queue"), "traffic", "reviews_claim_state", "reviews.view_claim"),
        _item(_("Verdicts"), "gavel", "reviews.verdict"),
        _page(_("Agreement"), "handshake", "reviews_verdict_agreement", "reviews.view_verdict"),
        _page(
            _("Calibration"),
            "straighten",
            "reviews_golditem_calibration",
            "reviews.view_golditem",
        ),
        _item(_("Gold items"), "stars", "reviews.golditem"),
        _item(_("Reviewers"), "groups", "reviews.reviewer"),
        _item(_("Checklists"), "checklist", "reviews.checklist"),
    ),
    _group(
        _("Datasets and models"),
        _item(_("Datasets"), "dataset", "tuning.dataset"),
        _item(_("Dataset versions"), "inventory_2", "tuning.datasetversion"),
        _item(_("Exports"), "download", "tuning.export"),
        _item(_("Tuning runs"), "model_training", "tuning.tuningrun"),
        _item(_("Evaluations"), "fact_check", "tuning.evaluation"),
        _item(_("Model versions"), "rocket_launch", "tuning.modelversion"),
        _page(
            _("Automatic tuning"),
            "autorenew",
            "tuning_modelversion_retrain",
            "tuning.view_tuningrun",
        ),
        _page(
            _("Succession"),
            "event_upcoming",
            "tuning_basemodel_succession",
            "tuning.view_basemodel",
        ),
        _item(_("Traffic"), "monitoring", "tuning.trafficwindow"),
    ),
    _group(
        _("Set-up"),
        _item(_("Assistants"), "smart_toy", "reviews.assistant"),
        _item(_("Categories"), "category", "reviews.category"),
        _item(_("Prompts"), "terminal", "reviews.promptversion"),
        _item(_("Request types"), "alt_route", "reviews.requesttype"),
        _item(_("Quality gates"), "verified", "tuning.gate"),
        _item(_("Base models"), "memory", "tuning.basemodel"),
        _item(_("Client keys"), "key", "reviews.clientkey"),
        _item(_("Imports"), "upload_file", "reviews.importrun"),
        _item(_("Schedules"), "schedule", "django_celery_beat.periodictask"),
        _item(_("Outcomes by day"), "bar_chart", "reviews.outcomecount"),
        _item(_("Users"), "person", "auth.user"),
        _item(_("Failed log-ins"), "lock_clock", "axes.accessattempt"),
        _item(_("Roles"), "group", "auth.group"),
        _item(_("Status changes"), "history", "reviews.statuschange"),
        collapsible=True,
    ),
]
_NAMES = {item["name"] for group in _GROUPS for item in group["items"]}
UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "FeedbackHub",
    "SITE_HEADER": "FeedbackHub",
    "SITE_SUBHEADER": _("from a vote to a better model"),
    "SITE_SYMBOL": "forum",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "SITE_URL": lazystr("/admin/"),
    "SHOW_LANGUAGES": True,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {"primary": _PRIMARY},
    "STYLES": [_stylesheet, _curating],
    "DASHBOARD_CALLBACK": "feedbackhub.dashboard.fill",
    "SCRIPTS": [_script],
    "SIDEBAR": {
        "show_search": True,
        "navigation": _navigation,
    },
}
