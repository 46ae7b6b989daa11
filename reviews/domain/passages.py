"""What is searched beside a pair: one passage for each approved pair, kept up with it."""

from __future__ import annotations

from reviews.enums import CorrectionStatus, PairStatus
from reviews.models import Pair, Passage


def _lesson(pair: Pair) -> str:
    """The lessons of the pair's finished corrections, oldest first, one a line."""
    finished = pair.corrections.filter(status=CorrectionStatus.FINISHED).order_by("id")
    return "\n".join(finished.values_list("lesson", flat=True))


def keep_up(pair: Pair) -> None:
    """Make, renew or remove the pair's passage by its status and current text.

    Two queries at most. Safe to run twice and by two at once; whoever holds an old `pair` must take
    its row first, as `flags.examine` does.
    """
    revision = pair.current_revision
    if pair.status != PairStatus.APPROVED or revision is None:
        Passage.objects.filter(pair=pair).delete()
        return
    fields = {
        "assistant_id": pair.assistant_id,
        "question": revision.input,
        "answer": revision.output,
        "lesson": _lesson(pair),
    }
    # One statement: of two at once neither meets the other's unfinished row.
    Passage.objects.bulk_create(
        [Passage(pair=pair, **fields)],
        update_conflicts=True,
        unique_fields=["pair"],
        update_fields=["assistant", "question", "answer", "lesson"],
    )
