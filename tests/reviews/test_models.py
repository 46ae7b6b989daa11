"""What the database itself refuses, and the little that rows know of themselves."""

from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import ProtectedError

from reviews.domain import assistants, checklists, pairs
from reviews.models import (
    Assistant,
    Category,
    Checklist,
    ChecklistAnswer,
    ChecklistItem,
    ClientKey,
    Correction,
    Feedback,
    Interaction,
    OutcomeCount,
    Pair,
    PairRevision,
    PromptVersion,
    Question,
    RequestType,
    Verdict,
)
from tests import factories
from tests.factories import NOW

ID = uuid.UUID("0190163d-8694-7e4f-9a3b-1f6d5a2c7e10")


def _feedback(assistant, **fields):
    fields = {"request_id": ID, "request_type": "chat", "is_positive": True, **fields}
    return Feedback(assistant=assistant, asked_at=NOW, created_at=NOW, **fields)


def _interaction(assistant, **fields):
    fields = {"id": ID, "endpoint": "/x", "status": "success", **fields}
    return Interaction(assistant=assistant, timestamp=NOW, **fields)


def _correction(assistant, **fields):
    fields = {"identity": "1", "question": "a", "wrong_answer": "b", **fields}
    return Correction(assistant=assistant, **fields)


def _pair(assistant, **fields):
    category = pairs.unsorted(assistant)
    question, _created = Question.objects.get_or_create(
        assistant=assistant, identity="q", defaults={"category": category, "text": "a"}
    )
    fields = {"identity": "1", "source": "import", **fields}
    return Pair(assistant=assistant, category=category, question=question, **fields)


def _revision(assistant, **fields):
    return PairRevision(pair=Pair.objects.get(), input="a", output="b", **{"number": 1, **fields})


WRONG = {
    "rating 0": lambda a: _feedback(a, rating=0),
    "rating 6": lambda a: _feedback(a, rating=6),
    "pair status": lambda a: _pair(a, status="maybe"),
    "correction status": lambda a: _correction(a, status="maybe"),
    "finished without answer": lambda a: _correction(a, status="finished"),
    "interaction outcome": lambda a: _interaction(a, status="maybe"),
    "interaction processing": lambda a: _interaction(a, processing_status="maybe"),
    "no reviewer": lambda a: Category(assistant=a, slug="x", name="x", reviewers_needed=0),
    "ten reviewers": lambda a: Category(assistant=a, slug="x", name="x", reviewers_needed=10),
    "reserved contexts": lambda a: RequestType(assistant=a, slug="contexts"),
    "reserved feedback": lambda a: RequestType(assistant=a, slug="feedback"),
    "reserved models": lambda a: RequestType(assistant=a, slug="models"),
    "template without prompt": lambda a: RequestType(assistant=a, slug="x", template="Halo"),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", WRONG.values(), ids=WRONG)
def test_the_database_refuses(assistant, make):
    row = make(assistant)
    with pytest.raises(IntegrityError):
        row.save(force_insert=True)


TWICE = {
    "vote": _feedback,
    "interaction": _interaction,
    "correction": _correction,
    "pair": _pair,
    "assistant": lambda _a: Assistant(name="x", slug="bisnis-2"),
    "prompt number": lambda a: PromptVersion(assistant=a, number=7),
    "request type": lambda a: RequestType(assistant=a, slug="x"),
    "key prefix": lambda a: ClientKey(assistant=a, name="x", prefix="12345678"),
    "category": lambda a: Category(assistant=a, slug="x", name="x"),
    "own checklist": lambda a: Checklist(assistant=a, version=1),
    "shared checklist": lambda _a: Checklist(version=1),
    "outcome count": lambda a: OutcomeCount(assistant=a, endpoint="/x", day=NOW.date()),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", TWICE.values(), ids=TWICE)
def test_the_same_is_there_once(assistant, make):
    make(assistant).save(force_insert=True)
    with pytest.raises(IntegrityError):
        make(assistant).save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_a_revisions_number_is_there_once(assistant):
    factories.pair(assistant)
    _revision(assistant, number=2).save(force_insert=True)
    with pytest.raises(IntegrityError):
        _revision(assistant, number=2).save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_two_pairs_do_not_share_a_text(assistant):
    first, second = factories.pair(assistant), factories.pair(assistant)
    with pytest.raises(IntegrityError):
        Pair.objects.filter(pk=second.pk).update(current_revision=first.current_revision)


def _verdict(assistant, reviewer, decision="approve"):
    pair = factories.pair(assistant)
    return Verdict(
        revision=pair.current_revision, reviewer=reviewer, round=1, decision=decision, at=NOW
    )


@pytest.mark.django_db(transaction=True)
def test_a_verdicts_decision_is_a_known_one(assistant, reviewer):
    with pytest.raises(IntegrityError):
        _verdict(assistant, reviewer, "maybe").save()


@pytest.mark.django_db(transaction=True)
def test_an_item_is_answered_once_a_verdict(assistant, checklist, reviewer):
    verdict = _verdict(assistant, reviewer)
    verdict.save()
    item = checklists.items(assistant)[0]
    ChecklistAnswer.objects.create(verdict=verdict, item=item, yes=True)
    with pytest.raises(IntegrityError):
        ChecklistAnswer.objects.create(verdict=verdict, item=item, yes=False)


@pytest.mark.django_db(transaction=True)
def test_a_position_in_a_checklist_is_taken_once(checklist):
    with pytest.raises(IntegrityError):
        ChecklistItem.objects.create(checklist=checklist, part="tone", position=1, text_id="x")


def test_a_text_that_was_judged_is_kept(assistant, reviewer):
    verdict = _verdict(assistant, reviewer)
    verdict.save()
    for row in (verdict.revision, reviewer):
        with pytest.raises(ProtectedError):
            row.delete()


@pytest.mark.parametrize("slug", ["contexts", "feedback", "models"])
def test_a_form_says_why_a_slug_is_refused(assistant, slug):
    with pytest.raises(ValidationError) as refused:
        RequestType(assistant=assistant, slug=slug).full_clean()
    assert slug in str(refused.value)


# --- what rows know ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("template", "prompt", "filled"),
    [
        ("{prompt}", "Halo", "Halo"),
        ('{"a": {prompt}}', "{x}", '{"a": {x}}'),
        ("{prompt} {0} {prompt}", "a", "a {0} a"),
        ("Soal: {prompt}", "{0} {{}} %s", "Soal: {0} {{}} %s"),
    ],
)
def test_a_template_is_filled_as_plain_text(template, prompt, filled):
    assert RequestType(template=template).fill(prompt) == filled


@pytest.mark.parametrize(("languages", "main"), [(["en", "id"], "en"), (["it"], "it"), ([], "id")])
def test_an_assistants_main_language(languages, main):
    assert Assistant(languages=languages).language == main


def test_a_new_assistant_can_take_its_first_request(db):
    made = assistants.ensure("baru", "Baru")
    assert (made.language, made.prompts.get().number) == ("id", 1)
    assert set(made.request_types.values_list("slug", flat=True)) == {
        "chat",
        "explain",
        "hint",
        "tests",
        "refactor_tips",
    }
    assert made.categories.count() == 6


def test_an_assistant_made_again_keeps_what_people_changed(assistant):
    assistant.request_types.filter(slug="hint").update(template="Beri tahu: {prompt}")
    assistant.categories.filter(slug="tax").delete()
    PromptVersion.objects.update(text="Singkat.")
    assert assistants.ensure("bisnis", "Nama lain") == assistant
    assert Assistant.objects.get().name == "Asisten Bisnis"
    assert assistant.request_types.get(slug="hint").template == "Beri tahu: {prompt}"
    assert assistant.categories.count() == 5
    assert assistant.prompts.get().text == "Singkat."
