"""Texts that a file can't hold: left out at the freeze, or named where one format alone refuses."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from reviews.domain.errors import Invalid
from reviews.formats import FormatError
from reviews.models import PairRevision
from tests import factories
from tests.tuning import making
from tuning.domain import datasets, exports, runs
from tuning.enums import ExportStatus
from tuning.models import DatasetVersion, Export
from tuning.models.datasets import LeftOut, LeftOutReason

pytestmark = pytest.mark.usefixtures("english")
NOW = factories.NOW
GREETED = [["assistant", "Selamat pagi, ada yang bisa kami bantu?"]]


def given_history(pair, history) -> int:
    """The pair's id; its text has these earlier turns, whatever an import would say of them."""
    PairRevision.objects.filter(pk=pair.current_revision_id).update(history=history)
    return pair.pk


@pytest.fixture
def pairs(assistant):
    return making.approved_many(assistant, 20)


def left_out(version) -> list[tuple[int, str]]:
    return list(LeftOut.objects.filter(version=version).values_list("revision__pair", "reason"))


# --- at the freeze -------------------------------------------------------------------------------
@pytest.mark.parametrize("turns", [[["user", " "]], [["tool", "x"]]], ids=["blank", "role"])
def test_what_no_file_can_hold_enters_no_version(assistant, pairs, turns):
    unfit = given_history(pairs[3], turns)
    version = making.frozen(assistant)
    assert (version.size, left_out(version)) == (19, [(unfit, LeftOutReason.FORMAT)])
    for name in ("chat", "gemini", "csv"):
        assert b"".join(exports.lines(version, name, None))


def test_the_night_goes_on_without_what_gemini_can_t_hold_and_names_it(assistant, pairs, caplog):
    unfit = given_history(pairs[3], GREETED)
    assert exports.nightly(NOW) == 1
    export = Export.objects.get()
    assert (export.status, left_out(export.version)) == (
        ExportStatus.COMPLETED,
        [(unfit, LeftOutReason.FORMAT)],
    )
    [told] = [one for one in caplog.records if one.message == "pairs left out"]
    assert told.pairs == [unfit]
    # The next nights have nothing new, and the pair waits until somebody mends it.
    assert exports.nightly(NOW + timedelta(days=1)) == 0
    given_history(pairs[3], [])
    assert exports.nightly(NOW + timedelta(days=2)) == 1
    newest = DatasetVersion.objects.latest("pk")
    assert list(newest.members.values_list("revision__pair", flat=True)) == [unfit]


def test_a_dataset_of_another_kind_holds_it_for_the_formats_that_can(assistant, pairs):
    unfit = given_history(pairs[3], GREETED)
    version = making.frozen(assistant)
    assert (version.size, left_out(version)) == (20, [])
    part = version.members.get(revision__pair=unfit).part
    assert GREETED[0][1].encode() in b"".join(exports.lines(version, "chat", part))


def test_a_preview_counts_what_would_be_left_out(assistant, pairs):
    given_history(pairs[3], [["user", ""]])
    dataset = datasets.ensure(assistant, datasets.EVERYTHING)
    found = datasets.preview(datasets.selection.of(dataset))
    assert found.omitted == [("no line of the training file can hold it", 1)]


# --- in one format -------------------------------------------------------------------------------
@pytest.fixture
def greeted(assistant, pairs) -> tuple[DatasetVersion, list[int]]:
    """A version with two pairs of its train part that Gemini can't hold."""
    version = making.frozen(assistant)
    members = version.members.filter(part="train").order_by("position")
    chosen = [members[1].revision.pair, members[4].revision.pair]
    return version, [given_history(pair, GREETED) for pair in chosen]


def test_an_export_that_fails_names_the_pair(greeted):
    version, unfit = greeted
    with pytest.raises(FormatError) as raised:
        b"".join(exports.lines(version, "gemini"))
    assert str(raised.value) == (
        f"history[0]: Gemini is only taught what begins with a user's turn (#{unfit[0]})"
    )
    export = exports.request(version, "gemini", NOW)
    exports.write_pending(NOW)
    export.refresh_from_db()
    assert (export.status, export.error) == (ExportStatus.FAILED, str(raised.value))


def test_each_that_a_format_can_t_hold_is_found(greeted):
    version, unfit = greeted
    assert list(exports.refused(version, "gemini")) == unfit
    assert list(exports.refused(version, "gemini", "train")) == unfit
    assert exports.refused(version, "gemini", "test") == {}
    assert exports.refused(version, "chat") == {}
    assert exports.refused(version, "gemini_preference") == {}


def test_a_run_is_refused_with_each_pair_that_its_backend_can_t_be_taught(
    greeted, outside, outside_model
):
    version, unfit = greeted
    outside.formats = {"sft": "gemini", "preference": "gemini_preference"}
    with pytest.raises(Invalid) as raised:
        runs.launch(version, outside_model, now=NOW)
    named = ", ".join(f"#{pair}" for pair in unfit)
    assert raised.value.fields == {
        "dataset_version": f"2 pairs can't be taught here: {named} (history[0]: Gemini is only "
        "taught what begins with a user's turn)"
    }


def test_a_text_that_no_format_holds_since_the_launch_fails_the_run_for_good(run):
    member = run.dataset_version.members.filter(part="train").first()
    given_history(member.revision.pair, [["user", " "]])
    making.drive(run, 2)
    assert (run.status, run.tries) == ("failed", 0)
    assert f"#{member.revision.pair_id}" in json.dumps(
        list(run.events.values_list("message", "values"))
    )
