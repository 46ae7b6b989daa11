"""What a desk's tests put into the hub's database and read there: runs in a process of its own,
for the tests' process holds another database, and Playwright's event loop."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

PASSWORD = "sandi-uji-123"


# --- made ----------------------------------------------------------------------------------------
def _user(name: str) -> Any:
    from django.contrib.auth.models import User

    return User.objects.get(username=name)


def user(name: str, role: str = "Peninjau", slugs: list[str] | None = None) -> str:
    """A person of a role who reviews these categories alone; returns the key of a session."""
    from django.conf import settings
    from django.contrib.auth.models import Group, User
    from django.test import Client

    from reviews.models import Category, Reviewer

    made = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    made.groups.add(Group.objects.get(name=role))
    if slugs:
        profile = Reviewer.objects.create(user=made)
        profile.skills.set(Category.objects.filter(slug__in=slugs))
    client = Client()
    client.force_login(made)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def category(slug: str, **fields: Any) -> int:
    """A category with an assistant to itself: the same text elsewhere is another pair."""
    from reviews.domain import assistants
    from reviews.models import Category

    assistant = assistants.ensure(slug, "Asisten Uji")
    return Category.objects.create(assistant=assistant, slug=slug, name=f"Uji {slug}", **fields).pk


def pairs(slug: str, texts: list[list[str]], **fields: Any) -> list[int]:
    """Drafts of a category, from questions and answers."""
    from reviews.domain import pairs as made
    from reviews.models import Category

    place = Category.objects.select_related("assistant").get(slug=slug)
    new = [made.NewPair(question=q, answer=a, category=place, **fields) for q, a in texts]
    return [made.add(place.assistant, one)[0].pk for one in new]


def approved(slug: str, texts: list[list[str]]) -> list[int]:
    """Pairs that the machine approved, for speed."""
    from django.utils import timezone

    from reviews.domain import transitions
    from reviews.enums import PairStatus
    from reviews.models import Pair

    found = pairs(slug, texts)
    for pair in Pair.objects.filter(pk__in=found):
        for to in (PairStatus.IN_REVIEW, PairStatus.APPROVED):
            transitions.move(pair, to, now=timezone.now())
    return found


def revise(pair: int, name: str, answer: str) -> None:
    """Somebody else changes the text meanwhile."""
    from django.utils import timezone

    from reviews.domain import pairs as made
    from reviews.models import Pair

    found = Pair.objects.select_related("current_revision").get(pk=pair)
    made.revise(found, answer=answer, by=_user(name), why="", now=timezone.now())


def suggest(pair: int, name: str, answer: str) -> None:
    """Somebody's text for whoever decides."""
    from django.utils import timezone

    from reviews.domain import desk
    from reviews.models import Pair

    text = Pair.objects.get(pk=pair).current_revision
    assert text is not None
    new = desk.Text(question=text.input, answer=answer)
    desk.suggest(pair, text.pk, new, by=_user(name), now=timezone.now())


def run_out(name: str) -> int:
    """The leases of what is in somebody's hand are over; returns how many."""
    from django.utils import timezone

    from reviews.models import Claim

    past = timezone.now() - timedelta(seconds=1)
    return Claim.objects.open().filter(reviewer=_user(name)).update(expires_at=past)


def log_out(name: str) -> int:
    """End all of somebody's sessions; returns how many."""
    from django.contrib.sessions.models import Session

    own = str(_user(name).pk)
    rows = [row for row in Session.objects.all() if row.get_decoded().get("_auth_user_id") == own]
    return Session.objects.filter(pk__in=[row.pk for row in rows]).delete()[0]


# --- read ----------------------------------------------------------------------------------------
def verdicts(name: str = "", pair: int = 0) -> list[list[Any]]:
    """[pair, reviewer, decision, note, wrong items with reasons, facts, settles, taken back], in
    the order in which they were given; the items by their numbers."""
    from reviews.models import Verdict

    rows = Verdict.objects.order_by("id").select_related("revision", "reviewer")
    rows = rows.filter(reviewer__username=name) if name else rows
    rows = rows.filter(revision__pair=pair) if pair else rows
    return [
        [
            row.revision.pair_id,
            row.reviewer.username,
            row.decision,
            row.note,
            list(row.answers.filter(yes=False).values_list("item__position", "reason")),
            list(row.facts.order_by("id").values_list("kind", "value", "right")),
            row.settles,
            row.withdrawn_at is not None,
        ]
        for row in rows
    ]


def answers(pair: int) -> list[bool]:
    """What the only verdict on a pair says of the checklist's items, in their order."""
    from reviews.models import ChecklistAnswer

    rows = ChecklistAnswer.objects.filter(verdict__revision__pair=pair)
    return list(rows.order_by("item__position").values_list("yes", flat=True))


def claims(name: str) -> list[list[Any]]:
    """[pair, end, note] of all that somebody had in hand, in the order of taking."""
    from reviews.models import Claim

    rows = Claim.objects.filter(reviewer=_user(name)).order_by("id")
    return [list(row) for row in rows.values_list("pair", "end", "note")]


def texts(pair: int) -> list[list[Any]]:
    """[author, question, answer] of each revision."""
    from reviews.models import PairRevision

    rows = PairRevision.objects.filter(pair=pair).order_by("number")
    return [list(row) for row in rows.values_list("author__username", "input", "output")]


def current(pair: int) -> int | None:
    """The revision that the pair has now."""
    from reviews.models import Pair

    return Pair.objects.get(pk=pair).current_revision_id


def status(*found: int) -> list[str]:
    from reviews.models import Pair

    known = dict(Pair.objects.filter(pk__in=found).values_list("pk", "status"))
    return [known[pk] for pk in found]


def suggestions(pair: int) -> list[list[Any]]:
    from reviews.models import Suggestion

    rows = Suggestion.objects.filter(revision__pair=pair).order_by("id")
    return [list(row) for row in rows.values_list("author__username", "input", "output")]


def corrections(name: str) -> list[list[Any]]:
    """[wrong answer, right answer, why, lesson, status, new pair's status, its author] of each."""
    from reviews.models import Correction

    rows = Correction.objects.filter(author=_user(name)).order_by("id")
    columns = "wrong_answer", "right_answer", "why_wrong", "lesson", "status"
    of_pair = "pair__status", "pair__current_revision__author__username"
    return [list(row) for row in rows.values_list(*columns, *of_pair)]


def slugs(assistant: str) -> list[str]:
    from reviews.models import Category

    return list(Category.objects.filter(assistant__slug=assistant).values_list("slug", flat=True))


def counts(assistant: str) -> dict[str, int]:
    """How many pairs there are, by status."""
    from django.db.models import Count

    from reviews.models import Pair

    rows = Pair.objects.filter(assistant__slug=assistant).order_by()
    return dict(rows.values_list("status").annotate(Count("pk")))


def ends(assistant: str) -> dict[str, str]:
    """Each pair's status, by its number."""
    from reviews.models import Pair

    rows = Pair.objects.filter(assistant__slug=assistant).values_list("pk", "status")
    return {str(pk): found for pk, found in rows}


def addresses(names: list[str]) -> dict[str, str]:
    """Where the admin's pages are that need no row, by name."""
    from django.urls import reverse

    return {name: reverse(f"admin:{name}") for name in names}


def strange(pages: list[str]) -> list[str]:
    """What an Indonesian reader of these pages does not find in Indonesian."""
    from tests.feedbackhub import languages
    from tests.feedbackhub.test_languages import Reader

    reader = Reader("id")
    for page in pages:
        # Keys are named as they are printed on the keyboard.
        read = re.sub(r"<kbd>.*?</kbd>", "", page)
        reader.read("desk", languages.HOLE.sub("", read))
    return reader.report()


# --- from the tests' process ---------------------------------------------------------------------
class Rows:
    """The functions of a module such as this, called in the place's process: what they return
    comes as JSON."""

    def __init__(self, environment: dict[str, str], folder: Any, module: str = __name__) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps([name, args, kwargs]) + "\n")
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline())
            assert "error" not in answer, answer["error"]
            return answer["found"]

        return call

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)


def _answer(line: str, known: dict[str, Any]) -> dict[str, Any]:
    import traceback

    name, args, kwargs = json.loads(line)
    try:
        return {"found": known[name](*args, **kwargs)}
    except Exception:
        return {"error": traceback.format_exc()}


def main(known: dict[str, Any]) -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "feedbackhub.settings"
    django.setup()
    for line in sys.stdin:
        print(json.dumps(_answer(line, known), default=str), flush=True)


if __name__ == "__main__":
    main(globals())
