"""A dataset's rule: which approved pairs it chooses, and which of them are general data (D1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_noop

from reviews.domain.errors import Invalid
from reviews.enums import Decision, PairStatus
from reviews.formats import PREFERENCES
from reviews.models import Assistant, Category, Feedback, Pair, StatusChange, Verdict
from tuning.enums import ExportStatus
from tuning.models import Dataset, DatasetMember, Export

_LISTS = ("registers", "languages", "sources")
_PLAIN = ("approvals", "unanimous", "min_rating", "general_percent", "only_unexported")
_DATES = ("approved_from", "approved_to", "created_from", "created_to")
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
"""The calendar's own ends have no moment before or after them in every time zone."""
FIELDS = (*_LISTS, *_PLAIN, *_DATES)
"""The columns of a dataset that its rule is made of, beside the relations."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a dataset chooses. An empty tuple and None choose nothing away."""

    assistant: Assistant
    general_assistants: tuple[Assistant, ...] = ()
    categories: tuple[Category, ...] = ()
    general_categories: tuple[Category, ...] = ()
    registers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    approvals: int = 0
    unanimous: bool = False
    min_rating: int | None = None
    approved_from: date | None = None
    approved_to: date | None = None
    created_from: date | None = None
    created_to: date | None = None
    general_percent: int = 20
    only_unexported: bool = False

    def general(self, assistant: str, category: int) -> bool:
        """Whether a pair of this assistant (slug) and category (id) is general data."""
        own = assistant == self.assistant.slug
        return not own or any(category == row.pk for row in self.general_categories)

    def room(self, domain: int) -> int | None:
        """How many general pairs go with so many of the domain; None: any number."""
        if self.general_percent == 100:
            return None
        return domain * self.general_percent // (100 - self.general_percent)

    def stored(self) -> dict[str, Any]:
        """The rule in names, as JSON holds it. Categories need their assistants read."""
        dates = {name: getattr(self, name) for name in _DATES}
        return {
            "assistant": self.assistant.slug,
            "general_assistants": sorted(row.slug for row in self.general_assistants),
            "categories": _names(self.categories),
            "general_categories": _names(self.general_categories),
            **{name: list(getattr(self, name)) for name in _LISTS},
            **{name: getattr(self, name) for name in _PLAIN},
            **{name: day.isoformat() if day else None for name, day in dates.items()},
        }


def _names(categories: Iterable[Category]) -> list[str]:
    return sorted(f"{row.assistant.slug}/{row.slug}" for row in categories)


def of(dataset: Dataset) -> Rule:
    """The rule that the dataset holds now. Three queries."""
    columns: dict[str, Any] = {name: tuple(getattr(dataset, name)) for name in _LISTS}
    columns |= {name: getattr(dataset, name) for name in (*_PLAIN, *_DATES)}
    return Rule(
        dataset.assistant,
        general_assistants=tuple(dataset.general_assistants.order_by("slug")),
        categories=tuple(dataset.categories.select_related("assistant").order_by("id")),
        general_categories=tuple(
            dataset.general_categories.select_related("assistant").order_by("id")
        ),
        **columns,
    )


def check(rule: Rule) -> None:
    """Raise Invalid with each field of the rule that makes no sense, alone or beside another."""
    wrong = {}
    for name in _DATES:
        day = getattr(rule, name)
        if day and not _FIRST_DAY <= day <= _LAST_DAY:
            wrong[name] = gettext_noop("must be a day between 2000 and 2099")
    if rule.assistant in rule.general_assistants:
        wrong["general_assistants"] = gettext_noop("this is the assistant of the dataset itself")
    for name in ("approved", "created"):
        first, last = getattr(rule, f"{name}_from"), getattr(rule, f"{name}_to")
        if first and last and first > last:
            wrong[f"{name}_to"] = gettext_noop("must not be before the first day")
    known = {row.pk for row in (rule.assistant, *rule.general_assistants)}
    for name in ("categories", "general_categories"):
        if any(row.assistant_id not in known for row in getattr(rule, name)):
            wrong[name] = gettext_noop("only of the assistants that the dataset takes from")
    if wrong:
        raise Invalid(wrong)


def exported() -> QuerySet[DatasetMember]:
    """Members of versions that have an export.

    The night's own pending export counts, for its file is only a matter of the next look; a file of
    preferences does not, for it holds the corrections alone.
    """
    completed = Q(status=ExportStatus.COMPLETED)
    nights = Q(status=ExportStatus.PENDING, version__dataset__only_unexported=True)
    written = Export.objects.filter(completed | nights).exclude(format__in=PREFERENCES)
    return DatasetMember.objects.filter(version__exports__in=written)


def _begin(day: date) -> datetime:
    """Its first moment where the hub is."""
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())


def _in_time(rule: Rule, rows: QuerySet[Pair]) -> QuerySet[Pair]:
    """By the day it came in, and by the day of its latest approval; both ends belong to it."""
    kind = ContentType.objects.get_for_model(Pair)
    approval = StatusChange.objects.filter(
        content_type=kind, object_id=OuterRef("pk"), to_status=PairStatus.APPROVED
    )
    day = timedelta(days=1)
    if rule.created_from:
        rows = rows.filter(created_at__gte=_begin(rule.created_from))
    if rule.created_to:
        rows = rows.filter(created_at__lt=_begin(rule.created_to + day))
    if rule.approved_from:
        rows = rows.filter(Exists(approval.filter(at__gte=_begin(rule.approved_from))))
    if rule.approved_to:
        rows = rows.exclude(Exists(approval.filter(at__gte=_begin(rule.approved_to + day))))
    return rows


def _agreed(rule: Rule, rows: QuerySet[Pair]) -> QuerySet[Pair]:
    """By what reviewers said last of the present text in its present round."""
    on_text = Verdict.objects.counting().filter(
        revision__pair__current_revision=F("revision"), revision__pair__round=F("round")
    )
    later = Verdict.objects.counting().filter(
        pk__gt=OuterRef("pk"),
        revision=OuterRef("revision"),
        round=OuterRef("round"),
        reviewer=OuterRef("reviewer"),
    )
    standing = on_text.exclude(Exists(later)).order_by()
    if rule.approvals:
        approving = standing.filter(decision=Decision.APPROVE).values("revision__pair")
        counted = approving.annotate(count=Count("pk")).filter(count__gte=rule.approvals)
        rows = rows.filter(pk__in=counted.values("revision__pair"))
    if rule.unanimous:
        against = standing.filter(decision__in=[Decision.REJECT, Decision.NEEDS_WORK])
        rows = rows.exclude(pk__in=against.values("revision__pair"))
    return rows


def _liked(rule: Rule, rows: QuerySet[Pair]) -> QuerySet[Pair]:
    if rule.min_rating is None:
        return rows
    rated = Feedback.objects.filter(rating__isnull=False, pair__isnull=False).order_by()
    # In whole numbers: databases disagree about the last digit of a mean.
    mean = rated.values("pair").annotate(total=Sum("rating"), count=Count("pk"))
    return rows.exclude(pk__in=mean.filter(total__lt=F("count") * rule.min_rating).values("pair"))


def pairs(rule: Rule) -> QuerySet[Pair]:
    """The approved pairs that the rule chooses, before the mix."""
    rows: QuerySet[Pair] = Pair.objects.approved().filter(
        assistant__in=[rule.assistant, *rule.general_assistants]
    )
    if rule.categories:
        bound = {row.assistant_id for row in rule.categories}
        rows = rows.filter(Q(category__in=rule.categories) | ~Q(assistant__in=bound))
    for column, chosen in (
        ("register", rule.registers),
        ("language", rule.languages),
        ("source", rule.sources),
    ):
        if chosen:
            rows = rows.filter(**{f"{column}__in": chosen})
    rows = _liked(rule, _agreed(rule, _in_time(rule, rows)))
    if rule.only_unexported:
        # By text, not by pair: an approved change of an exported pair is new data.
        rows = rows.filter(~Exists(exported().filter(revision_id=OuterRef("current_revision_id"))))
    return rows
