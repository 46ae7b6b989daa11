"""Who answers for a version: its provider, and whether that answers at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from reviews.domain.errors import Refused
from tuning.domain import exemplars
from tuning.enums import Provider
from tuning.models import ModelVersion
from tuning.providers.base import CompletionRequest, ModelProvider, ProviderError
from tuning.providers.exemplar import ExemplarProvider
from tuning.providers.gemini import GeminiProvider
from tuning.providers.layered import LayeredProvider
from tuning.providers.openai import OpenAIProvider
from tuning.providers.recorded import RecordedProvider

PROBE = "Halo"
"""Asked before a version's first traffic: any answer will do."""


def _remote(version: ModelVersion) -> str:
    """What the provider calls the version: what its run made, or its base model."""
    return str(version.settings.get("model") or version.base_model.provider_name)


def _key_of(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    # By origin: an address that somebody edits later must not be sent another server's key.
    return str(settings.PROVIDER_API_KEYS.get(f"{parts.scheme}://{parts.netloc}", ""))


def _openai(version: ModelVersion) -> ModelProvider:
    endpoint = version.base_model.endpoint
    return OpenAIProvider(
        endpoint,
        _remote(version),
        api_key=_key_of(endpoint),
        timeout=settings.GATEWAY_TIMEOUT_SECONDS,
    )


def _gemini(version: ModelVersion) -> ModelProvider:
    base = version.base_model
    # The key and Google's credentials go to Google alone; another address has a key of its own.
    elsewhere = bool(base.endpoint)
    return GeminiProvider(
        _remote(version),
        api_key=_key_of(base.endpoint) if elsewhere else settings.GEMINI_API_KEY,
        project="" if elsewhere else settings.GEMINI_PROJECT_ID,
        location=base.region,
        base_url=base.endpoint,
        timeout=settings.GATEWAY_TIMEOUT_SECONDS,
        addresses=settings.GEMINI_ADDRESSES,
    )


OUTSIDE: dict[str, Callable[[ModelVersion], ModelProvider]] = {
    Provider.OPENAI: _openai,
    Provider.GEMINI: _gemini,
    Provider.RECORDED: lambda version: RecordedProvider(Path(version.settings.get("answers", ""))),
}


def _outside(version: ModelVersion) -> ModelProvider:
    return OUTSIDE[version.base_model.provider](version)


def provider(version: ModelVersion, *, with_lessons: bool = True) -> ModelProvider:
    """Who answers for the version. Evaluations ask without lessons: they measure the version."""
    index = exemplars.index(version, with_lessons=with_lessons)
    if version.base_model.provider == Provider.EXEMPLAR:
        return ExemplarProvider(index)
    outside = _outside(version)
    if version.base_model.provider == Provider.RECORDED:
        # Recorded without examples beside the question: with them it would be another question.
        return outside
    return LayeredProvider(outside, index) if index.families else outside


def probe(version: ModelVersion) -> None:
    """Ask the server of an OpenAI-compatible version one question; raises Refused, with its reason,
    where it does not answer. Such a server was set up by hand: nothing else has tried that it holds
    this model, by this name."""
    if version.base_model.provider != Provider.OPENAI:
        return
    system = version.prompt.text if version.prompt else ""
    try:
        _outside(version).complete(CompletionRequest(PROBE, system))
    except ProviderError as error:
        told = {"model": _remote(version), "reason": error}
        raise Refused(_("%(model)s does not answer: %(reason)s") % told) from error
