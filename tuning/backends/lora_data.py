"""From the job's files to what the trainers take."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop

from reviews.formats import Example, FormatError, by_name, tools
from tuning.backends.base import PREFERENCE, SFT, BackendError, TrainingSpec
from tuning.backends.lora import LoraBackend
from tuning.backends.lora_failures import BadLine

TOO_LONG = "longer than {max_length} tokens"
UNRENDERED = "the chat template does not take its turns"
TOOLS = "the assistant uses tools in it, which is not taught here"


@dataclass(slots=True)
class Part:
    """The examples of a file that can be learned, each with its line (from 1), and the lines left
    out with their reasons."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    dropped: dict[int, str] = field(default_factory=dict)

    def keep(self, right: list[bool], reason: str) -> list[int]:
        """Leave out the rows that are not right; returns the positions of the others."""
        kept = [at for at, fits in enumerate(right) if fits]
        self.dropped |= {self.lines[at]: reason for at, fits in enumerate(right) if not fits}
        self.rows = [self.rows[at] for at in kept]
        self.lines = [self.lines[at] for at in kept]
        return kept


def examples(path: Path, method: str) -> Iterator[Example]:
    """The file's examples; BadLine names the line that can't be read."""
    form = by_name(LoraBackend.formats[method])
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield form.loads(line)
            except FormatError as error:
                raise BadLine(path, number, error) from error


def turns(example: Example) -> list[dict[str, str]]:
    """All that was said before the answer."""
    said = [*example.history, ("user", example.input)]
    if example.system:
        said.insert(0, ("system", example.system))
    return [{"role": role, "content": words} for role, words in said]


def as_one_text(messages: list[dict[str, str]]) -> str:
    """What T5 reads: the system text, if any, before the question; with earlier turns who said
    what; a paragraph each."""
    talk = sum(message["role"] != "system" for message in messages) > 1
    return "\n\n".join(
        f"{message['role']}: {message['content']}"
        if talk and message["role"] != "system"
        else message["content"]
        for message in messages
    )


def _answer(words: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": words}]


def row(example: Example, kind: str, learns: str) -> dict[str, Any]:
    """One example as trl's and transformers' trainers take it; `kind`: sft, preference, or t5."""
    said = turns(example)
    if kind == "t5":
        return {"source": as_one_text(said), "target": example.output}
    if kind == PREFERENCE:
        chosen, rejected = _answer(example.output), _answer(example.rejected)
        return {"prompt": said, "chosen": chosen, "rejected": rejected}
    if learns == "conversation":
        return {"messages": said + _answer(example.output)}
    # Only what a reviewer approved: earlier turns are context, whoever wrote them.
    return {"prompt": said, "completion": _answer(example.output)}


def read(path: Path, kind: str, learns: str) -> Part:
    method = PREFERENCE if kind == PREFERENCE else SFT
    found = Part()
    for number, example in enumerate(examples(path, method), start=1):
        if example.tools or tools.used(example):
            found.dropped[number] = TOOLS
            continue
        found.rows.append(row(example, kind, learns))
        found.lines.append(number)
    return found


def conversations(one: dict[str, Any]) -> list[list[dict[str, str]]]:
    """The whole conversations that a row will be rendered as."""
    if "messages" in one:
        return [one["messages"]]
    answers = [one[name] for name in ("completion", "chosen", "rejected") if name in one]
    return [one["prompt"] + answer for answer in answers]


def has_system(part: Part) -> bool:
    return any(turns[0]["role"] == "system" for one in part.rows for turns in conversations(one))


def lengths(dataset: Any, kind: str) -> list[int]:
    """Tokens of each example of a dataset that a trainer has prepared; of T5's the longer part, for
    it reads one and writes the other."""
    if kind == "t5":
        both = zip(dataset["input_ids"], dataset["labels"], strict=True)
        return [max(len(said), len(answer)) for said, answer in both]
    if kind == PREFERENCE:
        names = ("prompt_ids", "chosen_ids", "rejected_ids")
        three = zip(*(dataset[name] for name in names), strict=True)
        return [len(said) + max(len(good), len(bad)) for said, good, bad in three]
    return [len(ids) for ids in dataset["input_ids"]]


def fingerprint(spec: TrainingSpec, options: dict[str, Any], processes: int) -> str:
    """SHA-256 (hex) of all that the steps of a training depend on: a checkpoint is gone on with
    only where it is the same."""
    later = ("merge", "answer_tokens")
    settled = {name: value for name, value in options.items() if name not in later}
    base = [spec.base.name, spec.base.continues, spec.base.checkpoint]
    found = hashlib.sha256(json.dumps([base, spec.method, settled, processes]).encode())
    for path in (spec.train_file, spec.validation_file):
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def needed(part: Part) -> None:
    """Raises BackendError where nothing is left to learn from."""
    if not part.rows:
        reason = gettext_noop("no example is left: %(reasons)s")
        values = {"reasons": "; ".join(sorted(set(part.dropped.values()))) or "-"}
        raise BackendError(reason, permanent=True, values=values)
