"""An assistant and what belongs to it at the edge: prompts, request types, client keys."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from reviews.enums import Language, Scope

RESERVED_SLUGS = ("contexts", "feedback", "models")
"""Paths under /api/v1/ai/ that are no request types."""


def _indonesian_first() -> list[str]:
    return [Language.INDONESIAN.value]


def _capture_scopes() -> list[str]:
    return [Scope.FEEDBACK.value]


def known_languages(value: object) -> None:
    if not isinstance(value, list) or not value or set(value) - set(Language.values):
        raise ValidationError(_("A list of language codes: id, en, it."))


def texts(value: object) -> None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValidationError(_("A list of texts."))


class Assistant(models.Model):
    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("slug"), unique=True)
    languages = models.JSONField(
        _("languages"),
        default=_indonesian_first,
        validators=[known_languages],
        help_text=_("Language codes, the main one first, such as id, en, it."),
    )
    brand_notes = models.TextField(
        _("brand notes"), blank=True, help_text=_("What reviewers hold the brand items against.")
    )
    gold_percent = models.PositiveSmallIntegerField(
        _("gold items, percent"),
        default=4,
        validators=[MaxValueValidator(50)],
        help_text=_("How many of a reviewer's items are ones whose right verdict is known."),
    )
    repeat_percent = models.PositiveSmallIntegerField(
        _("repeats, percent"),
        default=2,
        validators=[MaxValueValidator(50)],
        help_text=_("How many are ones that the reviewer decided on some time ago."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("assistant")
        verbose_name_plural = _("assistants")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def language(self) -> str:
        return str(self.languages[0]) if self.languages else Language.INDONESIAN.value


class PromptVersion(models.Model):
    """A system instruction, frozen: a change is a new number."""

    assistant = models.ForeignKey(
        Assistant, models.CASCADE, related_name="prompts", verbose_name=_("assistant")
    )
    number = models.PositiveIntegerField(_("number"))
    text = models.TextField(_("system instruction"), blank=True)
    why = models.CharField(_("why"), max_length=300, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("author")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("prompt version")
        verbose_name_plural = _("prompt versions")
        ordering = ["assistant", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["assistant", "number"], name="prompt_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.assistant.slug}/p{self.number}"


class RequestType(models.Model):
    """A kind of request of an application; its template wraps the user's prompt."""

    assistant = models.ForeignKey(
        Assistant, models.CASCADE, related_name="request_types", verbose_name=_("assistant")
    )
    slug = models.SlugField(_("slug"), help_text=_("The last part of /api/v1/ai/…"))
    template = models.TextField(
        _("template"),
        default="{prompt}",
        help_text=_("Sent to the model; {prompt} stands for what the user asked."),
    )

    class Meta:
        verbose_name = _("request type")
        verbose_name_plural = _("request types")
        ordering = ["assistant", "slug"]
        constraints = [
            models.UniqueConstraint(fields=["assistant", "slug"], name="request_type_slug_once"),
            models.CheckConstraint(
                condition=~Q(slug__in=RESERVED_SLUGS),
                name="request_type_slug_not_reserved",
                violation_error_message=_("contexts, feedback and models are reserved."),
            ),
            models.CheckConstraint(
                condition=Q(template__contains="{prompt}"),
                name="request_type_template_holds_prompt",
                violation_error_message=_("The template must hold {prompt}."),
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    def fill(self, prompt: str) -> str:
        # Not str.format: the prompt and the template may hold braces of their own.
        return self.template.replace("{prompt}", prompt)


class ClientKeyQuerySet(models.QuerySet["ClientKey"]):
    def usable(self) -> ClientKeyQuerySet:
        return self.filter(revoked_at=None)


class ClientKey(models.Model):
    """An application's key. Only its hash is kept; the key itself is shown once."""

    assistant = models.ForeignKey(
        Assistant, models.CASCADE, related_name="keys", verbose_name=_("assistant")
    )
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("prefix"), max_length=12, unique=True, editable=False)
    secret_hash = models.CharField(_("hash"), max_length=64, editable=False)
    scopes = models.JSONField(_("scopes"), default=_capture_scopes)
    origins = models.JSONField(
        _("origins"),
        default=list,
        blank=True,
        help_text=_("Web origins that may vote from a page, such as https://app.example.com."),
    )
    requests_per_minute = models.PositiveIntegerField(
        _("requests a minute"),
        default=6_000,
        validators=[MinValueValidator(1)],
        help_text=_("Above this the hub answers 429 until the next minute."),
    )
    # A rotation keeps the old secret until then, so that applications can change over.
    previous_hash = models.CharField(max_length=64, blank=True, editable=False)
    previous_until = models.DateTimeField(_("old secret until"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)

    objects = ClientKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("client key")
        verbose_name_plural = _("client keys")
        ordering = ["assistant", "name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
