"""Files whole or absent, the same bytes each time, nothing twice and nothing lost (A7, K)."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import ProtectedError

from reviews import formats
from reviews.domain import assistants, contexts, corrections, feedback, pairs, transitions
from reviews.domain.errors import Conflict
from reviews.enums import CorrectionStatus, PairSource, PairStatus
from reviews.models import Correction, Pair, PairRevision, StatusChange
from tests import factories
from tests.tuning import making
from tuning.domain import datasets, exports
from tuning.enums import ExportStatus
from tuning.models import DatasetVersion, Export

NOW = factories.NOW
"""17:00 in Jakarta."""
SYSTEM = (
    "Jawab dengan tepat dan jujur dalam bahasa penanya. "
    "Bila tidak tahu atau tidak yakin, katakan terus terang."
)


def written(version, name, part="train") -> bytes:
    return b"".join(exports.lines(version, name, part))


def questions(export: Export) -> set[str]:
    lines = exports.path(export).read_bytes().splitlines()
    return {json.loads(line)["contents"][-2]["parts"][0]["text"] for line in lines}


@pytest.fixture
def version(assistant) -> DatasetVersion:
    making.approved_many(assistant, 20)
    return making.frozen(assistant)


@pytest.fixture
def full_disk(monkeypatch):
    """Every file's second line finds no room, until it is called."""
    real = exports.lines

    def cut(*arguments):
        yield next(real(*arguments))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exports, "lines", cut)
    return lambda: monkeypatch.setattr(exports, "lines", real)


# --- bytes ---------------------------------------------------------------------------------------
GOLDEN = {
    "gemini": (
        f'{{"systemInstruction":{{"role":"system","parts":[{{"text":"{SYSTEM}"}}]}},'
        '"contents":[{"role":"user","parts":[{"text":"Apa itu PT?"}]},'
        '{"role":"model","parts":[{"text":"Perseroan <b>&</b> \\"terbatas\\" – €5."}]}]}\n'
    ),
    "alpaca": (
        f'{{"instruction":"{SYSTEM}","input":"Apa itu PT?",'
        '"output":"Perseroan <b>&</b> \\"terbatas\\" – €5."}\n'
    ),
    "chat": (
        f'{{"messages":[{{"role":"system","content":"{SYSTEM}"}},'
        '{"role":"user","content":"Apa itu PT?"},'
        '{"role":"assistant","content":"Perseroan <b>&</b> \\"terbatas\\" – €5."}]}\n'
    ),
    "sharegpt": (
        f'{{"conversations":[{{"from":"system","value":"{SYSTEM}"}},'
        '{"from":"human","value":"Apa itu PT?"},'
        '{"from":"gpt","value":"Perseroan <b>&</b> \\"terbatas\\" – €5."}]}\n'
    ),
    "prompt_completion": (
        f'{{"prompt":[{{"role":"system","content":"{SYSTEM}"}},'
        '{"role":"user","content":"Apa itu PT?"}],"completion":['
        '{"role":"assistant","content":"Perseroan <b>&</b> \\"terbatas\\" – €5."}]}\n'
    ),
    "preference": "",
    "gemini_preference": "",
    "t5": (
        f'{{"prefix":"{SYSTEM}","input":"Apa itu PT?",'
        '"target":"Perseroan <b>&</b> \\"terbatas\\" – €5."}\n'
    ),
    "csv": (
        '\ufeff"system","history","input","output","rejected"\r\n'
        f'"{SYSTEM}","","Apa itu PT?","Perseroan <b>&</b> ""terbatas"" – €5.",""\r\n'
    ),
}
# A plain prompt has no place for the system text that every assistant has.
FORMATS = sorted(set(formats.NAMES) - {"prompt_completion_plain"})


def test_a_plain_prompt_is_refused_beside_a_system_text(assistant):
    factories.approved(assistant)
    with pytest.raises(formats.FormatError) as refused:
        written(making.frozen(assistant), "prompt_completion_plain")
    assert refused.value.field == "system"


@pytest.mark.parametrize("name", FORMATS)
def test_a_line_is_written_so_and_nothing_in_it_is_escaped(assistant, name):
    factories.approved(assistant, "Apa itu PT?", 'Perseroan <b>&</b> "terbatas" – €5.')
    assert written(making.frozen(assistant), name).decode() == GOLDEN[name]


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_version_gives_the_same_bytes_and_ends_with_a_newline(
    assistant, reviewer, second_reviewer, name
):
    for number in range(8):
        question, wrong, right = f"Berapa hari {number}?", "Salah.", f"{number + 3} hari."
        making.corrected(assistant, question, wrong, right, by=reviewer, approver=second_reviewer)
    version = making.frozen(assistant)
    first = written(version, name)
    assert first == written(DatasetVersion.objects.get(), name)
    assert first.endswith(b"\n")
    header = name == "csv"
    assert len(first.splitlines()) == version.train_count + header


def test_an_unknown_format_is_refused(version):
    with pytest.raises(formats.FormatError, match="gemini, alpaca, sharegpt, chat"):
        exports.request(version, "xml", NOW)
    assert Export.objects.count() == 0


def test_a_preference_holds_the_member_s_text_and_the_wrong_answer(
    assistant, reviewer, second_reviewer
):
    people = {"by": reviewer, "approver": second_reviewer}
    making.corrected(assistant, "Berapa lama?", "Setahun.", "Dua tahun.", **people)
    making.approved_many(assistant, 2)
    assert json.loads(written(making.frozen(assistant), "preference")) == {
        "prompt": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": "Berapa lama?"},
        ],
        "chosen": [{"role": "assistant", "content": "Dua tahun."}],
        "rejected": [{"role": "assistant", "content": "Setahun."}],
    }


def test_what_happens_to_a_correction_later_changes_no_preference(
    assistant, reviewer, second_reviewer
):
    people = {"by": reviewer, "approver": second_reviewer}
    task = making.corrected(assistant, "Berapa lama?", "Setahun.", "Dua tahun.", **people)
    version = making.frozen(assistant)
    before = written(version, "preference")
    pairs.revise(task.pair, answer="Lima tahun.", by=reviewer, why="baru", now=NOW)
    assert written(version, "preference") == before
    # The same right answer to another wrong one, after the freeze; the clock was put back.
    later = _correct_again(task, "Sebulan.", reviewer, NOW - timedelta(hours=1))
    assert later.status == CorrectionStatus.FINISHED
    assert written(version, "preference") == before


def _correct_again(task, wrong, by, now):
    later = corrections.open_task(task.assistant, "Berapa lama?", wrong)
    remedy = corrections.Remedy("Dua tahun.", "salah", "Periksa.", task.category, "business")
    corrections.finish(later, remedy, by=by, now=now)
    assert later.pair_id == task.pair_id
    return later


@pytest.mark.parametrize("wrong", [("Setahun.", "Sebulan."), ("Sebulan.", "Setahun.")])
def test_a_new_correction_of_an_unchanged_pair_makes_another_version(
    assistant, reviewer, second_reviewer, wrong
):
    people = {"by": reviewer, "approver": second_reviewer}
    task = making.corrected(assistant, "Berapa lama?", wrong[0], "Dua tahun.", **people)
    first = making.frozen(assistant)
    _correct_again(task, wrong[1], reviewer, NOW)
    second = making.frozen(assistant)
    assert (second.number, making.frozen(assistant)) == (2, second)
    assert len(written(first, "preference").splitlines()) == 1
    rejected = [json.loads(row)["rejected"] for row in written(second, "preference").splitlines()]
    # By their hashes, whichever was finished first.
    texts = sorted(wrong, key=lambda text: Correction.objects.get(wrong_answer=text).identity)
    assert rejected == [[{"role": "assistant", "content": text}] for text in texts]


def test_a_frozen_correction_is_not_deleted(assistant, reviewer, second_reviewer):
    people = {"by": reviewer, "approver": second_reviewer}
    task = making.corrected(assistant, "Berapa lama?", "Setahun.", "Dua tahun.", **people)
    making.frozen(assistant)
    with pytest.raises(ProtectedError):
        task.delete()


# --- files ---------------------------------------------------------------------------------------
def test_an_export_is_completed_with_its_rows_and_hash(version):
    export = exports.request(version, "gemini", NOW)
    assert exports.write_pending(NOW) == 1
    export.refresh_from_db()
    data = exports.path(export).read_bytes()
    assert data == written(version, "gemini")
    assert (export.status, export.completed_at) == ("completed", NOW)
    assert export.rows == version.train_count == len(data.splitlines())
    assert export.sha256 == hashlib.sha256(data).hexdigest()
    assert exports.write_pending(NOW) == 0


def test_the_file_is_named_after_the_moment_in_jakarta(version):
    export = exports.request(version, "gemini", NOW)
    assert export.file_name == "feedback_export_20261121_170000.jsonl"


def test_of_two_exports_in_one_second_the_second_is_named_a_second_later(version):
    names = [exports.request(version, name, NOW).file_name for name in ("gemini", "chat", "alpaca")]
    assert [name[-12:] for name in names] == ["170000.jsonl", "170001.jsonl", "170002.jsonl"]


def test_asked_twice_it_is_one_export(version):
    first = exports.request(version, "gemini", NOW)
    assert exports.request(version, "gemini", NOW + timedelta(days=1)) == first


def test_a_full_disk_leaves_no_file_and_the_next_look_completes(version, full_disk):
    export = exports.request(version, "gemini", NOW)
    assert exports.write_pending(NOW) == 0
    export.refresh_from_db()
    assert (export.status, export.error) == ("pending", "[Errno 28] No space left on device")
    assert list(exports.path(export).parent.iterdir()) == []
    full_disk()
    assert exports.write_pending(NOW) == 1
    assert exports.path(export).read_bytes() == written(version, "gemini")
    export.refresh_from_db()
    assert (export.status, export.error) == ("completed", "")


@pytest.mark.parametrize("act", [exports.request, exports.order])
def test_a_version_that_is_not_what_was_frozen_is_refused(version, act):
    member = version.members.get(position=3)
    PairRevision.objects.filter(pk=member.revision_id).update(output="")
    version.members.get(position=7).delete()
    with pytest.raises(Conflict) as refused:
        act(version, "gemini", NOW)
    assert str(refused.value) == (
        "1 dari 20 anggota sudah hilang; "
        f"pasangan berikut tidak punya teks lagi: #{member.revision.pair_id}"
    )
    assert Export.objects.count() == 0


def test_a_vanished_revision_leaves_no_shorter_file(version):
    with transaction.atomic():
        PairRevision.objects.filter(pk=version.members.get(position=7).revision_id)._raw_delete(
            "default"
        )
        with pytest.raises(Conflict, match=r": 7$"):
            exports.request(version, "gemini", NOW)
        transaction.set_rollback(True)


def test_two_workers_on_one_export_that_fails(assistant):
    """Neither stops at what the other one was first to write down."""
    factories.approved(assistant, history=[["user", "Halo"], ["user", "Lagi"]])
    export = exports.request(making.frozen(assistant), "alpaca", NOW)
    theirs = Export.objects.get()
    assert (exports.write_pending(NOW), exports._write_safely(theirs, NOW)) == (0, 0)
    export.refresh_from_db()
    assert (export.status, export.error[:15]) == ("failed", "history: Alpaca")


def test_a_failed_export_does_not_stop_the_next_one(version):
    first = exports.request(version, "gemini", NOW)
    exports.path(first).mkdir(parents=True)  # a folder stands where the file belongs
    second = exports.request(version, "chat", NOW)
    assert exports.write_pending(NOW) == 1
    assert list(Export.objects.order_by("id").values_list("pk", "status")) == [
        (first.pk, "pending"),
        (second.pk, "completed"),
    ]


def test_a_file_that_is_there_is_kept_whole_when_its_successor_fails(tmp_path):
    target = tmp_path / "a.jsonl"
    exports.write_whole(target, [b"one\n"])

    def cut():
        yield b"two\n"
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        exports.write_whole(target, cut())
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [
        ("a.jsonl", b"one\n")
    ]


@pytest.mark.django_db(transaction=True)
def test_two_nights_share_no_pair(assistant, together):
    """The second has chosen before the first has opened its export, and one pair more."""
    making.approved_many(assistant, 10)
    dataset = datasets.ensure(assistant, datasets.NIGHTLY)
    first = datasets.freeze(dataset, now=NOW)
    factories.approved(assistant, "Sesudahnya?")
    second = datasets.freeze(dataset, now=NOW)
    exports.request(first, "gemini", NOW)
    # What the second night does next.
    assert second.size == 11
    assert exports.open_nightly(second, NOW) is None
    assert exports.nightly(NOW + timedelta(days=1)) == 2
    third = DatasetVersion.objects.latest("pk")
    assert list(third.members.values_list("revision__input", flat=True)) == ["Sesudahnya?"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_export_complete_it_once(assistant, together):
    making.approved_many(assistant, 20)
    version = making.frozen(assistant)
    export = exports.request(version, "gemini", NOW)
    together(*[lambda: exports.write(Export.objects.get(), NOW)] * 2)
    export.refresh_from_db()
    data = exports.path(export).read_bytes()
    assert data == written(version, "gemini")
    assert (export.status, export.sha256) == ("completed", hashlib.sha256(data).hexdigest())
    assert StatusChange.objects.filter(to_status=ExportStatus.COMPLETED).count() == 1


def test_an_order_hints_at_the_worker(version, sent_hints, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        export = exports.order(version, "chat", NOW)
    assert (export.status, sent_hints) == ("pending", ["tuning.write_exports"])
    exports.write_pending(NOW)
    with django_capture_on_commit_callbacks(execute=True):
        exports.order(version, "chat", NOW)
    assert sent_hints == ["tuning.write_exports"]


# --- the night (A7) ------------------------------------------------------------------------------
def test_approved_pairs_of_all_sources_are_exported_once(assistant):
    for source in PairSource.values:
        factories.approved(assistant, f"Dari {source}?", source=source)
    factories.pair(assistant, "Belum disetujui?")
    assert exports.nightly(NOW) == 1
    export = Export.objects.get()
    assert questions(export) <= {f"Dari {source}?" for source in PairSource.values}
    assert export.rows == len(questions(export)) == export.version.train_count
    members = export.version.members.values_list("revision__pair__source", flat=True)
    assert sorted(members) == sorted(PairSource.values)


def test_a_second_night_without_anything_new_writes_nothing(assistant):
    making.approved_many(assistant, 10)
    exports.nightly(NOW)
    assert exports.nightly(NOW + timedelta(days=1)) == 0
    assert (Export.objects.count(), DatasetVersion.objects.count()) == (1, 1)


def test_a_night_with_nothing_approved_writes_no_file(assistant):
    factories.pair(assistant)
    assert exports.nightly(NOW) == 0
    assert (Export.objects.count(), DatasetVersion.objects.count()) == (0, 0)


def test_the_next_night_takes_only_what_is_new(assistant):
    making.approved_many(assistant, 3)
    exports.nightly(NOW)
    factories.approved(assistant, "Baru?")
    assert exports.nightly(NOW + timedelta(days=1)) == 1
    assert questions(Export.objects.latest("id")) == {"Baru?"}


def test_a_revised_and_approved_pair_is_exported_again_with_its_new_text(assistant, reviewer):
    pair = factories.approved(assistant, "Berapa lama?", "Setahun.")
    exports.nightly(NOW)
    pairs.revise(pair, answer="Dua tahun.", by=reviewer, why="salah", now=NOW)
    assert exports.nightly(NOW + timedelta(days=1)) == 0, "it waits for its reviewers"
    transitions.move(pair, PairStatus.APPROVED, now=NOW)
    assert exports.nightly(NOW + timedelta(days=2)) == 1
    data = exports.path(Export.objects.latest("id")).read_text()
    assert "Dua tahun." in data
    assert "Setahun." not in data


def test_the_setting_switches_the_night_off(assistant, settings):
    making.approved_many(assistant, 3)
    settings.FEEDBACK_EXPORT_ENABLED = False
    assert exports.nightly(NOW) == 0
    assert Export.objects.count() == 0


def test_each_assistant_has_a_file_of_its_own(assistant):
    other = assistants.ensure("lain", "Lain")
    factories.approved(assistant, "Punya bisnis?")
    factories.approved(other, "Punya lain?")
    assert exports.nightly(NOW) == 2
    found = {e.version.dataset.assistant.slug: questions(e) for e in Export.objects.all()}
    assert found == {"bisnis": {"Punya bisnis?"}, "lain": {"Punya lain?"}}


def test_the_night_finishes_what_the_last_one_left(assistant, full_disk):
    making.approved_many(assistant, 5)
    assert exports.nightly(NOW) == 0
    full_disk()
    assert exports.nightly(NOW + timedelta(days=1)) == 1
    assert Export.objects.get().rows == DatasetVersion.objects.get().train_count


@pytest.mark.django_db(transaction=True)
def test_two_nights_at_once_export_once(assistant, together):
    making.approved_many(assistant, 10)
    counts = together(*[lambda: exports.nightly(NOW)] * 2)
    assert [error for error in counts if isinstance(error, Exception)] == []
    assert (Export.objects.count(), DatasetVersion.objects.count()) == (1, 1)
    assert Export.objects.get().status == "completed"


# --- votes that no export holds yet (A5) ---------------------------------------------------------
def vote(assistant, prompt: str, positive: bool = True) -> None:
    context = contexts.Context(
        request_id=str(contexts.new_id()),
        assistant_id=assistant.pk,
        request_type="chat",
        prompt=prompt,
        response=f"Jawaban atas {prompt}",
        asked_at=datetime.now(UTC).isoformat(),
    )
    contexts.register(context)
    ballot = feedback.Ballot(thumb=positive)
    feedback.vote(context.request_id, ballot, assistant_id=assistant.pk, now=NOW)


def test_votes_count_as_unexported_until_their_pair_is_in_a_completed_export(assistant):
    for prompt in ("Satu?", "Satu?", "Dua?"):
        vote(assistant, prompt)
    vote(assistant, "Tiga?", positive=False)
    feedback.link_pending(NOW)
    assert exports.unexported_votes(assistant) == 4
    pair = Pair.objects.get(current_revision__input="Satu?")
    transitions.move(pair, PairStatus.IN_REVIEW, now=NOW)
    transitions.move(pair, PairStatus.APPROVED, now=NOW)
    with transaction.atomic():
        exports.request(making.frozen(assistant, datasets.NIGHTLY), "gemini", NOW)
    assert exports.unexported_votes(assistant) == 4, "a pending export holds no file yet"
    exports.write_pending(NOW)
    assert exports.unexported_votes(assistant) == 2


def test_what_a_format_cannot_hold_fails_for_good_and_counts_as_no_export(assistant):
    turns = [["user", "a"], ["user", "b"]]
    pair = factories.approved(assistant, history=turns)
    version = datasets.freeze(datasets.ensure(assistant, datasets.EVERYTHING), now=NOW)
    export = exports.request(version, "alpaca", NOW)
    assert exports.write_pending(NOW) == 0
    export.refresh_from_db()
    assert (export.status, export.error) == (
        "failed",
        f"history: Alpaca can only hold pairs of a user and an assistant turn (#{pair.pk})",
    )
    assert exports.nightly(NOW) == 1
    assert exports.order(version, "alpaca", NOW).status == "pending"


def test_a_file_of_preferences_hides_nothing_from_the_night(assistant):
    factories.approved(assistant)
    version = datasets.freeze(datasets.ensure(assistant, datasets.EVERYTHING), now=NOW)
    exports.request(version, "preference", NOW)
    exports.write_pending(NOW)
    assert exports.nightly(NOW) == 1
