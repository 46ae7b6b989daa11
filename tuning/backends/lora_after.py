"""What comes after the training: the merged model and its GGUF.

Each reads from disk what the step before wrote, so that a job which died goes on where it was.
"""

from __future__ import annotations

import gc
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import torch
from django.utils.translation import gettext_noop
from peft import PeftModel

from tuning.backends import lora_answers as answers
from tuning.backends import lora_models as models
from tuning.backends.lora_report import Report

ADAPTER, MERGED, GGUF = "adapter", "merged", "model.gguf"
DIFFERENT = 0.05
"""Mean difference of two models' logits, as a share of their mean size, above which they do not
answer alike: rounding to 16 bits makes about a hundredth."""
COMPARED = 4
"""Questions by which a merged model is compared."""
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


def _logits(model: Any, batch: Any, two_part: bool) -> Any:
    """Of each question's next token, as 32-bit floats."""
    extra = {}
    if two_part:
        start = model.config.decoder_start_token_id
        begun = torch.full((len(batch["input_ids"]), 1), start)
        extra["decoder_input_ids"] = begun.to(model.device)
    with torch.no_grad():
        return model(**batch.to(model.device), **extra).logits[:, -1].float().cpu()


def difference(one: Any, other: Any) -> float:
    """Mean difference of two models' logits, as a share of their mean size."""
    return float((one - other).abs().mean() / one.abs().mean().clamp(min=1e-9))


# --- merging -------------------------------------------------------------------------------------
def merge(
    name: str,
    two_part: bool,
    adapter: Path,
    merged: Path,
    asked: list[answers.Turns],
    *,
    device: str,
) -> float:
    """Write the base model with the adapter merged in, whole or not at all, and return by how much
    its logits differ. NotMerged where that is too much; nothing is written then.

    The base is loaded anew, in its own precision: a 4-bit one can't be merged without loss.
    """
    tokenizer = models.load_tokenizer(str(adapter))
    model = models.load(name, two_part, dtype="auto").to(device)
    model = PeftModel.from_pretrained(model, str(adapter)).eval()
    batch = answers.encoded(tokenizer, asked, two_part)
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


UNLIKE = gettext_noop(
    "the merged model does not answer as the adapter does (difference %(difference)s) and was not "
    "kept; the adapter is good"
)
NO_GGUF = gettext_noop("no GGUF file: the converter %(reason)s; see log.txt in the job's folder")
GGUF_NEEDS_MERGED = gettext_noop("no GGUF file: options.merge is off")
