"""Ways to reach a person: phone numbers and e-mail addresses."""

import re
from collections.abc import Iterator

from reviews.checks.pii import context
from reviews.checks.pii.chains import Chain
from reviews.checks.pii.reading import Reading, has_any
from reviews.checks.pii.spans import Span

_TRUNK = re.compile(r"(?:0062|62|0)0?(?=[2-9])")
_MOBILE = re.compile(r"8[1-35789]")
# Two-digit area codes are Jakarta, Bandung, Semarang, Surabaya and Medan. No subscriber's number
# starts with 0 or 1, which keeps out most dates, serials and service numbers.
_AREA = re.compile(r"(?P<area>2[124]|31|61|[2-79][0-9]{2})[2-9]")

# Calling codes of the world by ITU-T E.164, Indonesia's included: +62 with a length of its own.
_CALLING_CODE = re.compile(
    r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|2[1-69][0-9]|3[578][0-9]|42[013]|5[09][0-9]|6[789][0-9]|8[05789][0-9]|9[679][0-9]"
)
_AMERICAN = re.compile(
    r"(?:[^0-9-]?[2-9][0-9]{2}-|\([2-9][0-9]{2}\) ?)[2-9][0-9]{2}-[0-9]{4}", re.DOTALL
)
_PHONE_WORD = re.compile(
    r"\b(?:telp|tlp|tel|telepon|telpon|phone|handphone|hp|wa|whatsapp|ponsel|fax|faks|mobile"
    r"|call me|hubungi saya)\b[^0-9]{0,15}\Z"
)
# Toll-free and service numbers are a company's.
_SERVICE = ("0800", "0804", "0807", "0809", "1500")

# Dots at the end of a local part are there for "budi...@contoh.co.id". The blanks round the @ and
# the words in brackets are how people hide an address from robots.
_LOCAL = r"[\w\u0300-\u036f.%+-]+"
_LABEL = r"[\w\u0300-\u036f-]+"
_LAST = r"(?:xn--[\w-]+|[^\W\d_][^\W\d_\u0300-\u036f]+)"
_EMAIL = re.compile(rf"(?<![\w.%+-]){_LOCAL}@(?:{_LABEL}\.)+{_LAST}")
# git@github.com:owner/name is how code is fetched, icon@2x.png an icon.
_NO_USER, _FILE = ("git@",), (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".js", ".css")
_EMAIL_IN_URL = re.compile(rf"(?<![\w.+-])[\w.+-]+%40(?:{_LABEL}\.)+{_LAST}")
_OPEN, _CLOSE = r"[ ]{0,2}[(\[][ ]?", r"[)\]][ ]{0,2}"
_DOT = rf"(?:[ ]?\.[ ]?|{_OPEN}(?:dot|titik){_CLOSE}|[ ](?:dot|titik)[ ])"
# "cek @toko.baju" is somebody's handle; "budi @gmail.com" is not.
_PROVIDER = r"(?=(?:gmail|yahoo|ymail|hotmail|outlook|icloud|proton)[.a-z])"
_AT = rf"(?:[ ]?@[ ]{{1,2}}|[ ]@{_PROVIDER}|{_OPEN}(?:at|@){_CLOSE})"
_HIDING_AT = ("@ ", " @", "at)", "at]", "@)", "@]")
_EMAIL_HIDDEN = re.compile(
    rf"(?<![\w.%+-])[\w.%+-]+{_AT}[\w-]+(?:{_DOT}[\w-]+){{0,4}}{_DOT}[^\W\d_]{{2,10}}(?![\w@])"
)


def phones(reading: Reading, chain: Chain) -> Iterator[Span]:
    """Mobile and landline numbers of Indonesia, and numbers in international form."""
    group, last = 0, len(chain.starts)
    while group < last:
        found = (
            _indonesian(reading, chain, group)
            or _international(reading, chain, group)
            or _american(reading, chain, group)
            or _named(reading, chain, group)
        )
        if found:
            end_group, confidence = found
            start, end = _start(reading.low, chain, group), chain.ends[end_group]
            if not _is_no_phone(reading.low, chain, group, start, end):
                yield Span(start, end, "TELEPON", confidence)
                group = end_group
        group += 1


def _indonesian(reading: Reading, chain: Chain, group: int) -> tuple[int, float] | None:
    """Return (last group, confidence) of the number that starts with `group`, if one does."""
    offset = chain.offsets[group]
    head = _TRUNK.match(chain.digits, offset, offset + 6)
    if not head:
        return None
    trunk = head.end() - offset
    if _MOBILE.match(chain.digits, head.end()):
        # Fifteen digits only without gaps: in groups, the last of them would be something else.
        longest = 14 if chain.size(group) > 12 else 12
        end = chain.last_group(reading.low, group, trunk + 9, trunk + longest)
        return None if end is None else (end, 0.9)
    area = _AREA.match(chain.digits, head.end())
    if not area:
        return None
    return _landline(reading, chain, group, trunk + len(area["area"]))


def _landline(reading: Reading, chain: Chain, group: int, prefix: int) -> tuple[int, float] | None:
    """The area code ends where a group does, or the whole number is one group."""
    shortest = max(9, prefix + 5)
    end = chain.last_group(reading.low, group, shortest, prefix + 8)
    written_out = chain.offsets[group] + prefix in chain.offsets[group : group + 4]
    if end is None or not (written_out or end == group):
        return None
    plain = not written_out and chain.digits[chain.offsets[group]] == "0"
    return end, 0.6 if plain else 0.75


def _international(reading: Reading, chain: Chain, group: int) -> tuple[int, float] | None:
    start = chain.starts[group]
    if (
        reading.low[start - 1 : start] != "+"
        or reading.low[max(0, start - 2) : start - 1].isalnum()
    ):
        return None
    code = _CALLING_CODE.match(chain.digits, chain.offsets[group])
    if not code:
        return None
    shortest, longest = (11, 11) if code[0] == "1" else (9, 15)
    end = chain.last_group(reading.low, group, shortest, longest)
    return None if end is None else (end, 0.8)


def _american(reading: Reading, chain: Chain, group: int) -> tuple[int, float] | None:
    """A number of North America without its country: 212-555-0123, (212) 555-0123."""
    if [chain.size(i) for i in range(group, min(group + 3, len(chain.starts)))] != [3, 3, 4]:
        return None
    written = reading.low[max(0, chain.starts[group] - 1) : chain.ends[group + 2]]
    return (group + 2, 0.6) if _AMERICAN.fullmatch(written) else None


def _named(reading: Reading, chain: Chain, group: int) -> tuple[int, float] | None:
    """A number right behind a word for phone, whatever its form."""
    if group > 0 or chain.digits.startswith(_SERVICE):
        return None
    if not context.before(_PHONE_WORD, reading.low, chain.starts[0], 32):
        return None
    end = chain.last_group(reading.low, group, 8, 13)
    return None if end is None else (end, 0.6)


def _start(low: str, chain: Chain, group: int) -> int:
    """Take the + and an opening bracket in, if that closes behind the prefix: (021), (+62)."""
    start = chain.starts[group]
    if low[start - 1 : start] == "+":
        start -= 1
    if low[start - 1 : start] == "(" and ")" in low[start : start + 7]:
        start -= 1
    return start


def _is_no_phone(low: str, chain: Chain, group: int, start: int, end: int) -> bool:
    """Whether the digits are the fraction of a number, part of a hash, money, a date and so on."""
    if low.startswith(("+62", "(+62"), start):
        return False
    start = chain.starts[group]
    return context.is_in_hash(low, start, end) or context.is_other_number(low, start, end)


def emails(reading: Reading) -> Iterator[Span]:
    """Addresses as they are, in a URL, and hidden as "budi (at) contoh.co.id"."""
    text = reading.text
    if "@" in text:
        for match in _EMAIL.finditer(text):
            if not (match[0].startswith(_NO_USER) or match[0].endswith(_FILE)):
                yield Span(*match.span(), "EMAIL", 0.95)
    if "%40" in text:
        for match in _EMAIL_IN_URL.finditer(text):
            yield Span(*match.span(), "EMAIL", 0.9)
    if has_any(reading.low, _HIDING_AT):
        for match in _EMAIL_HIDDEN.finditer(reading.low):
            yield Span(*match.span(), "EMAIL", 0.7)
