"""The queue: deciding on an item and taking the next, with 20,000 and with 1,000,000 waiting.

Run as `python -m benchmarks.queue`; DATABASE_URL names the PostgreSQL server. Each figure is a
decision and the item after it, through the view that the page calls; the floor beside it is the
bare statements that no design could do without: one row read, one updated, one inserted.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import psycopg

from benchmarks import common

SIZES = (20_000, 1_000_000)
DECISIONS = 300
WARM_UP = 40
# Questions of about 60 and answers of about 130 characters with one amount, in seven categories,
# of which every fifth has users' votes, every fiftieth a complaint.
_LOAD = """
INSERT INTO reviews_question (identity, text, created_at, assistant_id, category_id)
SELECT 'bench' || row, 'Berapa biaya izin nomor ' || row || ' di kantor imigrasi?', now(),
    %(assistant)s, (%(categories)s::bigint[])[1 + row %% 7]
FROM generate_series(%(first)s::bigint, %(last)s) AS row;
INSERT INTO reviews_pair (identity, register, language, source, status, voices, complaints, given,
    stale, reviewers_needed, slots, checks_due, suggested, round, created_at, updated_at,
    assistant_id, category_id, question_id)
SELECT identity, 'business', 'id', 'import', 'draft', (id %% 5 = 0)::int, (id %% 50 = 0)::int, 0,
    false, 1 + (id %% 2)::int, 1 + (id %% 2)::int, false, false, 1, now(), now(), assistant_id,
    category_id, id
FROM reviews_question WHERE identity IN (
    SELECT 'bench' || row FROM generate_series(%(first)s::bigint, %(last)s) AS row);
INSERT INTO reviews_pairrevision (number, system, history, input, output, why, created_at, pair_id)
SELECT 1, '', '[]', 'Berapa biaya izin itu?', 'Biayanya Rp' || pair.id || '.000 dan dibayar lewat '
    || 'bank. Bawa paspor yang masih berlaku dan surat dari sponsor Anda.', '', now(), pair.id
FROM reviews_pair pair WHERE pair.current_revision_id IS NULL;
UPDATE reviews_pair SET current_revision_id = text.id FROM reviews_pairrevision text
WHERE text.pair_id = reviews_pair.id AND reviews_pair.current_revision_id IS NULL
"""


def _load(url: str, first: int, last: int) -> None:
    """Waiting pairs with the numbers from `first` to `last`."""
    from reviews.domain import assistants, pairs

    assistant = assistants.ensure("bisnis", "Asisten Bisnis")
    pairs.unsorted(assistant)
    categories = list(assistant.categories.order_by("id").values_list("pk", flat=True))
    ids = {"assistant": assistant.pk, "categories": categories, "first": first, "last": last}
    with psycopg.ClientCursor(psycopg.connect(common.libpq(url), autocommit=True)) as cursor:
        cursor.execute(_LOAD, ids)
    _analyze(url)


def _analyze(url: str) -> None:
    with psycopg.connect(common.libpq(url), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _reviewers(count: int) -> list[Any]:
    from django.contrib.auth.models import Group, User

    role = Group.objects.get(name="Peninjau")
    made = []
    for number in range(count):
        user, _new = User.objects.get_or_create(username=f"bench{number}", is_staff=True)
        user.groups.add(role)
        made.append(user)
    return made


class Page:
    """The desk as its page uses it: two items in hand, a decision, one more item."""

    def __init__(self, user: Any) -> None:
        from django.test import Client
        from django.urls import reverse

        self.client = Client()
        self.client.force_login(user)
        self.decide_url = reverse("admin:reviews_pair_desk_decide")
        state = self._json(self.client.get(reverse("admin:reviews_pair_desk_state")))
        self.items = [state["item"], state["next"]]

    def _json(self, response: Any) -> Any:
        if response.status_code != 200:
            raise SystemExit(f"{response.status_code}: {response.content[:300]!r}")
        return response.json()

    def decide(self) -> None:
        item, ahead = self.items
        rows = [row for part in item["checklist"]["parts"] for row in part["items"]]
        body = {
            "claim": item["claim"],
            "seen": item["seen"],
            "decision": "approve",
            "answers": {row["id"]: True for row in rows},
            "facts": {fact["key"]: True for fact in item["facts"]},
            "seconds": 1,
            "holding": [ahead["claim"]],
        }
        answer = self.client.post(
            self.decide_url, json.dumps(body), content_type="application/json"
        )
        self.items = [ahead, self._json(answer)["next"]]


def _timed(act: Callable[[], None], times: int) -> list[float]:
    """Milliseconds of each of so many acts, after a few that warm up."""
    for _number in range(WARM_UP):
        act()
    found = []
    for _number in range(times):
        start = time.perf_counter()
        act()
        found.append((time.perf_counter() - start) * 1000)
    return found


def _floor(url: str) -> Callable[[], None]:
    connection = psycopg.connect(common.libpq(url), autocommit=True)

    def act() -> None:
        with connection.transaction():
            row = connection.execute(
                "SELECT id FROM reviews_pair WHERE id = (SELECT max(id) FROM reviews_pair)"
            ).fetchone()
            connection.execute("UPDATE reviews_pair SET updated_at = now() WHERE id = %s", row)
            connection.execute(
                "INSERT INTO reviews_statuschange (content_type_id, object_id, from_status,"
                " to_status, note, at) VALUES (1, %s, 'draft', 'draft', '', now())",
                row,
            )

    return act


def _p(values: list[float], share: float) -> float:
    return statistics.quantiles(values, n=100)[round(share * 100) - 1]


def main() -> int:
    rows: list[list[object]] = [["waiting", "p50 ms", "p95 ms", "floor p50 ms", "times floor"]]
    middles = []
    with common.database() as url:
        os.environ["DJANGO_SETTINGS_MODULE"] = "feedbackhub.settings"
        # As the hub's processes are set up.
        from django.conf import settings

        import feedbackhub.wsgi  # noqa: F401

        settings.ALLOWED_HOSTS.append("testserver")
        last = 0
        for size in SIZES:
            _load(url, last + 1, size)
            last = size
            [alone] = _reviewers(1)
            page = Page(alone)
            _timed(page.decide, WARM_UP)
            # As autovacuum does within a minute, or claims and verdicts are planned for as new.
            _analyze(url)
            found = _timed(page.decide, DECISIONS)
            bare = statistics.median(_timed(_floor(url), DECISIONS))
            middle = statistics.median(found)
            middles.append(middle)
            numbers = [f"{middle:.1f}", f"{_p(found, 0.95):.1f}", f"{bare:.2f}"]
            rows.append([f"{size:,}", *numbers, f"{middle / bare:.0f}"])
    common.table(rows)
    print(f"1,000,000 beside 20,000: {middles[1] / middles[0]:.2f} times (at most 1.2)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
