"""Which version a request goes to: by traffic weight, the same for the same session (G1)."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable

from reviews.domain.errors import Unknown
from reviews.models import Assistant
from tuning.domain import versions
from tuning.models import ModelVersion


def serving(assistant: Assistant) -> list[ModelVersion]:
    """What may be asked: the base, and the versions on trial or live, by id.

    As it was a second ago at most; in the process that changed it, as it is.
    """
    return versions.serving.get(assistant.pk, lambda: _read(assistant)) or []


def _read(assistant: Assistant) -> list[ModelVersion]:
    rows = ModelVersion.objects.serving().filter(assistant=assistant)
    related = rows.select_related("base_model", "prompt__assistant", "dataset_version__prompt")
    found = list(related.order_by("id"))
    if not any(version.is_base for version in found):
        found.append(versions.ensure_base(assistant))
    return found


def _point(assistant: Assistant, session: str) -> float:
    """Where on the scale from 0 to 100 a request falls: the same for the same session.

    The session is hashed here and kept nowhere.
    """
    if not session:
        return random.uniform(0, 100)
    digest = hashlib.sha256(f"{assistant.pk}:{session}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 * 100


def _by_weight(point: float, candidates: Iterable[ModelVersion]) -> ModelVersion | None:
    """The candidate whose share the point falls into; None where that is the base's."""
    for version in candidates:
        point -= version.traffic_weight
        if point < 0:
            return version
    return None


def route(assistant: Assistant, session: str = "", reference: str = "") -> list[ModelVersion]:
    """The versions to ask, one after the other: the chosen one, then the base to fall back on.

    `reference` names a serving version instead of leaving it to the weights; Unknown where there
    is no such one.
    """
    found = serving(assistant)
    base = next(version for version in found if version.is_base)
    if reference:
        chosen = next((one for one in found if one.reference == reference), None)
        if chosen is None:
            raise Unknown(f"no serving model version is called {reference!r}")
    else:
        candidates = [version for version in found if not version.is_base]
        chosen = _by_weight(_point(assistant, session), candidates) or base
    return [chosen] if chosen == base else [chosen, base]
