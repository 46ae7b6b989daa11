"""How far reviewers agree with each other: rows in, figures out (B7, J5).

A unit is a text in one round; a reviewer's latest verdict on it is what they say of it. Verdicts
that settle a dispute are no part: whoever gave them knew what others had said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db.models import Q

from reviews.checks import agreement
from reviews.checks.agreement import Estimate
from reviews.enums import QUEUED, Decision
from reviews.models import (
    Category,
    Checklist,
    ChecklistAnswer,
    ChecklistItem,
    PairRevision,
    Verdict,
)

MOST = 10_000
"""Verdicts looked at, the latest ones: a page must not read a million, and 5,000 texts by two
reviewers tell an alpha to a few hundredths."""
LOW = 0.4
"""Below this alpha an item is put up for rewording: Fleiss (Statistical Methods for Rates and
Proportions, 1981) calls agreement under it poor, and Krippendorff would not conclude anything
under .667."""
ENOUGH = 20
"""Units from which an item's alpha says something: with fewer a single text decides."""
EXAMPLES = 3

Unit = tuple[int, int]
"""A revision and a round."""


@dataclass(frozen=True, slots=True)
class Between:
    """Cohen's kappa of two reviewers' decisions, approval or not, on texts that both judged."""

    one: str
    other: str
    kappa: Estimate
    same: Estimate


@dataclass(frozen=True, slots=True)
class Said:
    """What one reviewer answered of an item, and why."""

    who: str
    yes: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Example:
    """A text on which reviewers answered an item differently."""

    pair: int
    question: str
    said: list[Said]


@dataclass(frozen=True, slots=True)
class About:
    """Krippendorff's alpha of a checklist item or a category; `same` is the share of texts on
    which all said the same. `place` is the item's position in the list in force, None where it is
    no longer asked."""

    name: str
    alpha: Estimate
    same: Estimate
    assistant: int | None = None
    place: int | None = None
    examples: list[Example] = field(default_factory=list)

    @property
    def to_reword(self) -> bool:
        low = self.alpha.value is not None and self.alpha.value < LOW
        return low and self.alpha.count >= ENOUGH and self.place is not None


@dataclass(frozen=True, slots=True)
class Report:
    """`verdicts` were looked at; `more` where there were more than that."""

    verdicts: int
    more: bool
    units: int
    between: list[Between]
    categories: list[About]
    items: list[About]

    @property
    def to_reword(self) -> list[About]:
        return [item for item in self.items if item.to_reword]


class _Row(NamedTuple):
    verdict: int
    unit: Unit
    reviewer: int
    decision: str
    category: int
    hidden: bool


Units = dict[Unit, dict[int, _Row]]
"""Each unit's rows by reviewer."""


def _rows(since: datetime | None) -> list[_Row]:
    """The latest verdicts, newest first, one more than MOST."""
    rows = Verdict.objects.counting().filter(settles=False)
    rows = rows.filter(at__gte=since) if since else rows
    names = ("id", "revision_id", "round", "reviewer_id", "decision")
    of_pair = ("revision__pair__category_id", "revision__pair__status")
    found = rows.order_by("-id").values_list(*names, *of_pair)[: MOST + 1]
    return [
        _Row(pk, (revision, number), who, decision, category, status in QUEUED)
        for pk, revision, number, who, decision, category, status in found
    ]


def _shared(rows: Iterable[_Row]) -> Units:
    """Units that two reviewers or more judged, each with everybody's latest verdict."""
    units: Units = defaultdict(dict)
    for row in rows:
        units[row.unit].setdefault(row.reviewer, row)
    return {unit: by for unit, by in units.items() if len(by) > 1}


def _same(units: Iterable[Iterable[Hashable]]) -> Estimate:
    """The share of units with one label alone, of those with two labels or more."""
    several = [labels for labels in map(list, units) if len(labels) > 1]
    return agreement.wilson(sum(len(set(labels)) == 1 for labels in several), len(several))


def _between(units: Units, names: dict[int, str]) -> list[Between]:
    """Each two reviewers who judged the same texts, those with the most in common first."""
    both: dict[tuple[int, int], list[tuple[bool, bool]]] = defaultdict(list)
    for by in units.values():
        # Who asks for a second reviewer says neither yes nor no.
        said = {who: row.decision for who, row in by.items() if row.decision != Decision.SECOND}
        for one, other in combinations(sorted(said), 2):
            approved = said[one] == Decision.APPROVE, said[other] == Decision.APPROVE
            both[one, other].append(approved)
    found = [
        Between(names[one], names[other], agreement.cohen_kappa(labels), _same(labels))
        for (one, other), labels in both.items()
    ]
    return sorted(found, key=lambda pair: (-pair.kappa.count, pair.one, pair.other))


def _categories(units: Units) -> list[About]:
    labels: dict[int, list[list[str]]] = defaultdict(list)
    for by in units.values():
        rows = [row for row in by.values() if row.decision != Decision.SECOND]
        labels[next(iter(by.values())).category].append([row.decision for row in rows])
    names = dict(Category.objects.filter(pk__in=labels).values_list("pk", "name"))
    found = [
        About(names[pk], agreement.krippendorff_alpha(said), _same(said))
        for pk, said in labels.items()
    ]
    return sorted(found, key=lambda about: (-about.alpha.count, about.name))


# --- items of the checklist ----------------------------------------------------------------------
Criterion = tuple[int | None, str]
"""An item by its list and its Indonesian wording: the same words in a later version are the same
question, other words are a new one."""
Answers = dict[Criterion, dict[Unit, dict[int, bool]]]


def _answers(units: Units) -> Answers:
    by_verdict = {row.verdict: row for by in units.values() for row in by.values()}
    rows = ChecklistAnswer.objects.filter(verdict__in=by_verdict).values_list(
        "verdict_id", "item_id", "yes"
    )
    said = list(rows)
    asked = ChecklistItem.objects.filter(pk__in={item for _verdict, item, _yes in said})
    wordings = {pk: (list_of, text) for pk, list_of, text in _wordings(asked)}
    found: Answers = defaultdict(lambda: defaultdict(dict))
    for verdict, item, yes in said:
        row = by_verdict[verdict]
        found[wordings[item]][row.unit][row.reviewer] = yes
    return found


def _wordings(items: Any) -> Any:
    return items.values_list("pk", "checklist__assistant_id", "text_id")


def _in_force() -> dict[Criterion, ChecklistItem]:
    """The items that are asked now, of the shared list and of each assistant's own. One that was
    given up for the shared list has no items in its newest version."""
    newest = dict(Checklist.objects.order_by("version").values_list("assistant_id", "pk"))
    items = ChecklistItem.objects.filter(checklist__in=newest.values()).select_related("checklist")
    return {(item.checklist.assistant_id, item.text_id): item for item in items}


def _about(criterion: Criterion, said: list[list[bool]], asked: ChecklistItem | None) -> About:
    return About(
        name=asked.text if asked else criterion[1],
        alpha=agreement.krippendorff_alpha(said),
        same=_same(said),
        assistant=criterion[0],
        place=asked.position if asked else None,
    )


def _items(units: Units, names: dict[int, str]) -> list[About]:
    """Each item, the least agreed on first; those to reword with examples."""
    answers, in_force = _answers(units), _in_force()
    found = {
        criterion: _about(
            criterion, [list(by.values()) for by in said.values()], in_force.get(criterion)
        )
        for criterion, said in answers.items()
    }
    low = {criterion: answers[criterion] for criterion in found if found[criterion].to_reword}
    examples = _examples(low, units, names)
    for criterion, told in examples.items():
        found[criterion].examples.extend(told)

    def order(about: About) -> tuple[bool, float, str]:
        return about.alpha.value is None, about.alpha.value or 0, about.name

    return sorted(found.values(), key=order)


def _examples(low: Answers, units: Units, names: dict[int, str]) -> dict[Criterion, list[Example]]:
    """Up to EXAMPLES texts for each item on which reviewers differ, the latest ones.

    None of a pair that still waits for a verdict: others must not be swayed.
    """

    def open_to_all(unit: Unit) -> bool:
        return not next(iter(units[unit].values())).hidden

    chosen = {
        criterion: [
            unit for unit, by in said.items() if len(set(by.values())) > 1 and open_to_all(unit)
        ][-EXAMPLES:]
        for criterion, said in low.items()
    }
    texts = PairRevision.objects.filter(pk__in={u[0] for us in chosen.values() for u in us})
    revisions = {row.pk: row for row in texts.only("pair_id", "input")}
    verdicts = {
        row.verdict for us in chosen.values() for unit in us for row in units[unit].values()
    }
    reasons = _reasons(verdicts)

    def said(criterion: Criterion, unit: Unit) -> list[Said]:
        by = low[criterion][unit].items()
        rows = units[unit]
        return [
            Said(names[who], yes, reasons.get((rows[who].verdict, criterion[1]), ""))
            for who, yes in sorted(by, key=lambda answer: not answer[1])
        ]

    def example(criterion: Criterion, unit: Unit) -> Example:
        text = revisions[unit[0]]
        return Example(text.pair_id, text.input, said(criterion, unit))

    return {
        criterion: [example(criterion, unit) for unit in chosen_units]
        for criterion, chosen_units in chosen.items()
    }


def _reasons(verdicts: set[int]) -> dict[tuple[int, str], str]:
    """Why items were said to be wrong, by verdict and wording; the verdict's note where the item
    has no reason of its own."""
    wrong = ChecklistAnswer.objects.filter(Q(verdict__in=verdicts), yes=False)
    rows = wrong.values_list("verdict_id", "item__text_id", "reason", "verdict__note")
    return {(pk, text): reason or note for pk, text, reason, note in rows}


def _names(units: Units) -> dict[int, str]:
    people = {who for by in units.values() for who in by}
    users = get_user_model()._default_manager.filter(pk__in=people)
    return {user.pk: str(user) for user in users}


def report(since: datetime | None) -> Report:
    """Agreement among verdicts given since then, or among all; the latest MOST at most."""
    rows = _rows(since)
    units = _shared(rows[:MOST])
    names = _names(units)
    return Report(
        verdicts=min(len(rows), MOST),
        more=len(rows) > MOST,
        units=len(units),
        between=_between(units, names),
        categories=_categories(units),
        items=_items(units, names),
    )
