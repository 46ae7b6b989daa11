"""Base models and adapters as they lie on the disk: loaded without code or pickles of theirs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

from tuning.backends import lora_bases as bases
from tuning.backends.base import BackendError, TrainingSpec
from tuning.backends.lora_failures import is_memory, no_model
from tuning.backends.lora_templates import NO_END


def cuda() -> bool:
    return bool(torch.cuda.is_available())


def device() -> str:
    return "cuda" if cuda() else "cpu"


def precision() -> torch.dtype:
    """What is computed in: on a processor nothing is gained by less than 32 bits. Never float16,
    in which Gemma 2 and T5 reach numbers that it can't hold; an older card emulates bfloat16."""
    return torch.bfloat16 if cuda() and torch.cuda.is_bf16_supported() else torch.float32


@contextmanager
def _loading(name: str) -> Iterator[None]:
    """BackendError with the loader's own words, whichever of its many types the error is of; what
    fails for want of memory says so itself."""
    try:
        yield
    except Exception as error:
        if is_memory(error):
            raise
        raise no_model(name, error) from error


def config(name: str) -> Any:
    """The base model's configuration. BackendError where there is no model."""
    with _loading(name):
        return AutoConfig.from_pretrained(bases.place(name), trust_remote_code=False)


def is_two_part(name: str) -> bool:
    """Whether it is of T5's kind, with an encoder and a decoder. BackendError: no model there."""
    return bool(config(name).is_encoder_decoder)


def positions(name: str) -> int | None:
    """The most tokens that the base model has places for; None where nothing limits them."""
    return bases.positions(config(name).to_dict())


def _four_bit() -> dict[str, Any]:
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=precision(),
    )
    return {
        "quantization_config": config,
        "device_map": {"": int(os.environ.get("LOCAL_RANK", "0")) if cuda() else "cpu"},
    }


def load(name: str, two_part: bool, *, dtype: Any, four_bit: bool = False) -> Any:
    """The base model: weights from safetensors, and no code that came with it."""
    kind = AutoModelForSeq2SeqLM if two_part else AutoModelForCausalLM
    extra = _four_bit() if four_bit else {}
    with _loading(name):
        return kind.from_pretrained(
            bases.place(name),
            dtype=dtype,
            use_safetensors=True,
            trust_remote_code=False,
            **extra,
        )


def load_tokenizer(name: str) -> Any:
    with _loading(name):
        found = AutoTokenizer.from_pretrained(bases.place(name), trust_remote_code=False)
    if found.pad_token is None:
        found.pad_token = found.eos_token
    if found.pad_token is None:
        raise BackendError(NO_END, permanent=True)
    return found


def _lora(options: dict[str, Any], two_part: bool) -> LoraConfig:
    return LoraConfig(
        r=options["rank"],
        lora_alpha=options["alpha"],
        lora_dropout=options["dropout"],
        target_modules="all-linear",
        task_type=TaskType.SEQ_2_SEQ_LM if two_part else TaskType.CAUSAL_LM,
    )


def with_adapter(model: Any, spec: TrainingSpec, options: dict[str, Any], two_part: bool) -> Any:
    """The model with an adapter to train, new or gone on with."""
    earlier = bases.earlier_adapter(spec.base)
    if earlier is None:
        return get_peft_model(model, _lora(options, two_part))
    with _loading(str(earlier)):
        return PeftModel.from_pretrained(model, str(earlier), is_trainable=True)
