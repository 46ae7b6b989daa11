"""Votes as files: positives only in Gemini's form, everything for inspection."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from reviews.domain import assistants, feedback_export
from reviews.domain.errors import Invalid
from reviews.formats import Example, gemini
from reviews.models import Feedback
from tests.factories import NOW

SINCE = NOW - timedelta(days=7)
SETTLED = NOW - feedback_export.SETTLED
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


def _page(form, assistant, **asked):
    return feedback_export.page(assistant, form, **{"days": 7, "now": NOW, **asked})


def _file(form, assistant):
    page = _page(form, assistant)
    kinds = {"jsonl": "application/x-ndjson", "json": "application/json"}
    assert (page.media_type, page.next_cursor) == (kinds[form], "")
    return b"".join(page.lines)


def _prompts(page):
    return [vote["prompt"] for vote in json.loads(b"".join(page.lines))]


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


def test_a_vote_that_no_training_file_can_hold_is_left_out_and_told(assistant, caplog):
    empty = _vote(assistant, "pertama", history=[["user", "Halo"], ["assistant", ""]])
    _vote(assistant, "kedua")
    assert gemini.loads(_file("jsonl", assistant)) == Example("kedua", "Ya.")
    told = [(record.vote, record.reason) for record in caplog.records]
    assert told == [(empty.pk, "history[1]: is empty")]


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
def test_votes_after_the_call_stay_out(assistant, form, empty):
    _vote(assistant, "nanti", created_at=NOW + timedelta(microseconds=1))
    assert _file(form, assistant) == empty


# --- in portions ---------------------------------------------------------------------------------
@pytest.fixture
def at_most_two(monkeypatch):
    """Portions of two votes."""
    monkeypatch.setattr(feedback_export, "_AT_ONCE", 2)


def _several(assistant, count):
    """Votes by twos at the same time, the ids against the times."""
    for number in reversed(range(count)):
        _vote(assistant, f"{number}?", created_at=SETTLED - timedelta(hours=9 - number // 2))
    order = Feedback.objects.order_by("created_at", "id")
    return list(order.values_list("prompt", flat=True))


@pytest.mark.usefixtures("at_most_two")
@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_each_vote_is_there_once_in_the_order_of_time(assistant, count):
    expected = _several(assistant, count)
    assert _prompts(_page("json", assistant)) == expected
    assert len(set(expected)) == count


@EACH_FORM
@pytest.mark.parametrize("count", [0, 3, 300])
def test_a_portion_of_any_size_is_two_queries(
    assistant, form, empty, count, django_assert_num_queries
):
    for number in range(count):
        _vote(assistant, f"{number}?")
    with django_assert_num_queries(2):
        _file(form, assistant)


@pytest.mark.usefixtures("at_most_two")
def test_a_vote_deleted_meanwhile_hides_no_other(assistant):
    expected = _several(assistant, 6)
    lines = _page("jsonl", assistant).lines
    taken = [gemini.loads(next(lines)).input for _line in range(2)]
    Feedback.objects.filter(prompt__in=taken).delete()
    assert taken + [gemini.loads(line).input for line in lines] == expected


@pytest.mark.usefixtures("at_most_two")
def test_votes_stored_meanwhile_double_none(assistant):
    expected = _several(assistant, 5)
    lines = _page("jsonl", assistant).lines
    found = [gemini.loads(next(lines)).input]
    _vote(assistant, "lama", created_at=SINCE)
    _vote(assistant, "baru", created_at=NOW)
    found += [gemini.loads(line).input for line in lines]
    assert found == [*expected, "baru"]


def test_a_database_that_dies_is_no_end_of_the_file(assistant, at_most_two):
    _several(assistant, 5)

    def refuse(*_args):
        raise OperationalError("server closed the connection unexpectedly")

    lines = _page("json", assistant).lines
    next(lines)
    with connection.execute_wrapper(refuse), pytest.raises(OperationalError):
        list(lines)


# --- pages ---------------------------------------------------------------------------------------
def _pages(assistant, limit, form="json"):
    """The prompts of each page, to the last."""
    pages, cursor = [], ""
    while True:
        page = _page(form, assistant, limit=limit, cursor=cursor)
        pages.append(_prompts(page))
        cursor = page.next_cursor
        if not cursor:
            return pages


@pytest.mark.usefixtures("at_most_two")
@pytest.mark.parametrize(
    ("limit", "sizes"), [(1, [1] * 5), (2, [2, 2, 1]), (3, [3, 2]), (5, [5]), (9, [5])]
)
def test_pages_hold_each_vote_once(assistant, limit, sizes):
    expected = _several(assistant, 5)
    pages = _pages(assistant, limit)
    assert [len(page) for page in pages] == sizes
    assert [prompt for page in pages for prompt in page] == expected


def test_a_limit_counts_what_the_form_holds(assistant):
    _vote(assistant, "buruk", positive=False, created_at=SETTLED)
    _vote(assistant, "baik", created_at=SETTLED)
    page = _page("jsonl", assistant, limit=1)
    assert page.next_cursor == ""
    assert [gemini.loads(line).input for line in page.lines] == ["baik"]


def test_a_page_without_votes_is_an_empty_file(assistant):
    page = _page("json", assistant, limit=5)
    assert (page.next_cursor, b"".join(page.lines)) == ("", b"[]\n")


def test_pages_leave_out_what_is_not_settled(assistant):
    """A vote that was cast earlier may still be on its way: a cursor would pass it by."""
    _vote(assistant, "lama", created_at=SETTLED)
    _vote(assistant, "baru", created_at=SETTLED + timedelta(microseconds=1))
    assert _pages(assistant, 1) == [["lama"]]
    assert _prompts(_page("json", assistant)) == ["lama", "baru"]
    later = NOW + timedelta(seconds=1)
    first = _page("json", assistant, limit=1, now=later)
    page = _page("json", assistant, cursor=first.next_cursor, now=later)
    assert (_prompts(page), page.next_cursor) == (["baru"], "")


def test_a_cursor_does_not_reach_other_assistants(assistant):
    other = assistants.ensure("lain", "Lain")
    _several(assistant, 2)
    cursor = _page("json", assistant, limit=1).next_cursor
    _vote(other, "lain", created_at=SETTLED)
    assert _prompts(_page("json", other, cursor=cursor)) == ["lain"]
    assert "lain" not in _prompts(_page("json", assistant, cursor=cursor))


@pytest.mark.parametrize(
    "text", ["x", "-", "1", "1-", "-1", "1-1-1", "G-1", "1-1\n", "٣-1", "f" * 16]
)
def test_what_is_no_cursor_is_refused(assistant, text):
    with pytest.raises(Invalid) as refused:
        _page("json", assistant, cursor=text)
    assert refused.value.fields == {"cursor": "not a cursor of this export"}


def test_any_cursor_can_be_asked_for(assistant):
    """The widest that the pattern lets through fits the databases."""
    assert _prompts(_page("json", assistant, cursor="f" * 14 + "-" + "f" * 15)) == []
