"""Personal data in Indonesian and English text: find it and replace it by typed placeholders.

First version, regular expressions only. It knows NIK, NPWP, phone numbers, e-mail addresses,
passports, KITAS/KITAP numbers and bank accounts; names and street addresses it does not know.
The number formats are those of the table that ends the data folder's SOURCES.md.
"""

import re
from bisect import bisect
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Personal data at text[start:end]; `kind` is the placeholder's name, confidence is 0 to 1."""

    start: int
    end: int
    kind: str
    confidence: float


# First two digits of a NIK: the 38 provinces (Kemendagri codes) since the Papua split of 2022.
PROVINCES = frozenset(
    {11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 31, 32, 33, 34, 35, 36, 51, 52, 53}
    | {61, 62, 63, 64, 65, 71, 72, 73, 74, 75, 76, 81, 82, 91, 92, 93, 94, 95, 96}
)

# What people put between groups of digits: spaces, dots, brackets and the various hyphens.
_SEP = r"[ \u00a0.()\u2010-\u2013-]"
# A number starts here: neither inside a longer one nor after the thousands dot of an amount.
_LEFT = r"(?<!\d)(?<!\d\.)"
# Phones moreover do not start inside a UUID or a hash.
_LEFT_OF_PHONE = rf"{_LEFT}(?<![\da-fA-F])(?<![\da-fA-F]-)"
# Phones end at the last full group: a single digit after a blank ("… 7890 5 hari") is not theirs.
_RIGHT = rf"(?<!{_SEP}\d)(?!\d)"
# An opening bracket belongs to a phone only if it closes after the prefix: (021), (+62).
_OPEN = r"(?:\((?=[+\d]{2,6}\)))?"
_COUNTRY = rf"(?:\+|00)?62\)?{_SEP}{{0,2}}(?:\(?0\)?{_SEP}{{0,2}})?\(?"

# Nothing below can match a text without an @, six digits in a row or the head of a KITAS number.
_HINT = re.compile(rf"@|\d(?:{_SEP}{{0,3}}\d){{5}}|2[CD]{_SEP}?\d\d", re.IGNORECASE)

# The lookahead makes candidates overlap: after "tahun 2024 3315 …" the NIK must still be seen.
_NIK = re.compile(rf"{_LEFT}(?=(\d(?:{_SEP}?\d){{15}})(?!\d))")
_NPWP_WRITTEN_OUT = re.compile(
    rf"(?<!\d)\d{{2}}{_SEP}\d{{3}}{_SEP}\d{{3}}{_SEP}\d{_SEP}\d{{3}}{_SEP}\d{{3}}(?!\d)"
)
_NPWP_PLAIN = re.compile(rf"{_LEFT}(?=(0?\d(?:{_SEP}?\d){{14}})(?!\d))")
_MOBILE = re.compile(
    rf"{_LEFT_OF_PHONE}{_OPEN}(?:{_COUNTRY}|0)8[1-35789]\d(?:{_SEP}{{0,3}}\d){{6,11}}{_RIGHT}"
)
# Two-digit area codes are Jakarta, Bandung, Semarang, Surabaya and Medan. No subscriber's number
# starts with 0 or 1, which keeps out most dates, serials and service numbers.
_LANDLINE = re.compile(
    rf"{_LEFT_OF_PHONE}{_OPEN}(?:{_COUNTRY}|0)(?:2[124]|31|61|[2-79]\d\d)"
    rf"(?P<gap>{_SEP}{{0,3}})[2-9](?:{_SEP}{{0,3}}\d){{4,7}}{_RIGHT}"
)
# The lookbehind starts a match only at the head of a word, which keeps long words linear.
_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}")
_PASSPORT = re.compile(r"(?<!\w)[A-Z]{1,2} ?\d{6,7}(?!\w)", re.IGNORECASE)
# No official description was found: this is the form seen in the test data of several projects.
_KITAS = re.compile(
    r"(?<!\w)2[CD][ -]?\d{2}[ -]?[A-Z]{2}[ -]?\d{4,}(?:-?[A-Z])?(?!\w)", re.IGNORECASE
)
_ACCOUNT = re.compile(rf"{_LEFT}(?=(\d(?:{_SEP}?\d){{9,15}})(?!{_SEP}?\d))")

# Context words. A bracket before them means one of our own placeholders, which says nothing.
_NPWP_WORD = re.compile(r"(?<!\[)\bNPWP\b", re.IGNORECASE)
_PASSPORT_WORD = re.compile(r"(?<!\[)\b(?:no)?pas+port?(?:nya)?\b", re.IGNORECASE)
_ACCOUNT_WORD = re.compile(
    r"(?<!\[)\b(?:(?:no)?rek(?:ening)?(?:nya)?|bank account|account (?:number|no)|transfer ke"
    r"|BCA|Mandiri|BRI|BNI|BSI|BTN|CIMB|Permata|Danamon|Maybank|OCBC|Panin|Jago|Jenius)\b",
    re.IGNORECASE,
)
# How far context reaches, in characters before and after the number.
_BEFORE, _AFTER = 40, 20

_GROUPED = re.compile(r"[1-9]\d{0,2}(?:[.,]\d{3})+")
_MONEY_BEFORE = re.compile(
    r"(?:\bRp\.?|\bIDR|\bUSD|\$|\b(?:saldo|minimal|minimum|sebesar|senilai|sejumlah))\s*\Z",
    re.IGNORECASE,
)
_MONEY_AFTER = re.compile(r"\s?(?:rupiah|IDR|USD|dolar|dollars?)\b|,-|,00\b", re.IGNORECASE)
_DATE = re.compile(r"\b(?:\d{1,2}[-. ]\d{1,2}[-. ](?:19|20)\d\d|(?:19|20)\d\d[-.]\d\d[-.]\d\d)\b")
_NIB_BEFORE = re.compile(
    r"\b(?:NIB|Nomor Induk Berusaha)\)?"
    r"(?:\s+(?:nomor|no\.?|number|saya|kami|anda|perusahaan|adalah|is))*[\s:.(#-]*\Z",
    re.IGNORECASE,
)


def find(text: str) -> list[Span]:
    """Return the personal data in `text`, ordered and without overlaps.

    Where two detectors claim the same characters the surer one wins, then the longer one.
    """
    if not _HINT.search(text):
        return []
    found = [span for detect in _DETECTORS for span in detect(text)]
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


def redact(text: str) -> str:
    """Return `text` with each finding replaced by its placeholder, such as `[NIK]`.

    A shorter text brings context words nearer to other numbers, so this repeats until nothing is
    found: redacting twice changes nothing more. Each round removes digits or an @, so it ends.
    """
    while spans := find(text):
        parts, end = [], 0
        for span in spans:
            parts += [text[end : span.start], f"[{span.kind}]"]
            end = span.end
        text = "".join([*parts, text[end:]])
    return text


def _niks(text: str) -> Iterator[Span]:
    for match in _NIK.finditer(text):
        start, end = match.span(1)
        if _is_nik(_digits(match[1])) and not _is_amount_or_date(text, start, end):
            yield Span(start, end, "NIK", 0.95)


def _is_nik(digits: str) -> bool:
    """Whether 16 digits read as province, district, ddmmyy (women: dd + 40) and a serial."""
    province, day, month, year = (int(digits[i : i + 2]) for i in (0, 6, 8, 10))
    if province not in PROVINCES or not 1 <= month <= 12 or int(digits[12:]) == 0:
        return False
    # The century is unknown; 2000 + year has each leap day that 1900 + year has, and 29-02-00.
    last_day = monthrange(2000 + year, month)[1]
    return 1 <= (day - 40 if day > 40 else day) <= last_day


def _npwps(text: str) -> Iterator[Span]:
    # Shape alone decides when written out: the check digit (Luhn) is wrong in specimen numbers,
    # validator.js's among them, and in typing errors, and a mistyped NPWP still points at someone.
    for match in _NPWP_WRITTEN_OUT.finditer(text):
        yield Span(*match.span(), "NPWP", 0.95)
    for match in _NPWP_PLAIN.finditer(text):
        start, end = match.span(1)
        if _near(_NPWP_WORD, text, start, end) and not _is_amount_or_date(text, start, end):
            yield Span(start, end, "NPWP", 0.8)


def _phones(text: str) -> Iterator[Span]:
    for match in _MOBILE.finditer(text):
        if not _is_other_number(text, *match.span()):
            yield Span(*match.span(), "TELEPON", 0.9)
    for match in _LANDLINE.finditer(text):
        if not _is_other_number(text, *match.span()):
            written_out = match["gap"] or not match[0].startswith("0")
            yield Span(*match.span(), "TELEPON", 0.75 if written_out else 0.6)


def _emails(text: str) -> Iterator[Span]:
    for match in _EMAIL.finditer(text):
        yield Span(*match.span(), "EMAIL", 0.95)


def _passports(text: str) -> Iterator[Span]:
    for match in _PASSPORT.finditer(text):
        if _near(_PASSPORT_WORD, text, *match.span()):
            yield Span(*match.span(), "PASPOR", 0.85)


def _kitas(text: str) -> Iterator[Span]:
    for match in _KITAS.finditer(text):
        yield Span(*match.span(), "KITAS", 0.9)


def _accounts(text: str) -> Iterator[Span]:
    """Ten to sixteen digits near a bank's name or the word for account: no bank issues fewer."""
    for match in _ACCOUNT.finditer(text):
        start, end = match.span(1)
        if _near(_ACCOUNT_WORD, text, start, end) and not _is_other_number(text, start, end):
            yield Span(start, end, "REKENING", 0.7)


_DETECTORS: tuple[Callable[[str], Iterator[Span]], ...] = (
    _niks,
    _npwps,
    _phones,
    _emails,
    _passports,
    _kitas,
    _accounts,
)


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def _near(words: re.Pattern[str], text: str, start: int, end: int) -> bool:
    return bool(words.search(text, max(0, start - _BEFORE), end + _AFTER))


def _is_amount_or_date(text: str, start: int, end: int) -> bool:
    return bool(
        _GROUPED.fullmatch(text, start, end)
        or _MONEY_BEFORE.search(text, max(0, start - 12), start)
        or _MONEY_AFTER.match(text, end)
        or _DATE.search(text, start, end)
    )


def _is_other_number(text: str, start: int, end: int) -> bool:
    """Whether the digits are an amount, a date or a NIB, a company's 13-digit public number."""
    is_nib = len(_digits(text[start:end])) == 13 and _NIB_BEFORE.search(
        text, max(0, start - _BEFORE), start
    )
    return bool(is_nib) or _is_amount_or_date(text, start, end)
