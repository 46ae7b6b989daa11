"""The same question in other words by rule, where no person wrote another wording.

A check of robustness in the manner of CheckList's invariance tests (Ribeiro et al. 2020), not a
substitute for held-out wordings: evaluations report the two apart.
"""

from __future__ import annotations

import re

_RULES = (
    (r"\bbagaimanakah\b|\bbagaimana\b", "gimana"),
    (r"\bapakah\b\s*", ""),
    (r"\btidak\b", "nggak"),
    (r"\bberapakah\b", "berapa"),
    (r"\bsaya\b", "aku"),
    (r"\banda\b", "kamu"),
    (r"\bapabila\b|\bjika\b|\bkalau\b", "kalo"),
    (r"\bsudah\b", "udah"),
    (r"\bsaja\b", "aja"),
    (r"\bmenggunakan\b|\bmemakai\b", "pake"),
    (r"\bmembuat\b", "bikin"),
    (r"\buntuk\b", "buat"),
    (r"\bmengapa\b", "kenapa"),
    (r"\bhanya\b", "cuma"),
    (r"\bseperti\b", "kayak"),
)
_FORMAL = (
    (r"\bgimana\b", "bagaimana"),
    (r"\bnggak\b|\bgak\b|\benggak\b", "tidak"),
    (r"\bgue\b|\baku\b|\bgw\b", "saya"),
    (r"\blo\b|\bkamu\b", "Anda"),
    (r"\bkalo\b", "jika"),
    (r"\budah\b", "sudah"),
    (r"\baja\b", "saja"),
    (r"\bpake\b", "menggunakan"),
    (r"\bbikin\b", "membuat"),
    (r"\bbuat\b", "untuk"),
    (r"\s*\b(?:dong|sih|nih|ya|deh|kok)\b(?=\W|$)", ""),
)


def _apply(rules: tuple[tuple[str, str], ...], text: str) -> str:
    for pattern, words in rules:
        text = re.sub(pattern, words, text, flags=re.IGNORECASE)
    return " ".join(text.split())


def question(text: str) -> str:
    """`text` asked casually, or, where it is casual already, formally."""
    bare = text.strip().rstrip("?!. ")
    casual = _apply(_RULES, bare)
    if casual.casefold() != bare.casefold():
        return f"Mau tanya dong, {casual[:1].lower()}{casual[1:]}?"
    formal = _apply(_FORMAL, bare)
    return f"Mohon penjelasannya: {formal[:1].lower()}{formal[1:]}?"
