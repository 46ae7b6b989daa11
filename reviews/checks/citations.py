"""Legal citations: articles, the laws they stand in, and taxes named after their article."""

import re
from collections.abc import Iterator

from reviews.checks.spellings import BLANK as _S
from reviews.checks.spellings import Fact, either, name_of

_INSTRUMENTS = {
    "Perppu": r"Perp?pu|Peraturan\s+Pemerintah\s+Pengganti\s+Undang-Undang",
    "UU": r"Undang[- ]Undang|UU|Law",
    "PP": r"Peraturan\s+Pemerintah|PP|Government\s+Regulation",
    "Perpres": r"Peraturan\s+Presiden|Perpres|Presidential\s+Regulation",
    "Keppres": r"Keputusan\s+Presiden|Keppres",
    "PMK": r"Peraturan\s+Menteri\s+Keuangan|PMK|Minister\s+of\s+Finance\s+Regulation",
    "Permenkumham": r"Peraturan\s+Menteri\s+Hukum\s+dan\s+(?:HAM|Hak\s+Asasi\s+Manusia)"
    r"|Permenkumham",
    "Permenimipas": r"Peraturan\s+Menteri\s+Imigrasi\s+dan\s+Pemasyarakatan|Permenimipas",
    "Permenaker": r"Peraturan\s+Menteri\s+(?:Ketenagakerjaan|Tenaga\s+Kerja)|Permenaker",
    "Permendag": r"Peraturan\s+Menteri\s+Perdagangan|Permendag",
    "Permenperin": r"Peraturan\s+Menteri\s+Perindustrian|Permenperin",
    "Peraturan BKPM": r"(?:Peraturan|Perka)\s+(?:Kepala\s+)?BKPM",
    "POJK": r"Peraturan\s+(?:OJK|Otoritas\s+Jasa\s+Keuangan)|POJK",
    "Perda": r"Peraturan\s+Daerah|Perda",
    "PER": r"(?:Peraturan\s+(?:Direktur\s+Jenderal|Dirjen)|Perdirjen)\s+Pajak|PER(?=-\d|$)",
}
_CODES = {
    "KUHPerdata": r"KUH\s?Perdata|KUHPer|Kitab\s+Undang-Undang\s+Hukum\s+Perdata",
    "KUHAP": r"KUHAP|Kitab\s+Undang-Undang\s+Hukum\s+Acara\s+Pidana",
    "KUHP": r"KUHP|Kitab\s+Undang-Undang\s+Hukum\s+Pidana|(?:Criminal|Penal)\s+Code",
    "KUHD": r"KUHD|Kitab\s+Undang-Undang\s+Hukum\s+Dagang",
    "UUD 1945": r"UUD(?:\s+NRI)?(?:\s+Tahun)?\s+1945",
}

_ARTICLE = re.compile(
    rf"(?<!\w)(?:(?P<tax>PPh{_S}+)?(?:Pasal|Article|Ps\.){_S}*"
    # "PPh 21", but not "PPh 15%": the articles that name a tax, without a unit behind them.
    rf"|(?P<short>PPh{_S}+)(?=(?:4|15|2[1-69])(?![.,]?\d|{_S}*(?:%|persen|juta|jt|rb|ribu))))"
    rf"(?P<article>\d+[A-Z]{{0,2}})\b"
    rf"(?:{_S}*(?:(?:ayat|paragraph){_S}*\(?|\((?=\d+[a-z]?\)))(?P<ayat>\d{{1,2}}[a-z]?)\)?)?"
    rf"(?:{_S}*(?:huruf|letter){_S}*\(?(?P<huruf>[a-z])\b\)?)?"
    rf"(?:{_S}*(?:angka|number){_S}*\(?(?P<angka>\d+)\)?)?",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    rf"(?<!\w)(?P<type>{either(_INSTRUMENTS)})(?:{_S}*\([^()\n]{{1,20}}\))?"
    # The title may stand before the number: "UU Penanaman Modal No. 25 …".
    rf"(?:{_S}+(?-i:[A-Z])[\w/]*){{0,6}}?{_S}*(?:Nomor|No\.?|Number|-)?{_S}*:?{_S}*"
    rf"(?P<number>\d+[A-Z]?|[A-Z][\w.]*-\d[\w.]*)(?:/[A-Z][\w.-]*)*"
    rf"(?:{_S}*/{_S}*|,?{_S}+(?:tahun|thn|th\.?|of|year){_S}+)(?P<year>(?:19|20)\d\d)(?!\d)",
    re.IGNORECASE,
)
_PMK_ALONE = re.compile(r"(?<!\w)(?P<number>\d+)/PMK\.\d+/(?P<year>\d{4})(?!\d)", re.IGNORECASE)
_CODE = re.compile(rf"(?<!\w)(?P<code>{either(_CODES)})(?:\s*\([A-Z]+\))?(?!\w)", re.IGNORECASE)
_TITLE = re.compile(r"(?<!\w)(?:UU|Undang-[Uu]ndang)((?:[^\S\n]+(?!No(?:mor)?\b)[A-Z]\w*){1,4})")
_OF = re.compile(r"[\s,]*(?:(?:dari|dalam|pada|of(?:\s+the)?)\s+)?")


def citations(text: str) -> Iterator[Fact]:
    """Yield articles joined to the law they stand in, lone articles, lone laws and tax names."""
    laws = list(_laws(text))
    free = laws + list(_codes(text))
    for match in _ARTICLE.finditer(text):
        article = _article(match)
        law = None if match["tax"] or match["short"] else _law_of(text, article, free)
        if law is None:
            yield article
            continue
        free.remove(law)
        start, end = min(article.start, law.start), max(article.end, law.end)
        yield Fact("citation", f"{article.value} {law.value}", start, end)
    yield from (law for law in laws if law in free)


def _article(match: re.Match[str]) -> Fact:
    parts = [f"{name} {match[name].lower()}" for name in ("ayat", "huruf", "angka") if match[name]]
    tax = "PPh " if match["tax"] or match["short"] else ""
    value = " ".join([f"{tax}pasal {match['article'].upper()}", *parts])
    return Fact("citation", value, *match.span())


def _law_of(text: str, article: Fact, laws: list[Fact]) -> Fact | None:
    """Return the law right behind the article, else the one right before it."""
    behind = [law for law in laws if _is_gap(text, article.end, law.start)]
    before = [law for law in laws if _is_gap(text, law.end, article.start)]
    return next(iter(behind + before), None)


def _is_gap(text: str, start: int, end: int) -> bool:
    return start <= end and _OF.fullmatch(text, start, end) is not None


def _laws(text: str) -> Iterator[Fact]:
    for match in _NUMBERED.finditer(text):
        # "PER-11/PJ/2025" and "PMK-112/…" repeat the type in the number.
        number = re.sub(r"^(?:PER|PMK)-", "", match["number"].upper()).lstrip("0")
        name = name_of(_INSTRUMENTS, match["type"])
        yield Fact("citation", f"{name} {number}/{match['year']}", *match.span())
    for match in _PMK_ALONE.finditer(text):
        yield Fact("citation", f"PMK {match['number']}/{match['year']}", *match.span())


def _codes(text: str) -> Iterator[Fact]:
    for match in _CODE.finditer(text):
        yield Fact("citation", name_of(_CODES, match["code"]), *match.span())
    for match in _TITLE.finditer(text):
        yield Fact("citation", f"UU {' '.join(match[1].split())}", *match.span())
