"""What comes after the training: the merged model, its GGUF, and answers to questions.

Each reads from disk what the step before wrote, so that a job which died goes on where it was.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
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

ADAPTER, MERGED, GGUF = "adapter", "merged", "model.gguf"
ANSWERS = "answers.jsonl"
DIFFERENT = 0.05
"""Mean difference of two models' logits, as a share of their mean size, above which they do not
answer alike: rounding to 16 bits makes about a hundredth."""
COMPARED = 4
"""Questions by which a merged model is compared."""
_BATCH = 8
_MAGIC = b"GGUF"


class NotMerged(Exception):
    """The merged model does not answer as the adapter does, by this difference."""

    def __init__(self, difference: float) -> None:
        super().__init__(f"differs by {difference:.3f}")
        self.difference = difference


def forget_models() -> None:
    gc.collect()
    if models.cuda():
        torch.cuda.empty_cache()


def place(part: Path, final: Path) -> None:
    """Give a folder that is whole its name."""
    shutil.rmtree(final, ignore_errors=True)
    part.replace(final)


def fresh(path: Path) -> Path:
    """An empty folder beside `path`, to be filled and then placed."""
    part = path.with_name(f"{path.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    return part


# --- prompts -------------------------------------------------------------------------------------
def encoded(tokenizer: Any, conversations: list[list[dict[str, str]]], two_part: bool) -> Any:
    """The questions as a batch of tokens, ready to be answered."""
    if two_part:
        texts = [data.as_one_text(turns) for turns in conversations]
        return tokenizer(texts, return_tensors="pt", padding=True)
    tokenizer.padding_side = "left"
    texts = [
        tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        for turns in conversations
    ]
    # The template has written the tokens that begin a text.
    return tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)


def _device() -> str:
    return "cuda" if models.cuda() else "cpu"


def _logits(model: Any, batch: Any, two_part: bool) -> Any:
    """Of each question's next token, as 32-bit floats."""
    extra = {}
    if two_part:
        start = model.config.decoder_start_token_id
        extra["decoder_input_ids"] = torch.full((len(batch["input_ids"]), 1), start).to(_device())
    with torch.no_grad():
        return model(**batch.to(_device()), **extra).logits[:, -1].float().cpu()


def difference(one: Any, other: Any) -> float:
    """Mean difference of two models' logits, as a share of their mean size."""
    return float((one - other).abs().mean() / one.abs().mean().clamp(min=1e-9))


# --- merging -------------------------------------------------------------------------------------
def merge(
    name: str, two_part: bool, adapter: Path, merged: Path, asked: list[list[dict[str, str]]]
) -> float:
    """Write the base model with the adapter merged in, whole or not at all, and return by how much
    its logits differ. NotMerged where that is too much; nothing is written then.

    The base is loaded anew, in its own precision: a 4-bit one can't be merged without loss.
    """
    tokenizer = models.load_tokenizer(str(adapter))
    model = models.load(name, two_part, dtype="auto").to(_device())
    model = PeftModel.from_pretrained(model, str(adapter)).eval()
    batch = encoded(tokenizer, asked, two_part)
    before = _logits(model, batch, two_part)
    model = model.merge_and_unload()
    after = _logits(model, batch, two_part)
    found = difference(before, after)
    if not found <= DIFFERENT:
        raise NotMerged(found)
    part = fresh(merged)
    model.save_pretrained(part, safe_serialization=True)
    tokenizer.save_pretrained(part)
    place(part, merged)
    return float(f"{found:.2g}")


# --- GGUF ----------------------------------------------------------------------------------------
class NotConverted(Exception):
    """The operator's converter made no GGUF file; the message says why."""


def _run(command: list[str], log: Path, seconds: float, report: Report) -> int:
    """Run it, with its words in the log and a heartbeat meanwhile; its exit status."""
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        last = time.monotonic() + seconds
        try:
            while process.poll() is None:
                if time.monotonic() > last:
                    raise NotConverted(f"not ended after {seconds:g} s")
                report.beat()
                time.sleep(0.2)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    return process.returncode


def convert(command: list[str], model: Path, out: Path, report: Report, *, seconds: float) -> None:
    """Let the operator's command write `out`; its words {model} and {out} name folder and file.

    Raises NotConverted, and leaves no file, where it fails, takes too long or writes no GGUF.
    """
    part = out.with_name(f"{out.name}.part")
    filled = [word.replace("{model}", str(model)).replace("{out}", str(part)) for word in command]
    try:
        try:
            status = _run(filled, report.folder / "log.txt", seconds, report)
        except OSError as error:
            raise NotConverted(str(error)) from error
        if status:
            raise NotConverted(f"ended with status {status}")
        if not part.is_file() or _first(part) != _MAGIC:
            raise NotConverted("wrote no GGUF file")
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _first(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_MAGIC))


# --- answers -------------------------------------------------------------------------------------
def _ends(model: Any, tokenizer: Any) -> list[int]:
    """Tokens that end an answer: of the model, of the tokenizer, and of its turns."""
    found = model.generation_config.eos_token_id
    ends = set(found if isinstance(found, list) else [found])
    ends.add(tokenizer.eos_token_id)
    vocabulary = tokenizer.get_vocab()
    ends |= {vocabulary[token] for token in templates.TURN_ENDS if token in vocabulary}
    return sorted(end for end in ends if end is not None)


def answer(
    model: Any,
    tokenizer: Any,
    conversations: list[list[dict[str, str]]],
    *,
    two_part: bool,
    tokens: int,
) -> list[str]:
    """The model's answers, each the likeliest token after the other."""
    batch = encoded(tokenizer, conversations, two_part).to(_device())
    ends = _ends(model, tokenizer)
    with torch.no_grad():
        made = model.generate(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            max_new_tokens=tokens,
            do_sample=False,
            num_beams=1,
            temperature=None,
            top_p=None,
            top_k=None,
            eos_token_id=ends,
            pad_token_id=tokenizer.pad_token_id,
        )
    if not two_part:
        made = made[:, batch["input_ids"].shape[1] :]
    return [text.strip() for text in tokenizer.batch_decode(made, skip_special_tokens=True)]


def load_tuned(name: str, two_part: bool, adapter: Path, merged: Path) -> tuple[Any, Any]:
    """(model, tokenizer): the merged model where there is one, else base and adapter."""
    tokenizer = models.load_tokenizer(str(adapter))
    if merged.is_dir():
        return models.load(str(merged), two_part, dtype="auto").to(_device()).eval(), tokenizer
    model = models.load(name, two_part, dtype=models.precision()).to(_device())
    return PeftModel.from_pretrained(model, str(adapter)).eval(), tokenizer


def _questions(path: Path) -> Iterator[Mapping[str, Any]]:
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


def answer_all(
    model: Any,
    tokenizer: Any,
    questions: Path,
    answers: Path,
    report: Report,
    *,
    two_part: bool,
    tokens: int,
) -> int:
    """Answer each question of the file into `answers`, whole or absent; how many there are."""
    part = answers.with_name(f"{answers.name}.begun")
    done = _answered(part)
    todo = [one for one in _questions(questions) if one["key"] not in done]
    with part.open("ab") as file:
        for at in range(0, len(todo), _BATCH):
            some = todo[at : at + _BATCH]
            said = [one["messages"] for one in some]
            texts = answer(model, tokenizer, said, two_part=two_part, tokens=tokens)
            for one, text in zip(some, texts, strict=True):
                file.write(write({"key": one["key"], "text": text}))
            file.flush()
            report.say(progress=0.9 + 0.09 * (at + len(some)) / len(todo))
        os.fsync(file.fileno())
    part.replace(answers)
    return len(done) + len(todo)


UNLIKE = gettext_noop(
    "the merged model does not answer as the adapter does (difference %(difference)s) and was not "
    "kept; the adapter is good"
)
NO_GGUF = gettext_noop("no GGUF file: the converter %(reason)s; see log.txt in the job's folder")
GGUF_NEEDS_MERGED = gettext_noop("no GGUF file: options.merge is off")
