"""Files of each format as `datasets` loads them and as trl prepares them for training."""

from __future__ import annotations

import json

import pytest

from reviews.formats import Example, by_name, files
from reviews.sheets import comma

datasets = pytest.importorskip("datasets")
trl = pytest.importorskip("trl")
transformers = pytest.importorskip("transformers")

ODD = 'Baris\r\nkedua, "kutip" a\u2028b 💥 =1+1'
EXAMPLES = [
    Example("Apa itu PMA?", "Perusahaan asing.", "Sopan."),
    Example("Modalnya?", ODD, "Sopan.", (("user", "Halo"), ("assistant", "Ya?"))),
    Example("=2+3", "-5", "Sopan."),
]
PREFERENCES = [Example(e.input, e.output, e.system, e.history, "Tidak tahu.") for e in EXAMPLES]
PLAIN = [Example(e.input, e.output) for e in EXAMPLES]
TURNS = {"system": "S", "user": "U", "assistant": "A"}
TEMPLATE = (
    "{% for m in messages %}"
    "{% if m['role'] == 'assistant' %}<A>{% generation %}{{ m['content'] }}<eos>{% endgeneration %}"
    "{% else %}<{{ m['role'][0] | upper }}>{{ m['content'] }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<A>{% endif %}"
)
"""<S>system<U>question<A>answer<eos>; what stands between `generation` is what is learned."""


@pytest.fixture(autouse=True)
def _offline(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()


def load(tmp_path, name, examples, **options):
    file = tmp_path / f"data{files.suffix(name)}"
    file.write_bytes(b"".join(files.lines(name, examples)))
    loader = "csv" if name == "csv" else "json"
    return datasets.load_dataset(loader, data_files=str(file), split="train", **options)


def full(row):
    """A row as it was in the file: `datasets` fills keys that a row lacks with None."""
    if isinstance(row, dict):
        return {key: full(value) for key, value in row.items() if value is not None}
    return [full(value) for value in row] if isinstance(row, list) else row


# --- datasets ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "examples"),
    [
        ("gemini", EXAMPLES),
        ("alpaca", EXAMPLES),
        ("sharegpt", EXAMPLES),
        ("sharegpt", PREFERENCES),
        ("chat", EXAMPLES),
        ("prompt_completion", EXAMPLES),
        ("prompt_completion_plain", PLAIN),
        ("preference", PREFERENCES),
        ("gemini_preference", PREFERENCES),
        ("t5", [*PLAIN, EXAMPLES[0]]),
    ],
)
def test_datasets_loads_every_row_as_it_was_written(tmp_path, name, examples):
    codec = by_name(name)
    rows = load(tmp_path, name, examples)
    assert [codec.loads(json.dumps(full(row)).encode()) for row in rows] == examples


def test_datasets_loads_the_table_with_its_apostrophes(tmp_path):
    """It takes none off, and what it would read as missing must be asked for as text."""
    rows = load(tmp_path, "csv", [*EXAMPLES, Example("NA", "null")], keep_default_na=False)
    assert rows.column_names == ["system", "history", "input", "output", "rejected"]
    assert list(rows["input"]) == ["Apa itu PMA?", "Modalnya?", "'=2+3", "NA"]
    assert list(rows["output"]) == ["Perusahaan asing.", comma.guard(ODD), "'-5", "null"]
    assert list(rows["rejected"]) == ["", "", "", ""]


def _late(example: Example) -> list[Example]:
    """More than the 10 MiB that `datasets` takes the columns from, and only then the example."""
    return [Example(f"{at} {'kata ' * 2000}", "Ya.") for at in range(1200)] + [example]


@pytest.mark.parametrize(
    ("name", "late"),
    [
        ("chat", EXAMPLES[1]),
        ("sharegpt", EXAMPLES[1]),
        ("prompt_completion", EXAMPLES[1]),
        ("t5", EXAMPLES[0]),
    ],
)
def test_datasets_loads_a_big_file_whose_last_row_is_the_first_with_a_system_text(
    tmp_path, name, late
):
    rows = load(tmp_path, name, _late(late))
    assert len(rows) == 1201
    assert by_name(name).loads(json.dumps(full(rows[1200])).encode()) == late


def test_datasets_must_be_told_of_alpacas_history_where_it_comes_late(tmp_path):
    text = datasets.Value("string")
    columns = dict.fromkeys(["instruction", "input", "output"], text)
    features = datasets.Features(columns | {"history": datasets.List(datasets.List(text))})
    with pytest.raises(datasets.exceptions.DatasetGenerationError):
        load(tmp_path, "alpaca", _late(EXAMPLES[1]))
    rows = load(tmp_path, "alpaca", _late(EXAMPLES[1]), features=features)
    assert rows[1200]["history"] == [["Halo", "Ya?"]]


# --- trl -----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def tokenizer():
    """A token a byte, so that what was tokenized reads as the very text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: number for number, piece in enumerate(["<eos>", "<pad>", *alphabet])}
    bytes_only = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    bytes_only.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bytes_only.decoder = decoders.ByteLevel()
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=bytes_only, eos_token="<eos>", pad_token="<pad>"
    )
    made.chat_template = TEMPLATE
    return made


@pytest.fixture
def model(tokenizer, tmp_path):
    """The folder of a model with as many weights as it takes to be one."""
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path / "model")
    return str(tmp_path / "model")


def _settings(kind, tmp_path, **options):
    return kind(output_dir=str(tmp_path / "out"), use_cpu=True, bf16=False, report_to=[], **options)


def _prompt(example: Example) -> str:
    turns = [("system", example.system), *example.history, ("user", example.input)]
    told = [f"<{TURNS[role]}>{words}" for role, words in turns if words]
    return "".join(told).replace("<A>Ya?", "<A>Ya?<eos>") + "<A>"


def _sft(tmp_path, tokenizer, model, name, examples, **options):
    """(whole text, learned text) of each row as trl's SFT trainer prepares it."""
    trainer = trl.SFTTrainer(
        model=model,
        args=_settings(trl.SFTConfig, tmp_path, max_length=None, **options),
        train_dataset=load(tmp_path, name, examples),
        processing_class=tokenizer,
    )
    prepared = [(row["input_ids"], row["labels"]) for row in trainer.train_dataset]
    return [
        (tokenizer.decode(tokens), tokenizer.decode([label for label in labels if label != -100]))
        for tokens, labels in prepared
    ]


def test_trl_learns_the_completion_of_a_conversation(tmp_path, tokenizer, model):
    assert _sft(tmp_path, tokenizer, model, "prompt_completion", EXAMPLES) == [
        (f"{_prompt(e)}{e.output}<eos>", f"{e.output}<eos>") for e in EXAMPLES
    ]


def test_trl_learns_the_completion_of_a_plain_prompt(tmp_path, tokenizer, model):
    assert _sft(tmp_path, tokenizer, model, "prompt_completion_plain", PLAIN) == [
        (f"{e.input}{e.output}<eos>", f"{e.output}<eos>") for e in PLAIN
    ]


def test_trl_learns_the_assistants_turns_of_a_chat(tmp_path, tokenizer, model):
    learned = _sft(tmp_path, tokenizer, model, "chat", EXAMPLES, assistant_only_loss=True)
    earlier = ["", "Ya?<eos>", ""]
    assert learned == [
        (f"{_prompt(e)}{e.output}<eos>", f"{before}{e.output}<eos>")
        for e, before in zip(EXAMPLES, earlier, strict=True)
    ]


def test_trl_prefers_the_better_answer(tmp_path, tokenizer, model):
    trainer = trl.DPOTrainer(
        model=model,
        args=_settings(trl.DPOConfig, tmp_path, max_length=None),
        train_dataset=load(tmp_path, "preference", PREFERENCES),
        processing_class=tokenizer,
    )
    keys = ("prompt_ids", "chosen_ids", "rejected_ids")
    prepared = [tuple(tokenizer.decode(row[key]) for key in keys) for row in trainer.train_dataset]
    assert prepared == [(_prompt(e), f"{e.output}<eos>", f"{e.rejected}<eos>") for e in PREFERENCES]
