"""Critical facts of an answer: amounts, durations, percentages and legal citations.

An answer that gets one of these wrong is wrong, however well it reads. Each fact has a canonical
value, so that "Rp10 miliar" and "10.000.000.000 rupiah" compare equal:

    amount      IDR 10000000000    IDR 5000000..10000000    USD 350
    duration    30 day    14 workday    6..12 month    2x30 day
    percentage  11 %    0.5 %    10..15 %
    citation    UU 25/2007    pasal 33 ayat 1 UU 25/2007    pasal 378 KUHP    PPh pasal 21

Units are never converted: "12 bulan" is not "1 tahun" where a law says one of them. A law without
a number ("UU Cipta Kerja") counts only behind an article. A tax named after its article is a
citation in both spellings, "PPh 21" and "PPh Pasal 21". Indonesian and English are read; numbers
in words only in Indonesian.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from reviews.checks.citations import citations
from reviews.checks.spellings import BLANK as _S
from reviews.checks.spellings import Fact, either, name_of

__all__ = ["Fact", "agreement", "find", "values"]


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a range: the group that holds it and the form of its canonical value.

    The form ("{} day") is empty where the number has no unit of its own: the 5 of "5-10 juta".
    """

    group: str
    value: Decimal
    form: str


_ONES = ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan")
_STARTS = {word: value for value, word in enumerate(_ONES)}
_STARTS |= {"se": 1, "sepuluh": 10, "sebelas": 11, "seratus": 100, "seribu": 1000}
_TENS = {"puluh": 10, "ratus": 100}
_POWERS = {"ribu": 3, "juta": 6, "miliar": 9, "milyar": 9, "triliun": 12}

_SCALES = {
    "3": "ribu|rb|k|thousand",
    "6": "juta|jt|million|mn",
    "9": "miliar|milyar|billion|bn",
    "12": "triliun|trillion|t",
    "M": "m",
}
_UNITS = {
    "%": r"%|persen|per ?cent",
    "workday": r"hari\s+kerja|(?:working|business|work)\s+days?",
    "day": r"hari(?:\s+kalender)?|(?:calendar\s+)?days?",
    "week": r"minggu|pekan|weeks?",
    "month": r"bulan|bln|months?",
    # "25 Tahun 2007" numbers a law.
    "year": r"(?:tahun|thn|years?)(?!\s+(?:19|20)\d\d)",
    "hour": r"jam(?!\s+\d)|hours?",
    "minute": r"menit|minutes?",
}
_SIGNS = {
    "IDR": r"Rp\.?|IDR",
    "USD": r"USD|US\$|\$",
    "SGD": r"SGD|S\$",
    "AUD": r"AUD|A\$",
    "EUR": r"EUR|€",
}
# After a number: never "Rp", which belongs to the next one. Longer names before plain "dolar".
_NOUNS = {
    "IDR": r"rupiah|IDR",
    "SGD": r"dolar\s+Singapura|Singapore\s+dollars?|SGD",
    "AUD": r"dolar\s+Australia|Australian\s+dollars?|AUD",
    "USD": r"dolar(?:\s+(?:AS|Amerika(?:\s+Serikat)?))?|(?:US\s+)?dollars?|USD",
    "EUR": r"euros?|EUR",
}
# Markdown may put asterisks between a number and its unit: "**30** hari".
_GAP = r"(?:[^\S\n]|\*)*"
# "dua koma lima persen" is not five percent; decimals in words are left out.
_LEFT = r"(?<!\w)(?<!\d[.,/\u2013-])(?<!koma )"
# Atomic, lest "500" be split to suit what follows.
_DIGITS = r"(?>\d+(?:[.,]\d+)*)"
_WORDS = (
    rf"(?:{'|'.join(_STARTS)})\b(?:\s+(?:{'|'.join([*_STARTS, 'belas', *_TENS, *_POWERS])})\b)*"
)
_COUNT = rf"(?:{_DIGITS}|{_WORDS})"
# The number again in the other script: "1 (satu) tahun", "lima (5) tahun".
_GLOSS = rf"(?:{_S}*\([\w ]{{1,40}}\))?"
_TO = rf"(?:{_GAP}[-\u2013\u2014]{_GAP}|{_S}+(?:sampai(?:{_S}+dengan)?|hingga|s\.?/?d\.?|to){_S}+)"
_OR = rf"{_S}+(?:dan|atau|and|or){_S}+"
_UNIT = rf"(?:{either(_UNITS)})(?!\w)"
_SIGN = rf"(?<!\w){either(_SIGNS)}"
_NOUN = rf"{_GAP}(?P<currency>{either(_NOUNS)})(?!\w)"
_LOW_SCALE = rf"(?:{_GAP}(?P<low_scale>{either(_SCALES)})(?!\w))?"
_HIGH_SCALE = _LOW_SCALE.replace("low", "high")

_MEASURE = re.compile(
    rf"{_LEFT}(?:(?P<times>{_COUNT}){_S}*(?:x|\u00d7|kali){_S}*)?"
    rf"(?:(?P<low>{_COUNT}){_GLOSS}(?:(?:{_GAP}|-)(?P<low_unit>{_UNIT}))?"
    rf"(?:(?P<to>{_TO})|(?P<or>{_OR})))?"
    rf"(?P<high>{_COUNT}|se(?=hari|minggu|pekan|bulan|tahun|jam)){_GLOSS}\)?"
    # "sehari-hari" means daily.
    rf"(?:{_GAP}|-)(?P<unit>{_UNIT})(?!-hari)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_BETWEEN = re.compile(r"\b(?:antara|between)\s+\Z", re.IGNORECASE)
# "tanggal 15 bulan berikutnya" is a day of the month, "salah satu bulan" counts nothing.
_NO_COUNT = re.compile(r"\b(?:tanggal|tgl\.?|salah)\s+\Z", re.IGNORECASE)

_PREFIXED = re.compile(
    rf"(?P<currency>{_SIGN}){_GAP}(?P<low>{_COUNT}){_GLOSS}{_LOW_SCALE}"
    # "Rp500.000 - 5 hari" is no range.
    rf"(?:{_TO}(?P<second>{_SIGN}{_GAP})?(?P<high>{_COUNT}){_HIGH_SCALE}(?!{_GAP}{_UNIT}))?",
    re.IGNORECASE,
)
# A low end of four bare digits is more likely a year: "2024 - 10 juta".
_LOW = rf"{_LEFT}(?:(?P<low>{_COUNT}){_LOW_SCALE}(?<!\d{{4}}){_TO})?"
_SUFFIXED = re.compile(rf"{_LOW}(?P<high>{_COUNT}){_GLOSS}{_HIGH_SCALE}{_NOUN}", re.IGNORECASE)
_BARE = re.compile(
    rf"{_LOW}(?P<high>{_DIGITS}){_GAP}(?P<high_scale>ribu|rb|juta|jt|mil[iy]ar|triliun|(?-i:M))"
    rf"(?!\w)(?!{_S}+(?:orang|jiwa|penduduk|unit|ton|hektare?|km|meter|kali|lembar|saham|tahun))",
    re.IGNORECASE,
)
_RUPIAH = re.compile(r"\bRp|\brupiah\b|\bIDR|juta\b|jt\b|miliar\b", re.IGNORECASE)
# How far from a bare "10 M" the rupiah may be named, in characters.
_NEAR = 40


def find(text: str) -> list[Fact]:
    """Return the facts of `text`, ordered and without overlaps."""
    found: list[Fact] = []
    for detect in _DETECTORS:
        for fact in detect(text):
            # In order and without overlaps, so that its neighbours tell.
            place = bisect_left(found, fact.start, key=_start)
            before = place == 0 or found[place - 1].end <= fact.start
            if before and (place == len(found) or fact.end <= found[place].start):
                found.insert(place, fact)
    return found


def _start(fact: Fact) -> int:
    return fact.start


def values(text: str) -> frozenset[tuple[str, str]]:
    """Return the (kind, value) of each fact of `text`."""
    return frozenset((fact.kind, fact.value) for fact in find(text))


def agreement(answer: str, golden: str) -> tuple[int, int, int]:
    """Compare two texts by their distinct facts.

    Returns the number of golden facts found in the answer, of golden facts in all, and of facts
    of the answer that golden does not hold.
    """
    ours, theirs = values(answer), values(golden)
    return len(ours & theirs), len(theirs), len(ours - theirs)


def _amounts(text: str) -> Iterator[Fact]:
    for match in _PREFIXED.finditer(text):
        currency = name_of(_SIGNS, match["currency"])
        yield from _amount(match, currency, True, bool(match["second"]))
    for match in _SUFFIXED.finditer(text):
        currency = name_of(_NOUNS, match["currency"])
        yield from _amount(match, currency, bool(match["low_scale"]), True)
    for match in _BARE.finditer(text):
        near = text[max(0, match.start() - _NEAR) : match.end() + _NEAR]
        if match["high_scale"] != "M" or _RUPIAH.search(near):
            yield from _amount(match, "IDR", bool(match["low_scale"]), True)


def _amount(match: re.Match[str], currency: str, own_low: bool, own_high: bool) -> Iterator[Fact]:
    """Read one amount or two; `own_…` says which of them names its currency or scale."""
    ends, low_scale = [], match["low_scale"]
    # "Rp5-10 juta": the scale counts for both, unlike in "Rp500.000 - 1 juta".
    if match["low"] and match["high"] and _count(match["low"]) < _count(match["high"]):
        low_scale = low_scale or match["high_scale"]
    for group, scale, own in (("low", low_scale, own_low), ("high", match["high_scale"], own_high)):
        if match[group]:
            value = _count(match[group]) * _factor(scale, currency)
            ends.append(_End(group, value, f"{currency} {{}}" if own else ""))
    yield from _facts(match, "amount", ends, is_range=True)


def _factor(scale: str | None, currency: str) -> int:
    """Return what the scale multiplies by: an M is a miliar of rupiah, a million elsewhere."""
    if scale is None:
        return 1
    power = name_of(_SCALES, scale)
    return int(10 ** (int(power) if power != "M" else 9 if currency == "IDR" else 6))


def _measures(text: str) -> Iterator[Fact]:
    """Yield durations and percentages."""
    for match in _MEASURE.finditer(text):
        lead = text[max(0, match.start() - _NEAR) : match.start()]
        if not _NO_COUNT.search(lead):
            is_range = bool(match["to"] or _BETWEEN.search(lead))
            yield from _facts(match, "duration", _measured(match), is_range)


def _measured(match: re.Match[str]) -> list[_End]:
    # Nobody states thousands of percent: "6,125 %" is a decimal, and "60 x 5%" is a sum.
    is_share = name_of(_UNITS, match["unit"]) == "%"
    times = f"{_plain(_count(match['times']))}x" if match["times"] and not is_share else ""
    # In "5 atau 10 tahun" the 5 is a duration of its own.
    low_unit = match["low_unit"] or (match["unit"] if match["or"] else "")
    # … but "Januari 2026 atau tiga tahun" has a date in it.
    if match["or"] and not match["low_unit"] and _YEAR.fullmatch(match["low"]):
        low_unit = ""
    ends = []
    for group, unit in (("low", low_unit), ("high", match["unit"])):
        if match[group]:
            form = f"{times}{{}} {name_of(_UNITS, unit)}" if unit else ""
            ends.append(_End(group, _count(match[group], grouped=not is_share), form))
    return ends


def _facts(match: re.Match[str], kind: str, ends: list[_End], is_range: bool) -> Iterator[Fact]:
    """Yield one fact for a rising range of one unit, else one for each number with a unit."""
    low, high = ends[0], ends[-1]
    forms = {end.form for end in ends if end.form}
    if is_range and low.value < high.value and len(forms) == 1:
        value = forms.pop().format(f"{_plain(low.value)}..{_plain(high.value)}")
        yield Fact(_kind(value, kind), value, *match.span())
        return
    for end in ends:
        if end.form:
            value = end.form.format(_plain(end.value))
            start = match.start() if end is low else match.start(end.group)
            stop = match.end() if end is high else match.end(end.group)
            yield Fact(_kind(value, kind), value, start, stop)


def _kind(value: str, kind: str) -> str:
    return "percentage" if value.endswith("%") else kind


def _count(text: str, *, grouped: bool = True) -> Decimal:
    """Read a number in digits or in Indonesian words.

    The last separator decides between 1.500.000,00 and 1,350.50. Where it is the only one, three
    digits behind it make it a thousands separator if `grouped`: 1.500 but 0,125 and 2.50.
    """
    if not text[0].isdigit():
        return Decimal(_spelled(text))
    last = max(text.rfind("."), text.rfind(","))
    head, tail = (text[:last], text[last + 1 :]) if last > 0 else (text, "")
    whole = re.sub(r"[.,]", "", head)
    repeated = last > 0 and text[last] in head
    lone = whole == head
    if repeated or (lone and grouped and len(tail) == 3 and head != "0"):
        return Decimal(whole + tail)
    return Decimal(f"{whole}.{tail or 0}")


def _spelled(words: str) -> int:
    """Read "dua ratus lima puluh ribu" as 250000."""
    total = group = ones = 0
    # casefold: IGNORECASE takes the long s for an s.
    for word in words.casefold().split():
        if word in _STARTS:
            group, ones = group + ones, _STARTS[word]
        elif word == "belas":
            group, ones = group + ones + 10, 0
        elif word in _TENS:
            group, ones = group + ones * _TENS[word], 0
        else:
            total, group, ones = total + (group + ones) * 10 ** _POWERS[word], 0, 0
    return total + group + ones


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


_DETECTORS: tuple[Callable[[str], Iterator[Fact]], ...] = (citations, _amounts, _measures)
