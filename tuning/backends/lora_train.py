"""The training itself: data and trainer of one LoRA job.

Imported inside the job alone: torch, transformers, trl and peft come with it.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from django.utils.translation import gettext_noop
from transformers import (
    DataCollatorForSeq2Seq,
    EarlyStoppingCallback,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    TrainerCallback,
    set_seed,
)
from transformers.trainer_utils import IntervalStrategy
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

from tuning.backends import lora_checkpoints as checkpoints
from tuning.backends import lora_data as data
from tuning.backends import lora_models as models
from tuning.backends import lora_templates as templates
from tuning.backends.base import PREFERENCE, SFT, TrainingSpec
from tuning.backends.lora_failures import NotFinite
from tuning.backends.lora_report import Report

T5 = "t5"
_POINTS = 1000
"""Points of a loss curve, about: more steps share one."""
_SHARE = 0.85
"""Of the job's progress; the rest is merging and answering."""


def processes() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


# --- the data ------------------------------------------------------------------------------------
@dataclass(slots=True)
class Parts:
    """The data of a job; `kind`: sft, preference or t5."""

    kind: str
    train: data.Part
    validation: data.Part

    def both(self) -> tuple[data.Part, data.Part]:
        return self.train, self.validation


def read(spec: TrainingSpec, kind: str, options: dict[str, Any]) -> Parts:
    learns = options["learns"]
    return Parts(
        kind,
        data.read(spec.train_file, kind, learns),
        data.read(spec.validation_file, kind, learns),
    )


def take_template(tokenizer: Any, parts: Parts, options: dict[str, Any]) -> None:
    """Give the tokenizer a template that fits the data, and leave out what it does not take."""
    system = any(data.has_system(part) for part in parts.both())
    marks = options["learns"] == "conversation"
    tokenizer.chat_template = templates.choose(tokenizer, system=system, marks=marks)
    for part in parts.both():
        right = [
            all(
                templates.renders(tokenizer, tokenizer.chat_template, turns)
                for turns in data.conversations(one)
            )
            for one in part.rows
        ]
        part.keep(right, data.UNRENDERED)


def leave_out_long(trainer: Any, parts: Parts, limit: int) -> None:
    """What is longer than the limit is left out whole: cut off, an answer would be taught without
    its end."""
    reason = data.TOO_LONG.format(max_length=limit)
    for part, name in ((parts.train, "train_dataset"), (parts.validation, "eval_dataset")):
        dataset = getattr(trainer, name)
        if dataset is not None:
            right = [length <= limit for length in data.lengths(dataset, parts.kind)]
            setattr(trainer, name, dataset.select(part.keep(right, reason)))
    data.needed(parts.train)
    if trainer.eval_dataset is not None and not parts.validation.rows:
        trainer.eval_dataset, trainer.args.load_best_model_at_end = None, False
        trainer.args.eval_strategy = IntervalStrategy.NO


def _tokenized(part: data.Part, tokenizer: Any) -> Dataset:
    """T5's examples: what it reads, and as labels what it is to write."""
    sources = tokenizer([one["source"] for one in part.rows])
    targets = tokenizer(text_target=[one["target"] for one in part.rows])
    return Dataset.from_dict({"input_ids": sources["input_ids"], "labels": targets["input_ids"]})


# --- the trainer ---------------------------------------------------------------------------------
def steps_an_epoch(examples: int, options: dict[str, Any]) -> int:
    batches = math.ceil(examples / (options["batch"] * processes()))
    steps: int = math.ceil(batches / options["accumulation"])
    return steps


def arguments(
    folder: Path, options: dict[str, Any], examples: int, validated: bool
) -> dict[str, Any]:
    """What all trainers are told. Evaluations and checkpoints fall on the same steps."""
    an_epoch = steps_an_epoch(examples, options)
    every = max(1, an_epoch // options["evaluations"])
    return {
        "output_dir": str(folder / checkpoints.FOLDER),
        "num_train_epochs": options["epochs"],
        "per_device_train_batch_size": options["batch"],
        "per_device_eval_batch_size": options["batch"],
        "gradient_accumulation_steps": options["accumulation"],
        "learning_rate": options["learning_rate"],
        "weight_decay": options["weight_decay"],
        "seed": options["seed"],
        "data_seed": options["seed"],
        "logging_steps": max(1, an_epoch * options["epochs"] // _POINTS),
        # It would put the mean of earlier losses in the place of one that is no number.
        "logging_nan_inf_filter": False,
        "save_strategy": "steps",
        "save_steps": every,
        "save_total_limit": 2,
        "eval_strategy": "steps" if validated else "no",
        "eval_steps": every,
        "load_best_model_at_end": validated,
        # How many evaluations were worse so far is gone on with, too.
        "restore_callback_states_from_checkpoint": True,
        "metric_for_best_model": "eval_loss",
        "greater_is_better": False,
        "include_num_input_tokens_seen": "non_padding",
        "use_cpu": not models.cuda(),
        "bf16": models.precision() is torch.bfloat16,
        "gradient_checkpointing": models.cuda(),
        "ddp_find_unused_parameters": False,
        "disable_tqdm": True,
        "report_to": "none",
        "push_to_hub": False,
    }


def _seq2seq_trainer(model: Any, tokenizer: Any, parts: Parts, common: dict[str, Any]) -> Any:
    if common["gradient_checkpointing"]:
        model.enable_input_require_grads()
    validation = _tokenized(parts.validation, tokenizer) if parts.validation.rows else None
    return Seq2SeqTrainer(
        model=model,
        # An adapter hides the model's own arguments, by which the labels' name would be found.
        args=Seq2SeqTrainingArguments(**common, label_names=["labels"]),
        train_dataset=_tokenized(parts.train, tokenizer),
        eval_dataset=validation,
        data_collator=DataCollatorForSeq2Seq(tokenizer, model=model),
        processing_class=tokenizer,
    )


def trainer_for(
    model: Any, tokenizer: Any, parts: Parts, common: dict[str, Any], options: dict[str, Any]
) -> Any:
    """The trainer for the kind of data, which trl prepares without cutting anything off."""
    kind = parts.kind
    if kind == T5:
        return _seq2seq_trainer(model, tokenizer, parts, common)
    own: dict[str, Any] = {
        "model": model,
        "processing_class": tokenizer,
        "train_dataset": Dataset.from_list(parts.train.rows),
        "eval_dataset": (
            Dataset.from_list(parts.validation.rows) if parts.validation.rows else None
        ),
    }
    if kind == PREFERENCE:
        return DPOTrainer(args=DPOConfig(**common, max_length=None, beta=options["beta"]), **own)
    marked = options["learns"] == "conversation"
    return SFTTrainer(args=SFTConfig(**common, max_length=None, assistant_only_loss=marked), **own)


def in_32_bits(model: Any) -> None:
    """Train the adapter in 32 bits, whatever its base is held in: trl rounds one over a 4-bit base
    to 16, where small steps come to nothing, and one that was resumed is in 32 again."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


class Watch(TrainerCallback):  # type: ignore[misc]  # comes without types
    """Tells the report what the trainer does, and ends a training that has lost its numbers."""

    def __init__(self, report: Report, fingerprint: str) -> None:
        self.report, self.fingerprint = report, fingerprint
        self.validation: float | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **_kwargs: Any) -> None:
        self.report.resumed(state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **_kwargs: Any) -> None:
        self.report.beat()

    on_substep_end = on_prediction_step = on_step_end

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, float], **_kwargs: Any
    ) -> None:
        for name in ("loss", "eval_loss"):
            if name in logs and not math.isfinite(logs[name]):
                raise NotFinite(state.global_step, logs[name])
        if "loss" in logs:
            share = _SHARE * state.global_step / state.max_steps
            tokens = int(state.num_input_tokens_seen)
            self.report.loss(state.global_step, round(logs["loss"], 6), share, tokens)
        if "eval_loss" in logs:
            self.validation = round(logs["eval_loss"], 6)
            self.report.validation_loss(state.global_step, self.validation)

    def on_save(self, args: Any, state: Any, control: Any, **_kwargs: Any) -> None:
        if self.report.speaker:
            path = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            stopped = control.should_training_stop and state.global_step < state.max_steps
            loss = self.validation
            checkpoints.mark(path, self.fingerprint, state.epoch, loss, stopped=stopped)
            self.report.checkpoints(checkpoints.whole(self.report.folder))


def prepare(spec: TrainingSpec, options: dict[str, Any], folder: Path) -> tuple[Any, Any, Parts]:
    """(trainer, tokenizer, data) of the job, ready to train."""
    set_seed(options["seed"])
    two_part = models.is_two_part(spec.base.name)
    kind = T5 if two_part else (PREFERENCE if spec.method == PREFERENCE else SFT)
    parts = read(spec, kind, options)
    tokenizer = models.load_tokenizer(spec.base.name)
    if kind != T5:
        take_template(tokenizer, parts, options)
    data.needed(parts.train)
    model = models.load(
        spec.base.name, two_part, dtype=models.precision(), four_bit=options["four_bit"]
    )
    model = models.with_adapter(model, spec, options, two_part)
    common = arguments(folder, options, len(parts.train.rows), bool(parts.validation.rows))
    trainer = trainer_for(model, tokenizer, parts, common, options)
    in_32_bits(trainer.model)
    leave_out_long(trainer, parts, options["max_length"])
    return trainer, tokenizer, parts


def train(
    spec: TrainingSpec, options: dict[str, Any], report: Report
) -> tuple[Any, Any, dict[str, Any]]:
    """(trainer, tokenizer, what it came to), after training or going on with it."""
    folder = report.folder
    print_of = data.fingerprint(spec, options, processes())
    if report.speaker:
        checkpoints.sweep(folder)
        if spec.resume:
            checkpoints.adopt(Path(spec.resume), folder, print_of)
    trainer, tokenizer, parts = prepare(spec, options, folder)
    trainer.add_callback(Watch(report, print_of))
    if parts.validation.rows:
        trainer.add_callback(EarlyStoppingCallback(options["patience"]))
    _wait_for_all()
    start = checkpoints.latest(folder, print_of)
    report.say(phase=gettext_noop("training"))
    trainer.train(resume_from_checkpoint=str(start) if start else None)
    return trainer, tokenizer, _outcome(trainer.state, parts, start)


def _wait_for_all() -> None:
    if processes() > 1:
        # The first has removed and copied checkpoints: all must see the same ones.
        torch.distributed.barrier()


def _outcome(state: Any, parts: Parts, start: Path | None) -> dict[str, Any]:
    losses = [row["loss"] for row in state.log_history if "loss" in row]
    dropped, held_out = parts.train.dropped, parts.validation.dropped
    return {
        "steps": state.global_step,
        "planned_steps": state.max_steps,
        "best_step": state.best_global_step or state.global_step,
        "train_loss": round(losses[-1], 6) if losses else None,
        "validation_loss": round(state.best_metric, 6) if state.best_metric is not None else None,
        "tokens": int(state.num_input_tokens_seen),
        "resumed_from": start.name if start else "",
        "examples": len(parts.train.rows),
        "validation_examples": len(parts.validation.rows),
        "dropped": {str(line): reason for line, reason in sorted(dropped.items())},
        "dropped_validation": {str(line): reason for line, reason in sorted(held_out.items())},
    }
