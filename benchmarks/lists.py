"""The list of pairs in the admin with 200,000 rows: first page, filter, search, page 1,000.

Run as `python -m benchmarks.lists`; DATABASE_URL names the PostgreSQL server. Each figure is the
whole page through the hub's middleware. The floor beside it is the same rows, read by one ORM query
and put into a bare template: no middleware, no session, no theme.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import common, queue

PAIRS = 200_000
TIMES = 40
WARM_UP = 5
AIM = 40
"""Milliseconds of the first page."""
PAGES = {
    "first page": "",
    "one category, drafts": "?category__id__exact={category}&status__exact=draft",
    "by date, newest first": "?o=-8",
    "page 1,000": "?p=1000",
    "search that finds one": f"?q=nomor+{PAIRS}+di",
}
_BARE = """<table>{% for pair in pairs %}<tr><td><a href="/admin/reviews/pair/{{ pair.pk }}/">
{{ pair.current_revision.input }}</a><td>{{ pair.category }}<td>{{ pair.get_register_display }}
<td>{{ pair.get_status_display }}<td>{{ pair.reviewers_needed }}<td>{{ pair.get_source_display }}
<td>{{ pair.priority }}<td>{{ pair.updated_at }}{% endfor %}</table>"""
# The questions of the queue's benchmark are all the same; a search needs one that is not.
_DIFFER = """
UPDATE reviews_pairrevision text SET input = question.text
FROM reviews_pair pair JOIN reviews_question question ON question.id = pair.question_id
WHERE pair.id = text.pair_id
"""


def _middle(act: Callable[[], None]) -> float:
    """Milliseconds at p50, after a few that warm up."""
    found = []
    for _number in range(WARM_UP + TIMES):
        start = time.perf_counter()
        act()
        found.append((time.perf_counter() - start) * 1000)
    return statistics.median(found[WARM_UP:])


def _curator() -> Any:
    from django.contrib.auth.models import Group, User
    from django.test import Client

    user = User.objects.create(username="bench", is_staff=True)
    user.groups.add(Group.objects.get(name="Kurator"))
    client = Client()
    client.force_login(user)
    return client


def _floor(rows: int) -> Callable[[], None]:
    from django.template import engines

    from reviews.models import Pair

    template = engines["django"].from_string(_BARE)

    def act() -> None:
        pairs = Pair.objects.select_related("current_revision", "category").by_priority()
        template.render({"pairs": pairs[:rows]})

    return act


def _figures(url: str) -> list[list[object]]:
    import psycopg
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from reviews.models import Category

    queue._load(url, 1, PAIRS)
    with psycopg.connect(common.libpq(url), autocommit=True) as server:
        server.execute(_DIFFER)
        server.execute("VACUUM ANALYZE")
    client, address = _curator(), reverse("admin:reviews_pair_changelist")
    category = Category.objects.filter(pairs__isnull=False).order_by("id")[0].pk
    found: list[list[object]] = []
    for name, query in PAGES.items():
        page = address + query.format(category=category)
        with CaptureQueriesContext(connection) as queries:
            shown = len(client.get(page).context_data["cl"].result_list)
            asked = len(queries)
        whole = _middle(lambda page=page: client.get(page))  # type: ignore[misc]
        bare = _middle(_floor(shown))
        ratio = f"{whole / bare:.1f}"
        found.append([name, shown, asked, f"{whole:.0f}", f"{bare:.1f}", ratio])
    return found


def main() -> int:
    with common.database() as url:
        os.environ["DJANGO_SETTINGS_MODULE"] = "feedbackhub.settings"
        import logging

        # As the hub's processes are set up.
        from django.conf import settings

        import feedbackhub.wsgi  # noqa: F401

        settings.ALLOWED_HOSTS.append("testserver")
        # A line a request goes to a file in a hub, not to this terminal.
        logging.disable(logging.INFO)
        found = _figures(url)
    common.table([["page", "rows", "queries", "p50 ms", "floor ms", "times floor"], *found])
    print(f"first page: {found[0][3]} ms (aim: at most {AIM})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
