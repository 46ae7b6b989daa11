"""A new assistant with what it needs to take its first request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from reviews.domain.briefly import Known
from reviews.models import Assistant, Category, Pair, PromptVersion, RequestType

request_types: Known[RequestType] = Known(3.0)
rows: Known[Any] = Known(3.0)
"""Assistants and categories by (model, id), as they were a few seconds ago at most: each item of
the desk needs both."""
REQUEST_TYPES = {
    "chat": "{prompt}",
    "explain": "Jelaskan dengan bahasa yang mudah dipahami:\n\n{prompt}",
    "hint": "Beri petunjuk tanpa membocorkan jawabannya:\n\n{prompt}",
    "tests": "Tulis pengujian untuk kode berikut:\n\n{prompt}",
    "refactor_tips": "Beri saran untuk merapikan kode berikut:\n\n{prompt}",
}
DEFAULT_PROMPT = (
    "Jawab dengan tepat dan jujur dalam bahasa penanya. "
    "Bila tidak tahu atau tidak yakin, katakan terus terang."
)


@dataclass(frozen=True, slots=True)
class NewCategory:
    slug: str
    name: str
    reviewers_needed: int
    aliases: tuple[str, ...] = ()


BUSINESS_CATEGORIES = (
    NewCategory("immigration", "Keimigrasian", 2, ("immigrazione", "imigrasi", "visa")),
    NewCategory("criminal", "Hukum pidana", 2, ("codice penale", "criminal code", "pidana")),
    NewCategory(
        "company",
        "Perusahaan dan perizinan",
        2,
        ("company e licenze di business", "company & licences", "business", "perusahaan"),
    ),
    NewCategory("tax", "Pajak", 2, ("pajak", "tasse")),
    NewCategory("property", "Properti", 2, ("legal property", "property law", "properti")),
    NewCategory(
        "combined",
        "Topik gabungan",
        2,
        ("combo topic", "combined topics", "contesto lungo", "gabungan"),
    ),
)
"""The six categories of B1 for an adviser on Indonesian business: all legal or tax facts."""


def prepare(assistant: Assistant) -> None:
    """Give the assistant its first prompt and request types where it has none."""
    with transaction.atomic():
        if not assistant.prompts.exists():
            PromptVersion.objects.create(assistant=assistant, number=1, text=DEFAULT_PROMPT)
        for slug, template in REQUEST_TYPES.items():
            RequestType.objects.get_or_create(
                assistant=assistant, slug=slug, defaults={"template": template}
            )


def request_type(assistant: Assistant, slug: str) -> RequestType | None:
    """The assistant's request type, as it was a few seconds ago at most."""

    def read() -> RequestType | None:
        return RequestType.objects.filter(assistant=assistant, slug=slug).first()

    return request_types.get((assistant.pk, slug), read)


def forget_rows(**_signal: Any) -> None:
    """An assistant or a category was saved or deleted: this process sees it at once."""
    rows.forget()
    transaction.on_commit(rows.forget)


def _row(model: Any, pk: int) -> Any:
    return rows.get((model, pk), lambda: model.objects.filter(pk=pk).first())


def attach(pair: Pair) -> None:
    """Give the pair its assistant and category without asking for them with each."""
    pair.assistant = _row(Assistant, pair.assistant_id)
    pair.category = _row(Category, pair.category_id)


def add_categories(assistant: Assistant, categories: tuple[NewCategory, ...]) -> None:
    for new in categories:
        Category.objects.get_or_create(
            assistant=assistant,
            slug=new.slug,
            defaults={
                "name": new.name,
                "aliases": list(new.aliases),
                "reviewers_needed": new.reviewers_needed,
                # All of them are law or tax: a wrong amount does real harm.
                "confirm_facts": True,
            },
        )


def ensure(slug: str, name: str) -> Assistant:
    """The assistant `slug`, made ready with the business categories where it does not exist."""
    assistant, created = Assistant.objects.get_or_create(slug=slug, defaults={"name": name})
    if created:
        add_categories(assistant, BUSINESS_CATEGORIES)
    prepare(assistant)
    return assistant
