"""Pairs: added once, changed by new revisions, reopened, retired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils.translation import gettext_noop

from reviews.domain import identity
from reviews.domain.errors import Conflict, Invalid
from reviews.domain.hints import EXAMINE, hint
from reviews.domain.transitions import CHANGED, IMPOSSIBLE, IllegalMove, StaleMove, move
from reviews.enums import SORTABLE, PairSource, PairStatus, Register
from reviews.models import Assistant, Category, ImportRun, Pair, PairRevision, Question

UNSORTED = "unsorted"


@dataclass(frozen=True, slots=True)
class NewPair:
    """A question with its answer, from wherever. `history` holds earlier turns, oldest first."""

    question: str
    answer: str
    history: Sequence[Sequence[str]] = field(default_factory=list)
    system: str = ""
    category: Category | None = None
    family: str = ""
    asked: Question | None = None
    register: str = Register.BUSINESS
    language: str = "id"
    source: str = PairSource.IMPORT
    author: Any = None
    why: str = ""
    import_run: ImportRun | None = None
    import_line: int | None = None


def unsorted(assistant: Assistant) -> Category:
    """The category of what nobody sorted yet, as strict as the assistant's strictest."""
    strictest = assistant.categories.aggregate(Max("reviewers_needed"))["reviewers_needed__max"]
    confirm = assistant.categories.filter(confirm_facts=True).exists()
    category, _created = Category.objects.get_or_create(
        assistant=assistant,
        slug=UNSORTED,
        defaults={
            "name": "Belum dikategorikan",
            "reviewers_needed": strictest or 1,
            "confirm_facts": confirm,
        },
    )
    return category


def family(assistant: Assistant, new: NewPair) -> Question:
    """The question family of a pair: the one asked, or by its name, or by the question's text."""
    if new.asked is not None:
        return new.asked
    key = (
        identity.of_family(new.family)
        if new.family
        else identity.of_question(new.question, new.history)
    )
    found = Question.objects.filter(assistant=assistant, identity=key).first()
    if found is None:
        found, _created = Question.objects.get_or_create(
            assistant=assistant,
            identity=key,
            defaults={
                "text": new.question,
                "category": new.category or unsorted(assistant),
                "import_run": new.import_run,
                "import_line": new.import_line,
            },
        )
    return found


def _insert(assistant: Assistant, key: str, new: NewPair) -> Pair:
    question = family(assistant, new)
    category = new.category or question.category
    pair = Pair.objects.create(
        assistant=assistant,
        identity=key,
        question=question,
        category=category,
        register=new.register,
        language=new.language,
        source=new.source,
        reviewers_needed=category.reviewers_needed,
        slots=category.reviewers_needed,
        last_hand=new.author,
        import_run=new.import_run,
        import_line=new.import_line,
    )
    pair.current_revision = PairRevision.objects.create(
        pair=pair,
        number=1,
        system=new.system,
        history=[list(turn) for turn in new.history],
        input=new.question,
        output=new.answer,
        author=new.author,
        why=new.why,
    )
    pair.save(update_fields=["current_revision"])
    return pair


def add(assistant: Assistant, new: NewPair, *, in_bulk: bool = False) -> tuple[Pair, bool]:
    """The pair with this history, question and answer, made as a draft where there is none.

    Whoever adds many at once hints at the checks once, in the end.
    """
    key = identity.of_pair(new.history, new.question, new.answer, new.system)
    rows = Pair.objects.filter(assistant=assistant, identity=key).select_related("current_revision")
    there = rows.first()
    if there is not None:
        return there, False
    try:
        with transaction.atomic():
            made = _insert(assistant, key, new)
            if not in_bulk:
                hint(EXAMINE)
            return made, True
    except IntegrityError:
        # Somebody else added it between the look and the insert.
        return rows.get(), False


def strengthen(pair: Pair) -> None:
    """One more voice for it: reviewers see it earlier."""
    Pair.objects.filter(pk=pair.pk).update(voices=F("voices") + 1)


def complain(assistant: Assistant, key: str) -> None:
    """Users found the very answer wrong that the pair with this identity holds, if there is one."""
    rows = Pair.objects.filter(assistant=assistant, identity=key)
    rows.update(complaints=F("complaints") + 1)


def _new_round(pair: Pair, revision: PairRevision | None = None) -> dict[str, Any]:
    """What starts anew with a text or a round: nobody has decided, every place is free."""
    hand = (revision or pair.current_revision).author  # type: ignore[union-attr]
    fresh = {"given": 0, "slots": pair.reviewers_needed, "last_hand": hand}
    return fresh | ({"current_revision": revision, "checks_due": True} if revision else {})


def revise(
    pair: Pair, *, answer: str, question: str | None = None, by: Any, why: str, now: datetime
) -> PairRevision:
    """A new text of the pair. Whatever was decided was on the old one: it goes back to review."""
    seen = pair.current_revision
    assert seen is not None
    asked = seen.input if question is None else question
    blank = {"answer": answer, "question": asked}
    wrong = {
        name: gettext_noop("must not be empty") for name, text in blank.items() if not text.strip()
    }
    if wrong:
        raise Invalid(wrong)
    if (asked, answer) == (seen.input, seen.output):
        return seen
    if pair.status == PairStatus.RETIRED:
        raise Conflict(gettext_noop("a retired pair is not edited"))
    with transaction.atomic():
        hint(EXAMINE)
        # Takes the row before the number is given: of two editors one is told to look again.
        mine = Pair.objects.filter(pk=pair.pk, current_revision=seen, status=pair.status)
        if not mine.update(updated_at=now):
            raise StaleMove(CHANGED)
        revision = PairRevision.objects.create(
            pair=pair,
            number=seen.number + 1,
            system=seen.system,
            history=seen.history,
            input=asked,
            output=answer,
            author=by,
            why=why,
        )
        if pair.status == PairStatus.IN_REVIEW:
            changes = _new_round(pair, revision)
            mine.update(**changes)
            for name, value in changes.items():
                setattr(pair, name, value)
        else:
            move(
                pair,
                PairStatus.IN_REVIEW,
                by=by,
                note=why,
                now=now,
                fields=_new_round(pair, revision),
            )
    return revision


def submit(pair: Pair, *, by: Any, now: datetime, note: str = "") -> None:
    """Send a draft, or a pair that needed work, to review as it is; the latter's verdicts no
    longer count."""
    if pair.status not in (PairStatus.DRAFT, PairStatus.NEEDS_WORK):
        raise IllegalMove(IMPOSSIBLE)
    again = pair.status == PairStatus.NEEDS_WORK
    fields = {"round": pair.round + 1, **_new_round(pair)} if again else None
    move(pair, PairStatus.IN_REVIEW, by=by, note=note, now=now, fields=fields)


def reopen(pair: Pair, *, by: Any, why: str, now: datetime) -> None:
    """Back to review, by undo or because the law changed; earlier verdicts no longer count."""
    if not why.strip():
        raise Invalid({"note": gettext_noop("say why it is reopened")})
    if pair.status not in (PairStatus.APPROVED, PairStatus.REJECTED, PairStatus.NEEDS_WORK):
        raise IllegalMove(IMPOSSIBLE)
    fields = {"round": pair.round + 1, "checks_due": True, **_new_round(pair)}
    with transaction.atomic():
        hint(EXAMINE)
        move(pair, PairStatus.IN_REVIEW, by=by, note=why, now=now, fields=fields)


def retire(pair: Pair, *, by: Any, why: str, now: datetime) -> None:
    if not why.strip():
        raise Invalid({"note": gettext_noop("say why it is retired")})
    with transaction.atomic():
        hint(EXAMINE)
        move(pair, PairStatus.RETIRED, by=by, note=why, now=now, fields={"checks_due": True})


def sort(pair: Pair, category: Category, register: str) -> None:
    """Set category and register of a pair that waits.

    The new category's number of reviewers holds; but only a pair that nobody had sorted yet may
    need fewer than before, or a stricter category's second pair of eyes could be sorted away.
    """
    if pair.status not in SORTABLE:
        raise Conflict(IMPOSSIBLE)
    if category.assistant_id != pair.assistant_id:
        raise Invalid({"category": gettext_noop("belongs to another assistant")})
    needed = category.reviewers_needed
    if pair.category.slug != UNSORTED:
        needed = max(needed, pair.reviewers_needed)
    elif pair.given:
        # What was said is not the last word: one more verdict brings the pair to its end.
        needed = max(needed, min(pair.reviewers_needed, pair.given + 1))
    # Those who asked for one more reviewer keep theirs.
    changes = {
        "category": category,
        "register": register,
        "reviewers_needed": needed,
        "slots": pair.slots - pair.reviewers_needed + needed,
        "checks_due": True,
    }
    read = ("status", "round", "slots", "given", "reviewers_needed", "category_id")
    mine = Pair.objects.filter(pk=pair.pk, **{name: getattr(pair, name) for name in read})
    if not mine.update(**changes):
        raise StaleMove(CHANGED)
    for name, value in changes.items():
        setattr(pair, name, value)
