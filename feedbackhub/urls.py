"""Addresses of the hub."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path, register_converter
from django.urls.converters import UUIDConverter
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from feedbackhub import health
from feedbackhub.api import errors
from feedbackhub.api.views import contexts, feedback, gateway, interactions

handler400 = errors.bad_request
handler404 = errors.not_found
handler500 = errors.server_error


class AnyUUID(UUIDConverter):
    """An id is the same in capitals (RFC 9562, section 4), and some platforms write theirs so."""

    regex = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


register_converter(AnyUUID, "any_uuid")


def home(request: HttpRequest) -> HttpResponse:
    return redirect("admin:index")


ai = [
    path("contexts", contexts.Contexts.as_view(), name="contexts"),
    path("feedback/stats", feedback.FeedbackStats.as_view(), name="feedback-stats"),
    path("feedback/export", feedback.FeedbackExport.as_view(), name="feedback-export"),
    path("feedback/<any_uuid:request_id>", feedback.Votes.as_view(), name="vote"),
    path("<slug:request_type>", gateway.Gateway.as_view(), name="ask"),
]
urlpatterns = [
    path("", home, name="home"),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/ai/", include(ai)),
    path("api/v1/interactions", interactions.Interactions.as_view(), name="interactions"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
]
