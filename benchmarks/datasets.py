"""Datasets of 20,000 approved pairs: preview, freeze, a second freeze, leaks, a diff.

Run as `python -m benchmarks.datasets`; DATABASE_URL names the PostgreSQL server. The bare floor
beside each figure reads the very same columns, texts and comparison marks, straight from a cursor:
nothing is compared, split or stored.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import common

PAIRS = 20_000
WORDINGS = 4
AIM = 10.0
"""Seconds that the slowest of them may take."""
_TIMES = 3
_VOCABULARY = 1_500
_FLOOR = """
SELECT pair.identity, question.identity, pair.assistant_id, pair.category_id, pair.register,
    pair.language, pair.source, text.input, text.output, text.system, text.history::text
FROM reviews_pair pair JOIN reviews_question question ON question.id = pair.question_id
JOIN reviews_pairrevision text ON text.id = pair.current_revision_id
WHERE pair.status = 'approved' ORDER BY pair.identity
"""
_BANDS = """
SELECT pair_id, value FROM reviews_band band JOIN reviews_pair pair ON pair.id = pair_id
WHERE pair.status = 'approved'
"""


def _texts(chance: random.Random) -> Iterator[tuple[str, str, str]]:
    """(family, question, answer): four wordings a family, with about 60 and 250 characters. One in
    fifty families asks and says nearly what the one before did."""
    syllables = [a + b for a in "bcdfghjklmnprst" for b in "aiueo"]
    words = ["".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(_VOCABULARY)]
    asked: list[str] = []
    said: list[str] = []
    for number in range(1, PAIRS // WORDINGS + 1):
        if number % 50:
            asked, said = chance.choices(words, k=8), chance.choices(words, k=36)
        else:
            said = [*said[:-1], chance.choice(words)]
        for wording in range(WORDINGS):
            question = " ".join([*chance.sample(asked, len(asked)), words[wording]])
            yield f"f{number}", f"{question}?", " ".join(said)


def _load() -> Any:
    """The dataset of an assistant with so many approved pairs, as imports and checks left them."""
    from reviews.checks import duplicates
    from reviews.domain import assistants, identity, pairs
    from reviews.enums import PairStatus
    from reviews.models import Band, Feedback, Pair, PairRevision, Question
    from tuning.domain import datasets

    assistant = assistants.ensure("bench", "Asisten")
    category = pairs.unsorted(assistant)
    rows = list(_texts(random.Random(5)))
    own: dict[str, Any] = {"assistant": assistant, "category": category}
    families = Question.objects.bulk_create(
        Question(identity=identity.of_family(name), text=name, **own)
        for name in dict.fromkeys(name for name, _question, _answer in rows)
    )
    known = {family.text: family for family in families}
    made = Pair.objects.bulk_create(
        [
            Pair(
                identity=identity.of_pair([], question, answer),
                question=known[name],
                source="import",
                status=PairStatus.APPROVED,
                checks_due=False,
                **own,
            )
            for name, question, answer in rows
        ],
        batch_size=1000,
    )
    texts = PairRevision.objects.bulk_create(
        [
            PairRevision(pair=pair, number=1, input=question, output=answer)
            for pair, (_name, question, answer) in zip(made, rows, strict=True)
        ],
        batch_size=1000,
    )
    for pair, text in zip(made, texts, strict=True):
        pair.current_revision = text
    Pair.objects.bulk_update(made, ["current_revision"], batch_size=500)
    Band.objects.bulk_create(
        (
            Band(pair=pair, position=position, value=value)
            for pair, (_name, question, answer) in zip(made, rows, strict=True)
            for position, value in enumerate(
                duplicates.bands(duplicates.text_of([], question, answer))
            )
        ),
        batch_size=5000,
    )
    _votes(Feedback, assistant, made)
    return datasets.ensure(assistant, datasets.EVERYTHING)


def _votes(model: Any, assistant: Any, pairs: list[Any]) -> None:
    """Every tenth pair came from a vote, of two thousand people with two each at most."""
    import uuid

    from django.utils import timezone

    now = timezone.now()
    model.objects.bulk_create(
        (
            model(
                request_id=uuid.uuid4(),
                assistant=assistant,
                request_type="chat",
                prompt="apa",
                response="itu",
                is_positive=True,
                subject_hash=f"person{place % 1000}",
                asked_at=now,
                created_at=now,
                pair=pair,
            )
            for place, pair in enumerate(pairs[::10])
        ),
        batch_size=500,
    )


def _seconds(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _floor(url: str) -> float:
    import psycopg

    def read() -> None:
        with psycopg.connect(common.libpq(url)) as connection:
            for query, least in ((_FLOOR, PAIRS), (_BANDS, PAIRS * 8)):
                assert len(connection.execute(query).fetchall()) >= least

    return min(_seconds(read) for _time in range(_TIMES))


def _figures(url: str) -> tuple[list[tuple[str, float]], float]:
    """(what, seconds) of each, and the floor's seconds."""
    import psycopg
    from django.utils import timezone

    from reviews.models import Pair
    from tuning.domain import datasets, differences, leaks, plans, selection
    from tuning.models import DatasetVersion

    dataset = _load()
    with psycopg.connect(common.libpq(url), autocommit=True) as server:
        server.execute("VACUUM ANALYZE")
    floor = _floor(url)
    rule, now = selection.of(dataset), timezone.now()
    found = [("preview", min(_seconds(lambda: plans.preview(plans.make(rule))) for _ in "123"))]
    found.append(("freeze", _seconds(lambda: datasets.freeze(dataset, now=now))))
    first = DatasetVersion.objects.select_related("dataset__assistant").get()
    found.append(("leaks", min(_seconds(lambda: leaks.leaks(first)) for _ in "123")))
    assert leaks.leaks(first) == []
    Pair.objects.filter(pk__in=list(Pair.objects.values_list("pk", flat=True)[:100])).update(
        status="retired"
    )
    found.append(("freeze again", _seconds(lambda: datasets.freeze(dataset, now=now))))
    second = DatasetVersion.objects.latest("pk")
    changes = differences.between(first, second)
    assert differences.counts(changes)[differences.Kind.REMOVED] == 100
    found.append(("diff", _seconds(lambda: differences.between(first, second))))
    return found, floor


def main() -> int:
    with common.database() as url:
        os.environ["DJANGO_SETTINGS_MODULE"] = "feedbackhub.settings"
        import django

        django.setup()
        found, floor = _figures(url)
    rows = [[name, f"{took:.2f}", f"{floor:.2f}", f"{took / floor:.1f}"] for name, took in found]
    common.table([[f"{PAIRS:,} pairs", "seconds", "floor", "times floor"], *rows])
    slowest = max(took for _name, took in found)
    print(f"slowest: {slowest:.1f} s (aim: at most {AIM:.0f})")
    return 0 if slowest <= AIM else 1


if __name__ == "__main__":
    sys.exit(main())
