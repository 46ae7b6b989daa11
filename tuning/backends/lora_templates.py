"""Chat templates for training, with `{% generation %}` marks round what the assistant says.

The model's own template is kept wherever it does what the data need. Gemma's refuses system texts
and few mark the answers, so the families of SahabatAI (Gemma 2 and Llama 3) have one here; a base
model without any gets a plain one, which is then saved with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_noop
from jinja2 import TemplateError

from tuning.backends.base import BackendError

# As Google's for Gemma 2 and 3; a system text stands before the first question, as in Gemma 3's.
GEMMA = """\
{{- bos_token -}}
{%- set ns = namespace(first='') -%}
{%- if messages[0]['role'] == 'system' -%}
    {%- set ns.first = messages[0]['content'] | trim + '\\n\\n' -%}
    {%- set messages = messages[1:] -%}
{%- endif -%}
{%- for message in messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{- raise_exception('Conversation roles must alternate user/assistant/...') -}}
    {%- endif -%}
    {%- if message['role'] == 'assistant' -%}
        {{- '<start_of_turn>model\\n' -}}
        {%- generation -%}
            {{- message['content'] | trim + '<end_of_turn>\\n' -}}
        {%- endgeneration -%}
    {%- else -%}
        {{- '<start_of_turn>user\\n' + ns.first + message['content'] | trim + '<end_of_turn>\\n' -}}
        {%- set ns.first = '' -%}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- '<start_of_turn>model\\n' -}}
{%- endif -%}
"""
# As Meta's for Llama 3.
LLAMA = """\
{{- bos_token -}}
{%- for message in messages -%}
    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' -}}
    {%- if message['role'] == 'assistant' -%}
        {%- generation -%}
            {{- message['content'] | trim + '<|eot_id|>' -}}
        {%- endgeneration -%}
    {%- else -%}
        {{- message['content'] | trim + '<|eot_id|>' -}}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
{%- endif -%}
"""
# Needs no token of its own but the end of a text.
PLAIN = """\
{{- bos_token if bos_token else '' -}}
{%- for message in messages -%}
    {{- '### ' + message['role'] + '\\n' -}}
    {%- if message['role'] == 'assistant' -%}
        {%- generation -%}
            {{- message['content'] | trim + eos_token -}}
        {%- endgeneration -%}
        {{- '\\n' -}}
    {%- else -%}
        {{- message['content'] | trim + '\\n' -}}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- '### assistant\\n' -}}
{%- endif -%}
"""
FAMILIES = {"<start_of_turn>": GEMMA, "<|start_header_id|>": LLAMA}
"""By a token that only their vocabularies hold."""
TURN_ENDS = ("<end_of_turn>", "<|eot_id|>", "<|im_end|>")
"""Tokens with which models end an answer, beside the end of a text."""
_MARK = re.compile(r"\{%(-?)\s*(?:end)?generation\s*(-?)%\}")
_REFUSED = (TemplateError, TypeError, ValueError)
"""What a template raises that does not take its turns, or is none."""
_ASKED, _TOLD, _SYSTEM = "Berapa lama?", "Dua tahun.", "Jawab singkat."


def unmarked(template: str) -> str:
    """The template that a server gets: it renders the same, and not each knows the marks."""
    # A comment trims the white space beside it as the mark did.
    return _MARK.sub(r"{#\1 \2#}", template)


def _own(tokenizer: Any) -> str | None:
    found = tokenizer.chat_template
    return found.get("default") if isinstance(found, dict) else found


def _marked_by_trl(tokenizer: Any) -> str | None:
    """The same template with marks, where it is one of the many that trl knows."""
    from trl.chat_template_utils import get_training_chat_template

    try:
        found: str | None = get_training_chat_template(tokenizer)
    except _REFUSED:
        return None
    return found


def _candidates(tokenizer: Any, marks: bool) -> Iterator[str]:
    own = _own(tokenizer)
    if own:
        yield own
        if marks:
            yield _marked_by_trl(tokenizer) or own
    vocabulary = tokenizer.get_vocab()
    for token, template in FAMILIES.items():
        if token in vocabulary:
            yield template
    if not own and tokenizer.eos_token:
        yield PLAIN


def renders(tokenizer: Any, template: str, messages: list[dict[str, str]]) -> bool:
    """Whether the template takes these turns and leaves none of their texts out."""
    try:
        told = tokenizer.apply_chat_template(messages, chat_template=template, tokenize=False)
    except _REFUSED:
        return False
    return all(message["content"].strip() in told for message in messages)


def choose(tokenizer: Any, *, system: bool, marks: bool) -> str:
    """A template for data with or without system texts; `marks`: that tells the answers apart.

    Raises BackendError where the model's own does not do and no other is known to fit.
    """
    for template in _candidates(tokenizer, marks):
        if (not marks or _MARK.search(template)) and renders(tokenizer, template, _turns(system)):
            return template
    raise BackendError(_why_none(tokenizer, system), permanent=True)


def _turns(system: bool) -> list[dict[str, str]]:
    turns = [{"role": "user", "content": _ASKED}, {"role": "assistant", "content": _TOLD}]
    return [{"role": "system", "content": _SYSTEM}, *turns] if system else turns


def _why_none(tokenizer: Any, system: bool) -> str:
    own = _own(tokenizer)
    if not own:
        return NO_END
    if not renders(tokenizer, own, _turns(False)):
        return BROKEN
    return UNFIT_FOR_MARKS if renders(tokenizer, own, _turns(system)) else UNFIT


NO_END = gettext_noop("the base model's tokenizer names no token that ends a text")
BROKEN = gettext_noop("the base model's chat template does not take a question and its answer")
UNFIT = gettext_noop("the base model's chat template does not take the data's system texts")
UNFIT_FOR_MARKS = gettext_noop(
    "the base model's chat template does not mark the assistant's turns: allowed for "
    "options.learns: answer"
)
