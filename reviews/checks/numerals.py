"""Numbers, amounts, dates and times that cannot be what was meant.

Indonesian groups thousands by dots and puts a comma before decimals: 1.500.000,50. What may be
right is left alone: law numbers (25/2007), versions (1.2.3), addresses (192.168.1.1), times
(09.30), phone and account numbers. Percentages over a hundred are, too: prices do triple.
"""

import re
from collections.abc import Iterator
from datetime import date

from reviews.checks import language, words
from reviews.checks.remarks import Remark

_S = r"[^\S\n]"
_MONEY = rf"(?P<money>\b(?:Rp|IDR)\.?{_S}?)?"
_NUMBER = re.compile(
    rf"{_MONEY}(?<![\d.,/:_-])(?<![A-Za-z])(?P<number>\d{{1,15}}(?:[.,]\d{{1,15}}){{1,12}})"
    r"(?![.,]?\d|[/:_-]\d|[A-Za-z]\d)"
    rf"|(?P<glued>\bRp\.?)(?P<other>\d{{1,15}}(?:[.,]\d{{1,15}}){{1,12}})(?![.,]?\d|[/:_-]\d)"
)
_WHOLE = re.compile(
    # Indonesian, and English with its decimals.
    r"\d{1,3}(?:\.\d{3})+(?:,\d{1,4})?|\d+,\d+|\d+\.\d+|\d{1,3}(?:,\d{3})+(?:\.\d{1,4})?"
)
_ENGLISH = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d{1,4})?")
_GROUPS_BROKEN = re.compile(r"\d{1,3}(?:([.,])\d{3})+\1\d{1,2}|\d{1,3}([.,])\d{1,2}\2000(?:\2000)*")
_ADDRESS = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)")

_SCALES = (
    "juta|jt|ribu|rb|miliar|milyar|triliun|million|billion|k|m|t|an|rupiah|jutaan|ribuan|mio|bio"
)
# "Rp1O.000", "Rp l.500": letters among the digits.
_MIXED = re.compile(
    rf"\bRp\.?{_S}?(?P<amount>[A-Za-z]?[\d.,]{{0,20}}\d[\d.,]{{0,20}}(?P<letters>[A-Za-z]{{1,20}})"
    rf"[\w.,]{{0,20}}|[OolI][\d.,]{{1,20}})"
)
# "Rp 3,717 miliar" has a decimal comma.
_SCALED = re.compile(rf"{_S}?(?:{_SCALES})\b", re.IGNORECASE)
_UNIT = re.compile(rf"(?:{_SCALES})(?:an|nya)?", re.IGNORECASE)

_MONTHS = (
    ("januari", "january", "jan", "jan"),
    ("februari", "february", "feb", "peb", "pebruari"),
    ("maret", "march", "mar"),
    ("april", "apr"),
    ("mei", "may"),
    ("juni", "june", "jun"),
    ("juli", "july", "jul"),
    ("agustus", "august", "agu", "agt", "agst", "aug", "ags"),
    ("september", "sep", "sept"),
    ("oktober", "october", "okt", "oct"),
    ("november", "nopember", "nov", "nop"),
    ("desember", "december", "des", "dec"),
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_LONGEST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# Words of their own that are a letter away from a month.
_NO_MONTH = frozenset("market marer janua julia juniar jun aprils desembers".split())
_MISSPELT = frozenset(
    """
    jully juny febuari febuary februai ferbuari januri janauri agutus agusuts agustust septembr
    setember septemeber oktobr oktobar desembar desmber novmber novembar marett aprill
    """.split()
)
_WORDED = re.compile(
    rf"(?<![\d.,/:_-])(?P<day>\d{{1,2}}){_S}{{1,2}}(?P<month>[A-Za-z]{{3,12}})\b"
    rf"(?:{_S}{{1,2}}(?P<year>(?:1[6-9]|20|21)\d\d)(?!\d))?"
)
_FIGURES = re.compile(
    r"(?<![\w.,/:-])(?:(?P<day>\d{1,2})(?P<gap>[/.-])(?P<month>\d{1,2})(?P=gap)"
    r"(?P<year>(?:19|20)\d\d)|(?P<iso>(?:19|20)\d\d)-(?P<iso_month>\d\d)-(?P<iso_day>\d\d))"
    r"(?![\w/-]|[.,]\d)"
)
_TIME = re.compile(
    rf"\b(?:pukul|jam){_S}{{1,2}}(?P<hour>\d{{1,2}})[.:](?P<minute>\d\d)(?![\d.,:]\d|\d|{_S}?(?:juta|%))"
    rf"|(?<![\d.,:/-])(?P<hour_2>\d{{1,2}})[.:](?P<minute_2>\d\d){_S}?(?:WIB|WITA|WIT)\b",
    re.IGNORECASE,
)
_SHOWN = 10


def remarks(text: str) -> list[Remark]:
    """Remark on each impossible number; `values`: "text", and "month" or "wanted" where one helps.

    Kinds: `number_grouping` (1.00.000), `number_english` (Rp10,000,000 in Indonesian),
    `number_letters` (Rp1O.000), `date` (31 Februari), `month` (25 Jully), `time` (pukul 25.61).
    """
    plain = words.without_code(text)
    is_indonesian = language.of(text) in (language.ID, language.UNKNOWN)
    found = [*_numbers(plain, is_indonesian), *_letters(plain), *_dates(plain), *_times(plain)]
    return sorted(found, key=lambda remark: remark.start)[:_SHOWN]


def _remark(kind: str, text: str, start: int, end: int) -> Remark:
    return Remark(kind, start, end, {"text": text[start:end]})


def _numbers(text: str, is_indonesian: bool) -> Iterator[Remark]:
    for match in _NUMBER.finditer(text):
        number = match["number"] or match["other"]
        is_money = bool(match["money"] or match["glued"])
        if _is_broken(number, is_money):
            yield _remark("number_grouping", text, *match.span())
        elif (
            is_indonesian and _is_english(number, is_money) and not _SCALED.match(text, match.end())
        ):
            yield _remark("number_english", text, *match.span())


def _is_broken(number: str, is_money: bool) -> bool:
    """Return whether the groups are no grouping, and the number is not of another kind."""
    if _WHOLE.fullmatch(number) or _ADDRESS.fullmatch(number):
        return False
    if "." in number and "," in number:
        # A grouped number that goes on behind its decimals; "1.5,2.3" is a list.
        return is_money or re.search(r"[.,]\d{3}(?!\d)", number) is not None
    return is_money or (_GROUPS_BROKEN.fullmatch(number) is not None and "000" in number)


def _is_english(number: str, is_money: bool) -> bool:
    grouped = _ENGLISH.fullmatch(number) is not None
    return grouped and (is_money or number.count(",") > 1)


def _letters(text: str) -> Iterator[Remark]:
    for match in _MIXED.finditer(text):
        if match["letters"] is None or not _UNIT.match(match["letters"]):
            yield _remark("number_letters", text, *match.span())


def _dates(text: str) -> Iterator[Remark]:
    for match in _WORDED.finditer(text):
        name = match["month"].lower()
        if name in _MONTH:
            year = int(match["year"]) if match["year"] else None
            if not _is_day(int(match["day"]), _MONTH[name], year):
                yield _remark("date", text, *match.span())
        elif _is_misspelt(name, bool(match["year"])) and match["month"][0].isupper():
            yield _remark("month", text, *match.span("month"))
    for match in _FIGURES.finditer(text):
        if match["iso"]:
            parts = int(match["iso_day"]), int(match["iso_month"]), int(match["iso"])
        else:
            parts = int(match["day"]), int(match["month"]), int(match["year"])
        if not _is_day(*parts):
            yield _remark("date", text, *match.span())


def _is_day(day: int, month: int, year: int | None) -> bool:
    """Return whether there is such a day; without a year, in a leap year."""
    if year is None:
        return 1 <= day <= _LONGEST_DAYS[month - 1]
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _is_misspelt(name: str, has_year: bool) -> bool:
    if name in _MISSPELT:
        return True
    likely = has_year and len(name) >= 4 and name not in _NO_MONTH
    return likely and any(len(month) >= 5 and _is_near(name, month) for month in _MONTH)


def _is_near(name: str, month: str) -> bool:
    """Return whether one letter too many, too few or wrong, or two swapped, tell them apart."""
    at = next((i for i, (a, b) in enumerate(zip(name, month, strict=False)) if a != b), None)
    if at is None:
        return abs(len(name) - len(month)) == 1
    swapped = month[:at] + month[at + 1 : at + 2] + month[at : at + 1] + month[at + 2 :]
    return name == swapped or (
        name[at + 1 :] == month[at + 1 :]
        or name[at + 1 :] == month[at:]
        or name[at:] == month[at + 1 :]
    )


def _times(text: str) -> Iterator[Remark]:
    for match in _TIME.finditer(text):
        hour = int(match["hour"] or match["hour_2"])
        minute = int(match["minute"] or match["minute_2"])
        if hour > 24 or minute > 59 or (hour == 24 and minute):
            yield _remark("time", text, *match.span())
