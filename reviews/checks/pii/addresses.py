"""Street addresses of Indonesia: a place that can be found, not the name of a street alone.

An address needs an anchor: a street or an estate with the number of a house, a neighbourhood
(RT/RW) or a block with a number. From there it goes on through what may follow in an address:
villages, districts, towns and the postcode. Without an anchor, two named districts behind a word
such as "alamat" will do.
"""

import re
from collections.abc import Iterator
from functools import cache

from stdnum import numdb

from reviews.checks.pii.reading import Reading, has_any, word_start
from reviews.checks.pii.spans import Span

# Nothing here matches without one of these.
_SIGNS = (
    *("jl", "jalan", "gang", "gg", "rt ", "rt.", "rw", "blok", "komp", "perum", "apart"),
    *("alamat", "domisili", *(f"rt{digit}" for digit in "0123456789")),
)

# A word of a name: no name goes on over the start of another street, or over a word of a sentence.
_WORD = (
    r"(?!(?:jalan|jln?|gang|gg|yang|dan|pada|di|ke|dari|untuk|dengan|sejak|selama|sampai|sekitar"
    r"|sepanjang|hanya|ada|adalah|ini|itu|tahun|pukul|tanggal)\b)[^\W\d_][\w'’.-]{0,30}"
)
_NAME = rf"(?:[0-9]{{1,2}} )?{_WORD}(?:[ ]{_WORD}){{0,4}}?"
_LONG_STREET = r"(?:jalan|gang|lorong)"
_SHORT_STREET = r"(?:jln?|gg|lrg)"
_STREETS = ("jalan", "jln", "jl", "gang", "gg")
_ESTATES = ("kompleks?", "komp", "perumahan", "perumnas", "perum", "apartemen", "apartment")
_VILLAGES = ("kampung", "kp", "dusun", "dsn", "banjar", "br", "lingkungan", "cluster", "rusun")

_NUMBER = (
    r"(?:(?:no|nomor|nmr|kav|kavling)\b[.: ]{0,3}|#)[a-z]{0,2}[.-]?"
    r"(?:[0-9]{1,4}[a-z]?|[ivx]{1,5}/[0-9]{1,3})(?:[ ]?[/-][ ]?(?:[0-9]{1,4}[a-z]?|[a-z])|[ ][a-z]"
    r"(?=[,.;\n]|\Z))?(?![^\W_])"
)
# The two that stand alone, without their first letter: a search is fast from a letter on.
_T_RW = (
    r"t(?:[ .]{0,2}[0-9]{1,3}(?:[ ,]{0,2}/[ ]?(?:rw[ .:]{0,2})?|[ ,.-]{0,2}rw[ .:]{0,2})"
    r"[0-9]{1,3}|[ ]?/[ ]?rw[ .:]{0,2}[0-9]{1,3}[ ]?/[ ]?[0-9]{1,3})(?![^\W_])"
)
_LOK = (
    r"lok[ .:]{0,2}(?:[a-z]{1,3}[ .-]?[0-9]{0,3}|[0-9]{1,3})[a-z]?"
    rf"(?:[ ,]{{0,2}}{_NUMBER}|[ ]?/[ ]?[0-9]{{1,3}}[a-z]?|-[0-9]{{1,3}})(?![^\W_])"
)
_AREA = rf"(?:r{_T_RW}|b{_LOK})"
# A law is no house ("… Jalan Nomor 22 Tahun 2009"), and neither is a length, a time or a year.
_NO_HOUSE = (
    r"(?![ ]?(?:tahun|thn|/20|km|m|meter|kilometer|menit|jam|hari|minggu|bulan|orang|kali|persen|%"
    r"|lajur|arah|juta|ribu|miliar|titik|ruas|unit|ekor|buah)\b|%)"
)
_BARE_NUMBER = (
    r"(?!(?:1[5-9]|20)[0-9]{2}\b)(?:[ivx]{1,4}/)?[0-9]{1,4}[a-z]?(?:[/-][0-9]{1,4}[a-z]?)?\b"
    rf"{_NO_HOUSE}(?![.,:][0-9])"
)
_BARE_BLOCK = r"blok[ .]{0,2}[a-z]{0,2}-?[0-9]{1,3}\b"

_EVIDENCE = rf"(?:{_NUMBER}{_NO_HOUSE}|{_AREA})"
_STREET = re.compile(
    rf"(?P<head>{word_start(*_STREETS)})\b[. ]{{0,3}}"
    rf"(?P<name>{_NAME})(?:[ ,]{{1,3}}(?:gang|gg)\b[. ]{{1,2}}(?:[0-9]{{1,2}}|{_NAME}))?"
    rf"[ ,]{{1,3}}(?:(?P<sure>{_EVIDENCE}|{_BARE_BLOCK})|(?P<bare>{_BARE_NUMBER}))"
)
_FLOOR = r"(?:(?:lantai|lt)[ .]{0,2}[0-9]{1,3}[ ,]{1,3})?"
_IN_ESTATE = re.compile(
    rf"{word_start(*_ESTATES)}\b[. ]{{1,2}}{_NAME}[ ,]{{1,3}}{_FLOOR}{_EVIDENCE}"
)
_IN_VILLAGE = re.compile(rf"{word_start(*_VILLAGES)}\b[. ]{{1,2}}{_NAME}[ ,]{{1,3}}{_AREA}")
_LONE = re.compile(rf"[rb](?<![^\W_].)(?:(?<=r){_T_RW}|(?<=b){_LOK})")

_BETWEEN = re.compile(r"[ ]?[,.;-]?[ \n]{0,2}")
_PART = re.compile(
    rf"{_AREA}|{_NUMBER}|\b(?:lantai|lt|unit|tower|kav|gedung)\b[ .:]{{0,2}}[a-z]?"
    r"[0-9]{1,4}[a-z]?\b|(?:kode ?pos[ .:]{0,2})?[0-9]{5}(?![0-9])|indonesia\b"
)
_DIVISION = re.compile(
    r"(?:kelurahan|kel|desa|ds|kecamatan|kec|kabupaten|kab|kota|kodya|provinsi|prov|dusun|dsn"
    rf"|banjar|br|lingkungan|kampung|kp|perumahan|perum|kompleks?|komp|{_LONG_STREET}"
    rf"|{_SHORT_STREET})\b[.:]?[ ]{{0,2}}"
)
_WORDS = re.compile(rf"{_WORD}(?:[ ]{_WORD}){{0,3}}")
_ENDS = re.compile(r"[ ]*(?:[.,;)\"'\n]|\Z)")
_ONE_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_CAPITALS = re.compile(r"[A-Z][\w'’-]*(?:[ ][A-Z][\w'’-]*){0,2}")
_SAYS_ADDRESS = re.compile(
    r"\b(?:alamat(?:nya)?|beralamat|domisili|berdomisili)\b(?:[ :]{1,2}(?:saya|kami|lengkap|rumah"
    r"|sesuai|ktp|di|adalah|yaitu|tinggal))*[ :]{1,3}"
)


def addresses(reading: Reading) -> Iterator[Span]:
    """Yield each address with all that belongs to it."""
    low = reading.low
    if not has_any(low, _SIGNS):
        return
    reached = 0
    for start, end, confidence in _anchors(reading):
        if start >= reached:
            reached = _tail(reading, end)[0]
            yield Span(start, reached, "ALAMAT", confidence)
    if not ("alamat" in low or "domisili" in low):
        return
    reached = 0
    for match in _SAYS_ADDRESS.finditer(low):
        if match.end() < reached:
            continue
        reached, divisions = _tail(reading, match.end())
        if divisions > 1:
            yield Span(match.end(), reached, "ALAMAT", 0.6)


def _anchors(reading: Reading) -> list[tuple[int, int, float]]:
    """Return (start, end, confidence) of each anchor, by place."""
    low = reading.low
    found = [
        (*match.span(), 0.85) for kind in (_IN_ESTATE, _IN_VILLAGE) for match in kind.finditer(low)
    ]
    found += [(*match.span(), 0.75) for match in _LONE.finditer(low)]
    for match in _STREET.finditer(low):
        if match["sure"]:
            found.append((*match.span(), 0.85))
        elif match["head"] in {"jl", "jln"} or _is_name(reading.text, match.start("name")):
            found.append((*match.span(), 0.7))
    return sorted(found, key=lambda anchor: (anchor[0], -anchor[1]))


def _is_name(text: str, start: int) -> bool:
    return text[start].isupper()


def _tail(reading: Reading, end: int) -> tuple[int, int]:
    """Return where the address that has come to `end` ends, and how many divisions it named."""
    divisions = 0
    while True:
        between = _BETWEEN.match(reading.low, end)
        at = between.end() if between else end
        if part := _PART.match(reading.low, at):
            end = part.end()
        elif division := _DIVISION.match(reading.low, at):
            name = _named(reading, division.end())
            if name is None:
                return end, divisions
            end, divisions = name, divisions + 1
        elif (place := _place(reading, at)) is not None:
            end = place
        else:
            return end, divisions


def _named(reading: Reading, at: int) -> int | None:
    """Return the end of the name of a village, district or town that starts at `at`."""
    name = _CAPITALS.match(reading.text, at) or _ONE_WORD.match(reading.low, at)
    ends = [end for end in (_known_place(reading, at), name and name.end()) if end]
    return max(ends, default=None)


def _place(reading: Reading, at: int) -> int | None:
    """Return the end of a known place, or of capitals that an address goes on behind."""
    known = _known_place(reading, at)
    if known is not None:
        return known
    name = _CAPITALS.match(reading.text, at)
    if not name:
        return None
    if reading.low[at - 2 : at] == ", " and _ENDS.match(reading.low, name.end()):
        return name.end()
    between = _BETWEEN.match(reading.low, name.end())
    behind = between.end() if between else name.end()
    if (
        _PART.match(reading.low, behind)
        or _DIVISION.match(reading.low, behind)
        or _known_place(reading, behind) is not None
    ):
        return name.end()
    return None


def _known_place(reading: Reading, at: int) -> int | None:
    words = _WORDS.match(reading.low, at)
    if not words:
        return None
    known, name = _places(), words[0].rstrip(".")
    while name:
        if name in known:
            return at + len(name)
        name = name.rpartition(" ")[0].rstrip(".")
    return None


@cache
def _places() -> frozenset[str]:
    """Provinces and regencies in small letters, by python-stdnum's list, and a few short names."""
    names = {"jakarta", "dki jakarta", "bali", "diy", "jabar", "jateng", "jatim", "ntb", "ntt"}
    for _length, _low, _high, province, regencies in numdb.get("id/loc").prefixes:
        parts = [province, *(regency[3] for regency in regencies)]
        names |= {part["name_id"].lower() for part in parts if "name_id" in part}
    return frozenset(
        names | {f"kota {name}" for name in names} | {f"kab. {name}" for name in names}
    )
