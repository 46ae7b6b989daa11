"""The words of the review desk's page. Its JavaScript holds no language: it asks for these by name.

`{n}` and other names in braces are filled in on the page.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def words() -> dict[str, str]:
    """{name: text} in the language of the request."""
    return (
        _frame() | _text() | _deciding() | _barriers() | _reasons() | _said() | _faults() | _help()
    )


def _frame() -> dict[str, str]:
    """Around the item: the bar, the empty page, another tab."""
    return {
        "title": _("Review desk"),
        "to_text": _("To the text"),
        "mine": _("My calibration"),
        "to_admin": _("To the admin pages"),
        "target": _("Target of the day"),
        "today": _("{n} today"),
        "waiting": _("{n} waiting"),
        "time": _("Time left:"),
        "time_title": _("How long this pair is yours; it goes on while you work"),
        "theme": _("Light or dark"),
        "help": _("Keys"),
        "close": _("Close"),
        "cancel": _("Cancel"),
        "loading": _("The next pair is coming…"),
        "empty_title": _("Nothing waits for you"),
        "empty_text": _("Every pair that you may judge has been judged. Thank you."),
        "empty_again": _("Look again"),
        "paused_title": _("The desk is open in another tab"),
        "paused_text": _("So that no pair is judged twice, only one tab works at a time."),
        "paused_take": _("Work here"),
        "noscript": _("The review desk needs JavaScript. Pairs can be read in the administration."),
    }


def _text() -> dict[str, str]:
    """The reading side."""
    return {
        "text": _("Question and answer"),
        "question": _("Question"),
        "answer": _("Answer"),
        "history": _("Earlier in the conversation"),
        "history_more": _("{n} more"),
        "history_less": _("Fold"),
        "system": _("Instruction to the assistant"),
        "role_user": _("User"),
        "role_assistant": _("Assistant"),
        "role_system": _("Instruction to the assistant"),
        "round": _("Verdict {n} of {of}"),
        "status_draft": _("draft"),
        "status_disputed": _("disputed"),
        "changes": _("What changed from the first text"),
        "changes_own": _("Your changes, not saved yet"),
        "no_change": _("Nothing changed yet."),
        "unchanged": _("Unchanged text"),
        "suggestions": _("Suggestions"),
        "suggested": _("What it would change"),
        "take": _("Take it"),
        "take_own": _("Take my text"),
        "votes": _("What users said"),
        "vote_liked": _("Helpful"),
        "vote_disliked": _("Not helpful"),
        "vote_rated": _("{n} stars"),
        "no_comment": _("No comment"),
        "corrections": _("Corrections"),
        "wrong_answer": _("Wrong answer"),
        "right_answer": _("Right answer"),
        "why_wrong": _("Why it is wrong"),
        "lesson": _("Lesson"),
        "edit": _("Edit"),
        "edit_why": _("Why (optional)"),
        "edit_leave": _("Later"),
        "edit_note": _("A changed text goes to another reviewer."),
        "save": _("Save"),
        "draft_left": _("Your changes are kept, but not saved."),
        "draft_on": _("Go on editing"),
        "draft_drop": _("Discard"),
        "beside": _("Beside it"),
        "flags": _("Flags"),
        "similar": _("Similar approved pairs"),
        "no_similar": _("None is similar."),
        "same_question": _("same question"),
        "lessons": _("Lessons"),
        "beside_away": _("Similar pairs can't be shown at the moment."),
    }


def _deciding() -> dict[str, str]:
    """The deciding side and the correction form."""
    return {
        "steps": _("Facts and checklist"),
        "verdict": _("Verdict"),
        "other": _("Other actions"),
        "facts": _("Facts"),
        "facts_how": _("Check each one against its source."),
        "kind_amount": _("Amount"),
        "kind_duration": _("Duration"),
        "kind_percentage": _("Percentage"),
        "kind_citation": _("Legal reference"),
        "fact_open": _("not confirmed yet"),
        "fact_right": _("right"),
        "fact_false": _("wrong"),
        "fact_is_right": _("This is right"),
        "checklist": _("Checklist"),
        "count_open": _("{n} open"),
        "count_wrong": _("{n} wrong"),
        "count_right": _("all right"),
        "optional": _("(optional)"),
        "right": _("Right"),
        "wrong": _("Wrong"),
        "all_right": _("All right"),
        "all_right_done": _("All answered"),
        "reason_of": _("What is wrong: {item}"),
        "reason_hint": _("What is wrong?"),
        "fix": _("Fix the text"),
        "note": _("Note"),
        "dispute": _("Two views"),
        "facts_wrong": _("Wrong: {facts}"),
        "spent": _("{n} seconds"),
        # Buttons that command, unlike the decisions' names elsewhere.
        "approve": pgettext("button", "Approve"),
        "reject": pgettext("button", "Reject"),
        "needs_work": pgettext("button", "Needs work"),
        "second": pgettext("button", "Second reviewer"),
        "skip": pgettext("button", "Skip"),
        "undo": pgettext("button", "Undo"),
        "correct": pgettext("button", "Correct"),
        "correct_title": _("Write a correction"),
        "correct_hint": _("The answer above stays as the wrong one; yours goes to review."),
        "correct_send": _("Send the correction"),
        "correct_same": _("The right answer must differ from the wrong one."),
        "correct_why": _("Say why the answer is wrong."),
    }


def _barriers() -> dict[str, str]:
    """Why the pair can't be approved now."""
    return {
        "may_approve": _("Ready to approve."),
        "bar_own": _("This text is yours: another reviewer approves it."),
        "bar_may": _("You may not approve this pair."),
        "bar_not_yours": _("You may not do this on this pair."),
        "bar_unsaved": _("Save or discard your changes first."),
        "bar_facts": _("Facts still to confirm: {n}."),
        "bar_fact_wrong": _("A fact is wrong ({fact}): this can't be approved."),
        "bar_accuracy": _("Item {n} is about accuracy: this can't be approved."),
        "bar_open": _("Checklist items still open: {n}."),
        "bar_reason": _("Say what is wrong with item {n}."),
        "lost_short": _("Somebody else has this pair now."),
    }


def _reasons() -> dict[str, str]:
    """The menu that asks why."""
    return {
        "why_reject": _("Why reject it?"),
        "why_needs_work": _("What needs work?"),
        "why_second": _("What should a second reviewer look at?"),
        "why_hint": _("A digit picks an item; letters start your own words."),
        "why_missing": _("Pick an item or write why."),
        "own_words": _("In your own words"),
        "not_met": _("Not met: {item}"),
        "why_skip": _("Why skip it?"),
        "skip_hint": _("A digit skips at once; letters start your own words."),
        "skip_field": _("Not my field"),
        "skip_source": _("I would need a source or a document"),
        "skip_language": _("I don't know this language well enough"),
        "skip_later": _("Too long for now"),
        "skip_interest": _("I am involved in this case"),
    }


def _said() -> dict[str, str]:
    """What is told, to ears too, after a key."""
    return {
        "said_fact_right": _("{fact}: right."),
        "said_fact_wrong": _("{fact}: wrong."),
        "next_fact": _("Next: {fact}."),
        "facts_done": _("All facts are answered; now the checklist."),
        "said_all_right": _("All right. A approves."),
        "all_answered": _("Everything is answered. A approves."),
        "pick_item": _("Pick the wrong item with its digit."),
        "unmarked": _("The mark is off again."),
        "reason_missing": _("Marked as wrong. A reason is still missing."),
        "reason_kept": _("The reason is noted."),
        "draft_kept": _("Your changes are kept; E goes on."),
        "undone": _("Undone."),
        "not_undone": _("It could not be undone."),
        "nothing_to_undo": _("There is nothing to undo."),
        "nothing_to_take": _("There is no suggestion to take."),
        "nothing_to_offer": _("There is no text to offer."),
        "offered": _("Your text was handed on as a suggestion."),
        "not_offered": _("The suggestion was not sent. Your text is kept."),
    }


def _faults() -> dict[str, str]:
    """What went wrong, over the page."""
    return {
        "away": _("The server can't be reached. {n} decisions wait to be sent."),
        "away_one": _("The server can't be reached. 1 decision waits to be sent."),
        "again": _("Try now"),
        "login": _("Your session is over. What you wrote is kept."),
        "login_pending": _(
            "Your session is over. What you wrote is kept; decisions that wait to be sent: {n}."
        ),
        "login_link": _("Log in"),
        "forbidden": _("You may not use the review desk at the moment."),
        "lost": _("Your time for this pair ran out, and somebody else has it now."),
        "lost_text": _("Your text for pair #{n} is kept."),
        "offer": _("Hand on as a suggestion"),
        "pass": _("Next pair"),
        "not_taken": _("The decision was not taken."),
        "not_kept": _("This browser keeps nothing: don't close the page before it is sent."),
    }


def _help() -> dict[str, str]:
    """What each key does."""
    return {
        "help_decide": _("Judge"),
        "help_text": _("Text"),
        "help_move": _("Move"),
        "help_note": _("Keys rest while you write in a field."),
        "help_y": _("right: the fact, then all that is open"),
        "help_x": _("the fact is wrong"),
        "help_digits": _("item 1 to 10 is wrong"),
        "help_shift": _("item 11 and on is wrong"),
        "help_d": _("ask a second reviewer"),
        "help_e": _("edit the text"),
        "help_save": _("save the text"),
        "help_esc": _("leave; what you wrote is kept"),
        "help_g": _("take a suggestion"),
        "help_c": _("write a correction"),
        "help_u": _("hand on as a suggestion"),
        "help_z": _("undo the last decision"),
        "help_back": _("back to the last fact"),
        "help_h": _("whole conversation"),
        "help_b": _("flags and similar pairs"),
        "help_scroll": _("scroll"),
        "help_help": _("this help"),
    }
