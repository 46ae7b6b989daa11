"""Personal data in Indonesian and English text: find it and replace it by typed placeholders.

`find` gives places, kinds and how sure they are; `redact` gives the text with `[NIK]`, `[NPWP]`,
`[PASPOR]`, `[KITAS]`, `[TELEPON]`, `[EMAIL]`, `[REKENING]`, `[PLAT]` or `[ALAMAT]` in their
place and everything else byte for byte. Names of people are not looked for. What is found and
what is not, measured: docs/personal-data.md.
"""

from bisect import bisect
from collections.abc import Iterable

from reviews.checks.pii import accounts, addresses, contact, identity, plates, prefilter
from reviews.checks.pii.chains import chains
from reviews.checks.pii.reading import Reading, read
from reviews.checks.pii.spans import KINDS, Span

__all__ = ["KINDS", "Span", "find", "redact"]

_OF_TEXT = (
    contact.emails,
    identity.passports,
    identity.kitas,
    accounts.ibans,
    plates.plates,
    addresses.addresses,
)
_OF_CHAINS = (identity.niks, identity.npwps, contact.phones, accounts.accounts)


def find(text: str) -> list[Span]:
    """Return the personal data in `text`, ordered and without overlaps.

    Where two detectors claim the same characters the surer one wins, then the longer one.
    """
    if not prefilter.may_hold(text):
        return []
    reading = read(text)
    return reading.back(_without_overlaps(_candidates(reading)))


def redact(text: str) -> str:
    """Return `text` with each finding replaced by its placeholder, such as `[NIK]`.

    A shorter text brings context words nearer to other numbers, so this repeats until nothing is
    found: redacting twice changes nothing more. What is not a placeholder grows shorter with each
    round, so it ends.
    """
    while spans := find(text):
        parts, end = [], 0
        for span in spans:
            parts += [text[end : span.start], f"[{span.kind}]"]
            end = span.end
        text = "".join([*parts, text[end:]])
    return text


def _candidates(reading: Reading) -> list[Span]:
    found = [span for detect in _OF_TEXT for span in detect(reading)]
    for chain in chains(reading.text):
        for detect in _OF_CHAINS:
            found += detect(reading, chain)
    return found


def _without_overlaps(found: Iterable[Span]) -> list[Span]:
    # By place, and each new one is held against its two neighbours alone: a text of nothing but
    # addresses must not take the square of their number.
    starts: list[int] = []
    kept: list[Span] = []
    for span in sorted(found, key=lambda s: (-s.confidence, s.start - s.end, s.start)):
        at = bisect(starts, span.start)
        clear_before = at == 0 or kept[at - 1].end <= span.start
        clear_after = at == len(kept) or span.end <= kept[at].start
        if clear_before and clear_after:
            starts.insert(at, span.start)
            kept.insert(at, span)
    return kept
