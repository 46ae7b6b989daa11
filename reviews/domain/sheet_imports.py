"""Rows of a CSV or XLSX file: questions for the bank, drafts, corrections.

An import takes texts, never a status: pairs come as drafts, and a correction with its right answer,
reason and lesson is finished by whoever imports it, for another reviewer to approve.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from reviews.domain import corrections, identity, pairs
from reviews.domain.errors import Invalid, Refused
from reviews.domain.imported import Added, Categories, Report
from reviews.enums import CorrectionStatus, Language, Register
from reviews.formats import FormatError
from reviews.models import Category, Correction, ImportRun, Pair, Question
from reviews.sheets import columns
from reviews.sheets.columns import Columns, Values
from reviews.sources import Refusal

_KEY = re.compile(r"[0-9a-f]{64}")
_ROLES = ("user", "assistant")
REMEDY = ("right_answer", "why_wrong", "lesson")
Take = Callable[[int, Values], Added]


class _Sheet:
    """One file on its way in: what its rows need to be read."""

    def __init__(self, head: Columns, run: ImportRun, report: Report) -> None:
        self.head, self.run, self.report = head, run, report
        self.assistant = run.assistant
        self.categories = Categories(run.assistant, report)

    def wrong(self, name: str, reason: str) -> FormatError:
        return FormatError(columns.names(self.head)[name].label, reason)

    def category(self, values: Values) -> Category | None:
        """Last to be asked of a row, for it may make one."""
        name = values.get("category", "").strip()
        if name.casefold() == pairs.UNSORTED:
            return pairs.unsorted(self.assistant)
        return self.categories.find(name) if name else None

    def choice(self, values: Values, name: str, choices: Any, default: str) -> str:
        said = columns.plain(values.get(name, "")) or default
        found = columns.words(choices).get(said)
        if found is None:
            known = ", ".join(str(label) for label in choices.labels)
            told = _("“%(said)s” is none of: %(known)s") % {"said": said[:100], "known": known}
            raise self.wrong(name, told)
        return found

    def history(self, values: Values) -> list[list[str]]:
        """Earlier turns: JSON, a list of [role, text]."""
        said = values.get("history", "")
        try:
            turns = orjson.loads(said) if said.strip() else []
        except orjson.JSONDecodeError:
            turns = None
        if not isinstance(turns, list) or not all(map(_is_turn, turns)):
            told = _('a list such as [["user", "…"], ["assistant", "…"]] is needed')
            raise self.wrong("history", told)
        return turns

    def family(self, text: str, values: Values, line: int) -> tuple[Question, bool]:
        """The question family that a row names, and whether it is new: by its key, which an export
        wrote, or by its text.

        Where the key's family has another text, the row was edited, or copied for another question:
        the text decides.
        """
        key = values.get("family_key", "").strip()
        known = Question.objects.filter(assistant=self.assistant)
        found = known.filter(identity=key).first() if _KEY.fullmatch(key) else None
        if not _KEY.fullmatch(key) or (found and found.text != text):
            key = identity.of_question(text)
            found = known.filter(identity=key).first()
        if found:
            return found, False
        return Question.objects.get_or_create(
            assistant=self.assistant,
            identity=key,
            defaults={
                "text": text,
                "category": self.category(values) or pairs.unsorted(self.assistant),
                "import_run": self.run,
                "import_line": line,
            },
        )

    def rows(self, raw: bytes, take: Take) -> Iterator[Added]:
        """What `take` made of each row; a refused one leaves nothing behind."""
        for line, values in columns.rows(raw, self.head, self.report.ignored_keys):
            if isinstance(values, Refusal):
                self.report.refused.append(values)
                continue
            made = len(self.report.new_categories)
            try:
                with transaction.atomic():
                    added = take(line, values)
            except (FormatError, Refused) as error:
                self.report.refused.append(Refusal(line, self.reason(error)))
                del self.report.new_categories[made:]
                self.categories.read()
            else:
                yield added._replace(line=line, text=values["question"])

    def reason(self, error: Exception) -> str:
        """Why the domain refused, in the reader's language and by the columns' headers."""
        if not isinstance(error, Invalid):
            return str(error) if isinstance(error, FormatError) else _(str(error))
        known = columns.names(self.head)
        labels = {name: known[name].label if name in known else name for name in error.fields}
        return "; ".join(f"{labels[name]}: {_(why)}" for name, why in error.fields.items())


def _is_turn(turn: Any) -> bool:
    if not isinstance(turn, list) or len(turn) != 2 or turn[0] not in _ROLES:
        return False
    return isinstance(turn[1], str) and "\x00" not in turn[1]


def _questions(raw: bytes, run: ImportRun, report: Report) -> Iterator[Added]:
    sheet = _Sheet(columns.QUESTIONS, run, report)

    def take(line: int, values: Values) -> Added:
        question, created = sheet.family(values["question"], values, line)
        return Added(question.identity, created)

    return sheet.rows(raw, take)


def _pairs(raw: bytes, run: ImportRun, report: Report) -> Iterator[Added]:
    sheet = _Sheet(columns.PAIRS, run, report)
    assistant = run.assistant

    def take(line: int, values: Values) -> Added:
        question, answer = values["question"], values["answer"]
        history, system = sheet.history(values), values.get("system", "")
        register = sheet.choice(values, "register", Register, Register.BUSINESS)
        language = sheet.choice(values, "language", Language, assistant.language)
        key = identity.of_pair(history, question, answer, system)
        # Looked up first: a pair that is there must not bring a category or family of its own.
        if Pair.objects.filter(assistant=assistant, identity=key).exists():
            return Added(key, False)
        family = values.get("family", "")
        new = pairs.NewPair(
            question=question,
            answer=answer,
            history=history,
            system=system,
            category=sheet.category(values),
            asked=sheet.family(family, values, line)[0] if family.strip() else None,
            register=register,
            language=language,
            import_run=run,
            import_line=line,
        )
        return Added(key, pairs.add(assistant, new, in_bulk=True)[1])

    return sheet.rows(raw, take)


def _corrections(raw: bytes, run: ImportRun, report: Report) -> Iterator[Added]:
    sheet = _Sheet(columns.CORRECTIONS, run, report)

    def take(line: int, values: Values) -> Added:
        question, wrong = values["question"], values["wrong_answer"]
        history = sheet.history(values)
        register = sheet.choice(values, "register", Register, Register.BUSINESS)
        language = sheet.choice(values, "language", Language, run.assistant.language)
        key = identity.of_pair(history, question, wrong)
        there = Correction.objects.filter(assistant=run.assistant, identity=key).first()
        texts = {name: values.get(name, "") for name in REMEDY}
        whole = all(text.strip() for text in texts.values())
        # One that is open here is finished by a row that has all of it: people fill in an export.
        if there is not None and not (whole and there.status == CorrectionStatus.OPEN):
            return Added(key, False)
        category = sheet.category(values) or (there.category if there else None)
        sorting = {"category": category, "register": register}
        fields = {"history": history, "language": language, **sorting, **texts}
        opened = there or corrections.open_task(run.assistant, question, wrong, **fields)
        if whole:
            remedy = corrections.Remedy(**texts, **sorting)  # type: ignore[arg-type]
            corrections.finish(opened, remedy, by=run.by, now=timezone.now())
        return Added(key, True)

    return sheet.rows(raw, take)


SOURCES: dict[str, Callable[[bytes, ImportRun, Report], Iterator[Added]]] = {
    "questions-sheet": _questions,
    "pairs-sheet": _pairs,
    "corrections-sheet": _corrections,
}
