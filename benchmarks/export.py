"""Exports: rows a second to a file and over HTTP, and how memory grows from 20,000 to 200,000.

Run as `python -m benchmarks.export`; DATABASE_URL names the PostgreSQL server. Beside each figure
stands the bare floor: a server-side cursor and orjson writing the very same lines. Each measurement
is a process of its own, so that its peak is its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import orjson
import psycopg

from benchmarks import common

SIZES = (20_000, 200_000)
FORMS = ("gemini", "chat")
_BLOCK = 64 * 1024
_TIMES = 3
# Votes and members of an assistant with one approved pair each, over the last 30 days; texts of
# about 70 and 300 characters, every tenth after earlier turns, positions unlike the rows' order.
_LOAD = """
CREATE TEMP TABLE made AS
SELECT row, CASE WHEN row %% 10 = 0 THEN '[["user", "Halo, saya mau bertanya."],
    ["assistant", "Silakan, ada yang bisa dibantu?"]]' ELSE '[]' END::jsonb AS history,
    'Berapa lama dan berapa biaya izin nomor ' || row || ' di kantor imigrasi Jakarta?' AS input,
    repeat('Izin itu berlaku dua tahun & biayanya dibayar lewat bank. ', 5) || row AS output,
    now() - (%(rows)s - row) * interval '30 days' / %(rows)s AS at
FROM generate_series(1, %(rows)s) AS row;
INSERT INTO reviews_feedback (request_id, request_type, history, prompt, response, model_version,
    prompt_version, language, is_positive, thumb, comment, segment, subject_hash, asked_at,
    created_at, linked_at, assistant_id)
SELECT gen_random_uuid(), (ARRAY['chat', 'explain', 'hint'])[1 + row %% 3], history, input, output,
    'bisnis/v' || row %% 5, '', (ARRAY['id', 'id', 'en'])[1 + row %% 3], true, true, '', '', '', at,
    at, at, %(assistant)s FROM made;
INSERT INTO reviews_pair (identity, register, language, source, status, voices, complaints, given,
    stale, reviewers_needed, slots, checks_due, suggested, round, created_at, updated_at,
    assistant_id, category_id, question_id)
SELECT row, 'business', 'id', 'import', 'approved', 0, 0, 0, false, 1, 1, false, false, 1, at, at,
    %(assistant)s, %(category)s, %(question)s FROM made;
INSERT INTO reviews_pairrevision (number, system, history, input, output, why, created_at, pair_id)
SELECT 1, '', history, input, output, '', at, pair.id
FROM made JOIN reviews_pair pair ON assistant_id = %(assistant)s AND identity = row::text;
INSERT INTO tuning_datasetmember (part, position, revision_id, version_id)
SELECT 'train', row_number() OVER (ORDER BY md5(pair.identity)), revision.id, %(version)s
FROM reviews_pairrevision revision JOIN reviews_pair pair ON pair.id = pair_id
WHERE assistant_id = %(assistant)s;
DROP TABLE made
"""


def _load(url: str, rows: int) -> str:
    """An assistant with so many votes and members; returns a client key for it."""
    from django.utils import timezone

    from reviews.domain import assistants, keys, pairs
    from reviews.models import Question
    from tuning.domain import datasets
    from tuning.models import DatasetVersion

    assistant = assistants.ensure(f"bench-{rows}", "Asisten")
    category = pairs.unsorted(assistant)
    question = Question.objects.create(assistant=assistant, category=category, identity="one")
    version = DatasetVersion.objects.create(
        dataset=datasets.ensure(assistant, datasets.EVERYTHING),
        number=1,
        reference=f"bench@{rows}",
        prompt=assistant.prompts.latest("number"),
        frozen_at=timezone.now(),
    )
    ids = {
        "assistant": assistant.pk,
        "category": category.pk,
        "question": question.pk,
        "version": version.pk,
        "rows": rows,
    }
    with psycopg.ClientCursor(psycopg.connect(common.libpq(url), autocommit=True)) as cursor:
        cursor.execute(_LOAD, ids)
        cursor.execute("VACUUM ANALYZE")
    return keys.create(assistant, "bench", scopes=["read"])[1]


# --- one measurement, in a process of its own ----------------------------------------------------
def _export(size: int, form: str, target: Path) -> int:
    """What `export_dataset` does; returns the rows."""
    from tuning.domain import datasets, exports

    version = datasets.find(f"bench@{size}")
    return exports.write_whole(target, exports.lines(version, form))[0]


def _gemini(question: str, answer: str, history: Any, system: str) -> bytes:
    turns = [*history, ("user", question), ("assistant", answer)]
    names = {"user": "user", "assistant": "model"}
    contents = [{"role": names[role], "parts": [{"text": text}]} for role, text in turns]
    line: dict[str, Any] = {"contents": contents}
    if system:
        line = {"systemInstruction": {"role": "system", "parts": [{"text": system}]}, **line}
    return orjson.dumps(line) + b"\n"


def _chat(question: str, answer: str, history: Any, system: str) -> bytes:
    turns = [("system", system), *history, ("user", question), ("assistant", answer)]
    messages = [{"role": role, "content": text} for role, text in turns]
    return orjson.dumps({"messages": messages}) + b"\n"


def _bare(query: str, size: int, dump: Callable[..., bytes]) -> Iterator[bytes]:
    """The lines of (question, answer, history, system) rows, straight from a server-side cursor."""
    url = common.libpq(os.environ["DATABASE_URL"])
    with psycopg.connect(url) as connection, connection.cursor(name="bare") as cursor:
        cursor.itersize = 2000
        cursor.execute(query, {"reference": f"bench@{size}", "slug": f"bench-{size}"})
        for row in cursor:
            yield dump(*row)


_MEMBERS = """
SELECT input, output, history, prompt.text FROM tuning_datasetmember member
JOIN reviews_pairrevision revision ON revision.id = revision_id
JOIN tuning_datasetversion version ON version.id = version_id
JOIN reviews_promptversion prompt ON prompt.id = prompt_id
WHERE reference = %(reference)s AND part = 'train' ORDER BY position
"""
_VOTES = """
SELECT prompt, response, history, '' FROM reviews_feedback feedback
JOIN reviews_assistant assistant ON assistant.id = assistant_id
WHERE slug = %(slug)s AND is_positive ORDER BY feedback.id
"""


def _floor(size: int, form: str, target: Path) -> int:
    dump = {"gemini": _gemini, "chat": _chat}[form]
    rows = 0
    with target.open("wb") as file:
        for line in _bare(_MEMBERS, size, dump):
            file.write(line)
            rows += 1
    return rows


def bare(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    """The floor over HTTP: a WSGI application that streams the votes of the assistant ?SIZE."""
    start_response("200 OK", [("Content-Type", "application/x-ndjson")])
    size = environ.get("QUERY_STRING") or 0
    waiting, length = [], 0
    for line in _bare(_VOTES, int(size), _gemini):
        waiting.append(line)
        length += len(line)
        if length >= _BLOCK:
            yield b"".join(waiting)
            waiting, length = [], 0
    yield b"".join(waiting)


def _measure(who: str, size: int, form: str) -> None:
    """Write one file, and print its seconds, hash and the process's peak as JSON."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "feedbackhub.settings"
    django.setup()
    target = Path(os.environ["DATA_DIR"], f"{who}.jsonl")
    began = time.perf_counter()
    rows = {"ours": _export, "floor": _floor}[who](size, form, target)
    seconds = time.perf_counter() - began
    with target.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    print(json.dumps({"rows": rows, "seconds": seconds, "peak": common.peak(), "sha256": sha256}))


# --- the whole -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Figure:
    """Rows a second, the process's peak in MiB, and a hash of what was written."""

    rate: float
    peak: float
    sha256: str


def _file(form: str, who: str, size: int) -> Figure:
    command = [sys.executable, "-m", "benchmarks.export", who, str(size), form]
    done = subprocess.run(command, cwd=common.ROOT, stdout=subprocess.PIPE, check=True)
    told = json.loads(done.stdout)
    assert told["rows"] == size
    return Figure(size / told["seconds"], told["peak"], told["sha256"])


def _download(url: str, key: str) -> tuple[int, float, str]:
    """(rows, seconds, hash) of the whole answer."""
    digest, rows, began = hashlib.sha256(), 0, time.perf_counter()
    with urlopen(Request(url, headers={"Authorization": f"Bearer {key}"})) as answer:
        while block := answer.read(_BLOCK):
            rows += block.count(b"\n")
            digest.update(block)
    return rows, time.perf_counter() - began, digest.hexdigest()


def _http(who: str, size: int, url: str, key: str) -> Figure:
    app = {"ours": "feedbackhub.wsgi:application", "floor": "benchmarks.export:bare"}[who]
    path = {"ours": "/api/v1/ai/feedback/export?days=90", "floor": f"/?{size}"}[who]
    with common.serve(app, url) as base:
        rows, seconds, sha256 = _download(base + path, key)
        peak = common.peak_of_workers()
    assert rows == size
    return Figure(size / seconds, peak, sha256)


def _best(measure: Callable[[], Figure]) -> Figure:
    return max((measure() for _time in range(_TIMES)), key=lambda figure: figure.rate)


def _row(what: str, measure: Callable[[str, int], Figure]) -> list[str]:
    """One line of the table; `measure` takes who and the size."""
    small, large = (_best(partial(measure, "ours", size)) for size in SIZES)
    floor = _best(partial(measure, "floor", SIZES[-1]))
    assert large.sha256 == floor.sha256, f"{what}: the floor writes other bytes"
    return [
        what,
        f"{small.rate:,.0f}",
        f"{large.rate:,.0f}",
        f"{floor.rate:,.0f}",
        f"{large.rate / floor.rate:.2f}",
        f"{large.peak - small.peak:+.1f}",
    ]


def main() -> None:
    with common.database() as url:
        import django

        os.environ["DJANGO_SETTINGS_MODULE"] = "feedbackhub.settings"
        django.setup()
        keys = {size: _load(url, size) for size in SIZES}
        rows = [_row(f"file, {form}", partial(_file, form)) for form in FORMS]
        rows.append(_row("HTTP, gemini", lambda who, size: _http(who, size, url, keys[size])))
    heads = [f"rows/s at {size:,}" for size in SIZES]
    common.table([["export", *heads, "bare floor", "ratio", "peak, MiB more"], *rows])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _measure(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    else:
        main()
