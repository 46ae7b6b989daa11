"""Training files on Cloud Storage, by the real client; wrong lines never get there."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from reviews.formats import Example, gemini
from tests.standins.server import BROKEN_DOWN, Fault, error
from tests.standins.storage import Storage
from tests.tuning.backends import vertexes
from tests.tuning.backends.vertexes import BASE, lines
from tuning.backends import BackendError
from tuning.backends.vertex import VertexBackend, _object_name

PART = 8 * 1024 * 1024


@pytest.fixture
def storage(vertex) -> Storage:
    return vertex.storage


@pytest.fixture
def spec(tmp_path):
    return vertexes.spec(tmp_path)


def refusal(call, *args) -> tuple[bool, str]:
    with pytest.raises(BackendError) as raised:
        call(*args)
    return raised.value.permanent, str(raised.value)


def writes(storage: Storage) -> list[tuple[str, str]]:
    sent = [one for one in storage.requests if one.method in ("POST", "PUT")]
    return [(one.method, one.query["uploadType"]) for one in sent]


def big(count: int) -> bytes:
    """Lines of about a mebibyte less than one in all, each below the limit on tokens."""
    words = "Sungai mengalir ke laut. " * 8000
    return b"".join(gemini.dumps(Example(f"Cerita {n}?", words)) for n in range(count))


# --- on its way ----------------------------------------------------------------------------------
def test_the_same_file_is_one_object(storage, backend, spec, tmp_path):
    backend.upload(spec)
    before = dict(storage.objects)
    assert list(before.values()) == [lines(0, 8), lines(8, 3)]
    backend.upload(spec)
    again = tmp_path / "again"
    again.mkdir()
    backend.upload(vertexes.spec(again, train=lines(8, 3), validation=b""))
    assert storage.objects == before
    assert [one.query["ifGenerationMatch"] for one in storage.requests if one.method == "POST"] == [
        "0"
    ] * 5


def test_another_text_is_another_object(storage, backend, tmp_path):
    backend.upload(vertexes.spec(tmp_path, validation=b""))
    backend.upload(vertexes.spec(tmp_path, train=lines(1, 8), validation=b""))
    assert list(storage.objects.values()) == [lines(0, 8), lines(1, 8)]


def test_a_big_file_goes_up_in_parts(storage, backend, tmp_path):
    content = big(50)
    assert PART < len(content) < 2 * PART
    backend.upload(vertexes.spec(tmp_path, train=content, validation=b""))
    assert list(storage.objects.values()) == [content]
    assert writes(storage) == [("POST", "resumable"), ("PUT", "resumable"), ("PUT", "resumable")]


@pytest.mark.parametrize("heard", [False, True])
def test_an_upload_that_breaks_off_is_sent_again(storage, backend, spec, heard):
    storage.faults.append(Fault("POST", "/upload", None, heard=heard))
    backend.upload(spec)
    assert list(storage.objects.values()) == [lines(0, 8), lines(8, 3)]
    assert len(writes(storage)) == 3


def test_a_part_that_breaks_off_leaves_no_object_or_the_whole(storage, backend, tmp_path):
    storage.faults.append(Fault("PUT", "/upload", BROKEN_DOWN))
    backend.upload(vertexes.spec(tmp_path, train=big(50), validation=b""))
    assert list(storage.objects.values()) == [big(50)]


def test_a_storage_that_stays_away_is_no_permanent_trouble(monkeypatch, storage, backend, spec):
    monkeypatch.setattr("tuning.backends.vertex.SECONDS", 0.5)
    storage.faults += [Fault("POST", "/upload", BROKEN_DOWN)] * 20
    permanent, said = refusal(backend.upload, spec)
    assert (permanent, said) == (False, "Google answered 503: Service Unavailable")
    assert storage.objects == {}


def test_what_lies_at_the_name_must_be_the_file(storage, backend, spec):
    name = _object_name(spec.train_file)
    storage.objects[name] = b"somebody else's\n"
    assert refusal(backend.upload, spec) == (
        True,
        f"another file lies at {name} on Cloud Storage",
    )


def test_a_refusal_is_told_in_google_s_words(storage, backend, spec):
    said = "hub@proyek-uji does not have storage.objects.create access."
    storage.faults.append(Fault("POST", "/upload", error(403, "PERMISSION_DENIED", said)))
    assert refusal(backend.upload, spec) == (True, f"Google answered 403: {said}")


def test_a_bucket_that_is_not_there_is_a_permanent_error(vertex, spec):
    google = replace(vertexes.google(vertex), bucket_name="lain")
    assert refusal(VertexBackend(google).upload, spec) == (
        True,
        "Google answered 404: The specified object or bucket does not exist.",
    )


# --- refused before ------------------------------------------------------------------------------
def turn(role: str, text: str) -> dict:
    return {"role": role, "parts": [{"text": text}]}


ASKED, ANSWERED = turn("user", "Berapa?"), turn("model", "Dua.")
WRONG = {
    "no JSON": (b"{", "line: not JSON"),
    "an empty answer": ({"contents": [ASKED, turn("model", " ")]}, "is empty"),
    "another role": ({"contents": [ASKED, turn("assistant", "Dua.")]}, "contents[1].role"),
    "no answer": ({"contents": [ANSWERED, ASKED]}, "contents"),
    "no question": ({"contents": [ANSWERED]}, "contents"),
    "an answer first": (
        {"contents": [ANSWERED, ASKED, ANSWERED]},
        "contents[0].role: the first turn must be a user's",
    ),
    "too long in Chinese": (
        {"contents": [ASKED, turn("model", "居" * 40)]},
        "up to 124 tokens; allowed: 100",
    ),
    "too long": (
        {"contents": [ASKED, turn("model", "a" * 200)]},
        "up to 104 tokens; allowed: 100",
    ),
}


@pytest.mark.parametrize("part", ["train", "validation"])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_line_is_named_and_nothing_goes_up(storage, backend, tmp_path, wrong, part):
    line, why = WRONG[wrong]
    line = line if isinstance(line, bytes) else json.dumps(line).encode()
    spec = vertexes.spec(tmp_path, **{part: lines(0, 2) + line + b"\n" + lines(3, 1)})
    base = replace(BASE, token_limit=100)
    permanent, said = refusal(backend.upload, replace(spec, base=base))
    assert permanent
    assert said.startswith(f"{part}.jsonl, line 3: ")
    assert why in said
    assert storage.requests == []


def test_a_preference_without_its_worse_answer_is_named(storage, backend, tmp_path):
    better = {"score": 1, "completion": ANSWERED}
    line = json.dumps({"contents": [ASKED], "completions": [better]}).encode() + b"\n"
    spec = vertexes.spec(tmp_path, train=line, validation=b"", method="preference")
    permanent, said = refusal(backend.upload, spec)
    assert (permanent, said[:24]) == (True, "train.jsonl, line 1: com")
    assert storage.requests == []


def test_a_line_at_the_limit_goes_up(storage, backend, tmp_path):
    line = json.dumps({"contents": [ASKED, turn("model", "a" * 192)]}).encode() + b"\n"
    base = replace(BASE, token_limit=100)
    backend.upload(vertexes.spec(tmp_path, train=line, validation=b"", base=base))
    assert list(storage.objects.values()) == [line]


@pytest.mark.parametrize("label", ["Hub-1", "hub 1", "hub/1", "", "a" * 64])
def test_a_label_that_google_would_refuse_goes_nowhere(storage, backend, spec, label):
    permanent, said = refusal(backend.upload, replace(spec, label=label))
    assert permanent
    assert said == f"the label {label} is none of Google's: a-z, 0-9, _ and -"
    assert storage.requests == []


def test_a_file_over_the_limit_goes_nowhere(monkeypatch, storage, backend, spec):
    monkeypatch.setattr("tuning.backends.vertex_checks.MAX_BYTES", 1000)
    size = len(lines(0, 8))
    assert refusal(backend.upload, spec) == (
        True,
        f"train.jsonl has {size} bytes; allowed: 1000",
    )
    assert storage.requests == []


def test_nothing_to_learn_from_goes_nowhere(storage, backend, tmp_path):
    spec = vertexes.spec(tmp_path, train=b"")
    assert refusal(backend.upload, spec) == (True, "there is nothing to learn from")
    assert storage.requests == []
