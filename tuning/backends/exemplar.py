"""The embedded backend: no weights change; the run finds the score below which to decline.

The job is a subprocess (`python -m tuning.backends.exemplar FOLDER`, see tuning.backends.jobs).
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from django.utils.translation import gettext_noop

from reviews.formats import chat
from tuning.backends import options as of_options
from tuning.backends.base import SFT, Base, Data, Estimate, Problem
from tuning.backends.jobs import LocalBackend, read_spec, replace, serve
from tuning.backends.options import option
from tuning.evaluators import reword
from tuning.providers.exemplar import DEFAULT_THRESHOLD, Exemplar, Index, last_question

_ENOUGH = 20
_FOLDS = 4
_BYTES_A_TOKEN = 4
"""Of Indonesian business text, roughly; nothing is paid by it here."""


@dataclass(frozen=True, slots=True)
class Options:
    """`low` to `high` in `steps` thresholds are tried; `step_seconds` slows a run down to watch."""

    low: float = option(0.02, low=0.0, high=1.0)
    high: float = option(0.50, low=0.0, high=1.0)
    steps: int = option(49, low=2, high=1000)
    step_seconds: float = option(0.0, low=0.0, high=60.0)


class ExemplarBackend(LocalBackend):
    module = "tuning.backends.exemplar"
    formats: ClassVar[Mapping[str, str]] = {SFT: chat.NAME}
    exclusive: ClassVar[str] = ""
    options: ClassVar[type] = Options

    def check(
        self, options: Mapping[str, Any], base: Base, data: Data, method: str = SFT
    ) -> tuple[Problem, ...]:
        wrong = of_options.problems(Options, options)
        if not wrong:
            given = of_options.read(Options, options)
            if given.low >= given.high:
                reason = gettext_noop("must be below options.high")
                wrong.append(Problem("options.low", reason))
        return tuple(wrong)

    def estimate(
        self, options: Mapping[str, Any], base: Base, data: Data, method: str = SFT
    ) -> Estimate:
        given = of_options.read(Options, options)
        # A second to start, and what each of the examples takes to be searched twice.
        seconds = 1 + given.steps * given.step_seconds + data.train * 0.002
        return Estimate(data.size // _BYTES_A_TOKEN, seconds, 0.0)


# --- inside the subprocess -----------------------------------------------------------------------
def read_exemplars(path: Path, groups: Path) -> list[Exemplar]:
    """The exemplars of a file of chat lines, with the family of each from the other file."""
    found = []
    with path.open("rb") as file, groups.open(encoding="ascii") as families:
        for line, family in zip(file, families, strict=True):
            example = chat.loads(line)
            earlier = last_question(example.history)
            found.append(Exemplar(example.input, example.output, earlier, family.strip()))
    return found


def taught_scores(exemplars: list[Exemplar]) -> list[float]:
    """Scores at which taught questions in other words find their family; 0 where they miss it.

    Each wording of a family that has several is asked of an index without it, a fold at a time;
    where such wordings are few, taught questions reworded by rule are asked as well.
    """
    wordings: dict[str, int] = Counter(item.home for item in exemplars)
    scores = []
    for fold in range(_FOLDS):
        held = {
            at for at in range(fold, len(exemplars), _FOLDS) if wordings[exemplars[at].home] > 1
        }
        index = Index(item for at, item in enumerate(exemplars) if at not in held)
        scores += [_hit(index, exemplars[at].question, exemplars[at]) for at in sorted(held)]
    if len(scores) < _ENOUGH:
        index = Index(exemplars)
        scores += [_hit(index, reword.question(item.question), item) for item in exemplars]
    return scores


def _hit(index: Index, question: str, item: Exemplar) -> float:
    match = index.search(question, item.earlier)
    return match.score if match and match.exemplar.home == item.home else 0.0


def unseen_scores(exemplars: list[Exemplar], unseen: list[Exemplar]) -> list[float]:
    """Scores of questions that were not taught: all of these are to be declined."""
    index = Index(exemplars)
    known = {item.home for item in exemplars}
    strange = [item for item in unseen if item.home not in known]
    matches = (index.search(item.question, item.earlier) for item in strange)
    return [match.score if match else 0.0 for match in matches]


def balanced_error(threshold: float, taught: list[float], unseen: list[float]) -> float:
    """Mean of the share of taught questions declined and of unseen ones answered, 0 to 1."""
    rates = []
    if taught:
        rates.append(sum(score < threshold for score in taught) / len(taught))
    if unseen:
        rates.append(sum(score >= threshold for score in unseen) / len(unseen))
    return sum(rates) / len(rates) if rates else 0.0


def calibrate(
    exemplars: list[Exemplar], unseen: list[Exemplar], options: Options
) -> Iterator[tuple[int, float, float]]:
    """(step, best error so far, its threshold) for each threshold tried, low to high."""
    taught, strange = taught_scores(exemplars), unseen_scores(exemplars, unseen)
    # Without both there is nothing to weigh: the default stays.
    weighed = bool(taught and strange)
    best, chosen = 1.1, DEFAULT_THRESHOLD
    for step in range(1, options.steps + 1):
        share = (step - 1) / (options.steps - 1)
        threshold = options.low + (options.high - options.low) * share
        error = balanced_error(threshold, taught, strange)
        if error < best:
            best, chosen = error, threshold if weighed else DEFAULT_THRESHOLD
        yield step, best, chosen


def run(folder: Path) -> None:
    """The job itself, from spec.json to a final state.json."""
    spec = read_spec(folder)
    options = of_options.read(Options, spec.options)
    exemplars = read_exemplars(spec.train_file, spec.train_groups_file)
    unseen = read_exemplars(spec.validation_file, spec.validation_groups_file)
    state: dict[str, Any] = {"status": "running", "losses": []}
    for step, error, threshold in calibrate(exemplars, unseen, options):
        if (folder / "cancel").exists():
            replace(folder / "state.json", state | {"status": "cancelled"})
            return
        state["losses"].append([step, round(error, 6)])
        state["progress"] = step / options.steps
        state["result"] = {"threshold": round(threshold, 4), "exemplars": len(exemplars)}
        replace(folder / "state.json", state)
        time.sleep(options.step_seconds)
    replace(folder / "state.json", state | {"status": "succeeded"})


if __name__ == "__main__":
    serve(Path(sys.argv[1]), run)
