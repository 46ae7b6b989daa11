"""Templates: the families' own words, marks that change nothing, and who keeps which."""

from __future__ import annotations

import pytest

from tests.lora import tiny
from tuning.backends import lora_templates as templates
from tuning.backends.base import BackendError

TURNS = [
    {"role": "system", "content": "Jawab singkat."},
    {"role": "user", "content": "Halo?"},
    {"role": "assistant", "content": "Ya. "},
    {"role": "user", "content": "Lama?"},
]
RENDERED = {
    "gemma": (
        "<bos><start_of_turn>user\nJawab singkat.\n\nHalo?<end_of_turn>\n"
        "<start_of_turn>model\nYa.<end_of_turn>\n"
        "<start_of_turn>user\nLama?<end_of_turn>\n<start_of_turn>model\n"
    ),
    "llama": (
        "<bos><|start_header_id|>system<|end_header_id|>\n\nJawab singkat.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nHalo?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nYa.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nLama?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    ),
    "plain": (
        "<bos>### system\nJawab singkat.\n### user\nHalo?\n### assistant\nYa.<eos>\n"
        "### user\nLama?\n### assistant\n"
    ),
}
OWN = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}{% endfor %}"
NO_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}" + OWN
)
DROPS_SYSTEM = OWN.replace("in messages", "in messages if m['role'] != 'system'")


def rendered(words, template: str) -> str:
    return words.apply_chat_template(
        TURNS, chat_template=template, tokenize=False, add_generation_prompt=True
    )


@pytest.mark.parametrize("family", RENDERED)
def test_a_family_is_rendered_in_its_own_words_with_and_without_marks(family):
    words = tiny.tokenizer(family)
    chosen = templates.choose(words, system=True, marks=True)
    assert rendered(words, chosen) == RENDERED[family]
    assert "generation %}" in chosen.replace("generation -%}", "generation %}")
    plain = templates.unmarked(chosen)
    assert rendered(words, plain) == RENDERED[family]
    assert "endgeneration" not in plain


def test_marks_without_trimming_change_nothing_either():
    words = tiny.tokenizer()
    content = "{{ m['content'] }}"
    marks = f"\n{{% generation %}}\n{content}\n{{% endgeneration %}}\n"
    marked = OWN.replace(content, marks)
    assert rendered(words, templates.unmarked(marked)) == rendered(words, marked)


def test_the_models_own_template_is_kept_where_it_will_do():
    words = tiny.tokenizer("llama")
    words.chat_template = OWN
    assert templates.choose(words, system=True, marks=False) == OWN
    words.chat_template = NO_SYSTEM
    assert templates.choose(words, system=False, marks=False) == NO_SYSTEM


@pytest.mark.parametrize("own", [NO_SYSTEM, DROPS_SYSTEM])
def test_a_family_takes_the_place_of_one_that_refuses_or_drops_system_texts(own):
    words = tiny.tokenizer("gemma")
    words.chat_template = own
    assert templates.choose(words, system=True, marks=False) == templates.GEMMA


def test_a_template_that_trl_knows_is_marked_by_trl():
    from trl.chat_template_utils import qwen3_chat_template, qwen3_training_chat_template

    words = tiny.tokenizer()
    words.chat_template = qwen3_chat_template
    assert templates.choose(words, system=True, marks=True) == qwen3_training_chat_template


@pytest.mark.parametrize(
    ("own", "marks", "reason"),
    [
        (OWN, True, templates.UNFIT_FOR_MARKS),
        (NO_SYSTEM, False, templates.UNFIT),
        (NO_SYSTEM, True, templates.UNFIT),
        ("{% for %}", False, templates.BROKEN),
        ("{{ messages[0]['content'] + 1 }}", True, templates.BROKEN),
        ("{{ none.of.this }}", False, templates.BROKEN),
        (None, False, templates.NO_END),
    ],
)
def test_a_template_that_does_not_do_is_refused_and_never_replaced(own, marks, reason):
    words = tiny.tokenizer()
    words.chat_template = own
    if own is None:
        # The plain one, which any other would get, ends answers with it.
        words.eos_token = None
    with pytest.raises(BackendError) as raised:
        templates.choose(words, system=True, marks=marks)
    assert (raised.value.reason, raised.value.permanent) == (reason, True)
