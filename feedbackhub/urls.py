"""Addresses of the hub."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path, register_converter
from django.urls.converters import UUIDConverter
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from feedbackhub import dashboard, docs, health
from feedbackhub.api import handlers
from feedbackhub.api.views import chat, contexts, feedback, gateway, interactions, models

handler400 = handlers.bad_request
handler404 = handlers.not_found
handler500 = handlers.server_error


class AnyUUID(UUIDConverter):
    """An id is the same in capitals (RFC 9562, section 4), and some platforms write theirs so."""

    regex = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


register_converter(AnyUUID, "any_uuid")


def home(request: HttpRequest) -> HttpResponse:
    return redirect("admin:index")


def front(request: HttpRequest) -> HttpResponse:
    """The admin's first page; reviewers have theirs at the desk."""
    if dashboard.only_reviews(request.user):
        return redirect("admin:reviews_pair_desk")
    index: HttpResponse = admin.site.admin_view(admin.site.index)(request)
    return index


ai = [
    path("contexts", contexts.Contexts.as_view(), name="contexts"),
    path("feedback/stats", feedback.FeedbackStats.as_view(), name="feedback-stats"),
    path("feedback/export", feedback.FeedbackExport.as_view(), name="feedback-export"),
    path("feedback/<any_uuid:request_id>", feedback.Votes.as_view(), name="vote"),
    path("models", models.ModelVersions.as_view(), name="models"),
    path("models/<int:pk>/stats", models.ModelStats.as_view(), name="model-stats"),
    path("models/<int:pk>/traffic", models.ModelTraffic.as_view(), name="model-traffic"),
    path("models/<int:pk>/deactivate", models.ModelDeactivation.as_view(), name="model-off"),
    path("<slug:request_type>", gateway.Gateway.as_view(), name="ask"),
]
urlpatterns = [
    path("", home, name="home"),
    path("admin/", front),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/ai/", include(ai)),
    path("api/v1/interactions", interactions.Interactions.as_view(), name="interactions"),
    path(
        "api/v1/assistants/<slug:slug>/active",
        models.ActiveConfiguration.as_view(),
        name="active",
    ),
    path("v1/chat/completions", chat.ChatCompletions.as_view(), name="chat"),
    path("v1/models", chat.Models.as_view(), name="served-models"),
    path("v1/models/<path:name>", chat.Model.as_view(), name="served-model"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("docs/feedbackhub_client.py", docs.client, name="client"),
    path("docs/widget/", docs.widget, name="widget"),
    path(
        "docs/widget/try/<slug:outcome>/api/v1/ai/feedback/<any_uuid:request_id>",
        docs.Try.as_view(),
    ),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
]
