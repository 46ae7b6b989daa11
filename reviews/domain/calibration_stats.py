"""What calibration shows of each reviewer: against gold items, against themselves, and how fast
they read (J5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Length

from reviews.checks import agreement
from reviews.checks.agreement import Bias, Estimate
from reviews.enums import Decision, Purpose
from reviews.models import ChecklistAnswer, ChecklistItem, GoldItem, Verdict

MOST = 20_000
"""Verdicts looked at, the latest ones."""
READING = 25
"""Characters of question and answer that a person reads in a second. 238 words a minute is the
mean of silent reading (Brysbaert, Journal of Memory and Language 109, 2019), some 24 characters a
second with spaces: who approves faster than this has hardly read it all."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One reviewer's. `gold` is the share of gold items on which they and the curator are on the
    same side, approval or not; `repeats` that of texts on which they decided as the first time;
    `hasty` that of approvals that came sooner than the text can be read."""

    reviewer: int
    name: str
    gold: Estimate
    bias: Bias
    repeats: Estimate
    seconds: float | None
    hasty: Estimate


@dataclass(frozen=True, slots=True)
class ItemBias:
    """How answers to one item of the checklist depart from the curator's."""

    name: str
    bias: Bias


@dataclass(frozen=True, slots=True)
class Report:
    reviewers: list[Figures]
    items: list[ItemBias]


@dataclass(frozen=True, slots=True)
class Differed:
    """A gold item on which the reviewer was not on the curator's side."""

    verdict: Verdict
    gold: GoldItem
    wrong_items: list[ChecklistItem]


@dataclass(frozen=True, slots=True)
class Own:
    """What a reviewer sees of themselves: the figures are None before the first item."""

    figures: Figures | None
    differed: list[Differed]

    @property
    def same(self) -> int:
        """Gold items on which they were on the curator's side."""
        return _number(self.figures.gold) if self.figures else 0

    @property
    def missed(self) -> int:
        """Those that they approved and the curator would not."""
        return _number(self.figures.bias.leniency) if self.figures else 0

    @property
    def held_back(self) -> int:
        """Those that the curator would approve and they did not."""
        return _number(self.figures.bias.strictness) if self.figures else 0

    @property
    def again(self) -> int:
        """Texts on which they decided as the first time."""
        return _number(self.figures.repeats) if self.figures else 0


def _number(share: Estimate) -> int:
    return round((share.value or 0) * share.count)


def _approves(decision: str) -> bool:
    return decision == Decision.APPROVE


def _given(purpose: str, since: datetime | None, reviewer: Any) -> Any:
    """Verdicts of a kind that were not taken back, newest first; who asked for a second reviewer
    gave none."""
    rows = Verdict.objects.filter(purpose=purpose, withdrawn_at=None)
    rows = rows.exclude(decision=Decision.SECOND)
    rows = rows.filter(at__gte=since) if since else rows
    rows = rows.filter(reviewer=reviewer) if reviewer else rows
    return rows.order_by("-id")


def _by_reviewer(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[tuple[Any, ...]]]:
    found = defaultdict(list)
    for who, *rest in rows:
        found[who].append(tuple(rest))
    return found


def _on_gold(since: datetime | None, reviewer: Any) -> list[tuple[int, int, str, str]]:
    """(verdict, reviewer, their decision, the curator's); each gold item once a reviewer."""
    names = ("id", "reviewer_id", "decision", "revision__gold__decision")
    rows = _given(Purpose.GOLD, since, reviewer).filter(revision__gold__isnull=False)
    return list(rows.values_list(*names)[:MOST])


def _again(since: datetime | None, reviewer: Any) -> dict[int, list[tuple[Any, ...]]]:
    """(decision, the one that they gave first) by reviewer."""
    before = Verdict.objects.counting().filter(
        revision=OuterRef("revision"), reviewer=OuterRef("reviewer"), at__lt=OuterRef("at")
    )
    first = Subquery(before.order_by("-id").values("decision")[:1])
    rows = _given(Purpose.REPEAT, since, reviewer).annotate(first=first).filter(first__isnull=False)
    return _by_reviewer(rows.values_list("reviewer_id", "decision", "first")[:MOST])


def _timed(since: datetime | None, reviewer: Any) -> dict[int, list[tuple[Any, ...]]]:
    """(seconds, decision, characters) by reviewer."""
    size = Length(F("revision__input")) + Length(F("revision__output"))
    rows = _given(Purpose.REVIEW, since, reviewer).filter(seconds__isnull=False)
    named = rows.annotate(size=size).values_list("reviewer_id", "seconds", "decision", "size")
    return _by_reviewer(named[:MOST])


def _figures(who: int, name: str, gold: list[Any], again: list[Any], timed: list[Any]) -> Figures:
    sides = [(_approves(right), _approves(said)) for said, right in gold]
    approvals = [(seconds, size) for seconds, said, size in timed if _approves(said)]
    hasty = sum(seconds < size / READING for seconds, size in approvals)
    return Figures(
        reviewer=who,
        name=name,
        gold=agreement.wilson(sum(right == said for right, said in sides), len(sides)),
        bias=agreement.share_bias(sides),
        repeats=agreement.wilson(sum(now == first for now, first in again), len(again)),
        seconds=median(seconds for seconds, _said, _size in timed) if timed else None,
        hasty=agreement.wilson(hasty, len(approvals)),
    )


def _item_bias(verdicts: Iterable[int]) -> list[ItemBias]:
    """Answers to gold items against what the curator found wrong in them, the item most often
    missed first.

    By wording, so that a new version of the list goes on where it kept it. A gold item that is not
    to be approved, but without an item that is wrong, says nothing of the items.
    """
    rows = list(
        ChecklistAnswer.objects.filter(verdict__in=verdicts).values_list(
            "item_id", "yes", "verdict__revision__gold", "verdict__revision__gold__decision"
        )
    )
    asked = {item.pk: item for item in ChecklistItem.objects.filter(pk__in={r[0] for r in rows})}
    wrong = _wrong_wordings({row[2] for row in rows})
    answers: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    texts = {}
    for item, yes, gold, decision in rows:
        if not _approves(decision) and gold not in wrong:
            continue
        wording = asked[item].text_id
        texts[wording] = asked[item].text
        answers[wording].append((wording not in wrong.get(gold, ()), yes))
    found = [ItemBias(texts[key], agreement.share_bias(said)) for key, said in answers.items()]
    return sorted(found, key=lambda row: (-(row.bias.leniency.value or 0), row.name))


def _wrong_wordings(gold: set[int]) -> dict[int, set[str]]:
    rows = GoldItem.objects.filter(pk__in=gold, wrong_items__isnull=False)
    found: dict[int, set[str]] = defaultdict(set)
    for pk, text in rows.values_list("pk", "wrong_items__text_id"):
        found[pk].add(text)
    return found


def report(since: datetime | None, reviewer: Any = None) -> Report:
    """Figures of each reviewer who has any, by name, or of one; and of the checklist's items."""
    on_gold = _on_gold(since, reviewer)
    gold = _by_reviewer((who, said, right) for _pk, who, said, right in on_gold)
    again, timed = _again(since, reviewer), _timed(since, reviewer)
    people = get_user_model()._default_manager.filter(pk__in={*gold, *again, *timed})
    figures = [
        _figures(
            user.pk,
            str(user),
            gold.get(user.pk, []),
            again.get(user.pk, []),
            timed.get(user.pk, []),
        )
        for user in people
    ]
    items = _item_bias([pk for pk, *_rest in on_gold])
    return Report(sorted(figures, key=lambda row: row.name), items)


SHOWN = 20
"""Gold items shown to a reviewer with the curator's reasons, the latest ones."""


def own(reviewer: Any) -> Own:
    """What a reviewer may know of their calibration: figures, and where the curator differs."""
    found = report(None, reviewer)
    rows = _given(Purpose.GOLD, None, reviewer).filter(revision__gold__isnull=False)
    rows = rows.select_related("revision__gold").prefetch_related("revision__gold__wrong_items")
    other_side = [
        row
        for row in rows[:MOST]
        if _approves(row.decision) != _approves(row.revision.gold.decision)
    ]
    differed = [
        Differed(row, row.revision.gold, list(row.revision.gold.wrong_items.all()))
        for row in other_side[:SHOWN]
    ]
    return Own(found.reviewers[0] if found.reviewers else None, differed)
