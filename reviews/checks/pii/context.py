"""What stands beside a number: words that say what it is, and signs that it is something else.

All functions read the lower-case copy of a text.
"""

import re

from reviews.checks.pii.chains import Chain

# How far context reaches, in characters before and after the number.
BEFORE, AFTER = 40, 20

_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:[.,][0-9]{3})+")
# An amount among the digits: "1.500.000 - 3.000.000".
_AMOUNT = re.compile(r"(?<![0-9.,])[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}(?![.,]?[0-9])")
_FRACTION = re.compile(r"(?:0|[1-9][0-9]{0,2})\.[0-9]{5,}")
_MONEY_BEFORE = re.compile(
    r"(?:\brp\.?|\bidr|\busd|\beur|\$|€|\bsaldo(?: \w{1,12})?"
    r"|\b(?:minimal|minimum|sebesar|senilai|sejumlah|nominal|harga|biaya))\s*\Z"
)
_MONEY_AFTER = re.compile(r"\s?(?:rupiah|idr|usd|dolar|dollars?|euro|juta|miliar)\b|,-|,00\b")
_DATE = re.compile(
    r"(?<![0-9])(?:[0-3]?[0-9][-. /][01]?[0-9][-. /](?:19|20)[0-9]{2}"
    r"|(?:19|20)[0-9]{2}[-. /][01][0-9][-. /][0-3][0-9]"
    r"|(?:19|20)[0-9]{2} ?- ?(?:19|20)[0-9]{2})(?![0-9])"
)
# Words that name a number which is nobody's: a NIB is a company's and public.
_LABEL_BEFORE = re.compile(
    r"\b(?:nib|nomor induk berusaha|invoice|faktur|resi|order|pesanan|tiket|ticket|transaksi"
    r"|billing|ntpn|kbli|referensi|imei|isbn|serial|sertifikat|akta|kode|registrasi|pendaftaran"
    r"|permohonan|(?<!tax )id)\)?"
    r"(?:\s+(?:nomor|no\.?|number|id|saya|kami|anda|perusahaan|adalah|is))*[\s:.(#-]*\Z"
)
# A key of JSON that holds a time, an amount or a row's id, right before its value.
KEY_BEFORE = re.compile(
    r"(?:\b|_)(?:ts|time|timestamp|at|date|created|updated|expires|epoch|id|amount|total|price"
    r"|nominal|saldo|harga|nib|seed|duration|size|count|bytes|ns|ms)\\?[\"']\s*:\s*\\?[\"']?\Z"
)
_WORD_BEFORE = re.compile(r"[0-9a-z-]*\Z")
_WORD_AFTER = re.compile(r"[0-9a-z-]*")
_DOTTED = re.compile(r"[0-9.]+|[0-9]{3}[^0-9].+", re.DOTALL)
_HEX = re.compile(r"(?:0x)?[0-9a-f-]+")
_HEX_LETTER = re.compile(r"[a-fx]")


def near(words: re.Pattern[str], low: str, start: int, end: int) -> bool:
    """Whether one of the words stands near low[start:end], before or behind it."""
    return bool(words.search(low, max(0, start - BEFORE), end + AFTER))


def beside(words: re.Pattern[str], low: str, chain: Chain, start: int, end: int) -> bool:
    """`near` for a part of a chain. A chain holds no words, so its midst has none near."""
    if start - chain.starts[0] > BEFORE and chain.ends[-1] - end > AFTER:
        return False
    return near(words, low, start, end)


def before(words: re.Pattern[str], low: str, start: int, reach: int = BEFORE) -> bool:
    """Whether low ends in the pattern at `start`; the pattern says so by its own end."""
    return bool(words.search(low[max(0, start - reach) : start]))


def is_amount_or_date(low: str, start: int, end: int) -> bool:
    """Whether the digits of low[start:end] are money or a fraction, or a date is among them."""
    return bool(
        _GROUPED.fullmatch(low, start, end)
        or _FRACTION.fullmatch(low, start, end)
        or _AMOUNT.search(low, start, end)
        or before(_MONEY_BEFORE, low, start, 20)
        or _MONEY_AFTER.match(low, end)
        or _DATE.search(low, start, end)
    )


def is_other_number(low: str, start: int, end: int) -> bool:
    """Whether the digits are money, a date, a company's NIB or a number of some paper."""
    return (
        is_fraction(low, start, end)
        or before(_LABEL_BEFORE, low, start)
        or before(KEY_BEFORE, low, start)
        or is_amount_or_date(low, start, end)
    )


def is_fraction(low: str, start: int, end: int) -> bool:
    """Whether low[start:end] goes on a number written with dots: 0.8123456789, 10.081.234.567."""
    whole = low[start - 1 : start] == "." and low[max(0, start - 2) : start - 1].isdecimal()
    return whole and bool(_DOTTED.fullmatch(low, start, end))


def is_in_hash(low: str, start: int, end: int) -> bool:
    """Whether low[start:end] lies in a word of hexadecimal digits that has letters, too."""
    head = _WORD_BEFORE.search(low, max(0, start - 64), start)
    tail = _WORD_AFTER.match(low, end, end + 64)
    around = (head[0] if head else "") + "1" + (tail[0] if tail else "")
    return bool(_HEX.fullmatch(around) and _HEX_LETTER.search(around))
