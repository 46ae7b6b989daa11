"""Who moved what, when, from where to where, and why: one table for every lifecycle."""

from __future__ import annotations

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _


class StatusChange(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE, verbose_name=_("kind"))
    object_id = models.PositiveBigIntegerField(_("object"))
    item = GenericForeignKey("content_type", "object_id")
    from_status = models.CharField(_("from"), max_length=20)
    to_status = models.CharField(_("to"), max_length=20)
    # Empty for the machine's own moves.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("by")
    )
    note = models.TextField(_("note"), blank=True)
    at = models.DateTimeField(_("at"), db_index=True)

    class Meta:
        verbose_name = _("status change")
        verbose_name_plural = _("status changes")
        ordering = ["-id"]
        indexes = [models.Index(fields=["content_type", "object_id", "id"])]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"

    def label(self, status: str) -> str:
        """The status in the reader's words."""
        kind = self.content_type.model_class()
        choices = dict(kind._meta.get_field("status").flatchoices) if kind else {}  # type: ignore[union-attr]
        return str(choices.get(status, status))

    @property
    def from_label(self) -> str:
        return self.label(self.from_status)

    @property
    def to_label(self) -> str:
        return self.label(self.to_status)
