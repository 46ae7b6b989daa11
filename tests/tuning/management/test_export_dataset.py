"""export_dataset VERSION --format NAME --out FILE|- writes what the nightly export writes."""

from __future__ import annotations

import hashlib

import pytest
from django.core.management import CommandError, call_command

from reviews import formats
from tests import factories
from tests.tuning import making
from tuning.domain import exports


@pytest.fixture
def version(assistant):
    making.approved_many(assistant, 20)
    return making.frozen(assistant)


# A plain prompt has no place for the system text that every assistant has.
@pytest.mark.parametrize("name", sorted(set(formats.NAMES) - {"prompt_completion_plain"}))
def test_standard_output_holds_the_same_bytes_as_the_export(version, name, capfdbinary):
    export = exports.request(version, name, factories.NOW)
    exports.write_pending(factories.NOW)
    call_command("export_dataset", version.reference, format=name, out="-")
    assert capfdbinary.readouterr().out == exports.path(export).read_bytes()


def test_a_file_is_written_and_its_hash_is_told(version, tmp_path, capsys):
    target = tmp_path / "deep" / "out.jsonl"
    call_command("export_dataset", version.reference, format="chat", out=str(target))
    data = target.read_bytes()
    assert data == b"".join(exports.lines(version, "chat"))
    told = f"{version.train_count} rows, sha256 {hashlib.sha256(data).hexdigest()}\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("part", ["train", "validation", "test", "paraphrase", "all"])
def test_a_part_may_be_asked_for(version, part, tmp_path):
    target = tmp_path / "out.jsonl"
    call_command("export_dataset", str(version.pk), format="chat", out=str(target), part=part)
    expected = 20 if part == "all" else version.split[part]
    assert len(target.read_bytes().splitlines()) == expected


def test_an_unknown_version_is_named(db):
    with pytest.raises(CommandError, match="there is no dataset version 'x@9'"):
        call_command("export_dataset", "x@9", format="chat", out="-")


def test_an_unknown_format_is_refused(version):
    with pytest.raises(CommandError, match="invalid choice: 'xml'"):
        call_command("export_dataset", version.reference, "--format=xml", "--out=-")


def test_what_the_format_cannot_hold_leaves_no_file(assistant, tmp_path):
    turns = [["user", "Halo"], ["user", "Lagi"]]
    factories.approved(assistant, history=turns)
    version = making.frozen(assistant)
    with pytest.raises(CommandError, match="history: Alpaca"):
        call_command(
            "export_dataset", version.reference, format="alpaca", out=str(tmp_path / "out.jsonl")
        )
    assert list(tmp_path.iterdir()) == []


def test_a_version_that_would_leak_is_not_written(assistant, tmp_path):
    taught = factories.approved(assistant, "Berapa biaya paspor?", "Rp350 ribu.", family="paspor")
    asked = factories.approved(assistant, "Paspor kena berapa?", "Rp350 ribu.", family="paspor")
    version = making.version_of(assistant, {"train": [taught], "test": [asked]}).dataset_version
    file = tmp_path / "latih.jsonl"
    with pytest.raises(CommandError, match=f"#{taught.pk}"):
        call_command("export_dataset", version.reference, format="gemini", out=str(file))
    assert not file.exists()
