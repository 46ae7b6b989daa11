"""What the automatic checks noticed in a text, and what they compare texts by (B9)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from reviews.enums import FlagPlace
from reviews.models.pairs import Pair, PairRevision


class Flag(models.Model):
    """A machine's remark on a text, with the place it speaks of. People decide.

    The words are made when it is shown, in the reader's language, from `kind` and `values`.
    """

    revision = models.ForeignKey(
        PairRevision, models.CASCADE, related_name="flags", verbose_name=_("revision")
    )
    kind = models.CharField(_("kind"), max_length=40)
    place = models.CharField(_("in"), max_length=8, choices=FlagPlace)
    # In characters of that text; both 0: it speaks of the whole.
    start = models.PositiveIntegerField(default=0)
    end = models.PositiveIntegerField(default=0)
    values: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    blocks = models.BooleanField(_("serious"), default=False)

    class Meta:
        verbose_name = _("flag")
        verbose_name_plural = _("flags")
        ordering = ["revision", "id"]

    def __str__(self) -> str:
        return f"{self.revision}: {self.kind}"


class Band(models.Model):
    """One band of a pair's MinHash signature: near-duplicates share at least one."""

    pair = models.ForeignKey(Pair, models.CASCADE, related_name="bands")
    position = models.PositiveSmallIntegerField()
    value = models.BigIntegerField()

    class Meta:
        verbose_name = _("comparison mark")
        verbose_name_plural = _("comparison marks")
        constraints = [models.UniqueConstraint(fields=["pair", "position"], name="band_once")]
        indexes = [models.Index(fields=["value", "position"], name="band_by_value")]

    def __str__(self) -> str:
        return f"#{self.pair_id}: {self.position}"


class Passage(models.Model):
    """What reviewers are shown beside a pair: approved pairs with their lessons, as searched.

    One row each, made and removed as pairs are approved and leave approval.
    """

    pair = models.OneToOneField(Pair, models.CASCADE, related_name="passage")
    # The planner would add its index to a search, and it selects next to nothing.
    assistant = models.ForeignKey(
        "reviews.Assistant", models.CASCADE, related_name="+", db_index=False
    )
    question = models.TextField()
    answer = models.TextField()
    # Of the corrections that the pair came from.
    lesson = models.TextField(blank=True)

    class Meta:
        verbose_name = _("passage")
        verbose_name_plural = _("passages")

    def __str__(self) -> str:
        return f"#{self.pair_id}"
