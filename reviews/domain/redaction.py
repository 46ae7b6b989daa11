"""Personal data out of texts that may be JSON, so that what is left is JSON still."""

from __future__ import annotations

import json
import re

import orjson

from reviews.checks import pii

_STRING = r'"(?:[^"\\]|\\.)*"'
# A string, or a placeholder that stands where a number was.
_STRING_OR_BARE = re.compile(rf"{_STRING}|[-+.\w]*(?:\[[A-Z_]+\][-+.\w]*)+")


def redact(text: str) -> str:
    """`pii.redact`; what was JSON is JSON afterwards, and a text without personal data is as it
    was, to the last blank."""
    found = pii.redact(text)
    if found == text or not _is_json(text) or _is_json(found):
        return found
    return _mended(text, found)


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _mended(text: str, found: str) -> str:
    """`found` with the placeholders of numbers as strings; where something else broke it, `text`
    with each string redacted by itself."""
    quoted = _STRING_OR_BARE.sub(lambda m: m[0] if m[0][0] == '"' else f'"{m[0]}"', found)
    if _is_json(quoted):
        return quoted
    return re.sub(_STRING, _alone, text)


def _alone(string: re.Match[str]) -> str:
    words: str = json.loads(string[0])
    found = pii.redact(words)
    return string[0] if found == words else json.dumps(found, ensure_ascii=False)
