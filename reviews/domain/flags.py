"""What a machine noticed in a pair, for the reviewer to judge (B9). People decide."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from reviews.checks import facts, pii
from reviews.domain import identity
from reviews.enums import PairStatus
from reviews.models import Pair, PairRevision

_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\[(?:NAMA|NAME|TODO|XXX)\]|\blorem ipsum\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Flag:
    """A machine's remark. `blocks` marks what no sample reviewer would wave through."""

    kind: str
    message: str
    blocks: bool = False


def _personal_data(text: str) -> list[Flag]:
    found = sorted({span.kind for span in pii.find(text)})
    if not found:
        return []
    return [Flag("personal_data", _("Personal data left: %s") % ", ".join(found), blocks=True)]


def _placeholders(text: str) -> list[Flag]:
    if not _PLACEHOLDER.search(text):
        return []
    return [Flag("placeholder", _("A placeholder was not filled in"), blocks=True)]


def _contradictions(pair: Pair, revision: PairRevision) -> list[Flag]:
    """Facts that approved answers of the same question family do not hold."""
    mine = facts.values(revision.output)
    if not mine:
        return []
    others = PairRevision.objects.filter(
        pk__in=Pair.objects.approved()
        .filter(question_id=pair.question_id)
        .exclude(pk=pair.pk)
        .values("current_revision_id")
    )
    flags = []
    for other in others.order_by("pk")[:5]:
        theirs = facts.values(other.output)
        # A fact of a kind that the other does not speak of adds to it, and contradicts nothing.
        kinds = {kind for kind, _value in theirs}
        odd = sorted(value for kind, value in mine - theirs if kind in kinds)
        if odd:
            text = _("Differs from the approved pair #%(pair)s: %(facts)s")
            flags.append(
                Flag("contradiction", text % {"pair": other.pair_id, "facts": ", ".join(odd)})
            )
    return flags


def _same_question(pair: Pair, revision: PairRevision) -> list[Flag]:
    key = identity.tidy(revision.output).casefold()
    twins = Pair.objects.filter(question_id=pair.question_id, status=PairStatus.APPROVED)
    rows = twins.exclude(pk=pair.pk).values_list(
        "pk", "current_revision__input", "current_revision__output"
    )
    asked = identity.of_question(revision.input)
    for pk, question, answer in rows[:20]:
        if identity.of_question(question) == asked and identity.tidy(answer).casefold() != key:
            return [
                Flag("two_answers", _("The same question has another approved answer: #%s") % pk)
            ]
    return []


def of(pair: Pair) -> list[Flag]:
    """The flags of the pair's current text. At most two queries."""
    revision = pair.current_revision
    if revision is None:
        return []
    whole = f"{revision.input}\n{revision.output}"
    return [
        *_personal_data(whole),
        *_placeholders(whole),
        *_contradictions(pair, revision),
        *_same_question(pair, revision),
    ]
