"""What ties texts together: question family, conversation, person, near-duplicate (J6).

Two texts that are tied must not stand in two parts, or a test would ask what was taught. Texts are
read in bulk with all that ties them; `split` decides what follows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from reviews.checks import duplicates
from reviews.domain import identity, turns
from reviews.formats import Example
from reviews.models import Band, Feedback, Pair, PairRevision

READ_AT_ONCE = 2000
OPENING = 24
"""Characters of a user's own words that make a conversation another's unlikely: 'Halo' and 'Selamat
siang, Pak' begin thousands of them."""


@dataclass(frozen=True, slots=True)
class Node:
    """A text of a pair. `identity` and `family` are the pair's hashes, `wording` its question's;
    `conversation` and `person` are hashes, too, and empty where nobody knows. `assistant` is a
    slug: texts are put in order by it, and ids differ between databases."""

    revision: int
    pair: int
    number: int
    identity: str
    family: str
    assistant: str
    category: int
    register: str
    language: str
    source: str
    wording: str
    conversation: str
    person: str
    example: Example
    bands: Sequence[int]

    @property
    def text(self) -> duplicates.Text:
        return _text(self.example)


def _text(example: Example) -> duplicates.Text:
    return duplicates.text_of(example.history, example.input, example.output)


def conversation(example: Example) -> str:
    """A hash of how the conversation began, the same at each of its turns; empty where its user
    has not said enough to tell it from others.

    No conversation has a number in the hub. Turn for turn the earlier ones are the history, so the
    texts of one begin alike: up to the answer to the words with which the user had said OPENING
    characters.
    """
    said, opening = 0, []
    turns_of_all = (*example.history, ("user", example.input), ("assistant", example.output))
    for role, words in turns_of_all:
        opening.append((role, identity.tidy(words)))
        if role == "user":
            said += len(opening[-1][1])
        elif said >= OPENING:
            return identity.digest("conversation", opening)
    return ""


def _bands(revisions: QuerySet[PairRevision]) -> dict[int, list[int]]:
    """The stored bands of those revisions that are their pair's text now, by pair."""
    found: dict[int, list[int]] = defaultdict(list)
    current = Pair.objects.filter(current_revision__in=revisions.values("pk"), checks_due=False)
    rows = Band.objects.filter(pair__in=current.values("pk")).values_list("pair_id", "value")
    for pair, value in rows.iterator(READ_AT_ONCE):
        found[pair].append(value)
    return found


def _as_they_came(revisions: QuerySet[PairRevision]) -> dict[int, Example]:
    """The first texts of pairs that were edited since, by pair."""
    edited = revisions.filter(number__gt=1).values("pair")
    rows = PairRevision.objects.filter(number=1, pair__in=edited).order_by()
    columns = rows.values_list("pair_id", "input", "output", turns.column("history"))
    return {
        pair: Example(question, answer, history=turns.read(earlier))
        for pair, question, answer, earlier in columns.iterator(READ_AT_ONCE)
    }


def _people(revisions: QuerySet[PairRevision]) -> dict[int, str]:
    """Who asked, by pair: the person of the first vote that a pair or its correction came from."""
    # Put in order here: asked to, PostgreSQL walks the votes by id and looks each pair up.
    votes = Feedback.objects.exclude(subject_hash="").order_by()
    found: dict[int, str] = {}
    for column in ("pair", "correction__pair"):
        mine = votes.filter(**{f"{column}__in": revisions.values("pair")})
        for _vote, pair, person in sorted(mine.values_list("id", f"{column}_id", "subject_hash")):
            found.setdefault(pair, person)
    return found


_COLUMNS = (
    "pk",
    "pair_id",
    "number",
    "pair__identity",
    "pair__question__identity",
    "pair__assistant__slug",
    "pair__category_id",
    "pair__register",
    "pair__language",
    "pair__source",
    "pair__current_revision_id",
    "input",
    "output",
    "system",
)


def read(revisions: QuerySet[PairRevision]) -> list[Node]:
    """The texts with all that ties them, in the order of their pairs' hashes. Five queries."""
    bands, people, first = _bands(revisions), _people(revisions), _as_they_came(revisions)
    rows = revisions.order_by().values_list(*_COLUMNS, turns.column("history"))
    found = []
    for *columns, now, question, answer, system, earlier in rows.iterator(READ_AT_ONCE):
        revision, pair, number, key, family, *kinds = columns
        assistant, category, register, language, source = kinds
        example = Example(question, answer, system, turns.read(earlier))
        stored = bands.get(pair) if now == revision else None
        node = Node(
            revision,
            pair,
            number,
            key,
            family,
            assistant,
            category,
            register,
            language,
            source,
            identity.of_question(question, example.history),
            # Later turns quote the answer that was given, not what reviewers made of it.
            conversation(first.get(pair, example)),
            people.get(pair, ""),
            example,
            stored or duplicates.bands(_text(example)),
        )
        found.append(node)
    return sorted(found, key=lambda node: (node.identity, node.assistant, node.number))
