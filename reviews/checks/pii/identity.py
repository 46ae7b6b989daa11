"""Numbers that the state gives to a person: NIK, NPWP, passport, KITAS and KITAP.

The formats are those of the table that ends the data folder's SOURCES.md; the regions and the
check digit are python-stdnum's.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from stdnum import luhn, numdb

from reviews.checks.pii import context
from reviews.checks.pii.chains import Chain
from reviews.checks.pii.reading import Reading, has_any
from reviews.checks.pii.spans import Span

# Regencies that python-stdnum's list lacks: those made since, and the provinces into which Papua
# was split in 2022. Kepmendagri 300.2.2-2138/2025.
_NEWER_REGENCIES = frozenset(
    """1472 1612 1613 1813 3218 5321 6411 6501 6502 6503 6504 6571 7211 7212 7324 7411 7412 7413
    7414 7415 7606 8208 9111 9115 9119 9120 9202 9203 9206 9207 9208 9211 9212 9301 9302 9303 9304
    9405 9406 9407 9501 9502 9503 9504 9505 9506 9507 9508 9601 9602 9603 9604 9605 9671""".split()
)
# The same decree: no regency has more districts.
_MOST_DISTRICTS = 60

_NIK_WORD = re.compile(
    r"\b(?:(?:no)?nik(?:nya)?|(?:no|e-?)?ktp(?:-?el)?(?:nya)?|nomor induk kependudukan"
    r"|(?:no)?kk|kartu keluarga|identity card|id card)\b"
)
_NPWP_WORD = re.compile(r"\b(?:no)?npwp(?:nya)?\b|\bnomor pokok wajib pajak\b|\btax id\b")
_NPWP_GROUPS = [2, 3, 3, 1, 3, 3]
_NPWP_PLAIN = 15

_PASSPORT_WORD = re.compile(r"\b(?:no)?pas+port?(?:nya|s)?\b")
_PASSPORT = re.compile(r"[a-z](?<![^\W_].)[a-z]?[ -]?(?:[0-9]{6,8}|[0-9]{3} [0-9]{3,4})(?![^\W_])")
_PASSPORT_DIGITS = re.compile(
    r"\bpas+port?(?:nya)?(?: (?:saya|kami|my|nomor|no|number|is|adalah))*[ .:#]{0,3}"
    r"(?P<number>[0-9]{8,9})(?![0-9])"
)

# No official description was found: this is the form seen in the test data of several projects.
_KITAS = re.compile(
    r"2[cd](?<![^\W_]..)[ ./-]?[0-9]{2}[ ./-]?(?P<letters>[a-z]{2})[ ./-]?[0-9]{4,6}"
    r"(?:[ ]?-[ ]?[a-z]|[a-z])?(?![^\W_])"
)
_KITAS_WORD = re.compile(
    r"\b(?:no)?(?:kitas|kitap|e?itas|e?itap|izin tinggal|stay permit)(?:nya)?\b"
)
# Whatever stands where the number should: letters and at least six digits, in one word.
_KITAS_NAMED = re.compile(
    rf"(?:{_KITAS_WORD.pattern})(?: (?:saya|kami|my|nomor|no|number|is|adalah))*[ .:#]{{0,3}}"
    r"(?P<number>(?=[a-z0-9-]{0,16}[0-9]{6})(?=[0-9-]{0,16}[a-z])[a-z0-9-]{8,20})(?![^\W_])"
)


def niks(reading: Reading, chain: Chain) -> Iterator[Span]:
    """Sixteen digits that read as a NIK, or any sixteen beside its name."""
    for digits, start, end in chain.windows(16):
        if is_nik(digits) and not context.is_in_hash(reading.low, start, end):
            confidence = 0.95
        elif context.beside(_NIK_WORD, reading.low, chain, start, end):
            confidence = 0.6
        else:
            continue
        amount = context.is_amount_or_date(reading.low, start, end)
        if not (amount or context.is_fraction(reading.low, start, end)):
            yield Span(start, end, "NIK", confidence)


def is_nik(digits: str) -> bool:
    """Whether 16 digits read as regency, district, ddmmyy (women: dd + 40) and a serial."""
    district, day, month, year = (int(digits[i : i + 2]) for i in (4, 6, 8, 10))
    if not 1 <= district <= _MOST_DISTRICTS or int(digits[12:]) == 0:
        return False
    try:
        # The century is unknown; 2000 + year has each leap day of 1900 + year, and 29-02-00.
        date(2000 + year, month, day - 40 if day > 40 else day)
    except ValueError:
        return False
    return _is_regency(digits[:4])


@cache
def _is_regency(code: str) -> bool:
    parts = numdb.get("id/loc").info(code)
    return code in _NEWER_REGENCIES or (len(parts) == 2 and bool(parts[1][1]))


def npwps(reading: Reading, chain: Chain) -> Iterator[Span]:
    """The shape decides when written out, the word when not; the check digit makes surer.

    It cannot decide: it is wrong in specimen numbers, validator.js's among them, and in typing
    errors, and a mistyped NPWP still points at someone.
    """
    for group in range(len(chain.starts) - 5):
        if [chain.size(group + i) for i in range(6)] == _NPWP_GROUPS:
            offset = chain.offsets[group]
            valid = luhn.is_valid(chain.digits[offset : offset + 9])
            yield Span(chain.starts[group], chain.ends[group + 5], "NPWP", 0.97 if valid else 0.9)
    for length in (_NPWP_PLAIN, 16):
        for digits, start, end in chain.windows(length):
            if length == 16 and digits[0] != "0":
                continue
            named = context.beside(_NPWP_WORD, reading.low, chain, start, end)
            if named and not context.is_other_number(reading.low, start, end):
                valid = luhn.is_valid(digits[-15:-6])
                yield Span(start, end, "NPWP", 0.85 if valid else 0.8)


def passports(reading: Reading) -> Iterator[Span]:
    """A letter or two and six to eight digits, near the word; digits alone right behind it."""
    low = reading.low
    if not has_any(low, ("paspor", "passpor")):
        return
    for match in _PASSPORT.finditer(low):
        if context.near(_PASSPORT_WORD, low, *match.span()):
            yield Span(*match.span(), "PASPOR", 0.85)
    for match in _PASSPORT_DIGITS.finditer(low):
        if not context.is_amount_or_date(low, *match.span("number")):
            yield Span(*match.span("number"), "PASPOR", 0.7)


def kitas(reading: Reading) -> Iterator[Span]:
    """The known form anywhere, and letters with digits right behind the word."""
    low = reading.low
    for match in _KITAS.finditer(low):
        named = context.near(_KITAS_WORD, low, *match.span())
        # "2c45ef1234" may be a short hash as well.
        letters = reading.text[slice(*match.span("letters"))]
        if named or letters.isupper() or set(letters) - set("abcdef"):
            yield Span(*match.span(), "KITAS", 0.95 if named else 0.85)
    if not has_any(low, ("itas", "itap", "tinggal", "permit")):
        return
    for match in _KITAS_NAMED.finditer(low):
        yield Span(*match.span("number"), "KITAS", 0.6)
