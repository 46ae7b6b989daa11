"""What the sources of imports share: what came of a row, the report, categories by name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from django.utils.text import slugify

from reviews.domain import identity
from reviews.models import Assistant, Category, ImportRun
from reviews.sources import Refusal

SHOWN = 20
"""Rows of each kind that a report shows with their texts."""


class Added(NamedTuple):
    """A row that was taken: its identity, whether it is new, its place and text in the file."""

    key: str
    created: bool
    line: int = 0
    text: str = ""


@dataclass
class Report:
    """What an import did, or would do."""

    created: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)
    ignored_keys: Counter[str] = field(default_factory=Counter)
    new_categories: list[str] = field(default_factory=list)
    first_created: list[Added] = field(default_factory=list)
    first_unchanged: list[Added] = field(default_factory=list)
    run: ImportRun | None = None

    def count(self, added: Added, created: bool) -> None:
        shown = self.first_created if created else self.first_unchanged
        if added.text and len(shown) < SHOWN:
            shown.append(added)
        if created:
            self.created += 1
        else:
            self.unchanged += 1


class Categories:
    """Categories by slug, name or alias; a name that none has becomes a new, strict one."""

    def __init__(self, assistant: Assistant, report: Report) -> None:
        self.assistant = assistant
        self.report = report
        self.read()

    def read(self) -> None:
        """Look them up (anew: a row that was taken back takes its new category with it)."""
        self.strictest, self.confirm_facts = 1, False
        self.known: dict[str, Category] = {}
        for category in self.assistant.categories.all():
            self.strictest = max(self.strictest, category.reviewers_needed)
            self.confirm_facts = self.confirm_facts or category.confirm_facts
            for name in (category.slug, category.name, *category.aliases):
                self.known[name.casefold()] = category

    def find(self, name: str) -> Category:
        key = name.strip().casefold()
        if key not in self.known:
            slug = slugify(name) or f"category-{identity.digest(key)[:8]}"
            self.known[key], created = Category.objects.get_or_create(
                assistant=self.assistant,
                slug=slug[:50],
                defaults={
                    "name": name.strip()[:100],
                    "reviewers_needed": self.strictest,
                    "confirm_facts": self.confirm_facts,
                },
            )
            # In a dry run it may be made once more, after a portion was taken back.
            if created and self.known[key].name not in self.report.new_categories:
                self.report.new_categories.append(self.known[key].name)
        return self.known[key]
