"""`manage.py demo`: the whole loop on real rows, once; run again it goes on and doubles nothing."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from feedbackhub.demo import sample
from feedbackhub.demo.process import Client, free_port
from tests.feedbackhub import processes
from tests.feedbackhub.processes import ROOT, Place, ask, manage

pytestmark = pytest.mark.processes
KEYS = set(
    "contexts votes pairs_approved dataset_version dataset_hash split export_rows export_sha256 "
    "run_status metrics gates model_version traffic_weight answers_by_version seconds".split()
)
KEPT = set(
    "contexts votes votes_on_answers pairs_approved dataset_version dataset_hash split "
    "export_rows export_sha256 run_status metrics gates model_version model_status "
    "traffic_weight answers_by_version".split()
)
"""What a second run must find as the first one left it."""
# The votes on the gateway's answers become drafts within a minute; here at once.
COUNTS = """
from django.utils import timezone
from reviews.domain import feedback
feedback.link_pending(timezone.now())
from reviews.models import ClientKey, Correction, Feedback, Pair
from tuning.models import Answer, DatasetVersion, Evaluation, Export, ModelVersion, TuningRun
from django.contrib.auth.models import User
kinds = ClientKey, Correction, Feedback, Pair, Answer, DatasetVersion, Evaluation, Export
kinds = *kinds, ModelVersion, TuningRun, User
print({kind.__name__: kind.objects.count() for kind in kinds})
"""


@pytest.fixture
def place(tmp_path) -> Iterator[Place]:
    """Data of its own, in a database of the kind that this run of the suite is on."""
    (tmp_path / "data").mkdir()
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        yield Place(tmp_path / "data")
        return
    with processes.own_database() as url:
        yield Place(tmp_path / "data", {"DATABASE_URL": url})


def demo(place: Place, *arguments: str) -> dict[str, Any]:
    """The summary of a demo, the only line that it prints."""
    [line] = manage(place, "demo", "--once", "--json", *arguments).stdout.splitlines()
    return json.loads(line)


def test_the_demo_runs_the_loop_and_run_again_doubles_nothing(place, tmp_path):
    first = demo(place)
    assert KEYS - set(first) == set()
    assert (first["votes"], first["run_status"], first["model_status"]) == (
        150,
        "succeeded",
        "canary",
    )
    assert (first["model_version"], first["traffic_weight"]) == ("bisnis/v1.0", 10)
    assert set(first["answers_by_version"]) == {"bisnis/base", "bisnis/v1.0"}
    assert first["contexts"] == 150 + sum(first["answers_by_version"].values())
    assert first["pairs_approved"] == sum(first["split"].values())
    assert first["export_rows"] == first["split"]["train"] > 0
    assert first["metrics"]["tuned"]["exact_match"] > first["metrics"]["base"]["exact_match"] == 0
    assert {gate["passed"] for gate in first["gates"] if gate["requirement"] == "required"} == {
        True
    }

    counts = ask(place, COUNTS)
    again = demo(place)
    assert {name: again[name] for name in KEPT} == {name: first[name] for name in KEPT}
    assert ask(place, COUNTS) == counts

    out = tmp_path / "again.jsonl"
    version = first["dataset_version"]
    manage(place, "export_dataset", version, "--format", "gemini", "--out", str(out))
    raw = out.read_bytes()
    assert hashlib.sha256(raw).hexdigest() == first["export_sha256"]
    assert raw.count(b"\n") == first["export_rows"]


THINGS = "paspor visa investor restoran gudang pabrik kapal hotel klinik sekolah apotek".split()
BANK = """# Pertanyaan

## Pajak

1. **Berapa tarif pajak final untuk usaha kecil di Bali?**

2. **Kapan laporan pajak tahunan perusahaan harus masuk?**
"""


BANK_QUESTIONS = """
from reviews.models import Question
print(Question.objects.filter(text__contains="pajak", category__slug="tax").count())
"""


def test_the_demo_runs_on_a_teams_own_files(place, tmp_path):
    pairs, bank = tmp_path / "own.jsonl", tmp_path / "bank.md"
    rows = []
    for number, thing in enumerate(THINGS):
        for wording in (f"Berapa biaya izin {thing}?", f"Izin {thing} itu bayar berapa ya?"):
            answer = f"Biaya izin {thing} adalah Rp{number + 1} juta."
            rows.append({"instruction": wording, "output": answer, "family": thing})
    lines = [json.dumps(row) for row in rows]
    pairs.write_text("\n".join([*lines[:3], "not json", *lines[3:]]) + "\n")
    bank.write_text(BANK)
    own = "--pairs", str(pairs), "--questions", str(bank)
    first = demo(place, *own)
    assert (first["votes"], first["pairs_approved"], first["run_status"]) == (22, 22, "succeeded")
    assert first["dataset_version"] == "demo/approved@1"
    assert ask(place, BANK_QUESTIONS) == "2"
    counts = ask(place, COUNTS)
    again = demo(place, *own)
    assert {name: again[name] for name in KEPT} == {name: first[name] for name in KEPT}
    assert ask(place, COUNTS) == counts


def answers(port: int) -> bool:
    try:
        return Client(port).call("GET", "/readyz")[0] == 200
    except OSError:
        return False


def test_it_serves_until_it_is_ended_and_takes_its_hub_along(place, tmp_path):
    pairs, port = tmp_path / "own.jsonl", free_port()
    pairs.write_text('{"instruction": "Apa itu KITAS?", "output": "Izin tinggal terbatas."}\n')
    command = [sys.executable, "manage.py", "demo", "--pairs", str(pairs), "--port", str(port)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=place.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        told = [running.stdout.readline() for _line in range(5)]
        assert answers(port)
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=30) == 143
    assert not answers(port)
    login = json.loads((place.folder / "demo_login.json").read_text())
    assert f"http://127.0.0.1:{port}/admin/" in told[1]
    assert f"admin / {login['password']} " in told[2]
    assert f"http://127.0.0.1:{port}/api/docs/" in told[3]


def test_too_little_to_tune_on_is_said_and_the_rest_is_done(place, tmp_path):
    pairs = tmp_path / "own.jsonl"
    pairs.write_text('{"instruction": "Apa itu KITAS?", "output": "Izin tinggal terbatas."}\n')
    done = manage(place, "demo", "--once", "--json", "--pairs", str(pairs))
    assert "· not tuned: holds 1 pairs; at least 10 are needed; " in done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    told = (summary["pairs_approved"], summary["export_rows"], summary["run_status"])
    assert told == (1, 1, None)


def test_a_file_that_is_not_there_is_said_in_one_line(place):
    done = manage(place, "demo", "--once", "--pairs", "/tidak/ada.jsonl", check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "CommandError: /tidak/ada.jsonl: No such file or directory\n",
    )


# --- the sample itself ---------------------------------------------------------------------------
def test_the_sample_holds_what_the_issue_asks_for():
    own = sample.own()
    assert (len(own.votes), len(own.corrections)) == (150, 15)
    assert len({vote.request_id for vote in own.votes}) == 150
    rows = [json.loads(line) for line in own.pairs.splitlines()]
    assert len(rows) >= 120
    assert {row["category"] for row in rows} == {
        "immigration",
        "criminal",
        "company",
        "tax",
        "property",
        "combined",
    }
    assert {row["register"] for row in rows} == {"formal", "business", "casual"}
