"""What makes two texts the same: hashes of normalised text, equal on every machine."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

_SPACE = re.compile(r"\s+")
_EDGES = re.compile(r"^\W+|\W+$")


def digest(*parts: Any) -> str:
    """SHA-256 (hex) of the parts, as JSON so that no two lists of parts run together."""
    # surrogatepass: a lone surrogate is refused at the edge, but a hash must not be what fails.
    raw = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()


def tidy(text: str) -> str:
    """NFC with single spaces: differences that nobody sees do not make another text."""
    return _SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip()


def _turns(history: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[role, tidy(text)] for role, text in history]


def of_pair(history: Sequence[Sequence[str]], question: str, answer: str, system: str = "") -> str:
    """The same words under another system instruction are another pair."""
    parts = ["pair", _turns(history), tidy(question), tidy(answer)]
    return digest(*parts, tidy(system)) if system else digest(*parts)


def of_question(question: str, history: Sequence[Sequence[str]] = ()) -> str:
    """Case and closing punctuation do not make another question; earlier turns do."""
    return digest("question", _turns(history), _EDGES.sub("", tidy(question).casefold()))


def of_family(name: str) -> str:
    """A family that a file names itself."""
    return digest("family", tidy(name).casefold())
