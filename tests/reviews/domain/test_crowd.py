"""Many reviewers at once: no item in more hands than its policy asks for, none left behind."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, connections
from django.utils import timezone

from reviews.domain import calibration, desk, queue, verdicts
from reviews.domain.verdicts import Ruling
from reviews.enums import Decision, PairStatus, Purpose
from reviews.models import Claim, Pair, Verdict
from tests import factories

PEOPLE = 20
PAIRS = 1_340
"""Half of them need two verdicts: the crowd gives 2,010."""


def _people(reviewer) -> list[User]:
    role = Group.objects.get(name="Peninjau")
    made = [User.objects.create_user(f"orang{n}", is_staff=True) for n in range(PEOPLE)]
    for person in made:
        person.groups.add(role)
    return made


def _work(person: User, yes: dict[int, bool], errors: list[BaseException]) -> None:
    """Decide until nothing waits, with one item ahead as the page has."""
    try:
        ahead = desk.fill(person, timezone.now())
        while ahead is not None:
            claim, ahead = ahead, desk.fill(person, timezone.now(), [ahead.pk])
            facts = {
                (f.kind, f.value): True
                for f in verdicts.to_confirm(claim.pair, claim.revision.output)
            }
            ruling = Ruling(Decision.APPROVE, yes, facts=facts)
            desk.decide(claim.pk, claim.revision_id, ruling, by=person, now=timezone.now())
            ahead = ahead or desk.fill(person, timezone.now())
    except BaseException as error:
        errors.append(error)
        raise
    finally:
        connections.close_all()


@pytest.mark.servers
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_twenty_reviewers_at_once(assistant, checklist, reviewer, monkeypatch):
    monkeypatch.setattr(calibration, "_draw", lambda: 100.0)
    pairs = [factories.pair(assistant) for _number in range(PAIRS)]
    Pair.objects.update(checks_due=False)
    one = [pair.pk for pair in pairs[::2]]
    Pair.objects.filter(pk__in=one).update(reviewers_needed=1, slots=1)
    yes, errors = factories.all_yes(assistant), []
    threads = [
        threading.Thread(target=_work, args=(person, yes, errors)) for person in _people(reviewer)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []

    # None lost: whatever waited is decided, and every verdict counted.
    assert Counter(Pair.objects.values_list("status", flat=True)) == {PairStatus.APPROVED: PAIRS}
    assert not queue.waiting_for(reviewer, timezone.now()).exists()
    # None twice: as many verdicts as the policy asks for, each by somebody else.
    given = Counter(Verdict.objects.values_list("revision__pair_id", flat=True))
    wanted = {pair.pk: 1 if pair.pk in set(one) else 2 for pair in pairs}
    assert given == wanted
    people = set(Verdict.objects.values_list("revision_id", "reviewer_id"))
    assert len(people) == sum(wanted.values())
    claims = Claim.objects.filter(purpose=Purpose.REVIEW).values_list("end", flat=True)
    assert Counter(claims) == {"decided": sum(wanted.values())}
