"""Calibration: items whose verdict is known, and repeats, hidden among a reviewer's work (J5)."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, Max, OuterRef, Q
from django.utils.translation import gettext_noop

from reviews.domain import claims
from reviews.domain.briefly import Known
from reviews.domain.errors import Invalid
from reviews.domain.reviewers import Profile
from reviews.enums import Decision, Purpose
from reviews.models import (
    Assistant,
    ChecklistItem,
    Claim,
    GoldItem,
    PairRevision,
    Verdict,
)

REPEAT_AFTER = timedelta(days=7)
"""A repeat comes when its first verdict is forgotten."""

rates: Known[tuple[int, int]] = Known(5.0)
"""The highest rates of any assistant (percent): most draws then need no query."""


def _rates() -> tuple[int, int]:
    def read() -> tuple[int, int]:
        found = Assistant.objects.aggregate(Max("gold_percent"), Max("repeat_percent"))
        gold = found["gold_percent__max"] if GoldItem.objects.filter(active=True).exists() else 0
        return gold or 0, found["repeat_percent__max"] or 0

    return rates.get("rates", read) or (0, 0)


def _draw() -> float:
    """A chance in percent, 0 to 100."""
    return random.random() * 100


def _reviewed_by(row: Profile, rows: Any) -> PairRevision | None:
    """The first of the revisions in the reviewer's languages and skills."""
    rows = rows.filter(pair__language__in=row.languages)
    rows = rows.filter(pair__category__in=row.skills) if row.skills else rows
    found: PairRevision | None = rows.select_related("pair__category", "pair__assistant").first()
    return found


def _gold(row: Profile, reviewer: Any, drawn: float) -> PairRevision | None:
    """A gold item that the reviewer has not met in any form."""
    met = Verdict.objects.filter(revision=OuterRef("pk"), reviewer=reviewer)
    held = Claim.objects.filter(revision=OuterRef("pk"), reviewer=reviewer)
    rows = PairRevision.objects.filter(
        Q(gold__author=None) | ~Q(gold__author=reviewer),
        ~Exists(met),
        ~Exists(held),
        gold__active=True,
        pair__assistant__gold_percent__gt=drawn,
    ).exclude(author=reviewer)
    return _reviewed_by(row, rows)


def _repeat(row: Profile, reviewer: Any, drawn: float, now: datetime) -> PairRevision | None:
    """A text that the reviewer decided on some time ago, once, and that is still the pair's."""
    before = Verdict.objects.counting().filter(
        revision=OuterRef("pk"), reviewer=reviewer, at__lt=now - REPEAT_AFTER
    )
    again = Claim.objects.filter(revision=OuterRef("pk"), reviewer=reviewer, purpose=Purpose.REPEAT)
    mine = Verdict.objects.filter(reviewer=reviewer, at__lt=now - REPEAT_AFTER)
    rows = PairRevision.objects.filter(
        Exists(before),
        ~Exists(again),
        pk__in=mine.order_by("at").values("revision")[:200],
        pk=F("pair__current_revision"),
        pair__assistant__repeat_percent__gt=drawn,
    )
    return _reviewed_by(row, rows)


def next_for(reviewer: Any, row: Profile, now: datetime) -> Claim | None:
    """Take a calibration item where chance says that it is time for one."""
    gold, repeat = _rates()
    drawn = _draw()
    if drawn < gold:
        found = _gold(row, reviewer, drawn)
        if found:
            return claims.take_calibration(found, Purpose.GOLD, reviewer, now)
    drawn = _draw()
    if drawn < repeat:
        found = _repeat(row, reviewer, drawn, now)
        if found:
            return claims.take_calibration(found, Purpose.REPEAT, reviewer, now)
    return None


def make_gold(
    revision: PairRevision,
    *,
    decision: str,
    wrong_items: list[ChecklistItem],
    why: str,
    by: Any,
) -> GoldItem:
    """Make a text a gold item: from now on it is shown, unmarked, to who has not met it."""
    wrong = {}
    if decision not in (Decision.APPROVE, Decision.REJECT, Decision.NEEDS_WORK):
        wrong["decision"] = gettext_noop("approve, reject or needs work")
    if not why.strip():
        wrong["why"] = gettext_noop("say why")
    if decision == Decision.APPROVE and wrong_items:
        wrong["wrong_items"] = gettext_noop("an approved text has no wrong item")
    if wrong:
        raise Invalid(wrong)
    gold, _created = GoldItem.objects.update_or_create(
        revision=revision,
        defaults={"decision": decision, "why": why.strip(), "active": True, "author": by},
    )
    gold.wrong_items.set(wrong_items)
    rates.forget()
    return gold


def retire_gold(gold: GoldItem) -> None:
    """Show it to nobody any more; what was said of it stays."""
    GoldItem.objects.filter(pk=gold.pk).update(active=False)
    rates.forget()


def activate_gold(gold: GoldItem) -> None:
    GoldItem.objects.filter(pk=gold.pk).update(active=True)
    rates.forget()
