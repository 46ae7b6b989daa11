"""What a run's job reads: files, whole or absent, and what they weigh."""

from __future__ import annotations

import json
import os
import threading
from datetime import timedelta

import pytest

from reviews.models import Pair, PairRevision
from tests import factories
from tests.tuning import making
from tests.tuning.making import events
from tuning.domain import exports, lineage, run_files, runs
from tuning.enums import EventKind
from tuning.models import BaseModel, TuningRun

pytestmark = pytest.mark.usefixtures("english")
NOW = factories.NOW
MINUTE = timedelta(minutes=1)


def test_the_files_for_the_backend_are_the_version_s_parts(run, settings):
    making.drive(run, 2)
    folder = settings.TUNING_DIR / "data" / run.label
    for part in ("train", "validation"):
        lines = b"".join(exports.lines(run.dataset_version, "chat", part))
        assert (folder / f"{part}.jsonl").read_bytes() == lines


def test_what_leaks_since_the_launch_is_written_nowhere(run, settings):
    members = run.dataset_version.members
    taught, test = (members.filter(part=part).first().revision.pair for part in ("train", "test"))
    Pair.objects.filter(pk=taught.pk).update(question=test.question)
    making.drive(run, 2)
    assert (run.status, run.failed_at) == ("failed", "preparing")
    assert f"#{taught.pk} (" in run.why_failed
    assert not (settings.TUNING_DIR / "data" / run.key).exists()


def test_what_was_erased_since_the_launch_is_named(run, settings):
    revision = run.dataset_version.members.first().revision
    PairRevision.objects.filter(pk=revision.pk).update(input="", output="")
    making.drive(run, 2)
    assert run.status == "failed"
    assert run.why_failed == f"these pairs have no text any more: #{revision.pair_id}"


def test_the_lineage_lies_beside_the_data(run, settings, reviewer):
    making.drive(run, 2)
    file = settings.TUNING_DIR / "data" / run.key / "lineage.json"
    told = json.loads(file.read_text())
    version = run.dataset_version
    assert (told["dataset"], told["content_hash"]) == (version.reference, version.content_hash)
    assert told["split"] == version.split
    assert len(told["pairs"]) == version.members.count()


def test_a_run_learns_from_the_base_model_as_it_was_launched(dataset_version, outside_model):
    launched = {
        "remote_name": "jauh-2",
        "abilities": ["sft", "continuous"],
        "tune_region": "us-central1",
        "region": "us",
        "token_limit": 4096,
        "adapter_sizes": [1, 4],
        "price": 3.0,
        "retires_date": NOW.date(),
    }
    BaseModel.objects.update(**launched)
    outside_model.refresh_from_db()
    run = runs.launch(dataset_version, outside_model, now=NOW)
    before = run_files.base(outside_model)
    BaseModel.objects.update(
        remote_name="lain", region="eu", price=None, retires_date=None, provider="recorded"
    )
    run = TuningRun.objects.get(pk=run.pk)
    assert run_files.spec(run).base == before
    assert run_files.spec(run).questions_file is None
    told = lineage.document(run)
    assert (told["base_model"]["name"], told["base_model"]["serve_region"]) == ("jauh-2", "us")
    assert (told["base_model"]["backend"], told["method"]) == ("outside", "sft")


def test_the_data_is_measured_in_bytes(dataset_version):
    """A character of Chinese takes a token, and as many bytes as three Latin letters."""
    member = dataset_version.members.filter(part="train").first()
    PairRevision.objects.filter(pk=member.revision_id).update(input="办理签证需要多久?", system="é")
    rows = list(exports.datasets.examples(dataset_version, "train"))
    prompt = dataset_version.prompt.text
    own = {"é": f"é{prompt}"}
    texts = [f"{own.get(row.system, row.system)}{row.input}{row.output}[]" for row in rows]
    sizes = [len(text.encode()) for text in texts]
    found = run_files.data(dataset_version)
    assert (found.train, found.size, found.longest) == (len(rows), sum(sizes), max(sizes))
    assert found.families == len(rows)


def test_on_a_full_disk_the_file_is_absent_and_whole_at_the_next_look(run, settings):
    making.drive(run, 1)
    folder = settings.TUNING_DIR / "data" / run.key
    folder.mkdir(parents=True)
    # Where this thread's writer will write: a device that takes nothing.
    part = folder / f".train.jsonl.{os.getpid()}-{threading.get_ident()}.part"
    part.symlink_to("/dev/full")
    making.drive(run, 1, NOW + MINUTE)
    assert (run.status, run.tries, list(folder.iterdir())) == ("preparing", 1, [])
    assert "No space left on device" in events(run, EventKind.WARNING)[0]
    making.drive(run, 1, NOW + 5 * MINUTE)
    lines = b"".join(exports.lines(run.dataset_version, "chat", "train"))
    assert (run.status, (folder / "train.jsonl").read_bytes()) == ("uploading", lines)


# --- preferences ---------------------------------------------------------------------------------
def test_preferences_are_written_for_a_run_that_teaches_them(
    assistant, outside_model, settings, checklist, reviewer, second_reviewer
):
    making.approved_many(assistant, 12)
    making.corrected_many(assistant, 16, by=reviewer, approver=second_reviewer)
    version = making.frozen(assistant)
    run = runs.launch(version, outside_model, now=NOW, method="preference")
    making.drive(run, 2)
    folder = settings.TUNING_DIR / "data" / run.key
    lines = b"".join(exports.lines(version, "preference", "train"))
    assert (folder / "train.jsonl").read_bytes() == lines
    rows = len(lines.splitlines())
    assert rows == len((folder / "train.groups.txt").read_text().splitlines()) > 0
    assert run_files.data(version, "preference").train == rows


def test_the_families_of_preferences_are_counted_not_those_of_all_pairs(
    assistant, outside_model, checklist, reviewer, second_reviewer
):
    making.approved_many(assistant, 12)
    making.corrected_many(assistant, 3, by=reviewer, approver=second_reviewer)
    version = making.frozen(assistant)
    data = run_files.data(version, "preference")
    assert data.families == data.train == len(list(exports.preferences(version, "train"))) <= 3


def test_dropped_preferences_lead_to_their_own_pairs(
    assistant, outside_model, checklist, reviewer, second_reviewer
):
    making.approved_many(assistant, 12)
    making.corrected_many(assistant, 8, by=reviewer, approver=second_reviewer)
    version = making.frozen(assistant)
    lines = [row.input for row in exports.preferences(version, "train")]
    found = run_files.pairs_of_lines(version, list(range(1, len(lines) + 1)), "preference")
    assert [Pair.objects.get(pk=pk).current_revision.input for pk in found] == lines != []
