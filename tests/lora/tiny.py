"""Tiny models made on the spot, with a tokenizer of whole words: real ones, only small."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from reviews.formats import Example, chat, preference

THINGS = "paspor visa restoran gudang pabrik kapal hotel klinik sekolah apotek bengkel toko".split()
TURNS = {
    "gemma": ["<start_of_turn>", "<end_of_turn>"],
    "llama": ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|begin_of_text|>"],
    "plain": [],
}


def question(thing: str) -> str:
    return f"Berapa lama izin {thing} ?"


def answer(thing: str) -> str:
    return f"Izin {thing} berlaku {len(thing)} tahun ."


def tokenizer(family: str = "plain") -> PreTrainedTokenizerFast:
    """Words of the examples and single bytes for all others; white space is kept."""
    special = ["<pad>", "<eos>", "<bos>", *TURNS[family]]
    bytes_alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = {token: at for at, token in enumerate([*special, *bytes_alphabet])}
    words = {w for thing in THINGS for w in f"{question(thing)} {answer(thing)}".split()}
    merges = []
    for word in sorted(words | {"Jawab", "singkat.", "user", "model", "assistant", "system"}):
        for form in (word, f"Ġ{word}"):
            # Each word grows letter by letter, so that it becomes one token.
            for end in range(1, len(form)):
                left, right = form[:end], form[end]
                if left + right not in tokens:
                    tokens[left + right] = len(tokens)
                    merges.append((left, right))
    inner = Tokenizer(models.BPE(vocab=tokens, merges=merges))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    from tokenizers import decoders

    inner.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="<pad>",
        eos_token="<eos>",
        bos_token="<bos>",
        additional_special_tokens=TURNS[family],
    )


def _sizes(words: PreTrainedTokenizerFast, positions: int) -> dict[str, int]:
    return {
        "vocab_size": len(words),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": positions,
        "pad_token_id": words.pad_token_id,
        "eos_token_id": words.eos_token_id,
        "bos_token_id": words.bos_token_id,
    }


def causal(folder: Path, family: str = "plain", positions: int = 4096) -> Path:
    """A Llama (or Gemma 2) of two layers, saved as a base model."""
    torch.manual_seed(1)
    words = tokenizer(family)
    sizes = _sizes(words, positions)
    if family == "gemma":
        model = Gemma2ForCausalLM(Gemma2Config(**sizes, head_dim=16))
    else:
        model = LlamaForCausalLM(LlamaConfig(**sizes))
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def t5(folder: Path) -> Path:
    torch.manual_seed(1)
    words = tokenizer()
    words._tokenizer.post_processor = _ends_with_eos(words)
    config = T5Config(
        vocab_size=len(words),
        d_model=64,
        d_kv=16,
        d_ff=128,
        num_layers=2,
        num_heads=4,
        pad_token_id=words.pad_token_id,
        eos_token_id=words.eos_token_id,
        decoder_start_token_id=words.pad_token_id,
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def _ends_with_eos(words: PreTrainedTokenizerFast):
    from tokenizers.processors import TemplateProcessing

    return TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", words.eos_token_id)])


def examples(count: int, system: str = "") -> list[Example]:
    things = [THINGS[at % len(THINGS)] for at in range(count)]
    return [Example(question(thing), answer(thing), system) for thing in things]


def preferences(count: int) -> list[Example]:
    return [
        Example(one.input, one.output, rejected="Izin tahun tahun .") for one in examples(count)
    ]


def write(folder: Path, train: list[Example], validation: list[Example]) -> None:
    """The files of a job as the hub writes them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("train", train), ("validation", validation)):
        form = preference if any(row.rejected for row in rows) else chat
        (folder / f"{name}.jsonl").write_bytes(b"".join(form.dumps(row) for row in rows))
        (folder / f"{name}.groups.txt").write_text("".join(f"{row.input}\n" for row in rows))
