"""The LoRA job: `python -m tuning.backends.lora_worker FOLDER` (see tuning.backends.jobs).

Train, write the adapter, merge, convert, answer. Each step's product is whole or absent, and a job
that died goes on after the last one that is there. Under a launcher each process trains and the
first alone speaks and does the rest.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Collection
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop

from tuning.backends import jobs
from tuning.backends import lora_bases as bases
from tuning.backends import lora_checkpoints as checkpoints
from tuning.backends import lora_failures as failures
from tuning.backends.base import TrainingSpec
from tuning.backends.lora import settled
from tuning.backends.lora_report import Cancelled, Report


def _rank() -> int:
    return int(os.environ.get("RANK", "0"))


def _launched() -> bool:
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def _setting(name: str) -> Any:
    """A setting of the hub's, which the backend hands over as JSON."""
    return json.loads(os.environ.get(name) or "null")


def _options(spec: TrainingSpec) -> dict[str, Any]:
    with spec.train_file.open("rb") as file:
        examples = sum(1 for _line in file)
    config = bases.config(spec.base)
    if config is None:
        # One of the hub's cache, or no model: loading says which.
        from tuning.backends import lora_models

        config = lora_models.config(spec.base.name).to_dict()
    return settled(spec.options, spec.base, examples, config)


# --- the steps -----------------------------------------------------------------------------------
def _train(spec: TrainingSpec, options: dict[str, Any], report: Report) -> None:
    """The adapter with all that lies beside it."""
    report.say(phase=gettext_noop("loading the model"))
    from tuning.backends import lora_after as after
    from tuning.backends import lora_card, lora_templates
    from tuning.backends import lora_train as training

    trainer, tokenizer, outcome = training.train(spec, options, report)
    if report.speaker:
        adapter = report.folder / after.ADAPTER
        part = after.fresh(adapter)
        model = trainer.accelerator.unwrap_model(trainer.model)
        # Another, 'ref', is what DPO compares with.
        model.save_pretrained(part, selected_adapters=["default"], safe_serialization=True)
        if tokenizer.chat_template:
            tokenizer.chat_template = lora_templates.unmarked(tokenizer.chat_template)
        tokenizer.save_pretrained(part)
        lora_card.write_beside(part, spec, options, outcome)
        after.place(part, adapter)
    trainer.end()


def _asked(spec: TrainingSpec, dropped: Collection[str]) -> list[list[dict[str, str]]]:
    """The first questions that were learned from: by them the merged model is compared."""
    from tuning.backends import lora_after as after
    from tuning.backends import lora_data as data

    rows = enumerate(data.examples(spec.train_file, spec.method), start=1)
    learned = (example for line, example in rows if str(line) not in dropped)
    return [data.turns(example) for example in islice(learned, after.COMPARED)]


def _merge(
    spec: TrainingSpec,
    two_part: bool,
    options: dict[str, Any],
    dropped: Collection[str],
    report: Report,
) -> None:
    from tuning.backends import lora_after as after
    from tuning.backends import lora_models as models

    folder = report.folder
    if not options["merge"] or (folder / after.MERGED).is_dir():
        return
    report.say(phase=gettext_noop("merging"), progress=0.86)
    adapter, merged = folder / after.ADAPTER, folder / after.MERGED
    # What was trained in 4 bits the card may not hold in 16.
    device = "cpu" if options["four_bit"] else models.device()
    asked = _asked(spec, dropped)
    try:
        found = after.merge(spec.base.name, two_part, adapter, merged, asked, device=device)
    except after.NotMerged as error:
        report.warn(after.UNLIKE, difference=round(error.difference, 3))
    else:
        report.result(merge_difference=found)


def _convert(options: dict[str, Any], report: Report) -> None:
    """A converter that fails is warned of: it spoils no model."""
    from tuning.backends import lora_after as after

    folder, command = report.folder, _setting("LORA_GGUF_COMMAND")
    if not command or (folder / after.GGUF).exists():
        return
    if not options["merge"]:
        report.warn(after.GGUF_NEEDS_MERGED)
    if not (folder / after.MERGED).is_dir():
        return
    report.say(phase=gettext_noop("converting to GGUF"), progress=0.88)
    seconds = _setting("LORA_GGUF_TIMEOUT_SECONDS")
    try:
        after.convert(command, folder / after.MERGED, folder / after.GGUF, report, seconds=seconds)
    except after.NotConverted as error:
        report.warn(after.NO_GGUF, reason=str(error))


def _answer(spec: TrainingSpec, two_part: bool, options: dict[str, Any], report: Report) -> None:
    from tuning.backends import lora_after as after
    from tuning.backends import lora_answers

    questions, answers = spec.questions_file, report.folder / lora_answers.ANSWERS
    if questions is None:
        return
    if not answers.exists():
        report.say(phase=gettext_noop("answering the evaluation's questions"), progress=0.9)
        adapter, merged = report.folder / after.ADAPTER, report.folder / after.MERGED
        tuned = lora_answers.load(spec.base.name, two_part, adapter, merged, options)
        lora_answers.answer_all(tuned, questions, answers, report)
    missing = lora_answers.unanswered(questions, answers)
    if missing:
        report.warn(lora_answers.UNANSWERED, **missing)


def _made(report: Report) -> dict[str, Any]:
    """What there is of the run's products, by name."""
    from tuning.backends import lora_after as after
    from tuning.backends.lora_answers import ANSWERS

    names = {"merged": after.MERGED, "gguf": after.GGUF, "answers": ANSWERS}
    return {
        name: str(report.folder / file)
        for name, file in names.items()
        if (report.folder / file).exists()
    }


def _dropped(outcome: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, str] = outcome["dropped"]
    return {
        "dropped": [int(line) for line in found],
        "dropped_count": len(found),
        "dropped_reasons": sorted(set(found.values())),
    }


_LISTED = 20
HELD_OUT = gettext_noop(
    "%(count)s validation examples were left out (lines %(lines)s): %(reasons)s"
)


def _tell_what_came_of_it(
    adapter: Path, outcome: dict[str, Any], options: dict[str, Any], report: Report
) -> None:
    missing: dict[str, str] = outcome["dropped_validation"]
    kept = {name: value for name, value in outcome.items() if name != "dropped"}
    kept |= {
        "artifact": str(adapter),
        "checkpoint": f"checkpoint-{outcome['best_step']}",
        "preset": options["preset"],
        "dropped_validation": len(missing),
    }
    report.result(**kept)
    if missing:
        lines = ", ".join(list(missing)[:_LISTED]) + ("…" if len(missing) > _LISTED else "")
        reasons = "; ".join(sorted(set(missing.values())))
        report.warn(HELD_OUT, count=len(missing), lines=lines, reasons=reasons)


def _work(spec: TrainingSpec, options: dict[str, Any], report: Report) -> None:
    from tuning.backends import lora_after as after
    from tuning.backends import lora_card, lora_models

    adapter = report.folder / after.ADAPTER
    if not adapter.is_dir():
        _train(spec, options, report)
        after.forget_models()
    config = jobs.read(adapter / lora_card.CONFIG) or {}
    outcome = config["outcome"]
    _tell_what_came_of_it(adapter, outcome, options, report)
    two_part = lora_models.is_two_part(spec.base.name)
    _merge(spec, two_part, options, outcome["dropped"], report)
    after.forget_models()
    _convert(options, report)
    _answer(spec, two_part, options, report)
    report.result(**_made(report))
    ended = {"status": "succeeded", "progress": 1.0, "phase": "", "tokens": outcome["tokens"]}
    report.end(**ended, **_dropped(outcome))


def run(folder: Path) -> None:
    """The job of the first process, from spec.json to a final state.json."""
    spec, report = jobs.read_spec(folder), Report(folder)
    options: dict[str, Any] = {}
    # What a killed one had begun to write.
    failures.sweep(folder)
    try:
        options = _options(spec)
        _work(spec, options, report)
    except Cancelled:
        _clean(folder)
        report.end(status="cancelled")
        _let_the_others_go()
    except Exception as error:
        # First the room, then the word that there was none.
        _clean(folder)
        known = failures.told(error, folder, options)
        if known is None:
            raise
        traceback.print_exc()
        report.end(status="failed", message=known[0], values=known[1])
        _let_the_others_go()


def _let_the_others_go() -> None:
    """Those that train along wait for this one: their launcher ends them when it fails."""
    if _launched():
        sys.exit(1)


def _clean(folder: Path) -> None:
    checkpoints.sweep(folder)
    failures.sweep(folder)


def take_part(folder: Path) -> None:
    """The job of every other process: to train along."""
    spec = jobs.read_spec(folder)
    _train(spec, _options(spec), Report(folder, speaker=False))


def main(folder: Path) -> None:
    if _rank():
        take_part(folder)
        return
    jobs.serve(folder, run)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
