"""Votes as files: positives only in Gemini's form, everything for inspection."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest

from reviews.domain import assistants, feedback_export
from reviews.formats import Example, gemini
from reviews.models import Feedback
from tests.factories import NOW

SINCE = NOW - timedelta(days=7)
EACH_FORM = pytest.mark.parametrize(("form", "empty"), [("jsonl", b""), ("json", b"[]\n")])


def _vote(assistant, prompt, positive=True, **fields):
    return Feedback.objects.create(
        request_id=uuid.uuid4(),
        assistant=assistant,
        request_type="chat",
        prompt=prompt,
        response=fields.pop("response", "Ya."),
        is_positive=positive,
        asked_at=NOW,
        created_at=fields.pop("created_at", NOW),
        **fields,
    )


def _file(form, assistant):
    kind, rows = feedback_export.FORMS[form]
    assert kind == {"jsonl": "application/x-ndjson", "json": "application/json"}[form]
    return b"".join(rows(assistant, SINCE))


def test_the_lines_are_the_positive_votes_as_our_codec_reads_them(assistant):
    turns = [["user", "Halo"], ["assistant", "Ya?"]]
    text = 'Apa <b>itu</b> & "PMA"?\n\u2028💥'
    _vote(assistant, text, history=turns)
    _vote(assistant, "buruk", positive=False)
    _vote(assistant, "kedua")
    lines = _file("jsonl", assistant).splitlines(keepends=True)
    assert [gemini.loads(line) for line in lines] == [
        Example(text, "Ya.", history=(("user", "Halo"), ("assistant", "Ya?"))),
        Example("kedua", "Ya."),
    ]
    assert all(line.endswith(b"\n") for line in lines)


def test_the_exact_bytes_of_a_line(assistant):
    _vote(assistant, "<a> & é", response="Ya > tidak.")
    assert (
        _file("jsonl", assistant)
        == (
            '{"contents":[{"role":"user","parts":[{"text":"<a> & é"}]},'
            '{"role":"model","parts":[{"text":"Ya > tidak."}]}]}\n'
        ).encode()
    )


def test_the_array_holds_every_vote(assistant):
    first = _vote(assistant, "<a> & b", rating=5, comment="bagus", segment="investor")
    _vote(assistant, "buruk", positive=False)
    raw = _file("json", assistant)
    rows = json.loads(raw)
    assert [(row["prompt"], row["is_positive"]) for row in rows] == [
        ("<a> & b", True),
        ("buruk", False),
    ]
    assert rows[0]["request_id"] == str(first.request_id)
    assert (rows[0]["rating"], rows[0]["comment"], rows[0]["segment"]) == (5, "bagus", "investor")
    assert not {"subject_hash", "assistant_id"} & rows[0].keys()
    assert raw.endswith(b"]\n")
    assert b"<a> & b" in raw


@EACH_FORM
def test_none_is_an_empty_file_of_the_same_form(assistant, form, empty):
    assert _file(form, assistant) == empty


@EACH_FORM
def test_older_votes_and_other_assistants_stay_out(assistant, form, empty):
    _vote(assistant, "lama", created_at=SINCE - timedelta(microseconds=1))
    _vote(assistants.ensure("lain", "Lain"), "lain")
    assert _file(form, assistant) == empty
    _vote(assistant, "tepat", created_at=SINCE)
    assert b"tepat" in _file(form, assistant)


@EACH_FORM
def test_any_number_of_votes_is_one_query(assistant, form, empty, django_assert_num_queries):
    for number in range(3):
        _vote(assistant, f"{number}?")
    with django_assert_num_queries(1):
        _file(form, assistant)
