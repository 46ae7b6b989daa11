"""A tuned model's answers to an evaluation's questions, for a version that nobody serves yet."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from django.utils.translation import gettext_noop
from peft import PeftModel

from reviews.formats import write
from tuning.backends import lora_data as data
from tuning.backends import lora_models as models
from tuning.backends import lora_templates as templates
from tuning.backends.lora_report import Report

ANSWERS = "answers.jsonl"
UNANSWERED = gettext_noop(
    "%(count)s of the evaluation's questions have no answer, and count as answered wrongly: "
    "%(reasons)s (the first: %(question)s)"
)
NO_ROOM = "with %(tokens)s tokens it leaves no room for an answer: the model takes %(limit)s"
_BATCH = 8
_QUOTED = 200
"""Characters of a question that a warning holds."""
_ROLES = {"system", "user", "assistant"}
Turns = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Tuned:
    """A model that can be asked. `longest`: the most tokens of a question, as of an example that it
    learned from; `tokens`: the most of an answer; `limit`: the most that the model has places for,
    None where nothing limits them; `batch`: questions at once."""

    model: Any
    tokenizer: Any
    two_part: bool
    longest: int
    tokens: int
    limit: int | None
    batch: int


def load(
    base: str, two_part: bool, adapter: Path, merged: Path, options: Mapping[str, Any]
) -> Tuned:
    """The merged model where there is one, else base and adapter. What was trained in 4 bits is
    asked in 4 bits: more the card may not hold."""
    tokenizer, four_bit = models.load_tokenizer(str(adapter)), options["four_bit"]
    if merged.is_dir() and not four_bit:
        model = models.load(str(merged), two_part, dtype="auto").to(models.device())
    else:
        model = models.load(base, two_part, dtype=models.precision(), four_bit=four_bit)
        if not four_bit:
            model = model.to(models.device())
        model = PeftModel.from_pretrained(model, str(adapter))
    return Tuned(
        model.eval(),
        tokenizer,
        two_part,
        longest=options["max_length"],
        tokens=options["answer_tokens"],
        limit=models.positions(base),
        batch=min(_BATCH, options["batch"]),
    )


# --- prompts -------------------------------------------------------------------------------------
def _prompt(tokenizer: Any, turns: Turns, two_part: bool) -> str:
    if two_part:
        return data.as_one_text(turns)
    text: str = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    return text


def encoded(tokenizer: Any, conversations: Sequence[Turns], two_part: bool) -> Any:
    """The questions as a batch of tokens, ready to be answered."""
    if not two_part:
        tokenizer.padding_side = "left"
    texts = [_prompt(tokenizer, turns, two_part) for turns in conversations]
    # A template has written the tokens that begin a text.
    return tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=two_part)


def refusal(tuned: Tuned, turns: Turns) -> str:
    """Why the model can't be asked this; '' where it can."""
    if any(turn["role"] not in _ROLES for turn in turns):
        return data.TOOLS
    words = tuned.tokenizer
    if not tuned.two_part and not templates.renders(words, words.chat_template, turns):
        return data.UNRENDERED
    count = encoded(words, [turns], tuned.two_part)["input_ids"].shape[1]
    if count > tuned.longest:
        return data.TOO_LONG.format(max_length=tuned.longest)
    if tuned.limit and count + tuned.tokens > tuned.limit:
        return NO_ROOM % {"tokens": count, "limit": tuned.limit}
    return ""


# --- answers -------------------------------------------------------------------------------------
def _ends(model: Any, tokenizer: Any) -> list[int]:
    """Tokens that end an answer: of the model, of the tokenizer, and of its turns."""
    found = model.generation_config.eos_token_id
    ends = set(found if isinstance(found, list) else [found])
    ends.add(tokenizer.eos_token_id)
    vocabulary = tokenizer.get_vocab()
    ends |= {vocabulary[token] for token in templates.TURN_ENDS if token in vocabulary}
    return sorted(end for end in ends if end is not None)


def answer(tuned: Tuned, conversations: Sequence[Turns]) -> list[str]:
    """The model's answers, each the likeliest token after the other."""
    model, tokenizer = tuned.model, tuned.tokenizer
    batch = encoded(tokenizer, conversations, tuned.two_part).to(model.device)
    with torch.no_grad():
        made = model.generate(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            max_new_tokens=tuned.tokens,
            do_sample=False,
            num_beams=1,
            temperature=None,
            top_p=None,
            top_k=None,
            eos_token_id=_ends(model, tokenizer),
            pad_token_id=tokenizer.pad_token_id,
        )
    if not tuned.two_part:
        made = made[:, batch["input_ids"].shape[1] :]
    texts = tokenizer.batch_decode(made, skip_special_tokens=True)
    # A vocabulary of bytes holds NUL, which PostgreSQL can't.
    return [text.replace("\x00", "").strip() for text in texts]


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            yield json.loads(line)


def _answered(path: Path) -> set[str]:
    """Keys that an earlier try has answered; what it had half written is taken away."""
    if not path.exists():
        return set()
    lines = [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    path.write_bytes(b"".join(lines))
    return {json.loads(line)["key"] for line in lines}


def _lines(tuned: Tuned, asked: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
    """A line for each question, in order. One that can't be asked has its reason in its line and an
    empty answer, which an evaluation counts as a wrong one."""
    reasons = [refusal(tuned, one["messages"]) for one in asked]
    said = [one["messages"] for one, reason in zip(asked, reasons, strict=True) if not reason]
    texts = iter(answer(tuned, said) if said else [])
    for one, reason in zip(asked, reasons, strict=True):
        if reason:
            yield write({"key": one["key"], "text": "", "reason": reason})
        else:
            yield write({"key": one["key"], "text": next(texts)})


def answer_all(tuned: Tuned, questions: Path, answers: Path, report: Report) -> int:
    """Answer each question of the file into `answers`, whole or absent; how many there are."""
    part = answers.with_name(f"{answers.name}.begun")
    done = _answered(part)
    todo = [one for one in _rows(questions) if one["key"] not in done]
    with part.open("ab") as file:
        for at in range(0, len(todo), tuned.batch):
            some = todo[at : at + tuned.batch]
            file.writelines(_lines(tuned, some))
            file.flush()
            report.say(progress=0.9 + 0.09 * (at + len(some)) / len(todo))
        os.fsync(file.fileno())
    part.replace(answers)
    return len(done) + len(todo)


def unanswered(questions: Path, answers: Path) -> dict[str, Any]:
    """The values of UNANSWERED; empty where each question has an answer."""
    reasons = {row["key"]: row["reason"] for row in _rows(answers) if "reason" in row}
    if not reasons:
        return {}
    first = next(one for one in _rows(questions) if one["key"] in reasons)
    told = "; ".join(sorted(set(reasons.values())))
    question = " ".join(first["messages"][-1]["content"].split())[:_QUOTED]
    return {"count": len(reasons), "reasons": told, "question": question}
