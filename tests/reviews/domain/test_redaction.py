"""Personal data out of a text: what was JSON is JSON still, and the rest is as it was."""

from __future__ import annotations

import json

import pytest

from reviews.checks import pii
from reviews.domain.redaction import redact


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Kirim ke budi@contoh.id ya", "Kirim ke [EMAIL] ya"),
        ('{"a" :1.0,\n "b": "c\\/d"}', '{"a" :1.0,\n "b": "c\\/d"}'),
        (r'{"a": "x\nbudi@contoh.id"}', r'{"a": "x\n[EMAIL]"}'),
        (r'{"a": "\u003cbudi@contoh.id\u003e"}', r'{"a": "\u003c[EMAIL]\u003e"}'),
        (r'{"a": "{\"b\": \"budi@contoh.id\"}"}', r'{"a": "{\"b\": \"[EMAIL]\"}"}'),
        # A number gives way to a text: a bare placeholder would not be JSON.
        ('{"nik": 3171234507900001, "n": [1]}', '{"nik": "[NIK]", "n": [1]}'),
        ("[3171234507900001]", '["[NIK]"]'),
        ('["[NIK]", 3171234507900001]', '["[NIK]", "[NIK]"]'),
        # It was no JSON, so nothing is quoted.
        ("{nik: 3171234507900001}", "{nik: [NIK]}"),
    ],
)
def test_what_is_left(text, left):
    assert redact(text) == left


def test_where_a_finding_spans_strings_each_is_redacted_alone(monkeypatch):
    def greedy(text: str) -> str:
        return text.replace('budi", "', "[ALAMAT]").replace("budi", "[ALAMAT]")

    monkeypatch.setattr(pii, "redact", greedy)
    assert redact(r'{"a": "budi", "b\u0020": "x"}') == r'{"a": "[ALAMAT]", "b\u0020": "x"}'


def test_naughty_strings_stay_json(shared_data):
    strings = json.loads((shared_data / "json_edge" / "naughty_strings_even.json").read_bytes())
    for naughty in strings:
        text = json.dumps({"a": naughty, "b": 3171234507900001})
        assert json.loads(redact(text)) == {"a": pii.redact(naughty), "b": "[NIK]"}
